#include "index_internal.h"

#include <pthread.h>
#include <string.h>

#include "mlops/base/sort.h"
#include "mlops/database/statement.h"
#include "mlops/database/transaction.h"

#include "index_pending_internal.h"

enum {
	INDEX_PATIENCE = 24 /* times the busy time-out of the database */
};

struct index {
	char *path;
	pthread_mutex_t lock; /* guards all below */
	struct database *database; /* NULL: not opened, or there is none */
	struct index_pending pending;
	/*
	 * Kept open from one index_has() to the next: to begin and end one each time costs more
	 * than the search. What others have committed meanwhile is not seen, and only stored twice.
	 */
	struct transaction view;
};

int index_make(const char *database, struct index **ret, struct error *err)
{
	struct index *index = memory_allocate(1, sizeof *index, err);
	if (!index)
		return -err->code;
	pthread_mutex_init(&index->lock, NULL);
	index->path = memory_copy_string(database, err);
	if (!index->path) {
		index_free(index);
		return -err->code;
	}
	*ret = index;
	return 0;
}

void index_free(struct index *index)
{
	if (!index)
		return;
	transaction_end(&index->view);
	database_close(index->database);
	index_pending_release(&index->pending);
	pthread_mutex_destroy(&index->lock);
	memory_free(index->path);
	memory_free(index);
}

static int index_writer(struct index *index, struct error *err)
{
	transaction_end(&index->view); /* what is old cannot be written on */
	if (index->database && database_is_writable(index->database))
		return 0;
	database_close(index->database);
	index->database = NULL;
	return database_open(index->path, DATABASE_CREATE, &index->database, err);
}

/*
 * 1: it can be searched; 0: there is nothing to search yet. A database of an older program is
 * brought up to date, as any writer would.
 */
static int index_reader(struct index *index, struct error *err)
{
	if (index->database)
		return 1;
	int status = database_open(index->path, DATABASE_READ, &index->database, err);
	if (status == -ERROR_NOT_FOUND) {
		error_clear(err); /* nobody has put anything yet */
		return 0;
	}
	if (status == -ERROR_UNSUPPORTED) {
		struct error old = *err;
		error_clear(err);
		if (index_writer(index, err) < 0) {
			*err = old;
			return -err->code;
		}
		return 1;
	}
	return status < 0 ? status : 1;
}

/* The same, seeing all that was committed by now. */
static int index_fresh(struct index *index, struct error *err)
{
	transaction_end(&index->view);
	return index_reader(index, err);
}

static void index_lock(struct index *index)
{
	pthread_mutex_lock(&index->lock);
}

static int index_unlock(struct index *index, int result)
{
	pthread_mutex_unlock(&index->lock);
	return result;
}

#define INDEX_COLUMNS "hash, pack, \"offset\", length, size, form, is_object, added"

static int index_form(const struct index_entry *entry)
{
	return (int)entry->kind | (int)entry->method << 4 | (int)entry->depth << 8;
}

/* The entry of a row of INDEX_COLUMNS. Rows come from a file: nothing in them is trusted. */
static int index_row(struct statement *row, struct index_entry *ret, struct error *err)
{
	struct text hash = row_text(row, 0);
	int64_t form = row_integer(row, 5),
		numbers[] = { row_integer(row, 2), row_integer(row, 3), row_integer(row, 4) };
	if (hash.length != HASH_SIZE || form < 0 || (form & 15) > ENTRY_LIST ||
		(form >> 4 & 15) > ENTRY_DELTA || form >> 8 > ENTRY_DEPTH || numbers[0] < 0 ||
		numbers[1] < ENTRY_HEADER || numbers[2] < 0)
		return error_set(err, ERROR_CORRUPT, "a row of the objects' index is damaged");
	memcpy(ret->hash.bytes, hash.at, HASH_SIZE);
	ret->pack = row_integer(row, 1);
	ret->offset = (uint64_t)numbers[0];
	ret->length = (uint64_t)numbers[1];
	ret->size = (uint64_t)numbers[2];
	ret->kind = (enum entry_kind)(form & 15);
	ret->method = (enum entry_method)(form >> 4 & 15);
	ret->depth = (unsigned)(form >> 8);
	ret->is_object = row_integer(row, 6) != 0;
	ret->added = row_integer(row, 7);
	return 0;
}

