/*
 * store_versions [ROWS [VERSIONS]]: what the versions of an edited CSV cost, by chunk, sketch and
 * compress alone, beside one version compressed; and how fast the last one comes back through the
 * whole chain, on two threads. Four kinds of edits, 1 % of the rows each time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mlops/base/parallel.h"
#include "mlops/store/chunk.h"
#include "mlops/store/compress.h"
#include "mlops/store/entry.h"
#include "mlops/store/sketch.h"

enum edits { SCATTERED, BLOCK, INSERTED, APPENDED, EDITS };
static const char *const edits_names[] = { "scattered", "one block", "inserted", "appended" };

enum {
	MOST_VERSIONS = 32,
	ROW_MOST = 200,
	PER_CHUNK = HASH_SIZE + 8 + SKETCH_SIZE /* of the list */
};

static struct error err;

static void must(bool good, const char *what)
{
	if (!good) {
		fprintf(stderr, "store_versions: %s %s\n", what, err.message);
		exit(EXIT_FAILURE);
	}
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t draw(uint64_t row, uint64_t what)
{
	return mix(mix(row + UINT64_C(0x9e3779b97f4a7c15)) + what * UINT64_C(0xd1342543de82ef95));
}

static double share(uint64_t bits)
{
	return (double)(bits >> 11) * 0x1p-53;
}

/* A row of numbers and categories; an edit changes one to three cells, often their lengths. */
static size_t row_write(char *to, uint64_t row, unsigned version)
{
	static const char *const cities[] = { "Amsterdam", "Berlin", "Copenhagen", "Dublin",
		"Edinburgh", "Frankfurt", "Gothenburg", "Hamburg", "Istanbul", "Krakow", "Lisbon",
		"Madrid", "Oslo", "Prague", "Rome", "Vienna" };
	static const char *const plans[] = { "basic", "standard", "premium", "enterprise" };
	static const char *const jobs[] = { "engineer", "teacher", "nurse", "driver", "retired",
		"student", "manager", "unemployed" };
	double income = 20000 * (0.3 + 3 * share(draw(row, 2)) * share(draw(row, 3)));
	double balance = 9000 * share(draw(row, 4)) * share(draw(row, 5));
	uint64_t visits = draw(row, 7) % 400, plan = draw(row, 8) % 4;
	uint64_t edit = draw(row, 1000 + version);
	if (version && edit % 3 == 0)
		balance = 9000 * share(mix(edit));
	else if (version && edit % 3 == 1)
		visits = mix(edit) % 4000, plan = mix(edit) % 4;
	else if (version)
		income *= 0.5 + share(mix(edit));
	int length = snprintf(to, ROW_MOST,
		"%08" PRIu64
		",2024-%02d-%02dT%02d:%02d:%02dZ,%s,%s,%s,%.1f,%.2f,%.2f,%.6f,%.5f,%.5f,"
		"%" PRIu64 ",%s,%012" PRIx64 "\n",
		row, 1 + (int)(row / 150000 % 12), 1 + (int)(row / 5400 % 28),
		(int)(row / 225 % 24), (int)(row / 4 % 60), (int)(draw(row, 9) % 60),
		cities[draw(row, 10) % 16], plans[plan], jobs[draw(row, 11) % 8],
		18 + 60 * share(draw(row, 12)), income, balance, share(draw(row, 6)),
		35 + 25 * share(draw(row, 13)), 35 * share(draw(row, 14)) - 9, visits,
		draw(row, 15) % 5 ? "no" : "yes", draw(row, 16) >> 16);
	return (size_t)length;
}

/* The last version that changed this row. */
static unsigned row_edited(enum edits edits, size_t n_rows, size_t row, unsigned version)
{
	for (unsigned v = version; v > 0; v--) {
		size_t start = draw(v, 1) % (n_rows - n_rows / 100);
		if (edits == SCATTERED
				? draw(row, 5000 + v) % 100 == 0
				: edits == BLOCK && row >= start && row - start < n_rows / 100)
			return v;
	}
	return 0;
}

static size_t version_write(char *to, enum edits edits, size_t n_rows, unsigned version)
{
	size_t length = 0, part = n_rows / 100;
	for (size_t row = 0; row < n_rows; row++) {
		for (unsigned v = 1; edits == INSERTED && v <= version; v++)
			for (size_t i = 0; row == draw(v, 2) % n_rows && i < part; i++)
				length += row_write(to + length, (v + 10) * n_rows + i, 0);
		length += row_write(to + length, row, row_edited(edits, n_rows, row, version));
	}
	for (size_t i = 0; edits == APPENDED && i < part * version; i++)
		length += row_write(to + length, n_rows + i, 0);
	return length;
}

struct piece {
	size_t at, length;
	struct hash hash;
	struct sketch sketch;
	const struct piece *same; /* an earlier one with the same content: nothing is stored */
	const struct piece *bases[SKETCH_BASES]; /* pieces of the version before */
	size_t n_bases;
	bool compressed;
	char *payload;
	size_t payload_length;
};
struct version {
	struct piece *pieces;
	size_t count;
};

struct totals {
	size_t bytes, equal, deltas, bases, pieces;
	double seconds;
};

static double seconds(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void version_cut(struct version *version, const char *bytes, size_t length)
{
	version->pieces = memory_allocate(length / CHUNK_LEAST + 1, sizeof *version->pieces, &err);
	must(version->pieces, "memory");
	for (size_t at = 0; at < length; version->count++) {
		struct piece *piece = &version->pieces[version->count];
		piece->at = at;
		piece->length = chunk_length(bytes + at, length - at);
		sketch_make(bytes + at, piece->length, &piece->sketch);
		hash_bytes(bytes + at, piece->length, &piece->hash);
		at += piece->length;
	}
}

static struct sketch_index *version_index(const struct version *version)
{
	struct sketch_index *index;
	AUTO_FREE struct sketch *sketches = memory_allocate(version->count, sizeof *sketches, &err);
	must(sketches, "memory");
	for (size_t i = 0; i < version->count; i++)
		sketches[i] = version->pieces[i].sketch;
	must(sketch_index_make(sketches, version->count, &index, &err) == 0, "index");
	return index;
}

/* Against the old version's bytes; false if that does not pay. */
static bool piece_delta(struct compressor *compressor, struct piece *piece, const char *bytes,
	const struct version *old, const char *old_bytes, const size_t *chosen, size_t n_chosen,
	char *joined, struct strbuf *payload)
{
	size_t length = 0;
	bool pays;
	piece->n_bases = n_chosen;
	for (size_t i = 0; i < n_chosen; i++) {
		const struct piece *base = piece->bases[i] = &old->pieces[chosen[i]];
		memcpy(joined + length, old_bytes + base->at, base->length);
		length += base->length;
	}
	must(compress_delta(compressor, bytes + piece->at, piece->length, joined, length,
		     piece->length / 2, payload, &pays, &err) == 0,
		"delta");
	piece->n_bases = pays ? n_chosen : 0;
	return pays;
}

/* The piece of any earlier version with the same content. */
static const struct piece *piece_find(
	const struct version *versions, size_t n_versions, const struct piece *piece)
{
	for (size_t v = 0; v < n_versions; v++)
		for (size_t i = 0; i < versions[v].count; i++)
			if (hash_equal(&versions[v].pieces[i].hash, &piece->hash))
				return versions[v].pieces[i].same ? versions[v].pieces[i].same
								  : &versions[v].pieces[i];
	return NULL;
}

static void piece_store(struct piece *piece, const struct strbuf *payload, struct totals *totals)
{
	piece->payload_length = payload->length;
	piece->payload = memory_allocate(payload->length, 1, &err);
	must(piece->payload, "memory");
	memcpy(piece->payload, payload->text, payload->length);
	totals->bytes += payload->length + ENTRY_HEADER + piece->n_bases * HASH_SIZE;
}

/* Version v of those that are there; bytes are its own, old_bytes those of the one before. */
static void version_put(struct version *versions, size_t v, const char *bytes,
	const char *old_bytes, struct totals *totals)
{
	struct version *version = &versions[v];
	const struct version *old = v ? version - 1 : NULL;
	AUTO(compressor_free) struct compressor *compressor = NULL;
	AUTO(sketch_index_free) struct sketch_index *index = old ? version_index(old) : NULL;
	AUTO_FREE char *joined = memory_allocate(SKETCH_BASES, CHUNK_MOST, &err);
	AUTO(strbuf_release) struct strbuf payload = STRBUF_INIT;
	size_t near = 0;
	must(joined && compressor_make(&compressor, &err) == 0, "memory");
	for (size_t i = 0; i < version->count; i++) {
		struct piece *piece = &version->pieces[i];
		size_t chosen[SKETCH_BASES];
		size_t n = index ? sketch_choose(index, &piece->sketch, near, chosen) : 0;
		near = n ? chosen[n - 1] + 1 : near;
		piece->same = piece_find(versions, v, piece);
		totals->equal += piece->same != NULL;
		totals->bytes += PER_CHUNK;
		if (piece->same)
			continue;
		strbuf_clear(&payload);
		piece->compressed = n && piece_delta(compressor, piece, bytes, old, old_bytes,
						 chosen, n, joined, &payload);
		totals->deltas += piece->compressed;
		totals->bases += piece->n_bases;
		if (!piece->compressed)
			must(compress_content(compressor, bytes + piece->at, piece->length,
				     &payload, &piece->compressed, &err) == 0,
				"content");
		if (!piece->compressed)
			strbuf_add_bytes(&payload, bytes + piece->at, piece->length);
		piece_store(piece, &payload, totals);
	}
	totals->pieces += version->count;
}

/* Scratch of one thread at one depth of pieces with several bases. */
struct scratch {
	char *joined; /* several bases */
	char *turns
		[2]; /* a chain of single bases goes back and forth here, and stays in the cache */
};
struct decoder {
	struct compressor *compressor;
	struct scratch scratch[MOST_VERSIONS];
};

static const struct piece *piece_stored(const struct piece *piece)
{
	return piece->same ? piece->same : piece;
}

static void piece_apply(struct decoder *decoder, const struct piece *piece, const char *bases,
	size_t length, char *ret_content)
{
	if (piece->compressed)
		must(compress_decode(decoder->compressor, piece->payload, piece->payload_length,
			     bases, length, ret_content, piece->length, &err) == 0,
			"decode");
	else
		memcpy(ret_content, piece->payload, piece->length);
}

static void piece_decode(
	struct decoder *decoder, const struct piece *piece, size_t depth, char *ret_content)
{
	struct scratch *scratch = &decoder->scratch[depth];
	const struct piece *chain[MOST_VERSIONS];
	size_t n = 0, length = 0;
	for (piece = piece_stored(piece); piece->n_bases == 1;
		piece = piece_stored(piece->bases[0]))
		chain[n++] = piece;
	for (size_t i = 0; i < piece->n_bases; length += piece->bases[i++]->length)
		piece_decode(decoder, piece->bases[i], depth + 1, scratch->joined + length);
	char *to = n ? scratch->turns[n % 2] : ret_content;
	piece_apply(decoder, piece, scratch->joined, length, to);
	while (n--) {
		const char *base = to;
		length = piece->length;
		piece = chain[n];
		to = n ? scratch->turns[n % 2] : ret_content;
		piece_apply(decoder, piece, base, length, to);
	}
}

static void decoder_make(struct decoder *decoder)
{
	must(compressor_make(&decoder->compressor, &err) == 0, "memory");
	for (size_t d = 0; d < MOST_VERSIONS; d++) {
		struct scratch *scratch = &decoder->scratch[d];
		scratch->joined = memory_allocate(SKETCH_BASES, CHUNK_MOST, &err);
		scratch->turns[0] = memory_allocate(1, CHUNK_MOST, &err);
		scratch->turns[1] = memory_allocate(1, CHUNK_MOST, &err);
		must(scratch->joined && scratch->turns[0] && scratch->turns[1], "memory");
	}
}

static void decoder_release(struct decoder *decoder)
{
	compressor_free(decoder->compressor);
	for (size_t d = 0; d < MOST_VERSIONS; d++) {
		memory_free(decoder->scratch[d].joined);
		memory_free(decoder->scratch[d].turns[0]);
		memory_free(decoder->scratch[d].turns[1]);
	}
}

struct restore {
	const struct version *version;
	struct decoder decoders[2];
	char *to;
};

static int restore_piece(void *context, size_t index, size_t worker, struct error *ignored)
{
	struct restore *restore = context;
	const struct piece *piece = &restore->version->pieces[index];
	(void)ignored;
	piece_decode(&restore->decoders[worker], piece, 0, restore->to + piece->at);
	return 0;
}

static double restore_all(const struct version *version, const char *bytes, char *to, size_t length)
{
	struct restore restore = { .version = version, .to = to };
	decoder_make(&restore.decoders[0]);
	decoder_make(&restore.decoders[1]);
	double best = 0;
	for (int round = 0; round < 3; round++) {
		double start = seconds(CLOCK_MONOTONIC);
		must(parallel_for(2, version->count, restore_piece, &restore, &err) == 0, "decode");
		double speed = (double)length / (seconds(CLOCK_MONOTONIC) - start) / 1e6;
		best = speed > best ? speed : best;
	}
	must(memcmp(bytes, to, length) == 0, "the last version came back different");
	decoder_release(&restore.decoders[0]);
	decoder_release(&restore.decoders[1]);
	return best;
}

static void measure(enum edits edits, size_t n_rows, unsigned n_versions)
{
	struct version versions[MOST_VERSIONS] = { 0 };
	struct totals totals = { 0 };
	size_t room = (n_rows + n_rows / 100 * n_versions) * ROW_MOST, length = 0, one = 0;
	char *bytes = memory_allocate(room, 1, &err), *old = memory_allocate(room, 1, &err);
	must(bytes && old, "memory");
	for (unsigned v = 0; v < n_versions; v++) {
		char *swap = old;
		old = bytes, bytes = swap;
		length = version_write(bytes, edits, n_rows, v);
		double start = seconds(CLOCK_THREAD_CPUTIME_ID);
		version_cut(&versions[v], bytes, length);
		version_put(versions, v, bytes, old, &totals);
		totals.seconds += v ? seconds(CLOCK_THREAD_CPUTIME_ID) - start : 0;
		one = v ? one : totals.bytes;
	}
	double speed = restore_all(&versions[n_versions - 1], bytes, old, length);
	printf("%-10s %4.0f MB, one version %6.2f MB, %u versions %6.2f MB = %.3f x; %zu chunks, %zu "
	       "equal, %zu deltas of %.2f bases; a later version at %.0f MB/s cpu, the last one back "
	       "at %.0f MB/s\n",
		edits_names[edits], (double)length / 1e6, (double)one / 1e6, n_versions,
		(double)totals.bytes / 1e6, (double)totals.bytes / (double)one, totals.pieces,
		totals.equal, totals.deltas,
		totals.deltas ? (double)totals.bases / (double)totals.deltas : 0,
		(double)length * (n_versions - 1) / totals.seconds / 1e6, speed);
	fflush(stdout);
	for (unsigned v = 0; v < n_versions; v++) {
		for (size_t i = 0; i < versions[v].count; i++)
			memory_free(versions[v].pieces[i].payload);
		memory_free(versions[v].pieces);
	}
	memory_free(bytes);
	memory_free(old);
}

int main(int argc, char **argv)
{
	size_t n_rows = argc > 1 ? (size_t)atol(argv[1]) : 1450000;
	unsigned n_versions = argc > 2 ? (unsigned)atoi(argv[2]) : 20;
	must(n_rows >= 1000 && n_versions >= 2 && n_versions <= MOST_VERSIONS, "usage");
	for (enum edits edits = 0; edits < EDITS; edits++)
		measure(edits, n_rows, n_versions);
	return EXIT_SUCCESS;
}
