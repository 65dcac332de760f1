/*
 * scan_kernel: the algorithm, included once per instruction set by scan.c, which defines before
 *
 *	SCAN_NAME(name)   the name of this variant's function
 *	SCAN_TARGET       attributes of each function
 *	and SCAN_NAME of: block (a type), load, equal, high, prefix_xor, write_ends
 */

/* Newlines outside quotes of one block, for both beginnings. `inside` is for beginning [0]. */
SCAN_TARGET static inline void SCAN_NAME(survey_block)(
	uint64_t newlines, uint64_t inside, uint64_t offset, struct scan_survey *survey)
{
	uint64_t seen[2] = { newlines & ~inside, newlines & inside };
	for (int side = 0; side < 2; side++) {
		if (seen[side] && survey->first[side] == UINT64_MAX)
			survey->first[side] = offset + (uint64_t)__builtin_ctzll(seen[side]) + 1;
		survey->newlines[side] += (uint64_t)__builtin_popcountll(seen[side]);
	}
}

SCAN_TARGET static void SCAN_NAME(survey)(const char *bytes, size_t n, struct scan_survey *ret)
{
	uint64_t carry = 0; /* all ones inside quotes */
	char last[SCAN_BLOCK];
	*ret = (struct scan_survey){ .first = { UINT64_MAX, UINT64_MAX } };
	for (size_t at = 0; at < n; at += SCAN_BLOCK) {
		const char *from = bytes + at;
		if (n - at < SCAN_BLOCK) {
			memset(last, ' ', sizeof last);
			memcpy(last, from, n - at);
			from = last;
		}
		SCAN_NAME(block) block = SCAN_NAME(load)(from);
		uint64_t quotes = SCAN_NAME(equal)(block, '"'), inside = carry;
		if (quotes) {
			inside ^= SCAN_NAME(prefix_xor)(quotes);
			carry = 0 - (inside >> 63);
		}
		SCAN_NAME(survey_block)(SCAN_NAME(equal)(block, '\n'), inside, at, ret);
	}
	ret->odd = carry != 0;
}

/* What the block before left: bits 0 of the next. */
struct SCAN_NAME(state) {
	uint64_t inside; /* all ones inside quotes */
	uint64_t may_open; /* 1 behind an end or a closing quote */
	uint64_t behind_close; /* 1 behind a closing quote */
};

/* Is each quote where one may stand? An opening one begins a field, a closing one ends it. */
SCAN_TARGET static void SCAN_NAME(check_quotes)(const char *bytes, size_t at, uint64_t quotes,
	uint64_t inside, uint64_t ends, uint64_t returns, struct SCAN_NAME(state) * state,
	struct scan_fields *ret)
{
	uint64_t opening = quotes & inside, closing = quotes & ~inside;
	uint64_t bad = opening & ~((ends | closing) << 1 | state->may_open);
	uint64_t behind = closing << 1 | state->behind_close;
	bad |= behind & ~(ends | opening | returns);
	/* A carriage return there must belong to a newline. */
	for (uint64_t left = behind & returns; left; left &= left - 1) {
		size_t bit = (size_t)__builtin_ctzll(left);
		if (bytes[at + bit + 1] != '\n')
			bad |= (uint64_t)1 << bit;
	}
	if (bad && ret->bad_quote == SIZE_MAX)
		ret->bad_quote = at + (size_t)__builtin_ctzll(bad);
	state->may_open = (ends | closing) >> 63;
	state->behind_close = closing >> 63;
}

SCAN_TARGET static inline uint32_t *SCAN_NAME(fields_block)(const char *bytes, size_t at,
	const char *from, char delimiter, uint32_t *ends, struct SCAN_NAME(state) * state,
	struct scan_fields *ret)
{
	SCAN_NAME(block) block = SCAN_NAME(load)(from);
	uint64_t quotes = SCAN_NAME(equal)(block, '"'), inside = state->inside;
	uint64_t found = SCAN_NAME(equal)(block, delimiter) | SCAN_NAME(equal)(block, '\n');
	ret->high |= SCAN_NAME(high)(block);
	ret->nul |= SCAN_NAME(equal)(block, '\0');
	if (quotes | state->inside | state->behind_close) {
		inside ^= SCAN_NAME(prefix_xor)(quotes);
		found &= ~inside;
		SCAN_NAME(check_quotes)
		(bytes, at, quotes, inside, found, SCAN_NAME(equal)(block, '\r'), state, ret);
		state->inside = 0 - (inside >> 63);
		ret->quotes |= quotes;
	} else {
		state->may_open = found >> 63;
	}
	return SCAN_NAME(write_ends)(ends, found, (uint32_t)at);
}

SCAN_TARGET static void SCAN_NAME(fields)(
	const char *bytes, size_t n, char delimiter, uint32_t *ends, struct scan_fields *ret)
{
	struct SCAN_NAME(state) state = { .may_open = 1 };
	uint32_t *to = ends;
	*ret = (struct scan_fields){ .bad_quote = SIZE_MAX };
	size_t at = 0;
	for (; at + SCAN_BLOCK <= n; at += SCAN_BLOCK)
		to = SCAN_NAME(fields_block)(bytes, at, bytes + at, delimiter, to, &state, ret);
	if (at < n) {
		/* What fills the rest must be no delimiter, even if that is a space. */
		char last[SCAN_BLOCK];
		memset(last, delimiter == ' ' ? '.' : ' ', sizeof last);
		memcpy(last, bytes + at, n - at);
		to = SCAN_NAME(fields_block)(bytes, at, last, delimiter, to, &state, ret);
		/* The fill behind a closing quote at the very end is not text behind it. */
		if (ret->bad_quote >= n)
			ret->bad_quote = SIZE_MAX;
	}
	ret->count = (size_t)(to - ends);
}
