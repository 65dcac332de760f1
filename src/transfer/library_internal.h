/*
 * library_internal: the calls of libcurl and of expat, loaded on first use.
 */
#ifndef MLOPS_TRANSFER_LIBRARY_INTERNAL_H
#define MLOPS_TRANSFER_LIBRARY_INTERNAL_H

#define CURL_DISABLE_TYPECHECK /* its macros stand in the way of pointers of these names */
#include <curl/curl.h>
#include <expat.h>

#include "mlops/base/error.h"

#define TRANSFER_CALL(name) __typeof__(&name) name

struct curl_calls {
	TRANSFER_CALL(curl_global_init);
	TRANSFER_CALL(curl_version_info);
	TRANSFER_CALL(curl_easy_init);
	TRANSFER_CALL(curl_easy_reset);
	TRANSFER_CALL(curl_easy_setopt);
	TRANSFER_CALL(curl_easy_perform);
	TRANSFER_CALL(curl_easy_getinfo);
	TRANSFER_CALL(curl_easy_cleanup);
	TRANSFER_CALL(curl_easy_strerror);
	TRANSFER_CALL(curl_getdate);
	TRANSFER_CALL(curl_slist_append);
	TRANSFER_CALL(curl_slist_free_all);
};

struct expat_calls {
	TRANSFER_CALL(XML_ParserCreateNS);
	TRANSFER_CALL(XML_ParserFree);
	TRANSFER_CALL(XML_SetUserData);
	TRANSFER_CALL(XML_SetElementHandler);
	TRANSFER_CALL(XML_SetCharacterDataHandler);
	TRANSFER_CALL(XML_SetStartDoctypeDeclHandler);
	TRANSFER_CALL(XML_Parse);
	TRANSFER_CALL(XML_StopParser);
	TRANSFER_CALL(XML_GetErrorCode);
	TRANSFER_CALL(XML_ErrorString);
};

/* The calls, loaded and initialised; NULL with ERROR_MISSING. From any thread. */
const struct curl_calls *transfer_curl(struct error *err);
const struct expat_calls *transfer_expat(struct error *err);

#endif
