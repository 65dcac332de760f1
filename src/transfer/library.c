#include "library_internal.h"

#include <pthread.h>

#include "mlops/base/library.h"

#define LIBRARY_CURL(name) LIBRARY_SYMBOL(struct curl_calls, name, #name)
#define LIBRARY_EXPAT(name) LIBRARY_SYMBOL(struct expat_calls, name, #name)

static const struct library_symbol library_curl_symbols[] = { LIBRARY_CURL(curl_global_init),
	LIBRARY_CURL(curl_version_info), LIBRARY_CURL(curl_easy_init),
	LIBRARY_CURL(curl_easy_reset), LIBRARY_CURL(curl_easy_setopt),
	LIBRARY_CURL(curl_easy_perform), LIBRARY_CURL(curl_easy_getinfo),
	LIBRARY_CURL(curl_easy_cleanup), LIBRARY_CURL(curl_easy_strerror),
	LIBRARY_CURL(curl_getdate), LIBRARY_CURL(curl_slist_append),
	LIBRARY_CURL(curl_slist_free_all), LIBRARY_END };

static const struct library_symbol library_expat_symbols[] = { LIBRARY_EXPAT(XML_ParserCreateNS),
	LIBRARY_EXPAT(XML_ParserFree), LIBRARY_EXPAT(XML_SetUserData),
	LIBRARY_EXPAT(XML_SetElementHandler), LIBRARY_EXPAT(XML_SetCharacterDataHandler),
	LIBRARY_EXPAT(XML_SetStartDoctypeDeclHandler), LIBRARY_EXPAT(XML_Parse),
	LIBRARY_EXPAT(XML_StopParser), LIBRARY_EXPAT(XML_GetErrorCode),
	LIBRARY_EXPAT(XML_ErrorString), LIBRARY_END };

static const struct library library_curl = {
	.names = { "libcurl.so.4", "libcurl-gnutls.so.4" },
	.purpose = "transfers",
	.package = "libcurl4",
	.symbols = library_curl_symbols,
};

static const struct library library_expat = {
	.names = { "libexpat.so.1" },
	.purpose = "lists of remote files",
	.package = "libexpat1",
	.symbols = library_expat_symbols,
};

static pthread_once_t library_curl_once = PTHREAD_ONCE_INIT;
static struct curl_calls library_curl_table;
static struct error library_curl_error;

static void library_curl_load(void)
{
	if (library_load(&library_curl, &library_curl_table, &library_curl_error) == 0 &&
		library_curl_table.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		error_set(&library_curl_error, ERROR_MISSING, "libcurl does not start");
}

const struct curl_calls *transfer_curl(struct error *err)
{
	pthread_once(&library_curl_once, library_curl_load);
	if (library_curl_error.code == ERROR_NONE)
		return &library_curl_table;
	*err = library_curl_error;
	return NULL;
}

static pthread_once_t library_expat_once = PTHREAD_ONCE_INIT;
static struct expat_calls library_expat_table;
static struct error library_expat_error;

static void library_expat_load(void)
{
	(void)library_load(&library_expat, &library_expat_table, &library_expat_error);
}

const struct expat_calls *transfer_expat(struct error *err)
{
	pthread_once(&library_expat_once, library_expat_load);
	if (library_expat_error.code == ERROR_NONE)
		return &library_expat_table;
	*err = library_expat_error;
	return NULL;
}
