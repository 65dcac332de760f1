/* Documents: whole small files beside the packs, compressed, named by the bytes that are stored. */
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "mlops/base/parallel.h"
#include "remote_internal.h"

enum { DOCUMENT_LEVEL = 6, DOCUMENTS_AT_ONCE = 8, DOCUMENT_PIECE = 1 << 18 };

static int document_compress(const void *bytes, size_t count, struct strbuf *ret, struct error *err)
{
	size_t most = ZSTD_compressBound(count);
	if (!strbuf_reserve(ret, most))
		return strbuf_check(ret, err);
	size_t length = ZSTD_compress(ret->text + ret->length, most, bytes, count, DOCUMENT_LEVEL);
	if (ZSTD_isError(length))
		return error_set(err, ERROR_MEMORY, "cannot compress a document: %s",
			ZSTD_getErrorName(length));
	ret->length += length;
	ret->text[ret->length] = '\0';
	return 0;
}

/* In pieces, so that memory grows with what is really there and not with what it says. */
static int document_expand(const struct strbuf *bytes, struct strbuf *ret, struct error *err)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer in = { bytes->text, bytes->length, 0 };
	size_t left = 1;
	if (!stream)
		return error_set(err, ERROR_MEMORY, "out of memory");
	while (left != 0 && !ZSTD_isError(left)) {
		if (ret->length > REMOTE_DOCUMENT_MOST || !strbuf_reserve(ret, DOCUMENT_PIECE))
			break;
		ZSTD_outBuffer out = { ret->text + ret->length, DOCUMENT_PIECE, 0 };
		size_t before = in.pos;
		left = ZSTD_decompressStream(stream, &out, &in);
		ret->length += out.pos;
		ret->text[ret->length] = '\0';
		if (!out.pos && in.pos == before)
			break;
	}
	ZSTD_freeDStream(stream);
	if (strbuf_check(ret, err) < 0)
		return -err->code;
	if (ret->length > REMOTE_DOCUMENT_MOST)
		return error_set(
			err, ERROR_INVALID, "it is larger than %zu bytes", REMOTE_DOCUMENT_MOST);
	if (left != 0 || in.pos != in.size)
		return error_set(err, ERROR_CORRUPT, "it is not what zstd makes");
	return 0;
}

static struct remote_document_name *document_find(
	struct remote *remote, const char *kind, const struct hash *name)
{
	vec_each (document, &remote->documents) {
		if (strcmp(document->kind, kind) == 0 && hash_equal(&document->name, name))
			return document;
	}
	return NULL;
}

static void document_check_kind(const char *kind)
{
	size_t length = strlen(kind);
	if (!length || length > REMOTE_KIND_LONGEST ||
		strspn(kind, "abcdefghijklmnopqrstuvwxyz") != length ||
		strcmp(kind, REMOTE_PACK_KIND) == 0)
		BUG("'%s' cannot be a kind of documents", kind);
}

int remote_put_document(
	struct remote *remote, const char *kind, const void *bytes, size_t count, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct hash name;
	char file[REMOTE_NAME_SIZE];
	document_check_kind(kind);
	if (count > REMOTE_DOCUMENT_MOST)
		return error_set(
			err, ERROR_UNSUPPORTED, "a document of %zu bytes is too large", count);
	if ((!remote->refreshed && remote_refresh(remote, NULL, err) < 0) ||
		document_compress(bytes, count, &text, err) < 0)
		return -err->code;
	hash_bytes(text.text, text.length, &name);
	struct remote_document_name *known = document_find(remote, kind, &name);
	if (known && known->taken)
		return 0;
	remote_file_name("index", &name, kind, file);
	if (!known && (remote_make(remote, err) < 0 ||
			      endpoint_put_bytes(remote->endpoint, file, text.text, text.length,
				      ENDPOINT_REPLACE, err) < 0))
		return error_prefix(err, "remote '%s'", remote->name);
	remote->put_something = true;
	return remote_add_document(remote, kind, &name, true, err);
}

struct documents {
	struct remote *remote;
	const char *kind;
	struct hash names[DOCUMENTS_AT_ONCE];
	struct strbuf texts[DOCUMENTS_AT_ONCE];
	size_t count;
};