static int index_search(
	struct index *index, const struct hash *hash, struct index_entry *ret, struct error *err)
{
	const struct index_entry *pending = index_pending_find(&index->pending, hash);
	if (pending) {
		*ret = *pending;
		return 1;
	}
	int status = index_reader(index, err);
	if (status <= 0)
		return status;
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		index->database, "SELECT " INDEX_COLUMNS " FROM entries WHERE hash = ?1", err);
	if (!find)
		return -err->code;
	bind_bytes(find, 1, hash->bytes, HASH_SIZE);
	status = statement_step(find, err);
	if (status > 0 && index_row(find, ret, err) < 0)
		return -err->code;
	return status;
}

int index_find(
	struct index *index, const struct hash *hash, struct index_entry *ret, struct error *err)
{
	index_lock(index);
	int status = index_search(index, hash, ret, err);
	if (!status && index->view.database) {
		transaction_end(&index->view);
		status = index_search(index, hash, ret, err);
	}
	return index_unlock(index, status);
}

void index_refresh(struct index *index)
{
	index_lock(index);
	transaction_end(&index->view);
	pthread_mutex_unlock(&index->lock);
}

static int index_look(
	struct index *index, const struct hash *hash, struct index_entry *ret, struct error *err)
{
	int status = index->view.database ? 1 : index_reader(index, err);
	if (status > 0 && !index->view.database &&
		transaction_begin(&index->view, index->database, TRANSACTION_READ, err) < 0)
		return -err->code;
	return status < 0 ? status : index_search(index, hash, ret, err);
}

int index_has(
	struct index *index, const struct hash *hash, struct index_entry *ret, struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_look(index, hash, ret, err));
}

int index_add(struct index *index, const struct index_entry *entry, bool replace, struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_pending_add(&index->pending, entry, replace, err));
}

int index_mark(struct index *index, const struct hash *hash, struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_pending_mark(&index->pending, hash, err));
}

size_t index_pending(struct index *index)
{
	index_lock(index);
	size_t count = index->pending.entries.count + index->pending.marks.count;
	pthread_mutex_unlock(&index->lock);
	return count;
}

void index_drop_pending(struct index *index)
{
	index_lock(index);
	index_pending_clear(&index->pending);
	pthread_mutex_unlock(&index->lock);
}

int index_compare(const void *a, const void *b, void *context)
{
	(void)context;
	return memcmp(a, b, HASH_SIZE); /* the hash comes first */
}

/*
 * Who comes second with a content leaves the first one's row; his copy is spare. `replace` is said
 * by those who know that the old one is bad or goes away.
 */
static int index_insert(struct index *index, bool replace, struct error *err)
{
	AUTO(statement_finish)
	struct statement *insert = statement_prepare(index->database,
		replace ? "INSERT INTO entries (" INDEX_COLUMNS
			  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "
			  "pack = ?2, \"offset\" = ?3, length = ?4, size = ?5, form = ?6, "
			  "is_object = max(is_object, ?7)"
			: "INSERT INTO entries (" INDEX_COLUMNS
			  ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "
			  "is_object = 1 WHERE ?7 AND NOT is_object",
		err);
	if (!insert)
		return -err->code;
	vec_each (item, &index->pending.entries) {
		if (item->replace != replace)
			continue;
		const struct index_entry *entry = &item->entry;
		bind_bytes(insert, 1, entry->hash.bytes, HASH_SIZE);
		bind_integer(insert, 2, entry->pack);
		bind_integer(insert, 3, (int64_t)entry->offset);
		bind_integer(insert, 4, (int64_t)entry->length);
		bind_integer(insert, 5, (int64_t)entry->size);
		bind_integer(insert, 6, index_form(entry));
		bind_integer(insert, 7, entry->is_object);
		bind_integer(insert, 8, entry->added);
		if (statement_run(insert, err) < 0)
			return -err->code;
	}
	return 0;
}

static int index_write_marks(struct index *index, struct error *err)
{
	AUTO(statement_finish)
	struct statement *mark = statement_prepare(index->database,
		"UPDATE entries SET is_object = 1 WHERE hash = ?1 AND NOT is_object", err);
	if (!mark)
		return -err->code;
	vec_each (hash, &index->pending.marks) {
		bind_bytes(mark, 1, hash->bytes, HASH_SIZE);
		if (statement_run(mark, err) < 0)
			return -err->code;
	}
	return 0;
}

