/*
 * object_internal: the file format of an object, apart from where objects lie.
 */
#ifndef MLOPS_STORE_OBJECT_INTERNAL_H
#define MLOPS_STORE_OBJECT_INTERNAL_H

#include "mlops/store/object.h"
#include "mlops/system/atomic.h"

enum { OBJECT_HEADER = 16, OBJECT_VERSION = 1, OBJECT_STEP = 256 << 10 };
enum object_method { OBJECT_RAW = 0, OBJECT_ZSTD = 1 };

struct object_header {
	enum object_method method;
	uint64_t length;
};

void object_header_write(const struct object_header *header, unsigned char bytes[OBJECT_HEADER]);

/* ERROR_CORRUPT, or ERROR_UNSUPPORTED for a version this program does not know. */
int object_header_read(const unsigned char *bytes, size_t count, struct object_header *ret,
	struct error *err) MUST_CHECK;

/* Where content goes; NULL drops it. */
struct object_sink {
	int (*write)(void *context, const void *bytes, size_t count, struct error *err);
	void *context;
};

/*
 * Reads an object from its beginning to the end of the file and hashes the content. The caller
 * compares the hash. Over `cap` bytes of content (0 is no cap) is ERROR_MEMORY; everything that
 * breaks the format, bytes behind its end too, is ERROR_CORRUPT.
 */
int object_decode(int fd, const char *name, uint64_t cap, const struct object_sink *sink,
	struct hash *ret, struct error *err) MUST_CHECK;

/*
 * Writes an object in pieces: begin, any number of adds, end. The first piece decides whether
 * compression pays, so it should not be tiny unless it is all. length: of the whole content if it
 * is known, which saves memory for small ones, else OBJECT_UNKNOWN.
 */
#define OBJECT_UNKNOWN UINT64_MAX
struct object_encoder {
	struct atomic_file *file;
	struct object_header header;
	struct blake3 hash;
	void *stream; /* ZSTD_CCtx, NULL if the content goes in as it is */
	unsigned char *buffer; /* for compressed bytes */
	size_t room; /* in it */
	uint64_t length; /* as announced */
	bool started;
};
void object_encoder_begin(
	struct object_encoder *encoder, struct atomic_file *file, uint64_t length);
int object_encoder_add(struct object_encoder *encoder, const void *bytes, size_t count,
	struct error *err) MUST_CHECK;
int object_encoder_end(
	struct object_encoder *encoder, struct hash *ret, struct error *err) MUST_CHECK;
void object_encoder_release(struct object_encoder *encoder);
AUTO_RELEASE(struct object_encoder, object_encoder_release)

#endif
