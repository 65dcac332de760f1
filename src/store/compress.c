#include "mlops/store/compress.h"

#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "mlops/store/entry.h"

enum {
	/*
	 * Of a CSV of numbers and categories level 1 leaves 38.4 % at 380 MB/s, level 3 39.5 % at
	 * 170; of source text and programs level 3 saves a tenth more, at half the speed.
	 */
	COMPRESS_LEVEL = 1,
	COMPRESS_SMALLEST = 64, /* bytes that are worth trying */
	COMPRESS_PROBED = 64 << 10, /* contents from here on are probed first */
	COMPRESS_SAMPLES = 4,
	COMPRESS_SAMPLE = 4096,
	COMPRESS_GAIN = 32, /* a 1/32 must be saved */
	COMPRESS_SLACK = 1024, /* zstd writes ahead, so it wants more room than it fills */
	COMPRESS_BASES_MOST = ENTRY_BASES * ENTRY_CHUNK_MOST,
	COMPRESS_HASH_LEAST = 12,
	COMPRESS_HASH_MOST = 20
};

struct compressor {
	ZSTD_CCtx *content, *probe, *delta; /* apart, so that their tables keep their sizes */
	ZSTD_DCtx *decoder;
};

int compressor_make(struct compressor **ret, struct error *err)
{
	*ret = memory_allocate(1, sizeof **ret, err);
	return *ret ? 0 : -err->code;
}

void compressor_free(struct compressor *compressor)
{
	if (!compressor)
		return;
	ZSTD_freeCCtx(compressor->content);
	ZSTD_freeCCtx(compressor->probe);
	ZSTD_freeCCtx(compressor->delta);
	ZSTD_freeDCtx(compressor->decoder);
	memory_free(compressor);
}

static int compress_failed(size_t code, struct error *err)
{
	bool memory = ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation;
	return error_set(err, memory ? ERROR_MEMORY : ERROR_BUG, "cannot compress: %s",
		ZSTD_getErrorName(code));
}

static int compress_context(ZSTD_CCtx **context, struct error *err)
{
	if (*context)
		return 0;
	ZSTD_CCtx *made = ZSTD_createCCtx();
	if (!made)
		return error_set(err, ERROR_MEMORY, "no memory to compress");
	size_t code = ZSTD_CCtx_setParameter(made, ZSTD_c_compressionLevel, COMPRESS_LEVEL);
	if (!ZSTD_isError(code))
		code = ZSTD_CCtx_setParameter(made, ZSTD_c_contentSizeFlag, 0);
	if (ZSTD_isError(code)) {
		ZSTD_freeCCtx(made);
		return compress_failed(code, err);
	}
	*context = made;
	return 0;
}

/* One frame into `room` bytes. *ret_fits false: it is longer than that. */
static int compress_frame(ZSTD_CCtx *context, void *frame, size_t room, const void *content,
	size_t count, size_t *ret_length, bool *ret_fits, struct error *err)
{
	size_t length = ZSTD_compress2(context, frame, room, content, count);
	*ret_fits = !ZSTD_isError(length);
	*ret_length = *ret_fits ? length : 0;
	if (*ret_fits)
		return 0;
	/* It still believes to be in the middle of a frame. */
	ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
	return ZSTD_getErrorCode(length) == ZSTD_error_dstSize_tooSmall
		       ? 0
		       : compress_failed(length, err);
}

/* Appends a frame of less than `limit` bytes, or nothing. */
static int compress_append(ZSTD_CCtx *context, const void *content, size_t count, size_t limit,
	struct strbuf *payload, bool *ret_pays, struct error *err)
{
	size_t bound = ZSTD_compressBound(count);
	size_t room = limit < bound ? limit + COMPRESS_SLACK : bound;
	if (!strbuf_reserve(payload, room))
		return strbuf_check(payload, err);
	size_t length;
	int r = compress_frame(context, payload->text + payload->length, room, content, count,
		&length, ret_pays, err);
	*ret_pays = *ret_pays && length < limit;
	payload->length += *ret_pays ? length : 0;
	payload->text[payload->length] = '\0'; /* zstd may have written there, then failed */
	return r;
}

