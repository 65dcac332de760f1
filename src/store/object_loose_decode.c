#include <string.h>
#include <zstd.h>

#include "object_loose_internal.h"

int object_header_read(
	const unsigned char *bytes, size_t count, struct object_header *ret, struct error *err)
{
	if (count < OBJECT_HEADER || memcmp(bytes, "mlob", 4) != 0)
		return error_set(err, ERROR_CORRUPT, "it does not begin like an object");
	if (bytes[4] != OBJECT_VERSION)
		return error_set(err, bytes[4] > OBJECT_VERSION ? ERROR_UNSUPPORTED : ERROR_CORRUPT,
			"it has format version %u; this program knows %d", bytes[4],
			OBJECT_VERSION);
	if (bytes[5] > OBJECT_ZSTD || bytes[6] || bytes[7])
		return error_set(err, ERROR_CORRUPT, "its header is damaged");
	ret->method = bytes[5];
	ret->length = 0;
	for (int i = 0; i < 8; i++)
		ret->length |= (uint64_t)bytes[8 + i] << 8 * i;
	return 0;
}

enum { OBJECT_LEAST = 4096 }; /* a header that lies does not make steps tiny */

struct object_decoder {
	int fd;
	const char *name;
	const struct object_sink *sink;
	struct blake3 hash;
	uint64_t left; /* bytes of content that the header promises and that have not come */
	unsigned char *input, *output;
	size_t step; /* bytes in each of them; less for small objects */
	ZSTD_DCtx *stream;
};

static int object_give(
	struct object_decoder *decoder, const void *bytes, size_t count, struct error *err)
{
	if (count > decoder->left)
		return error_set(err, ERROR_CORRUPT, "it is longer than its header says");
	decoder->left -= count;
	blake3_update(&decoder->hash, bytes, count);
	if (!decoder->sink || !count)
		return 0;
	return decoder->sink->write(decoder->sink->context, bytes, count, err);
}

static int object_decode_stored(struct object_decoder *decoder, struct error *err)
{
	size_t count;
	do {
		if (file_read_some(decoder->fd, decoder->name, decoder->input, decoder->step,
			    &count, err) < 0 ||
			object_give(decoder, decoder->input, count, err) < 0)
			return -err->code;
	} while (count == decoder->step);
	return 0;
}

/* One frame, which ends where the file ends. */
static int object_decode_zstd(struct object_decoder *decoder, struct error *err)
{
	size_t count, hint = 1; /* 0 once the frame is complete */
	decoder->stream = ZSTD_createDCtx();
	if (!decoder->stream)
		return error_set(err, ERROR_MEMORY, "no memory to decompress an object");
	do {
		if (file_read_some(decoder->fd, decoder->name, decoder->input, decoder->step,
			    &count, err) < 0)
			return -err->code;
		ZSTD_inBuffer input = { decoder->input, count, 0 };
		bool full = false; /* more may wait inside than went out */
		while (input.pos < input.size || full) {
			ZSTD_outBuffer output = { decoder->output, decoder->step, 0 };
			if (!hint)
				return error_set(
					err, ERROR_CORRUPT, "there are bytes behind its end");
			hint = ZSTD_decompressStream(decoder->stream, &output, &input);
			if (ZSTD_isError(hint))
				return error_set(err, ERROR_CORRUPT,
					"it cannot be decompressed: %s", ZSTD_getErrorName(hint));
			if (object_give(decoder, output.dst, output.pos, err) < 0)
				return -err->code;
			full = hint && output.pos == output.size;
		}
	} while (count == decoder->step);
	return hint ? error_set(err, ERROR_CORRUPT, "its end is missing") : 0;
}

static int object_decode_content(
	struct object_decoder *decoder, enum object_method method, struct error *err)
{
	decoder->step =
		decoder->left < OBJECT_STEP ? (size_t)decoder->left + OBJECT_LEAST : OBJECT_STEP;
	decoder->input = memory_allocate_aligned(decoder->step, err);
	decoder->output = decoder->input ? memory_allocate_aligned(decoder->step, err) : NULL;
	if (!decoder->output)
		return -err->code;
	if ((method == OBJECT_ZSTD ? object_decode_zstd(decoder, err)
				   : object_decode_stored(decoder, err)) < 0)
		return -err->code;
	return decoder->left ? error_set(err, ERROR_CORRUPT, "its end is missing") : 0;
}

int object_decode(int fd, const char *name, uint64_t cap, const struct object_sink *sink,
	struct hash *ret, struct error *err)
{
	unsigned char bytes[OBJECT_HEADER];
	struct object_header header;
	size_t count;
	if (file_read_some(fd, name, bytes, sizeof bytes, &count, err) < 0 ||
		object_header_read(bytes, count, &header, err) < 0)
		return -err->code;
	if (cap && header.length > cap)
		return error_set(
			err, ERROR_MEMORY, "it holds over %llu bytes", (unsigned long long)cap);
	struct object_decoder decoder = {
		.fd = fd, .name = name, .sink = sink, .left = header.length
	};
	blake3_init(&decoder.hash);
	int result = object_decode_content(&decoder, header.method, err);
	ZSTD_freeDCtx(decoder.stream);
	memory_free(decoder.input);
	memory_free(decoder.output);
	if (result < 0)
		return result;
	blake3_finish(&decoder.hash, ret);
	return 0;
}
