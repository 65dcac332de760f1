#include "mlops/base/vec.h"

void *vec_grow(void *items, size_t count, size_t more, size_t size, struct vec_state *state)
{
	size_t needed;
	if (state->failed || __builtin_add_overflow(count, more, &needed)) {
		state->failed = true;
		return items;
	}
	if (needed <= state->capacity)
		return items;
	size_t capacity = state->capacity ? state->capacity : 8;
	while (capacity < needed)
		capacity += capacity / 2;
	struct error ignored = ERROR_INIT; /* the sticky flag reports it */
	void *grown = memory_resize(items, capacity, size, &ignored);
	if (!grown) {
		state->failed = true;
		return items;
	}
	state->capacity = capacity;
	return grown;
}

int vec_state_check(const struct vec_state *state, struct error *err)
{
	return state->failed ? error_set(err, ERROR_MEMORY, "cannot grow an array") : 0;
}