static int index_write_size(struct index *index, int64_t pack, uint64_t size, struct error *err)
{
	AUTO(statement_finish)
	struct statement *update =
		statement_prepare(index->database, "UPDATE packs SET size = ?2 WHERE id = ?1", err);
	if (!update)
		return -err->code;
	bind_integer(update, 1, pack);
	bind_integer(update, 2, (int64_t)size);
	if (statement_run(update, err) < 0)
		return -err->code;
	if (database_changes(index->database) != 1)
		return error_set(err, ERROR_CORRUPT,
			"the objects' index has lost pack %lld while it was written to",
			(long long)pack);
	return 0;
}

static int index_write_all(struct index *index, int64_t pack, uint64_t size, struct error *err)
{
	/* In order of the key the pages of the tree are visited once each. */
	if (sort_items(index->pending.entries.items, index->pending.entries.count,
		    sizeof *index->pending.entries.items, index_compare, NULL, err) < 0)
		return -err->code;
	index->pending.is_sorted = true; /* the slots no longer fit */
	if (index_insert(index, false, err) < 0 || index_insert(index, true, err) < 0 ||
		index_write_marks(index, err) < 0)
		return -err->code;
	return pack ? index_write_size(index, pack, size, err) : 0;
}

static int index_commit_locked(struct index *index, int64_t pack, uint64_t size, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (index_writer(index, err) < 0 ||
		transaction_begin(&change, index->database, TRANSACTION_DURABLE, err) < 0 ||
		index_write_all(index, pack, size, err) < 0 || transaction_commit(&change, err) < 0)
		return -err->code;
	index_pending_clear(&index->pending);
	return 0;
}

/*
 * What a long transaction of somebody else keeps from being written would be given up, so this
 * waits much longer than is usual.
 */
int index_commit(struct index *index, int64_t pack, uint64_t size, struct error *err)
{
	int status;
	for (int attempt = 0;; attempt++) {
		error_clear(err);
		index_lock(index);
		status = index_unlock(index, index_commit_locked(index, pack, size, err));
		if (status != -ERROR_LOCKED || attempt == INDEX_PATIENCE)
			return status;
	}
}

static int index_new_pack_locked(
	struct index *index, const struct id *name, int64_t *ret, struct error *err)
{
	if (index_writer(index, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *insert = statement_prepare(
		index->database, "INSERT INTO packs (name, size) VALUES (?1, ?2)", err);
	if (!insert)
		return -err->code;
	bind_string(insert, 1, name->text);
	bind_integer(insert, 2, PACK_HEADER);
	if (statement_run(insert, err) < 0)
		return -err->code;
	*ret = database_last_rowid(index->database);
	return 0;
}

int index_new_pack(struct index *index, const struct id *name, int64_t *ret, struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_new_pack_locked(index, name, ret, err));
}

static int index_pack_row(struct statement *row, struct pack_facts *ret, struct error *err)
{
	struct text name = row_text(row, 1);
	int64_t size = row_integer(row, 2);
	if (!id_is(name) || size < PACK_HEADER)
		return error_set(err, ERROR_CORRUPT, "a row of the packs' list is damaged");
	*ret = (struct pack_facts){ .id = row_integer(row, 0), .size = (uint64_t)size };
	memcpy(ret->name.text, name.at, ID_LENGTH);
	return 0;
}

static int index_pack_locked(
	struct index *index, int64_t id, struct pack_facts *ret, struct error *err)
{
	int status = index_fresh(index, err);
	if (status <= 0)
		return status;
	AUTO(statement_finish)
	struct statement *find = statement_prepare(
		index->database, "SELECT id, name, size FROM packs WHERE id = ?1", err);
	if (!find)
		return -err->code;
	bind_integer(find, 1, id);
	status = statement_step(find, err);
	if (status > 0 && index_pack_row(find, ret, err) < 0)
		return -err->code;
	return status;
}

int index_pack(struct index *index, int64_t id, struct pack_facts *ret, struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_pack_locked(index, id, ret, err));
}

