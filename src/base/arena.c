#include "mlops/base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char bytes[];
};

enum { ARENA_BLOCK = 16 << 10 };

static struct arena_block *arena_block_new(struct arena *arena, size_t bytes, struct error *err)
{
	size_t size = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;
	struct arena_block *block = memory_allocate(1, sizeof *block + size, err);
	if (!block)
		return NULL;
	block->size = size;
	/* A large block goes behind the current one, whose rest stays usable. */
	if (bytes > ARENA_BLOCK / 4 && arena->blocks) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		block->next = arena->blocks;
		arena->blocks = block;
	}
	return block;
}

void *arena_allocate(struct arena *arena, size_t count, size_t size, struct error *err)
{
	const size_t align = alignof(max_align_t);
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - align ||
		(arena->cap && bytes > arena->cap - arena->used)) {
		error_set(err, ERROR_MEMORY, "a document or request needs over %zu bytes",
			arena->cap);
		return NULL;
	}
	size_t rounded = (bytes + align - 1) / align * align;
	struct arena_block *block = arena->blocks;
	if (!block || block->size - block->used < rounded) {
		block = arena_block_new(arena, rounded, err);
		if (!block)
			return NULL;
	}
	void *pointer = block->bytes + block->used;
	block->used += rounded;
	arena->used += bytes;
	return pointer;
}

char *arena_copy_bytes(struct arena *arena, const void *bytes, size_t length, struct error *err)
{
	char *copy = arena_allocate(arena, 1, length + 1, err);
	if (copy && length)
		memcpy(copy, bytes, length);
	return copy;
}

char *arena_copy_string(struct arena *arena, const char *text, struct error *err)
{
	return arena_copy_bytes(arena, text, strlen(text), err);
}

char *arena_format(struct arena *arena, struct error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = length < 0 ? NULL : arena_allocate(arena, 1, (size_t)length + 1, err);
	if (length < 0)
		error_set(err, ERROR_BUG, "cannot format '%s'", format);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

void arena_release(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;
		memory_free(arena->blocks);
		arena->blocks = next;
	}
	arena->used = 0;
}
