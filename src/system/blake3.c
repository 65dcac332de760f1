#include <string.h>

#include "mlops/base/cpu.h"

#include "blake3_internal.h"

struct blake3_path {
	blake3_many *many;
	size_t lanes;
};

static struct blake3_path blake3_path(void)
{
#if defined(__x86_64__)
	switch (cpu_level()) {
	case CPU_AVX512:
		return (struct blake3_path){ blake3_many_avx512, 16 };
	case CPU_AVX2:
		return (struct blake3_path){ blake3_many_avx2, 8 };
	case CPU_PORTABLE:
		break;
	}
#endif
	return (struct blake3_path){ blake3_many_portable, 1 };
}

static void blake3_run(const struct blake3_path *path, struct blake3_job job, size_t count,
	uint32_t (*out)[BLAKE3_WORDS])
{
	while (count) {
		size_t now = count < path->lanes ? count : path->lanes;
		path->many(&job, now, out);
		job.input += now * job.stride;
		job.counter += job.is_chunks ? now : 0;
		out += now;
		count -= now;
	}
}

static void blake3_store(const uint32_t *words, size_t count, unsigned char *bytes)
{
	for (size_t i = 0; i < count; i++) {
		for (int byte = 0; byte < 4; byte++)
			*bytes++ = (unsigned char)(words[i] >> 8 * byte);
	}
}

/* Halves the number of chaining values: each pair becomes its parent, in place. */
static void blake3_pair(const struct blake3_path *path, uint32_t (*cvs)[BLAKE3_WORDS], size_t count)
{
	unsigned char blocks[BLAKE3_MOST_LANES * BLAKE3_BLOCK];
	for (size_t done = 0; done < count / 2;) {
		size_t now = count / 2 - done < path->lanes ? count / 2 - done : path->lanes;
		blake3_store(cvs[2 * done], 2 * now * BLAKE3_WORDS, blocks);
		struct blake3_job job = {
			.input = blocks, .stride = BLAKE3_BLOCK, .blocks = 1, .flags = BLAKE3_PARENT
		};
		path->many(&job, now, cvs + done);
		done += now;
	}
}

void blake3_subtree(
	const unsigned char *bytes, size_t n_chunks, uint64_t counter, uint32_t ret[BLAKE3_WORDS])
{
	uint32_t cvs[BLAKE3_SUBTREE][BLAKE3_WORDS];
	struct blake3_path path = blake3_path();
	struct blake3_job job = { .input = bytes,
		.stride = BLAKE3_CHUNK,
		.blocks = BLAKE3_CHUNK / BLAKE3_BLOCK,
		.counter = counter,
		.first = BLAKE3_CHUNK_START,
		.last = BLAKE3_CHUNK_END,
		.is_chunks = true };
	blake3_run(&path, job, n_chunks, cvs);
	for (; n_chunks > 1; n_chunks /= 2)
		blake3_pair(&path, cvs, n_chunks);
	memcpy(ret, cvs[0], sizeof cvs[0]);
}

/* The last chunk, of 0 to 1024 bytes; `flags` may make it the root. */
static void blake3_last_chunk(const struct blake3 *state, uint32_t flags, uint32_t cv[BLAKE3_WORDS])
{
	size_t done = 0;
	memcpy(cv, blake3_iv, sizeof blake3_iv);
	flags |= BLAKE3_CHUNK_END;
	for (uint32_t start = BLAKE3_CHUNK_START;; start = 0) {
		size_t left = state->used - done;
		bool last = left <= BLAKE3_BLOCK;
		unsigned char block[BLAKE3_BLOCK] = { 0 };
		size_t length = last ? left : BLAKE3_BLOCK;
		memcpy(block, state->chunk + done, length);
		blake3_compress(cv, block,
			(struct blake3_block){
				state->n_chunks, (uint32_t)length, start | (last ? flags : 0) });
		done += length;
		if (last)
			return;
	}
}

static void blake3_parent(
	const uint32_t left[BLAKE3_WORDS], uint32_t cv[BLAKE3_WORDS], uint32_t flags)
{
	unsigned char block[BLAKE3_BLOCK];
	blake3_store(left, BLAKE3_WORDS, block);
	blake3_store(cv, BLAKE3_WORDS, block + BLAKE3_BLOCK / 2);
	memcpy(cv, blake3_iv, sizeof blake3_iv);
	blake3_compress(cv, block, (struct blake3_block){ 0, BLAKE3_BLOCK, flags | BLAKE3_PARENT });
}