static int index_packs_locked(struct index *index, pack_list *ret, struct error *err)
{
	int status = index_fresh(index, err);
	if (status <= 0)
		return status;
	AUTO(statement_finish)
	struct statement *all = statement_prepare(
		index->database, "SELECT id, name, size FROM packs ORDER BY id", err);
	if (!all)
		return -err->code;
	while ((status = statement_step(all, err)) > 0) {
		struct pack_facts pack;
		if (index_pack_row(all, &pack, err) < 0)
			return -err->code;
		vec_push(ret, pack);
	}
	return status < 0 ? status : vec_check(ret, err);
}

int index_packs(struct index *index, pack_list *ret, struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_packs_locked(index, ret, err));
}

static int index_collect(struct statement *rows, index_entries *ret, struct error *err)
{
	int status;
	while ((status = statement_step(rows, err)) > 0) {
		struct index_entry entry;
		if (index_row(rows, &entry, err) < 0)
			return -err->code;
		vec_push(ret, entry);
	}
	return status < 0 ? status : vec_check(ret, err);
}

static int index_of_pack_locked(
	struct index *index, int64_t pack, index_entries *ret, struct error *err)
{
	int status = index_fresh(index, err);
	if (status <= 0)
		return status;
	/* No index by place: this is for walking everything, and costs each insert nothing. */
	AUTO(statement_finish)
	struct statement *rows = statement_prepare(index->database,
		"SELECT " INDEX_COLUMNS " FROM entries WHERE pack = ?1 ORDER BY \"offset\"", err);
	if (!rows)
		return -err->code;
	bind_integer(rows, 1, pack);
	return index_collect(rows, ret, err);
}

int index_of_pack(struct index *index, int64_t pack, index_entries *ret, struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_of_pack_locked(index, pack, ret, err));
}

static int index_page_locked(struct index *index, const struct hash *after, size_t most,
	index_entries *ret, struct error *err)
{
	int status = index_fresh(index, err);
	if (status <= 0)
		return status;
	AUTO(statement_finish)
	struct statement *rows = statement_prepare(index->database,
		"SELECT " INDEX_COLUMNS " FROM entries WHERE hash > ?1 ORDER BY hash LIMIT ?2",
		err);
	if (!rows)
		return -err->code;
	bind_bytes(
		rows, 1, after ? after->bytes : (const unsigned char *)"", after ? HASH_SIZE : 0);
	bind_integer(rows, 2, (int64_t)most);
	return index_collect(rows, ret, err);
}

int index_page(struct index *index, const struct hash *after, size_t most, index_entries *ret,
	struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_page_locked(index, after, most, ret, err));
}

static int index_remove_rows(struct index *index, const char *sql, int64_t pack, struct error *err)
{
	AUTO(statement_finish)
	struct statement *rows = statement_prepare(index->database, sql, err);
	if (!rows)
		return -err->code;
	bind_integer(rows, 1, pack);
	return statement_run(rows, err);
}

static int index_remove_locked(
	struct index *index, int64_t pack, int64_t into, uint64_t into_size, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (index_writer(index, err) < 0 ||
		transaction_begin(&change, index->database, TRANSACTION_DURABLE, err) < 0 ||
		index_write_all(index, into, into_size, err) < 0 ||
		index_remove_rows(index, "DELETE FROM entries WHERE pack = ?1", pack, err) < 0 ||
		index_remove_rows(index, "DELETE FROM packs WHERE id = ?1", pack, err) < 0 ||
		transaction_commit(&change, err) < 0)
		return -err->code;
	index_pending_clear(&index->pending);
	return 0;
}

int index_remove_pack(
	struct index *index, int64_t pack, int64_t into, uint64_t into_size, struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_remove_locked(index, pack, into, into_size, err));
}

static int index_forget_locked(struct index *index, int64_t pack, const struct hash *hashes,
	size_t count, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (index_writer(index, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *row = statement_prepare(
		index->database, "DELETE FROM entries WHERE hash = ?1 AND pack = ?2", err);
	if (!row || transaction_begin(&change, index->database, TRANSACTION_DURABLE, err) < 0)
		return -err->code;
	for (size_t i = 0; i < count; i++) {
		bind_bytes(row, 1, hashes[i].bytes, HASH_SIZE);
		bind_integer(row, 2, pack);
		if (statement_run(row, err) < 0)
			return -err->code;
	}
	return transaction_commit(&change, err);
}

int index_forget(struct index *index, int64_t pack, const struct hash *hashes, size_t count,
	struct error *err)
{
	index_lock(index);
	return index_unlock(index, index_forget_locked(index, pack, hashes, count, err));
}
