#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/parse.h"
#include "s3_internal.h"
#include "url_internal.h"
#include "xml_internal.h"

/* The `Contents` that is being read. */
struct s3_list {
	struct endpoint_entries *entries;
	const char *prefix;
	struct strbuf key;
	struct endpoint_facts facts;
	struct strbuf *next;
	bool truncated;
};

static int s3_list_add(struct s3_list *list, struct error *err)
{
	int result = strbuf_check(&list->key, err);
	if (result == 0 && text_starts_with(text_of(list->key.text), list->prefix))
		result = endpoint_entries_add(
			list->entries, list->key.text + strlen(list->prefix), &list->facts, err);
	strbuf_clear(&list->key);
	list->facts = (struct endpoint_facts){ .size = UINT64_MAX };
	return result;
}

static int s3_list_visit(void *context, const char *path, const char *text, struct error *err)
{
	static const char root[] = "ListBucketResult/";
	struct s3_list *list = context;
	uint64_t size;
	int64_t time;
	if (strncmp(path, root, sizeof root - 1) != 0)
		return 0;
	path += sizeof root - 1;
	if (strcmp(path, "Contents") == 0)
		return s3_list_add(list, err);
	if (strcmp(path, "Contents/Key") == 0) {
		strbuf_clear(&list->key);
		(void)url_decode(&list->key, text_of(text));
	} else if (strcmp(path, "Contents/Size") == 0) {
		if (parse_u64(text_of(text), &size))
			list->facts.size = size;
	} else if (strcmp(path, "Contents/LastModified") == 0) {
		if (clock_parse(text_of(text), &time) && time > 0 && time < INT64_MAX / 1000)
			list->facts.modified = time * 1000;
	} else if (strcmp(path, "Contents/ETag") == 0 && strlen(text) < ENDPOINT_ETAG) {
		memcpy(list->facts.etag, text, strlen(text) + 1);
	} else if (strcmp(path, "IsTruncated") == 0) {
		list->truncated = strcmp(text, "true") == 0;
	} else if (strcmp(path, "NextContinuationToken") == 0) {
		strbuf_clear(list->next);
		strbuf_add(list->next, text);
	}
	return 0;
}

int s3_list_read(const void *bytes, size_t count, const char *prefix,
	struct endpoint_entries *entries, struct strbuf *next, struct error *err)
{
	struct s3_list list = { .entries = entries,
		.prefix = prefix,
		.key = STRBUF_INIT,
		.facts.size = UINT64_MAX,
		.next = next };
	strbuf_clear(next);
	int result = xml_read(bytes, count, s3_list_visit, &list, err);
	strbuf_release(&list.key);
	if (result == 0 && list.truncated && !next->length)
		return error_set(err, ERROR_NETWORK, "the server's list breaks off");
	if (!list.truncated)
		strbuf_clear(next);
	return result;
}
