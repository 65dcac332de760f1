/*
 * vec: a typed growing array whose failure sticks, as in strbuf.
 *
 *	VEC(struct stage) stages = VEC_INIT;
 *	vec_push(&stages, stage);
 *	...
 *	if (vec_check(&stages, err) < 0) ...
 *	for (size_t i = 0; i < stages.count; i++) use(&stages.items[i]);
 *	vec_release(&stages);
 *
 * It owns the array, not what the items point to. VEC(type) may be the type of a struct member.
 */
#ifndef MLOPS_BASE_VEC_H
#define MLOPS_BASE_VEC_H

#include "mlops/base/memory.h"

struct vec_state {
	size_t capacity;
	bool failed;
};

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count;                                                                      \
		struct vec_state state;                                                            \
	}

#define VEC_INIT                                                                                   \
	{                                                                                          \
		.items = NULL                                                                      \
	}

/* Appends a copy of the item; does nothing once a push has failed. */
#define vec_push(v, ...)                                                                           \
	((v)->items = vec_grow((v)->items, (v)->count, 1, sizeof *(v)->items, &(v)->state),        \
		(v)->state.failed ? (void)0 : (void)((v)->items[(v)->count++] = (__VA_ARGS__)))

/* Room for `more` items behind count; the caller fills them and raises count. */
#define vec_reserve(v, more)                                                                       \
	((v)->items = vec_grow((v)->items, (v)->count, (more), sizeof *(v)->items, &(v)->state),   \
		!(v)->state.failed)

#define vec_check(v, err) vec_state_check(&(v)->state, err)

#define vec_release(v)                                                                             \
	do {                                                                                       \
		memory_free((v)->items);                                                           \
		(v)->items = NULL;                                                                 \
		(v)->count = 0;                                                                    \
		(v)->state = (struct vec_state){ 0, false };                                       \
	} while (0)

#define vec_each(item, v)                                                                          \
	for (__typeof__(*(v)->items) *item = (v)->items; item < (v)->items + (v)->count; item++)

void *vec_grow(void *items, size_t count, size_t more, size_t size, struct vec_state *state);
int vec_state_check(const struct vec_state *state, struct error *err) MUST_CHECK;

#endif
