#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object_internal.h"

enum { PACK_WINDOW = 16 << 20 };

/* A piece of the file in memory, moved along. */
struct pack_window {
	int fd; /* -1: there is no file */
	uint64_t size; /* of the file */
	uint64_t start;
	size_t count;
	unsigned char *bytes;
};

struct pack_scanner {
	struct pack_window window;
	index_entries rows; /* by offset; those that should lie here */
	size_t next; /* row */
	uint64_t end; /* of what is scanned */
	pack_visit *visit;
	void *context;
};

/* `most` bytes from there on, or as many as there are: the count. */
static int pack_window_at(struct pack_window *window, uint64_t offset, size_t most,
	const unsigned char **ret, size_t *ret_count, struct error *err)
{
	uint64_t left = offset < window->size ? window->size - offset : 0;
	most = left < most ? (size_t)left : most;
	*ret_count = most;
	if (offset < window->start || offset + most > window->start + window->count) {
		window->start = offset;
		window->count = 0;
		while (window->count < most) {
			ssize_t got = pread(window->fd, window->bytes + window->count,
				PACK_WINDOW - window->count, (off_t)(offset + window->count));
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0)
				return error_set_os(err, ERROR_IO, "cannot read a pack");
			if (!got)
				break;
			window->count += (size_t)got;
		}
		*ret_count = window->count < most ? window->count : most;
	}
	*ret = window->bytes + (offset - window->start);
	return 0;
}

/* The next row at or behind an offset. */
static const struct index_entry *pack_scan_row(const struct pack_scanner *scanner)
{
	return scanner->next < scanner->rows.count ? &scanner->rows.items[scanner->next] : NULL;
}

static int pack_scan_damaged(struct pack_scanner *scanner, uint64_t offset, uint64_t length,
	const struct index_entry *row, const char *what, struct error *err)
{
	struct pack_found found = { .state = PACK_DAMAGED,
		.offset = offset,
		.length = length,
		.is_known = row != NULL,
		.what = what };
	if (row)
		found.entry.hash = row->hash;
	return scanner->visit(scanner->context, &found, err);
}

/* Rows that point to where no entry begins. */
static int pack_scan_strange_rows(struct pack_scanner *scanner, uint64_t until, struct error *err)
{
	const struct index_entry *row;
	int status = 0;
	for (; !status && (row = pack_scan_row(scanner)) && row->offset < until; scanner->next++)
		status = pack_scan_damaged(scanner, row->offset, 0, row,
			"the index points to where no entry begins", err);
	return status;
}

/* A whole entry: is it the one that the index has here? */
static int pack_scan_good(struct pack_scanner *scanner, struct pack_found *found, struct error *err)
{
	const struct index_entry *row = pack_scan_row(scanner);
	found->state = PACK_SPARE;
	if (row && row->offset == found->offset) {
		scanner->next++;
		if (hash_equal(&row->hash, &found->entry.hash) && row->length == found->length) {
			found->state = PACK_GOOD;
		} else {
			int status = pack_scan_damaged(scanner, found->offset, 0, row,
				"the index names another entry than there is", err);
			if (status)
				return status;
		}
	}
	return scanner->visit(scanner->context, found, err);
}

/* Where to go on behind an entry that cannot be read; its head may still tell its length. */
static int pack_scan_bad(struct pack_scanner *scanner, uint64_t offset, const struct entry *head,
	const char *what, uint64_t *ret_next, struct error *err)
{
	const struct index_entry *row = pack_scan_row(scanner);
	const struct index_entry *known = row && row->offset == offset ? row : NULL;
	scanner->next += known != NULL;
	const struct index_entry *following = pack_scan_row(scanner);
	uint64_t next =
		following && following->offset < scanner->end ? following->offset : scanner->end;
	if (head) {
		uint64_t told = offset + entry_head_length(head) + head->payload;
		next = told < next ? told : next;
	}
	*ret_next = next;
	return pack_scan_damaged(scanner, offset, next - offset, known, what, err);
}

