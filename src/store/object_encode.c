#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "mlops/base/parallel.h"

#include "object_internal.h"

enum {
	OBJECT_SAMPLE = 128 << 10,
	OBJECT_SMALLEST = 128, /* bytes that are worth trying to compress */
	OBJECT_PARALLEL = 8 << 20, /* a first piece of that size is worth threads */
	OBJECT_MOST_WORKERS = 4,
	OBJECT_LEVEL = 3
};

void object_header_write(const struct object_header *header, unsigned char bytes[OBJECT_HEADER])
{
	memset(bytes, 0, OBJECT_HEADER);
	memcpy(bytes, "mlob", 4);
	bytes[4] = OBJECT_VERSION;
	bytes[5] = (unsigned char)header->method;
	for (int i = 0; i < 8; i++)
		bytes[8 + i] = (unsigned char)(header->length >> 8 * i);
}

void object_encoder_begin(struct object_encoder *encoder, struct atomic_file *file, uint64_t length)
{
	*encoder = (struct object_encoder){ .file = file, .length = length };
	blake3_init(&encoder->hash);
}

void object_encoder_release(struct object_encoder *encoder)
{
	ZSTD_freeCCtx(encoder->stream);
	memory_free(encoder->buffer);
	encoder->stream = NULL;
	encoder->buffer = NULL;
}

static int object_no_memory(struct error *err)
{
	return error_set(err, ERROR_MEMORY, "no memory to compress an object");
}

/* Does a quick compression of the first bytes save at least a tenth? */
static int object_pays(const void *bytes, size_t count, bool *ret, struct error *err)
{
	size_t sample = count < OBJECT_SAMPLE ? count : OBJECT_SAMPLE;
	*ret = false;
	if (sample < OBJECT_SMALLEST)
		return 0;
	size_t bound = ZSTD_compressBound(sample);
	AUTO_FREE void *scratch = memory_allocate(1, bound, err);
	if (!scratch)
		return -err->code;
	size_t packed = ZSTD_compress(scratch, bound, bytes, sample, 1);
	*ret = !ZSTD_isError(packed) && packed < sample - sample / 10;
	return 0;
}

static int object_encoder_start(
	struct object_encoder *encoder, const void *bytes, size_t count, struct error *err)
{
	unsigned char header[OBJECT_HEADER];
	bool pays;
	encoder->started = true;
	if (object_pays(bytes, count, &pays, err) < 0)
		return -err->code;
	if (pays) {
		encoder->header.method = OBJECT_ZSTD;
		encoder->stream = ZSTD_createCCtx();
		encoder->room = encoder->length < OBJECT_STEP
					? ZSTD_compressBound((size_t)encoder->length)
					: OBJECT_STEP;
		encoder->buffer = memory_allocate(1, encoder->room, err);
		if (!encoder->stream || !encoder->buffer)
			return object_no_memory(err);
		ZSTD_CCtx_setParameter(encoder->stream, ZSTD_c_compressionLevel, OBJECT_LEVEL);
		if (encoder->length != OBJECT_UNKNOWN)
			ZSTD_CCtx_setPledgedSrcSize(encoder->stream, encoder->length);
		/* A libzstd without threads refuses, and compresses on this one. */
		size_t workers = parallel_threads();
		if (count >= OBJECT_PARALLEL && workers > 1)
			ZSTD_CCtx_setParameter(encoder->stream, ZSTD_c_nbWorkers,
				(int)(workers < OBJECT_MOST_WORKERS ? workers
								    : OBJECT_MOST_WORKERS));
	}
	/* The length is filled in at the end. */
	object_header_write(&encoder->header, header);
	return file_write_all(encoder->file->fd, encoder->file->path, header, sizeof header, err);
}

static int object_compress(struct object_encoder *encoder, const void *bytes, size_t count,
	ZSTD_EndDirective directive, struct error *err)
{
	ZSTD_inBuffer input = { bytes, count, 0 };
	size_t left;
	do {
		ZSTD_outBuffer output = { encoder->buffer, encoder->room, 0 };
		left = ZSTD_compressStream2(encoder->stream, &output, &input, directive);
		if (ZSTD_isError(left))
			return object_no_memory(err);
		if (file_write_all(encoder->file->fd, encoder->file->path, encoder->buffer,
			    output.pos, err) < 0)
			return -err->code;
	} while (directive == ZSTD_e_end ? left > 0 : input.pos < input.size);
	return 0;
}

int object_encoder_add(
	struct object_encoder *encoder, const void *bytes, size_t count, struct error *err)
{
	if (!encoder->started && object_encoder_start(encoder, bytes, count, err) < 0)
		return -err->code;
	blake3_update(&encoder->hash, bytes, count);
	encoder->header.length += count;
	if (encoder->stream)
		return object_compress(encoder, bytes, count, ZSTD_e_continue, err);
	return file_write_all(encoder->file->fd, encoder->file->path, bytes, count, err);
}

int object_encoder_end(struct object_encoder *encoder, struct hash *ret, struct error *err)
{
	unsigned char header[OBJECT_HEADER];
	ssize_t count;
	if (!encoder->started && object_encoder_start(encoder, "", 0, err) < 0)
		return -err->code;
	if (encoder->stream && object_compress(encoder, "", 0, ZSTD_e_end, err) < 0)
		return -err->code;
	object_header_write(&encoder->header, header);
	do {
		count = pwrite(encoder->file->fd, header, sizeof header, 0);
	} while (count < 0 && errno == EINTR);
	if (count != (ssize_t)sizeof header)
		return error_set_os(err, ERROR_IO, "cannot write '%s'", encoder->file->path);
	blake3_finish(&encoder->hash, ret);
	return 0;
}
