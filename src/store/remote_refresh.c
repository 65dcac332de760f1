/* One listing, and the index files that are new in it. */
#include <stdio.h>
#include <string.h>

#include "mlops/base/parallel.h"
#include "mlops/base/sort.h"
#include "remote_internal.h"

/* A file in index/. */
struct remote_listed {
	struct hash name;
	char kind[REMOTE_KIND_LONGEST + 1];
	uint64_t size; /* UINT64_MAX: not told */
};

struct remote_listing {
	VEC(struct remote_listed) files; /* by name and kind */
	size_t n_names;
	struct hash_set packs; /* names of packs to number in files */
};

static void remote_listing_release(struct remote_listing *listing)
{
	vec_release(&listing->files);
	hash_set_release(&listing->packs);
}
AUTO_RELEASE(struct remote_listing, remote_listing_release)

/* "HASH.KIND"; others are not ours and left alone. */
static bool remote_listing_name(const char *name, struct remote_listed *ret)
{
	size_t length = strlen(name);
	if (length <= HASH_TEXT_SIZE || length > HASH_TEXT_SIZE + REMOTE_KIND_LONGEST ||
		name[HASH_TEXT_SIZE - 1] != '.' ||
		!hash_parse((struct text){ name, HASH_TEXT_SIZE - 1 }, &ret->name))
		return false;
	for (const char *c = name + HASH_TEXT_SIZE; *c; c++) {
		if (*c < 'a' || *c > 'z')
			return false;
	}
	snprintf(ret->kind, sizeof ret->kind, "%s", name + HASH_TEXT_SIZE);
	return true;
}

static int remote_listing_add(
	void *context, const char *name, const struct endpoint_facts *facts, struct error *err)
{
	struct remote_listing *listing = context;
	struct remote_listed file = { .size = facts ? facts->size : UINT64_MAX };
	if (++listing->n_names > REMOTE_FILES_MOST)
		return error_set(err, ERROR_INVALID, "it lists more than %d files in index/",
			REMOTE_FILES_MOST);
	if (!remote_listing_name(name, &file))
		return 0;
	vec_push(&listing->files, file);
	return vec_check(&listing->files, err);
}

/* For servers that cannot list: the names that the last writer knew. */
static int remote_listing_manifest(
	struct remote *remote, struct remote_listing *listing, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct text rest, line;
	if (endpoint_get_bytes(remote->endpoint, REMOTE_MANIFEST, REMOTE_INDEX_MOST, &text, err) <
		0) {
		if (err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	rest = (struct text){ text.text, text.length };
	while (text_split(&rest, '\n', &line)) {
		char name[HASH_TEXT_SIZE + REMOTE_KIND_LONGEST + 1];
		if (line.length >= sizeof name)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)line.length, line.at);
		if (remote_listing_add(listing, name, NULL, err) < 0)
			return -err->code;
	}
	return 0;
}

static int remote_listing_compare(const void *a, const void *b, void *context)
{
	const struct remote_listed *one = a, *other = b;
	(void)context;
	int order = strcmp(one->kind, other->kind);
	return order ? order : hash_compare(&one->name, &other->name);
}

static int remote_listing_read(
	struct remote *remote, struct remote_listing *listing, struct error *err)
{
	int status = endpoint_list(remote->endpoint, "index", remote_listing_add, listing, err);
	if (status == -ERROR_UNSUPPORTED) {
		error_clear(err);
		status = remote_listing_manifest(remote, listing, err);
	}
	if (status < 0 ||
		sort_items(listing->files.items, listing->files.count, sizeof *listing->files.items,
			remote_listing_compare, NULL, err) < 0)
		return -(int)err->code;
	for (size_t i = 0; i < listing->files.count; i++) {
		const struct remote_listed *file = &listing->files.items[i];
		uint32_t *number = strcmp(file->kind, REMOTE_PACK_KIND) == 0
					   ? hash_set_put(&listing->packs, &file->name, NULL, err)
					   : (uint32_t[]){ 0 };
		if (!number)
			return -err->code;
		*number = (uint32_t)i;
	}
	return 0;
}