static int document_get(void *context, size_t index, size_t worker, struct error *err)
{
	struct documents *documents = context;
	AUTO(strbuf_release) struct strbuf stored = STRBUF_INIT;
	struct hash hash;
	char file[REMOTE_NAME_SIZE];
	(void)worker;
	remote_file_name("index", &documents->names[index], documents->kind, file);
	if (endpoint_get_bytes(documents->remote->endpoint, file, REMOTE_INDEX_MOST, &stored, err) <
		0)
		return -err->code;
	hash_bytes(stored.text, stored.length, &hash);
	if (!hash_equal(&hash, &documents->names[index]))
		return error_set(err, ERROR_CORRUPT, "%s is not what its name says", file);
	if (document_expand(&stored, &documents->texts[index], err) < 0)
		return error_prefix(err, "%s", file);
	return 0;
}

static int document_visit_batch(
	struct documents *documents, remote_document *visit, void *context, struct error *err)
{
	struct remote *remote = documents->remote;
	for (size_t i = 0; i < documents->count; i++)
		documents->texts[i] = STRBUF_INIT;
	int status = parallel_for(remote->jobs, documents->count, document_get, documents, err);
	for (size_t i = 0; i < documents->count; i++) {
		char name[HASH_TEXT_SIZE];
		hash_format(&documents->names[i], name);
		int taken = status < 0 ? status
				       : visit(context, name, documents->texts[i].text,
						 documents->texts[i].length, err);
		if (taken == 0)
			document_find(remote, documents->kind, &documents->names[i])->taken = true;
		if (taken < 0)
			status = taken;
		strbuf_release(&documents->texts[i]);
	}
	documents->count = 0;
	return status;
}

static int document_take_all(struct remote *remote, const char *kind, struct error *err)
{
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	AUTO(statement_finish)
	struct statement *take = statement_prepare(remote->database,
		"UPDATE remote_documents SET taken = 1 WHERE remote = ?1 AND kind = ?2 AND "
		"document = ?3",
		err);
	if (!take || transaction_begin(&change, remote->database, TRANSACTION_NORMAL, err) < 0)
		return -err->code;
	bind_integer(take, 1, remote->number);
	bind_string(take, 2, kind);
	vec_each (document, &remote->documents) {
		if (strcmp(document->kind, kind) != 0 || !document->taken)
			continue;
		bind_bytes(take, 3, document->name.bytes, HASH_SIZE);
		if (statement_run(take, err) < 0)
			return -err->code;
	}
	return transaction_commit(&change, err);
}

int remote_documents(struct remote *remote, const char *kind, remote_document *visit, void *context,
	struct error *err)
{
	struct documents documents = { .remote = remote, .kind = kind };
	bool any = false;
	document_check_kind(kind);
	if (!remote->refreshed && remote_refresh(remote, NULL, err) < 0)
		return -err->code;
	for (size_t i = 0; i < remote->documents.count; i++) {
		const struct remote_document_name *document = &remote->documents.items[i];
		if (strcmp(document->kind, kind) == 0 && !document->taken) {
			any = true;
			documents.names[documents.count++] = document->name;
		}
		if (documents.count == DOCUMENTS_AT_ONCE &&
			document_visit_batch(&documents, visit, context, err) < 0)
			return error_prefix(err, "remote '%s'", remote->name);
	}
	if (documents.count && document_visit_batch(&documents, visit, context, err) < 0)
		return error_prefix(err, "remote '%s'", remote->name);
	return any ? document_take_all(remote, kind, err) : 0;
}

int remote_put_manifest(struct remote *remote, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	char name[HASH_TEXT_SIZE];
	if (!remote->put_something)
		return 0;
	vec_each (pack, &remote->packs) {
		hash_format(&pack->name, name);
		strbuf_printf(&text, "%s." REMOTE_PACK_KIND "\n", name);
	}
	vec_each (document, &remote->documents) {
		hash_format(&document->name, name);
		strbuf_printf(&text, "%s.%s\n", name, document->kind);
	}
	if (strbuf_check(&text, err) < 0 ||
		endpoint_put_bytes(remote->endpoint, REMOTE_MANIFEST, text.text, text.length,
			ENDPOINT_REPLACE, err) < 0)
		return error_prefix(err, "remote '%s'", remote->name);
	remote->put_something = false;
	return 0;
}
