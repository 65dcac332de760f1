#include "webdav_internal.h"

#include <string.h>

#include "library_internal.h"
#include "mlops/base/parse.h"
#include "url_internal.h"
#include "xml_internal.h"

/* The `response` that is being read. */
struct webdav_list {
	struct endpoint_entries *entries;
	struct strbuf folder; /* decoded, with slashes at both ends */
	struct strbuf path; /* decoded */
	struct endpoint_facts facts;
	bool collection;
};

/* An absolute path, or a whole URL of which the path counts. */
static void webdav_list_href(struct webdav_list *list, const char *href)
{
	const char *scheme = strstr(href, "://");
	struct text text = text_trim(text_of(href));
	if (*href != '/' && scheme) {
		const char *path = strchr(scheme + 3, '/');
		text = text_trim(text_of(path));
	}
	strbuf_clear(&list->path);
	(void)url_decode(&list->path, text);
}

static int webdav_list_add(struct webdav_list *list, struct error *err)
{
	struct text path = { list->path.text, list->path.length };
	int result = 0;
	if (strbuf_check(&list->path, err) < 0)
		return -err->code;
	if (!list->collection && path.length > list->folder.length &&
		text_starts_with(path, list->folder.text))
		result = endpoint_entries_add(
			list->entries, path.at + list->folder.length, &list->facts, err);
	list->collection = false;
	list->facts = (struct endpoint_facts){ .size = UINT64_MAX };
	strbuf_clear(&list->path);
	return result;
}

static int webdav_list_visit(void *context, const char *path, const char *text, struct error *err)
{
	static const char root[] = "multistatus/response";
	struct webdav_list *list = context;
	uint64_t size;
	if (strncmp(path, root, sizeof root - 1) != 0)
		return 0;
	const char *below = path + sizeof root - 1;
	if (!*below)
		return webdav_list_add(list, err);
	if (strcmp(below, "/href") == 0) {
		webdav_list_href(list, text);
	} else if (strcmp(below, "/propstat/prop/resourcetype/collection") == 0) {
		list->collection = true;
	} else if (strcmp(below, "/propstat/prop/getcontentlength") == 0) {
		if (parse_u64(text_trim(text_of(text)), &size))
			list->facts.size = size;
	} else if (strcmp(below, "/propstat/prop/getlastmodified") == 0) {
		const struct curl_calls *curl = transfer_curl(err);
		if (!curl)
			return -err->code;
		time_t seconds = *text ? curl->curl_getdate(text, NULL) : -1;
		list->facts.modified = seconds > 0 && seconds < INT64_MAX / 1000000000
					       ? (int64_t)seconds * 1000000000
					       : 0;
	} else if (strcmp(below, "/propstat/prop/getetag") == 0 && strlen(text) < ENDPOINT_ETAG) {
		memcpy(list->facts.etag, text, strlen(text) + 1);
	}
	return 0;
}

int webdav_list_read(const void *bytes, size_t count, const char *path,
	struct endpoint_entries *entries, struct error *err)
{
	struct webdav_list list = { .entries = entries,
		.folder = STRBUF_INIT,
		.path = STRBUF_INIT,
		.facts.size = UINT64_MAX };
	(void)url_decode(&list.folder, text_of(path));
	int result = strbuf_check(&list.folder, err);
	if (result == 0)
		result = xml_read(bytes, count, webdav_list_visit, &list, err);
	strbuf_release(&list.folder);
	strbuf_release(&list.path);
	return result;
}
