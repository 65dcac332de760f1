#include "mlops/base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The one setting of the process: written by main() before threads start. */
static size_t memory_cap = PTRDIFF_MAX;

/* Blocks from here on ask for huge pages: a 2 MiB page each pays off from a few of them. */
enum { MEMORY_HUGE = 8 << 20, MEMORY_HUGE_PAGE = 2 << 20, MEMORY_LINE = 64 };

static void memory_fail(size_t count, size_t size, struct error *err)
{
	error_set(err, ERROR_MEMORY, "cannot allocate %zu × %zu bytes", count, size);
	error_hint(err, "the data may be too large for this machine, or a memory limit is set");
}

static int memory_bytes(size_t count, size_t size, size_t *ret_bytes, struct error *err)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes) || bytes > memory_cap) {
		memory_fail(count, size, err);
		return -ERROR_MEMORY;
	}
	*ret_bytes = bytes ? bytes : 1;
	return 0;
}

void *memory_allocate(size_t count, size_t size, struct error *err)
{
	size_t bytes;
	if (memory_bytes(count, size, &bytes, err) < 0)
		return NULL;
	void *pointer = calloc(1, bytes);
	if (!pointer)
		memory_fail(count, size, err);
	return pointer;
}

void *memory_resize(void *old, size_t count, size_t size, struct error *err)
{
	size_t bytes;
	if (memory_bytes(count, size, &bytes, err) < 0)
		return NULL;
	void *pointer = realloc(old, bytes);
	if (!pointer)
		memory_fail(count, size, err);
	return pointer;
}

static void *memory_align(size_t bytes, size_t alignment, size_t *ret_rounded, struct error *err)
{
	if (memory_bytes(1, bytes, &bytes, err) < 0)
		return NULL;
	if (bytes > SIZE_MAX - alignment) {
		memory_fail(1, bytes, err);
		return NULL;
	}
	*ret_rounded = (bytes + alignment - 1) / alignment * alignment;
	void *pointer = aligned_alloc(alignment, *ret_rounded);
	if (!pointer)
		memory_fail(1, bytes, err);
	return pointer;
}

void *memory_allocate_aligned(size_t bytes, struct error *err)
{
	size_t alignment = bytes >= MEMORY_HUGE ? MEMORY_HUGE_PAGE : MEMORY_LINE, rounded = 0;
	void *pointer = memory_align(bytes, alignment, &rounded, err);
	if (pointer && alignment == MEMORY_HUGE_PAGE)
		madvise(pointer, rounded, MADV_HUGEPAGE); /* advice: failure changes nothing */
	return pointer;
}

void *memory_allocate_small_pages(size_t bytes, struct error *err)
{
	size_t rounded = 0;
	return memory_align(bytes, MEMORY_LINE, &rounded, err);
}

char *memory_copy_string(const char *text, struct error *err)
{
	size_t bytes = strlen(text) + 1;
	char *copy = memory_allocate(bytes, 1, err);
	if (copy)
		memcpy(copy, text, bytes);
	return copy;
}

char *memory_format(struct error *err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = length < 0 ? NULL : memory_allocate((size_t)length + 1, 1, err);
	if (length < 0)
		error_set(err, ERROR_BUG, "cannot format '%s'", format);
	if (text)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}

void memory_free(void *pointer)
{
	free(pointer);
}

void memory_set_cap(size_t bytes)
{
	memory_cap = bytes && bytes < PTRDIFF_MAX ? bytes : PTRDIFF_MAX;
}

void memory_free_auto(void *pointer_to_pointer)
{
	free(memory_take(pointer_to_pointer));
}

void *memory_take(void *pointer_to_pointer)
{
	/* memcpy: the variable may be a pointer to any type. */
	void *value, *none = NULL;
	memcpy(&value, pointer_to_pointer, sizeof value);
	memcpy(pointer_to_pointer, &none, sizeof none);
	return value;
}