static int remote_set_made(struct remote *remote, bool is_made, struct error *err)
{
	if (remote_make_row(remote, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *set = statement_prepare(
		remote->database, "UPDATE remotes SET format = ?2 WHERE id = ?1", err);
	if (!set)
		return -err->code;
	bind_integer(set, 1, remote->number);
	bind_integer(set, 2, is_made);
	remote->is_made = is_made;
	return statement_run(set, err);
}

/* A remote that somebody has begun says which version it is of. */
static int remote_check_version(struct remote *remote, bool is_empty, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	/* Empty again, it may be another one in the same place. */
	if (remote->is_made && is_empty && remote_set_made(remote, false, err) < 0)
		return -err->code;
	if (remote->is_made)
		return 0;
	int status = endpoint_get_bytes(remote->endpoint, REMOTE_VERSION_FILE, 64, &text, err);
	if (status == -ERROR_NOT_FOUND && is_empty) {
		error_clear(err);
		return 0;
	}
	if (status == -ERROR_NOT_FOUND) {
		error_set(err, ERROR_INVALID, "it has no file '" REMOTE_VERSION_FILE "'");
		return error_hint(err, "is this the right URL?");
	}
	if (status < 0)
		return status;
	if (strcmp(text.text, REMOTE_VERSION) != 0)
		return error_set(err, ERROR_UNSUPPORTED,
			"its format '%.20s' is not one that this program knows", text.text);
	return remote_set_made(remote, true, err);
}

/* Everything in memory is read from the database again. */
static int remote_reload(struct remote *remote, struct error *err)
{
	vec_release(&remote->packs);
	vec_release(&remote->entries);
	vec_release(&remote->needs);
	vec_release(&remote->documents);
	hash_set_release(&remote->places);
	remote->loaded = false;
	return remote_load(remote, err);
}

static int remote_drop(struct remote *remote, const char *sql, const struct hash *name,
	const char *kind, struct error *err)
{
	AUTO(statement_finish)
	struct statement *drop = statement_prepare(remote->database, sql, err);
	if (!drop)
		return -err->code;
	bind_integer(drop, 1, remote->number);
	bind_bytes(drop, 2, name->bytes, HASH_SIZE);
	if (kind)
		bind_string(drop, 3, kind);
	return statement_run(drop, err);
}

/* What is not listed any more (or has another size) is not there. */
static int remote_drop_gone(
	struct remote *remote, const struct remote_listing *listing, struct error *err)
{
	bool any = false;
	for (size_t i = 0; i < remote->packs.count; i++) {
		const struct remote_pack *pack = &remote->packs.items[i];
		const uint32_t *number = hash_set_find(&listing->packs, &pack->name);
		uint64_t size = number ? listing->files.items[*number].size : 0;
		if (number && (size == UINT64_MAX || size == pack->index_size))
			continue;
		any = true;
		if (remote_drop(remote, "DELETE FROM remote_packs WHERE remote = ?1 AND pack = ?2",
			    &pack->name, NULL, err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < remote->documents.count; i++) {
		const struct remote_document_name *document = &remote->documents.items[i];
		struct remote_listed wanted = { .name = document->name };
		snprintf(wanted.kind, sizeof wanted.kind, "%s", document->kind);
		bool found = false;
		for (size_t low = 0, high = listing->files.count; !found && low < high;) {
			size_t middle = low + (high - low) / 2;
			int order = remote_listing_compare(
				&listing->files.items[middle], &wanted, NULL);
			found = order == 0;
			if (order < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (found)
			continue;
		any = remote->lost_documents = true;
		if (remote_drop(remote,
			    "DELETE FROM remote_documents WHERE remote = ?1 AND document = ?2 AND "
			    "kind = ?3",
			    &document->name, document->kind, err) < 0)
			return -err->code;
	}
	return any ? remote_reload(remote, err) : 0;
}

static int remote_compare_documents(const void *a, const void *b, void *context)
{
	const struct remote_document_name *one = a, *other = b;
	(void)context;
	int order = strcmp(one->kind, other->kind);
	return order ? order : hash_compare(&one->name, &other->name);
}

/* Both lists are sorted alike. */
static int remote_add_new_documents(
	struct remote *remote, const struct remote_listing *listing, struct error *err)
{
	size_t known = 0, n_known = remote->documents.count;
	for (size_t i = 0; i < listing->files.count; i++) {
		const struct remote_listed *file = &listing->files.items[i];
		struct remote_document_name document = { .name = file->name };
		snprintf(document.kind, sizeof document.kind, "%s", file->kind);
		if (strcmp(file->kind, REMOTE_PACK_KIND) == 0)
			continue;
		while (known < n_known && remote_compare_documents(&remote->documents.items[known],
						  &document, NULL) < 0)
			known++;
		if (known < n_known && remote_compare_documents(&remote->documents.items[known],
					       &document, NULL) == 0)
			continue;
		if (remote_add_document(remote, file->kind, &file->name, false, err) < 0)
			return -err->code;
	}
	return sort_items(remote->documents.items, remote->documents.count,
		sizeof *remote->documents.items, remote_compare_documents, NULL, err);
}

struct remote_reading {
	struct remote *remote;
	const struct remote_listed *const *files;
	struct strbuf *texts;
};

static int remote_read_index(void *context, size_t index, size_t worker, struct error *err)
{
	struct remote_reading *reading = context;
	char name[REMOTE_NAME_SIZE];
	(void)worker;
	remote_file_name("index", &reading->files[index]->name, REMOTE_PACK_KIND, name);
	int status = endpoint_get_bytes(
		reading->remote->endpoint, name, REMOTE_INDEX_MOST, &reading->texts[index], err);
	/* In a manifest, or deleted since it was listed. */
	if (status == -ERROR_NOT_FOUND) {
		error_clear(err);
		strbuf_clear(&reading->texts[index]);
		return 0;
	}
	return status;
}

enum { REMOTE_READ_AT_ONCE = 16 };

/* One batch of new index files; a damaged one is left out, as if it were not there. */
static int remote_add_batch(struct remote *remote, const struct remote_listed *const *files,
	size_t count, const struct event_sink *sink, struct error *err)
{
	struct strbuf texts[REMOTE_READ_AT_ONCE];
	struct remote_reading reading = { remote, files, texts };
	for (size_t i = 0; i < count; i++)
		texts[i] = STRBUF_INIT;
	int status = parallel_for(remote->jobs, count, remote_read_index, &reading, err);
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (status == 0)
		status = transaction_begin(&change, remote->database, TRANSACTION_NORMAL, err);
	for (size_t i = 0; i < count; i++) {
		if (status == 0 && texts[i].length) {
			struct error damage = ERROR_INIT;
			status = remote_add_pack(remote, &files[i]->name, &texts[i], true, &damage);
			if (status == -ERROR_CORRUPT) {
				char name[HASH_TEXT_SIZE];
				hash_format(&files[i]->name, name);
				event_warn(sink, NULL, "remote '%s': %s (index/%s.pack)",
					remote->name, damage.message, name);
				status = 0;
			} else if (status < 0) {
				*err = damage;
			}
		}
		strbuf_release(&texts[i]);
	}
	return status == 0 ? transaction_commit(&change, err) : status;
}

static int remote_add_new_packs(struct remote *remote, const struct remote_listing *listing,
	const struct event_sink *sink, struct error *err)
{
	const struct remote_listed *batch[REMOTE_READ_AT_ONCE];
	size_t count = 0;
	AUTO(hash_set_release) struct hash_set known = HASH_SET_INIT;
	for (size_t i = 0; i < remote->packs.count; i++) {
		if (!hash_set_put(&known, &remote->packs.items[i].name, NULL, err))
			return -err->code;
	}
	for (size_t i = 0; i < listing->files.count; i++) {
		const struct remote_listed *file = &listing->files.items[i];
		if (strcmp(file->kind, REMOTE_PACK_KIND) != 0 || hash_set_find(&known, &file->name))
			continue;
		batch[count++] = file;
		if (count < REMOTE_READ_AT_ONCE)
			continue;
		event_progress(
			sink, "reading the remote's index", "files", i, listing->files.count);
		if (event_stopped(sink))
			return error_set(err, ERROR_CANCELLED, "stopped");
		if (remote_add_batch(remote, batch, count, sink, err) < 0)
			return -err->code;
		count = 0;
	}
	return count ? remote_add_batch(remote, batch, count, sink, err) : 0;
}

/* Nothing is written if nothing is new. */
static int remote_compare(
	struct remote *remote, const struct remote_listing *listing, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (transaction_begin(&change, remote->database, TRANSACTION_NORMAL, err) < 0 ||
		remote_drop_gone(remote, listing, err) < 0 ||
		remote_add_new_documents(remote, listing, err) < 0)
		return -err->code;
	return transaction_commit(&change, err);
}

int remote_refresh(struct remote *remote, const struct event_sink *sink, struct error *err)
{
	AUTO(remote_listing_release) struct remote_listing listing = { .n_names = 0 };
	if (remote_load(remote, err) < 0)
		return -err->code;
	if (remote_listing_read(remote, &listing, err) < 0 ||
		remote_check_version(remote, listing.files.count == 0, err) < 0 ||
		remote_make_row(remote, err) < 0 || remote_compare(remote, &listing, err) < 0 ||
		remote_add_new_packs(remote, &listing, sink, err) < 0)
		return error_prefix(err, "remote '%s'", remote->name);
	remote->refreshed = true;
	return 0;
}

int remote_make(struct remote *remote, struct error *err)
{
	if (remote->is_made)
		return 0;
	if (endpoint_put_bytes(remote->endpoint, REMOTE_VERSION_FILE, REMOTE_VERSION,
		    strlen(REMOTE_VERSION), ENDPOINT_REPLACE, err) < 0)
		return -err->code;
	return remote_set_made(remote, true, err);
}