/* Is it worth compressing, by a few samples of a large content? */
static int compress_probe(struct compressor *compressor, const unsigned char *content, size_t count,
	bool *ret_pays, struct error *err)
{
	enum { SAMPLED = COMPRESS_SAMPLES * COMPRESS_SAMPLE };
	unsigned char samples[SAMPLED], compressed[SAMPLED];
	if (compress_context(&compressor->probe, err) < 0)
		return -err->code;
	for (size_t i = 0; i < COMPRESS_SAMPLES; i++)
		memcpy(samples + i * COMPRESS_SAMPLE,
			content + (count - COMPRESS_SAMPLE) / (COMPRESS_SAMPLES - 1) * i,
			COMPRESS_SAMPLE);
	size_t length;
	return compress_frame(compressor->probe, compressed, SAMPLED - SAMPLED / COMPRESS_GAIN,
		samples, SAMPLED, &length, ret_pays, err);
}

int compress_content(struct compressor *compressor, const void *content, size_t count,
	struct strbuf *payload, bool *ret_pays, struct error *err)
{
	*ret_pays = false;
	if (count < COMPRESS_SMALLEST)
		return 0;
	if (count >= COMPRESS_PROBED) {
		if (compress_probe(compressor, content, count, ret_pays, err) < 0)
			return -err->code;
		if (!*ret_pays)
			return 0;
	}
	if (compress_context(&compressor->content, err) < 0)
		return -err->code;
	return compress_append(compressor->content, content, count, count - count / COMPRESS_GAIN,
		payload, ret_pays, err);
}

static int compress_log(size_t bytes)
{
	int log = 0;
	for (; (size_t)1 << log < bytes; log++)
		;
	return log;
}

/*
 * The window reaches over all that is there. zstd's own choice of the hash table (2^14 positions)
 * would forget most of a base; one for each 4 bytes finds what is to be found.
 */
static int compress_delta_setup(ZSTD_CCtx *context, const void *bases, size_t n_bases_bytes,
	size_t count, struct error *err)
{
	int window = compress_log(n_bases_bytes + count), hash = window - 2;
	hash = hash < COMPRESS_HASH_LEAST ? COMPRESS_HASH_LEAST : hash;
	hash = hash > COMPRESS_HASH_MOST ? COMPRESS_HASH_MOST : hash;
	ZSTD_bounds bounds = ZSTD_cParam_getBounds(ZSTD_c_windowLog);
	window = window < bounds.lowerBound ? bounds.lowerBound : window;
	size_t code = ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window);
	if (!ZSTD_isError(code))
		code = ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog, hash);
	if (!ZSTD_isError(code))
		code = ZSTD_CCtx_refPrefix(context, bases, n_bases_bytes);
	return ZSTD_isError(code) ? compress_failed(code, err) : 0;
}

int compress_delta(struct compressor *compressor, const void *content, size_t count,
	const void *bases, size_t n_bases_bytes, size_t limit, struct strbuf *payload,
	bool *ret_pays, struct error *err)
{
	*ret_pays = false;
	if (count > ENTRY_CHUNK_MOST || n_bases_bytes > COMPRESS_BASES_MOST)
		return error_set(
			err, ERROR_BUG, "a delta of %zu bytes to %zu", count, n_bases_bytes);
	if (!limit || !n_bases_bytes)
		return 0;
	if (compress_context(&compressor->delta, err) < 0 ||
		compress_delta_setup(compressor->delta, bases, n_bases_bytes, count, err) < 0)
		return -err->code;
	return compress_append(compressor->delta, content, count, limit, payload, ret_pays, err);
}

/* One frame and nothing behind it; zstd would go on with a second one, and skip what asks for it. */
static bool compress_is_frame(const unsigned char *payload, size_t length)
{
	static const unsigned char magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	return length > sizeof magic && !memcmp(payload, magic, sizeof magic) &&
	       ZSTD_findFrameCompressedSize(payload, length) == length;
}

int compress_decode(struct compressor *compressor, const void *payload, size_t length,
	const void *bases, size_t n_bases_bytes, void *ret_content, size_t size, struct error *err)
{
	if (!compressor->decoder)
		compressor->decoder = ZSTD_createDCtx();
	if (!compressor->decoder)
		return error_set(err, ERROR_MEMORY, "no memory to decompress");
	if (!compress_is_frame(payload, length))
		return error_set(err, ERROR_CORRUPT, "damaged: not one zstd frame");
	size_t code = ZSTD_DCtx_refPrefix(compressor->decoder, bases, n_bases_bytes);
	if (!ZSTD_isError(code))
		code = ZSTD_decompressDCtx(compressor->decoder, ret_content, size, payload, length);
	if (ZSTD_isError(code))
		return error_set(err,
			ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation ? ERROR_MEMORY
										: ERROR_CORRUPT,
			"damaged: %s", ZSTD_getErrorName(code));
	if (code != size)
		return error_set(
			err, ERROR_CORRUPT, "damaged: %zu bytes instead of %zu", code, size);
	return 0;
}
