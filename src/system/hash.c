#include "mlops/system/hash.h"

#include <string.h>
#include <sys/mman.h>

#include "mlops/base/parallel.h"
#include "mlops/system/file.h"

#include "blake3_internal.h"

enum { HASH_PIECE = BLAKE3_SUBTREE * BLAKE3_CHUNK, HASH_STREAM = 256 << 10 };

void hash_format(const struct hash *hash, char ret_text[HASH_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < HASH_SIZE; i++) {
		ret_text[2 * i] = digits[hash->bytes[i] >> 4];
		ret_text[2 * i + 1] = digits[hash->bytes[i] & 15];
	}
	ret_text[HASH_TEXT_SIZE - 1] = '\0';
}

static int hash_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hash_parse(struct text text, struct hash *ret)
{
	struct hash hash;
	if (text.length != HASH_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < HASH_SIZE; i++) {
		int high = hash_digit(text.at[2 * i]), low = hash_digit(text.at[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		hash.bytes[i] = (unsigned char)(high << 4 | low);
	}
	*ret = hash;
	return true;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
	return memcmp(a->bytes, b->bytes, HASH_SIZE) == 0;
}

int hash_compare(const struct hash *a, const struct hash *b)
{
	return memcmp(a->bytes, b->bytes, HASH_SIZE);
}

void hash_bytes(const void *bytes, size_t count, struct hash *ret)
{
	struct blake3 state;
	blake3_init(&state);
	blake3_update(&state, bytes, count);
	blake3_finish(&state, ret);
}

struct hash_pieces {
	const unsigned char *bytes;
	uint32_t (*cvs)[BLAKE3_WORDS];
};

static int hash_piece(void *context, size_t index, size_t worker, struct error *err)
{
	(void)worker;
	(void)err;
	const struct hash_pieces *pieces = context;
	const unsigned char *bytes = pieces->bytes + index * HASH_PIECE;
#ifdef MADV_POPULATE_READ
	/* Maps the piece in one call instead of sixteen faults; for other memory it does nothing. */
	madvise((void *)(uintptr_t)bytes, HASH_PIECE, MADV_POPULATE_READ);
#endif
	blake3_subtree(bytes, BLAKE3_SUBTREE, (uint64_t)index * BLAKE3_SUBTREE, pieces->cvs[index]);
	return 0;
}

int hash_bytes_parallel(
	const void *bytes, size_t count, size_t threads, struct hash *ret, struct error *err)
{
	struct blake3 state;
	/* At least one byte stays for the end, as blake3_push() wants it. */
	size_t n_pieces = count ? (count - 1) / HASH_PIECE : 0;
	AUTO_FREE uint32_t(*cvs)[BLAKE3_WORDS] = memory_allocate(n_pieces, sizeof *cvs, err);
	if (!cvs)
		return -err->code;
	struct hash_pieces pieces = { bytes, cvs };
	if (parallel_for(threads, n_pieces, hash_piece, &pieces, err) < 0)
		return -err->code;
	blake3_init(&state);
	for (size_t i = 0; i < n_pieces; i++)
		blake3_push(&state, cvs[i], BLAKE3_SUBTREE);
	blake3_update(&state, pieces.bytes + n_pieces * HASH_PIECE, count - n_pieces * HASH_PIECE);
	blake3_finish(&state, ret);
	return 0;
}

static int hash_stream(
	int fd, const char *path, struct hash *ret, uint64_t *ret_size, struct error *err)
{
	struct blake3 state;
	uint64_t size = 0;
	size_t count;
	AUTO_FREE char *buffer = memory_allocate_aligned(HASH_STREAM, err);
	if (!buffer)
		return -err->code;
	blake3_init(&state);
	do {
		if (file_read_some(fd, path, buffer, HASH_STREAM, &count, err) < 0)
			return -err->code;
		blake3_update(&state, buffer, count);
		size += count;
	} while (count == HASH_STREAM);
	blake3_finish(&state, ret);
	*ret_size = size;
	return 0;
}

int hash_file(const char *path, struct hash *ret, uint64_t *ret_size, struct error *err)
{
	struct file_facts facts;
	AUTO_CLOSE int fd = file_open(path, err);
	if (fd < 0 || file_facts_of(fd, path, &facts, err) < 0)
		return -err->code;
	/* Little files, and those that do not tell their size, are read in one go. */
	if (facts.kind != FILE_REGULAR || facts.size < 2 * HASH_PIECE)
		return hash_stream(fd, path, ret, ret_size, err);
	AUTO(file_unmap) struct file_map map = { .bytes = NULL };
	if (file_map(path, &map, err) < 0 ||
		hash_bytes_parallel(map.bytes, map.length, 0, ret, err) < 0)
		return -err->code;
	*ret_size = map.length;
	return 0;
}
