/*
 * hash: the names of contents.
 *
 * BLAKE3 (unkeyed, 32 bytes; O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3: one function, fast
 * everywhere", 2020) names everything in the store, so that `b3sum FILE` checks it. It is an own
 * implementation, since Debian 12 has no C library for it: portable, AVX2 and AVX-512 paths chosen
 * by base/cpu.h, all with the same result. SHA-256 (libcrypto) is for where the outside world
 * speaks it, MD5 (libcrypto) for reading what DVC has stored: it protects against accidents only.
 */
#ifndef MLOPS_SYSTEM_HASH_H
#define MLOPS_SYSTEM_HASH_H

#include <stdint.h>

#include "mlops/base/error.h"
#include "mlops/base/memory.h"
#include "mlops/base/text.h"

enum { HASH_SIZE = 32, HASH_TEXT_SIZE = 2 * HASH_SIZE + 1 };

struct hash {
	unsigned char bytes[HASH_SIZE];
};

void hash_format(const struct hash *hash, char ret_text[HASH_TEXT_SIZE]); /* 64 hex digits, NUL */
bool hash_parse(struct text text, struct hash *ret); /* lower case only */
bool hash_equal(const struct hash *a, const struct hash *b);
int hash_compare(const struct hash *a, const struct hash *b);

/* BLAKE3 of bytes in memory, on one thread or on all (0) or some. */
void hash_bytes(const void *bytes, size_t count, struct hash *ret);
int hash_bytes_parallel(const void *bytes, size_t count, size_t threads, struct hash *ret,
	struct error *err) MUST_CHECK;

/* BLAKE3 of a file, on all threads; also its size. Pipes and the like are read as they come. */
int hash_file(const char *path, struct hash *ret, uint64_t *ret_size, struct error *err) MUST_CHECK;

/* BLAKE3 in pieces. blake3_finish() may be called at any time and changes nothing. */
enum { BLAKE3_BLOCK = 64, BLAKE3_CHUNK = 1024, BLAKE3_DEPTH = 54 };
struct blake3 {
	uint64_t n_chunks; /* complete ones, all but the present one */
	unsigned char chunk[BLAKE3_CHUNK]; /* the present one, as far as it is known */
	size_t used;
	uint32_t stack[BLAKE3_DEPTH + 1][8]; /* roots of complete subtrees, the largest first */
	size_t depth;
};
void blake3_init(struct blake3 *state);
void blake3_update(struct blake3 *state, const void *bytes, size_t count);
void blake3_finish(const struct blake3 *state, struct hash *ret);

/*
 * Parts of one content are prepared apart, by several threads, and joined in order, which costs
 * next to nothing. A part has at most BLAKE3_PART_MOST bytes and begins at any offset; the state
 * that it is joined to has taken exactly the bytes in front of it.
 */
enum { BLAKE3_PART_MOST = 4 << 20, BLAKE3_PART_SUBTREES = 32 };
struct blake3_part {
	size_t n_head, n_tail, n_subtrees;
	unsigned char head[BLAKE3_CHUNK], tail[BLAKE3_CHUNK]; /* pieces of chunks */
	uint32_t subtrees[BLAKE3_PART_SUBTREES][8];
	uint16_t n_chunks[BLAKE3_PART_SUBTREES]; /* of each of them */
};
void blake3_part(uint64_t offset, const void *bytes, size_t count, struct blake3_part *ret);
void blake3_join(struct blake3 *state, const struct blake3_part *part);

/* SHA-256 in pieces. */
struct sha256 {
	void *context;
};
int sha256_init(struct sha256 *state, struct error *err) MUST_CHECK;
int sha256_update(
	struct sha256 *state, const void *bytes, size_t count, struct error *err) MUST_CHECK;
int sha256_finish(struct sha256 *state, struct hash *ret, struct error *err) MUST_CHECK;
void sha256_release(struct sha256 *state);
AUTO_RELEASE(struct sha256, sha256_release)

/* HMAC with SHA-256 (RFC 2104): how S3's requests are signed. */
int hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t count,
	struct hash *ret, struct error *err) MUST_CHECK;

/* MD5 in pieces. ERROR_UNSUPPORTED where the system's policy forbids it (FIPS). */
enum { MD5_SIZE = 16, MD5_TEXT_SIZE = 2 * MD5_SIZE + 1 };
struct md5_digest {
	unsigned char bytes[MD5_SIZE];
};
struct md5 {
	void *context;
};
int md5_init(struct md5 *state, struct error *err) MUST_CHECK;
int md5_update(struct md5 *state, const void *bytes, size_t count, struct error *err) MUST_CHECK;
int md5_finish(struct md5 *state, struct md5_digest *ret, struct error *err) MUST_CHECK;
void md5_release(struct md5 *state);
AUTO_RELEASE(struct md5, md5_release)

void md5_format(const struct md5_digest *digest, char ret_text[MD5_TEXT_SIZE]);
bool md5_parse(struct text text, struct md5_digest *ret); /* lower case only */
bool md5_equal(const struct md5_digest *a, const struct md5_digest *b);

#endif