static int pack_scan_one(
	struct pack_scanner *scanner, uint64_t offset, uint64_t *ret_next, struct error *err)
{
	struct pack_window *window = &scanner->window;
	struct pack_found found = { .offset = offset };
	const unsigned char *raw;
	size_t count;
	if (pack_window_at(window, offset, PACK_HEAD_MOST, &raw, &count, err) < 0)
		return -err->code;
	uint64_t left = scanner->end - offset;
	count = left < count ? (size_t)left : count;
	if (entry_parse(raw, count, &found.entry, err) < 0) {
		error_clear(err);
		return pack_scan_bad(
			scanner, offset, NULL, "no entry can be read here", ret_next, err);
	}
	found.length = entry_head_length(&found.entry) + found.entry.payload;
	if (found.length > left)
		return pack_scan_bad(
			scanner, offset, NULL, "the pack ends within it", ret_next, err);
	if (pack_window_at(window, offset, (size_t)found.length, &raw, &count, err) < 0)
		return -err->code;
	if (count < found.length)
		return pack_scan_bad(
			scanner, offset, NULL, "the file ends within it", ret_next, err);
	if (pack_raw_check(raw, count, &found.entry, err) < 0) {
		error_clear(err);
		return pack_scan_bad(
			scanner, offset, &found.entry, "its payload has changed", ret_next, err);
	}
	found.raw = raw;
	*ret_next = offset + found.length;
	return pack_scan_good(scanner, &found, err);
}

static int pack_scan_header(struct pack_scanner *scanner, struct error *err)
{
	const unsigned char *header;
	size_t count;
	if (pack_window_at(&scanner->window, 0, PACK_HEADER, &header, &count, err) < 0)
		return -err->code;
	if (pack_header_read(header, count, err) == 0)
		return 0;
	error_clear(err);
	return pack_scan_damaged(
		scanner, 0, PACK_HEADER, NULL, "the header of the pack is damaged", err);
}

static int pack_scan_all(struct pack_scanner *scanner, struct error *err)
{
	int status = pack_scan_header(scanner, err);
	for (uint64_t offset = PACK_HEADER, next; !status && offset < scanner->end; offset = next) {
		status = pack_scan_strange_rows(scanner, offset, err);
		if (!status)
			status = pack_scan_one(scanner, offset, &next, err);
	}
	return status ? status : pack_scan_strange_rows(scanner, UINT64_MAX, err);
}

int pack_scan_file(const char *path, uint64_t end, const index_entries *rows, pack_visit *visit,
	void *context, struct error *err)
{
	struct stat status;
	struct pack_scanner scanner = {
		.rows = *rows, .end = end, .visit = visit, .context = context
	};
	AUTO_FREE unsigned char *bytes = memory_allocate_small_pages(PACK_WINDOW, err);
	if (!bytes)
		return -err->code;
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno != ENOENT)
		return error_set_os(err, ERROR_IO, "cannot open '%s'", path);
	if (fd >= 0 && fstat(fd, &status) != 0)
		return error_set_os(err, ERROR_IO, "cannot look at '%s'", path);
	scanner.window = (struct pack_window){
		.fd = fd, .size = fd < 0 ? 0 : (uint64_t)status.st_size, .bytes = bytes
	};
	if (end == UINT64_MAX)
		scanner.end = scanner.window.size;
	return pack_scan_all(&scanner, err);
}

int pack_scan(struct object_store *store, const struct pack_facts *pack, pack_visit *visit,
	void *context, struct error *err)
{
	index_entries rows = VEC_INIT;
	AUTO_FREE char *path = pack_path(store, &pack->name, err);
	int status = path && pack_flush(store, err) == 0
			     ? index_of_pack(store->index, pack->id, &rows, err)
			     : -(int)err->code;
	if (status == 0)
		status = pack_scan_file(path, pack->size, &rows, visit, context, err);
	vec_release(&rows);
	return status;
}
