/*
 * arena: memory for things that die together (a document, a plan, a request).
 *
 * Blocks are zeroed, aligned for any type, and freed only by arena_release(). The cap bounds the
 * bytes handed out; over it, or out of memory, arena_allocate() returns NULL with ERROR_MEMORY.
 */
#ifndef MLOPS_BASE_ARENA_H
#define MLOPS_BASE_ARENA_H

#include "mlops/base/memory.h"

struct arena_block;
struct arena {
	struct arena_block *blocks;
	size_t used, cap; /* bytes handed out; most allowed, 0 is no cap */
};

#define ARENA_INIT(bytes) ((struct arena){ .blocks = NULL, .cap = (bytes) })

void *arena_allocate(struct arena *arena, size_t count, size_t size, struct error *err) MUST_CHECK;
char *arena_copy_bytes(struct arena *arena, const void *bytes, size_t length,
	struct error *err) MUST_CHECK; /* with a NUL behind */
char *arena_copy_string(struct arena *arena, const char *text, struct error *err) MUST_CHECK;
char *arena_format(struct arena *arena, struct error *err, const char *format, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;
void arena_release(struct arena *arena); /* keeps the cap; the arena can be used again */

AUTO_RELEASE(struct arena, arena_release)

#endif
