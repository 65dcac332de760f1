/*
 * memory: the only callers of malloc, and the words of ownership.
 *
 * Every allocation is checked for overflow and against a cap, and sets the error on failure.
 * Destructors accept NULL and half-built things. Names say who owns what: x_init/x_release work
 * on the caller's storage, x_new/x_free on the heap, x_clear empties for reuse; a returned
 * `const char *` is borrowed, a returned `char *` is freed by the caller with memory_free().
 */
#ifndef MLOPS_BASE_MEMORY_H
#define MLOPS_BASE_MEMORY_H

#include <stddef.h>

#include "mlops/base/error.h"

/* count × size zeroed bytes, never NULL for 0 bytes. NULL with ERROR_MEMORY on failure. */
void *memory_allocate(size_t count, size_t size, struct error *err) MUST_CHECK;

/*
 * Grows or shrinks to count × size bytes; new bytes are not zeroed. On failure NULL, and `old`
 * stays valid and owned by the caller. old may be NULL.
 */
void *memory_resize(void *old, size_t count, size_t size, struct error *err) MUST_CHECK;

/* bytes (not zeroed) on a 64-byte boundary, huge pages where it pays; freed by memory_free(). */
void *memory_allocate_aligned(size_t bytes, struct error *err) MUST_CHECK;

/*
 * The same in ordinary pages, for what is written once from front to back and seldom walked again.
 * Huge pages come from the memory that was free longest, which a hypervisor may have taken back:
 * then the first touch costs far more than the faults that they save.
 */
void *memory_allocate_small_pages(size_t bytes, struct error *err) MUST_CHECK;

char *memory_copy_string(const char *text, struct error *err) MUST_CHECK;
char *memory_format(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

void memory_free(void *pointer);

/* Bytes over which a single allocation is refused; 0 lifts the cap. Meant for main() and tests. */
void memory_set_cap(size_t bytes);

/* Runs f on the variable when it leaves the scope: `AUTO(strbuf_release) struct strbuf b = ...`. */
#define AUTO(f) __attribute__((cleanup(f##_auto), unused))

/* Declares what AUTO(f) needs, for a destructor `void f(type *)` of a caller-owned struct. */
#define AUTO_RELEASE(type, f)                                                                      \
	static inline void f##_auto(type *pointer)                                                 \
	{                                                                                          \
		f(pointer);                                                                        \
	}

/* The same for a destructor `void f(type *)` of a heap object held in a `type *` variable. */
#define AUTO_FREE_OF(type, f)                                                                      \
	static inline void f##_auto(type **pointer)                                                \
	{                                                                                          \
		f(*pointer);                                                                       \
	}

/* Frees any plain pointer at the end of the scope: `AUTO_FREE char *path = NULL;`. */
void memory_free_auto(void *pointer_to_pointer);
#define AUTO_FREE __attribute__((cleanup(memory_free_auto), unused))

/* Gives the pointer away: its value, and the variable becomes NULL. */
#define TAKE(p) ((__typeof__(p))memory_take((void *)&(p)))
void *memory_take(void *pointer_to_pointer);

#endif