void blake3_init(struct blake3 *state)
{
	state->n_chunks = 0;
	state->used = 0;
	state->depth = 0;
}

/*
 * The stack holds one subtree for each bit that is set in the number of chunks; two of a size are
 * joined at once, since more input follows and so neither is the root.
 */
void blake3_push(struct blake3 *state, const uint32_t cv[BLAKE3_WORDS], size_t n_chunks)
{
	uint32_t joined[BLAKE3_WORDS];
	memcpy(joined, cv, sizeof joined);
	state->n_chunks += n_chunks;
	for (uint64_t total = state->n_chunks / n_chunks; total % 2 == 0; total /= 2)
		blake3_parent(state->stack[--state->depth], joined, 0);
	memcpy(state->stack[state->depth++], joined, sizeof joined);
}

/* The largest subtree that may come behind `before` chunks and leaves at least one of the bytes. */
static size_t blake3_next_subtree(uint64_t before, size_t count)
{
	size_t n_chunks = BLAKE3_SUBTREE;
	while (n_chunks * BLAKE3_CHUNK >= count || before % n_chunks)
		n_chunks /= 2;
	return n_chunks;
}

/* The present chunk is full, and more follows. */
static void blake3_end_chunk(struct blake3 *state)
{
	uint32_t cv[BLAKE3_WORDS];
	blake3_last_chunk(state, 0, cv);
	state->used = 0;
	blake3_push(state, cv, 1);
}

void blake3_update(struct blake3 *state, const void *bytes, size_t count)
{
	const unsigned char *at = bytes;
	uint32_t cv[BLAKE3_WORDS];
	while (count) {
		if (state->used == BLAKE3_CHUNK)
			blake3_end_chunk(state);
		size_t taken;
		if (!state->used && count > BLAKE3_CHUNK) {
			size_t n_chunks = blake3_next_subtree(state->n_chunks, count);
			blake3_subtree(at, n_chunks, state->n_chunks, cv);
			blake3_push(state, cv, n_chunks);
			taken = n_chunks * BLAKE3_CHUNK;
		} else {
			size_t room = BLAKE3_CHUNK - state->used;
			taken = count < room ? count : room;
			memcpy(state->chunk + state->used, at, taken);
			state->used += taken;
		}
		at += taken;
		count -= taken;
	}
}

void blake3_part(uint64_t offset, const void *bytes, size_t count, struct blake3_part *ret)
{
	const unsigned char *at = bytes;
	size_t begun = (size_t)(offset % BLAKE3_CHUNK);
	size_t head = begun ? BLAKE3_CHUNK - begun : 0;
	ret->n_head = head < count ? head : count;
	ret->n_subtrees = 0;
	memcpy(ret->head, at, ret->n_head);
	at += ret->n_head;
	count -= ret->n_head;
	uint64_t before = (offset + ret->n_head) / BLAKE3_CHUNK;
	/* The last chunk is left for the end of the content to make a root of. */
	while (count > BLAKE3_CHUNK) {
		size_t n_chunks = blake3_next_subtree(before, count);
		blake3_subtree(at, n_chunks, before, ret->subtrees[ret->n_subtrees]);
		ret->n_chunks[ret->n_subtrees++] = (uint16_t)n_chunks;
		before += n_chunks;
		at += n_chunks * BLAKE3_CHUNK;
		count -= n_chunks * BLAKE3_CHUNK;
	}
	ret->n_tail = count;
	memcpy(ret->tail, at, count);
}

void blake3_join(struct blake3 *state, const struct blake3_part *part)
{
	blake3_update(state, part->head, part->n_head);
	if (part->n_subtrees && state->used)
		blake3_end_chunk(state);
	for (size_t i = 0; i < part->n_subtrees; i++)
		blake3_push(state, part->subtrees[i], part->n_chunks[i]);
	blake3_update(state, part->tail, part->n_tail);
}

void blake3_finish(const struct blake3 *state, struct hash *ret)
{
	uint32_t cv[BLAKE3_WORDS];
	blake3_last_chunk(state, state->depth ? 0 : BLAKE3_ROOT, cv);
	for (size_t i = state->depth; i > 0; i--)
		blake3_parent(state->stack[i - 1], cv, i == 1 ? BLAKE3_ROOT : 0);
	blake3_store(cv, BLAKE3_WORDS, ret->bytes);
}
