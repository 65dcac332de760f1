#include "mlops/store/remote.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/sort.h"
#include "remote_internal.h"

int remote_open(struct object_store *store, const struct workspace *workspace, const char *name,
	const char *url, const struct remote_settings *settings, struct remote **ret,
	struct error *err)
{
	AUTO(remote_close) struct remote *remote = memory_allocate(1, sizeof *remote, err);
	if (!remote || endpoint_open(url, settings ? &settings->endpoint : NULL, &remote->endpoint,
			       err) < 0)
		return -err->code;
	const char *server = settings ? settings->endpoint.s3_endpoint : NULL;
	remote->store = store;
	remote->sink = settings ? settings->endpoint.sink : NULL;
	remote->jobs = settings && settings->jobs ? settings->jobs : REMOTE_JOBS;
	remote->name = memory_copy_string(name, err);
	remote->url = remote->name ? memory_format(err, "%s%s%s", endpoint_url(remote->endpoint),
					     server ? " at " : "", server ? server : "")
				   : NULL;
	remote->temporary =
		remote->url ? memory_format(err, "%s/push", workspace->temporary) : NULL;
	if (!remote->temporary ||
		database_open(workspace->database, DATABASE_CREATE, &remote->database, err) < 0)
		return -err->code;
	*ret = TAKE(remote);
	return 0;
}

void remote_close(struct remote *remote)
{
	if (!remote)
		return;
	endpoint_close(remote->endpoint);
	database_close(remote->database);
	memory_free(remote->name);
	memory_free(remote->url);
	memory_free(remote->temporary);
	vec_release(&remote->packs);
	vec_release(&remote->entries);
	vec_release(&remote->needs);
	vec_release(&remote->documents);
	hash_set_release(&remote->places);
	memory_free(remote);
}

const char *remote_peer(const struct remote *remote)
{
	return remote->url;
}

uint64_t remote_requests(const struct remote *remote)
{
	return endpoint_requests(remote->endpoint);
}

bool remote_lost_documents(const struct remote *remote)
{
	return remote->lost_documents;
}

void remote_file_name(const char *folder, const struct hash *hash, const char *kind,
	char ret_name[REMOTE_NAME_SIZE])
{
	char text[HASH_TEXT_SIZE];
	hash_format(hash, text);
	snprintf(ret_name, REMOTE_NAME_SIZE, "%s/%s.%s", folder, text, kind);
}

const struct remote_entry *remote_find(struct remote *remote, const struct hash *hash)
{
	struct error ignored = ERROR_INIT;
	if (remote_load(remote, &ignored) < 0)
		return NULL;
	const uint32_t *number = hash_set_find(&remote->places, hash);
	return number ? &remote->entries.items[*number] : NULL;
}

bool remote_is_known(struct remote *remote)
{
	struct error ignored = ERROR_INIT;
	return remote_load(remote, &ignored) == 0 && remote->number;
}

bool remote_has(struct remote *remote, const struct hash *hash)
{
	return remote_find(remote, hash) != NULL;
}

/* The entries from `first` on can be found from now on. */
static int remote_add_places(struct remote *remote, size_t first, struct error *err)
{
	for (size_t i = first; i < remote->entries.count; i++) {
		bool is_new;
		uint32_t *number =
			hash_set_put(&remote->places, &remote->entries.items[i].hash, &is_new, err);
		if (!number)
			return -err->code;
		if (is_new)
			*number = (uint32_t)i;
	}
	return 0;
}

static int remote_parse_pack(struct remote *remote, const struct hash *name, const void *bytes,
	size_t count, struct error *err)
{
	size_t first = remote->entries.count;
	struct remote_pack pack = { .name = *name, .index_size = count };
	if (first > UINT32_MAX - (1u << 28))
		return error_set(err, ERROR_MEMORY, "the remote has too many entries");
	if (remote_index_parse(bytes, count, (uint32_t)remote->packs.count, &remote->entries,
		    &remote->needs, &pack.size, err) < 0)
		return -err->code;
	vec_push(&remote->packs, pack);
	if (vec_check(&remote->packs, err) < 0)
		return -err->code;
	return remote_add_places(remote, first, err);
}

int remote_add_pack(struct remote *remote, const struct hash *name, const struct strbuf *index,
	bool store, struct error *err)
{
	if (remote_parse_pack(remote, name, index->text, index->length, err) < 0 || !store)
		return -(int)err->code;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(remote->database,
		"INSERT OR REPLACE INTO remote_packs (remote, pack, size, entries) "
		"VALUES (?1, ?2, ?3, ?4)",
		err);
	if (!add)
		return -err->code;
	bind_integer(add, 1, remote->number);
	bind_bytes(add, 2, name->bytes, HASH_SIZE);
	bind_integer(add, 3, (int64_t)index->length);
	bind_bytes(add, 4, index->text, index->length);
	return statement_run(add, err);
}

int remote_add_document(struct remote *remote, const char *kind, const struct hash *name,
	bool taken, struct error *err)
{
	struct remote_document_name document = { .name = *name, .taken = taken };
	snprintf(document.kind, sizeof document.kind, "%s", kind);
	AUTO(statement_finish)
	struct statement *add = statement_prepare(remote->database,
		"INSERT INTO remote_documents (remote, kind, document, taken) "
		"VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET taken = max(taken, ?4)",
		err);
	if (!add)
		return -err->code;
	bind_integer(add, 1, remote->number);
	bind_string(add, 2, kind);
	bind_bytes(add, 3, name->bytes, HASH_SIZE);
	bind_integer(add, 4, taken);
	if (statement_run(add, err) < 0)
		return -err->code;
	vec_push(&remote->documents, document);
	return vec_check(&remote->documents, err);
}

int remote_make_row(struct remote *remote, struct error *err)
{
	if (remote->number)
		return 0;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(remote->database,
		"INSERT INTO remotes (url, format) VALUES (?1, 0) ON CONFLICT DO NOTHING", err);
	AUTO(statement_finish)
	struct statement *find =
		statement_prepare(remote->database, "SELECT id FROM remotes WHERE url = ?1", err);
	if (!add || !find)
		return -err->code;
	bind_string(add, 1, remote->url);
	bind_string(find, 1, remote->url);
	if (statement_run(add, err) < 0 || statement_step(find, err) < 0)
		return -err->code;
	remote->number = row_integer(find, 0);
	return 0;
}

static int remote_load_row(struct remote *remote, struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		remote->database, "SELECT id, format FROM remotes WHERE url = ?1", err);
	if (!find)
		return -err->code;
	bind_string(find, 1, remote->url);
	int row = statement_step(find, err);
	if (row < 0)
		return row;
	remote->number = row ? row_integer(find, 0) : 0;
	remote->is_made = row && row_integer(find, 1) == 1;
	return 0;
}

static int remote_load_hash(const struct statement *row, int column, struct hash *ret)
{
	struct text bytes = row_text(row, column);
	if (bytes.length != HASH_SIZE)
		return -1;
	memcpy(ret->bytes, bytes.at, HASH_SIZE);
	return 0;
}

static int remote_load_packs(struct remote *remote, struct error *err)
{
	AUTO(statement_finish)
	struct statement *list = statement_prepare(remote->database,
		"SELECT pack, entries FROM remote_packs WHERE remote = ?1 ORDER BY id", err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, remote->number);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		struct hash name;
		struct text bytes = row_text(list, 1);
		/* What the database has lost is read from the remote again. */
		if (remote_load_hash(list, 0, &name) < 0)
			continue;
		if (remote_parse_pack(remote, &name, bytes.at, bytes.length, err) < 0) {
			if (err->code != ERROR_CORRUPT && err->code != ERROR_UNSUPPORTED)
				return -err->code;
			error_clear(err);
		}
	}
	return row;
}

static int remote_load_documents(struct remote *remote, struct error *err)
{
	AUTO(statement_finish)
	struct statement *list = statement_prepare(remote->database,
		"SELECT document, kind, taken FROM remote_documents WHERE remote = ?1 "
		"ORDER BY kind, document",
		err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, remote->number);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		struct remote_document_name document = { .taken = row_integer(list, 2) != 0 };
		snprintf(document.kind, sizeof document.kind, "%s", row_string(list, 1));
		if (remote_load_hash(list, 0, &document.name) == 0)
			vec_push(&remote->documents, document);
	}
	return row < 0 ? row : vec_check(&remote->documents, err);
}

int remote_load(struct remote *remote, struct error *err)
{
	if (remote->loaded)
		return 0;
	if (remote_load_row(remote, err) < 0 || remote_load_packs(remote, err) < 0 ||
		remote_load_documents(remote, err) < 0)
		return error_prefix(err, "remote '%s'", remote->name);
	remote->loaded = true;
	return 0;
}
