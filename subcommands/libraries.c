#include "libraries.h"

#include <stdio.h>
#include <string.h>

/* How a library tells its version. At most one of these is found. */
struct library_calls {
	const char *(*text)(void);
	const char *(*text_of)(int what);
	int (*numbers)(int *major, int *minor, int *revision);
	void (*three)(int *major, int *minor, int *revision);
};

static const struct library_entry {
	const char *name;
	bool required;
	struct library library;
} library_entries[] = {
#define ENTRY(name_, required_, purpose_, package_, member_, symbol_, ...)                         \
	{                                                                                          \
		name_, required_,                                                                  \
		{                                                                                  \
			{ __VA_ARGS__ }, purpose_, package_, (const struct library_symbol[])       \
			{                                                                          \
				LIBRARY_SYMBOL(struct library_calls, member_, symbol_),            \
					LIBRARY_END                                                \
			}                                                                          \
		}                                                                                  \
	}
	ENTRY("curl", false, "transfers", "libcurl4", text, "curl_version", "libcurl.so.4",
		"libcurl-gnutls.so.4"),
	ENTRY("expat", false, "lists of remote files", "libexpat1", text, "XML_ExpatVersion",
		"libexpat.so.1"),
	ENTRY("git2", true, "the version of the code", "libgit2-1.5", numbers,
		"git_libgit2_version", "libgit2.so.1.5", "libgit2.so.1.7", "libgit2.so.1.9",
		"libgit2.so.1.1"),
	ENTRY("jansson", true, "JSON", "libjansson4", text, "jansson_version_str",
		"libjansson.so.4"),
	ENTRY("openblas", true, "linear algebra", "libopenblas0-pthread", text,
		"openblas_get_config", "libopenblas.so.0"),
	ENTRY("openssl", true, "SHA-256", "libssl3", text_of, "OpenSSL_version", "libcrypto.so.3",
		"libcrypto.so.1.1"),
	ENTRY("protobuf-c", true, "ONNX files", "libprotobuf-c1", text, "protobuf_c_version",
		"libprotobuf-c.so.1"),
	ENTRY("sqlite", true, "the database", "libsqlite3-0", text, "sqlite3_libversion",
		"libsqlite3.so.0"),
	ENTRY("yaml", true, "YAML", "libyaml-0-2", three, "yaml_get_version", "libyaml-0.so.2"),
	ENTRY("zstd", true, "compression", "libzstd1", text, "ZSTD_versionString", "libzstd.so.1"),
#undef ENTRY
};

/* "OpenBLAS 0.3.21 DYNAMIC_ARCH …" and "OpenSSL 3.0.11 19 Sep 2023" give the number alone. */
static void libraries_version(const char *text, char ret[LIBRARY_VERSION_SIZE])
{
	size_t begin = strcspn(text, "0123456789");
	size_t length = strcspn(text + begin, " ");
	if (length >= LIBRARY_VERSION_SIZE)
		length = LIBRARY_VERSION_SIZE - 1;
	memcpy(ret, text + begin, length);
	ret[length] = '\0';
}

bool library_fact(size_t index, struct library_fact *ret)
{
	struct error ignored = ERROR_INIT;
	if (index >= sizeof library_entries / sizeof *library_entries)
		return false;
	const struct library_entry *entry = &library_entries[index];
	*ret = (struct library_fact){ .name = entry->name,
		.required = entry->required,
		.purpose = entry->library.purpose,
		.package = entry->library.package };
	struct library_calls calls = { .text = NULL };
	ret->present = library_load(&entry->library, &calls, &ignored) == 0;
	if (!ret->present) {
		/* Too old to tell its version, perhaps. */
		ret->present = library_present(&entry->library);
		return true;
	}
	int version[3] = { 0, 0, 0 };
	if (calls.text)
		libraries_version(calls.text(), ret->version);
	else if (calls.text_of)
		libraries_version(calls.text_of(0), ret->version);
	else if (calls.numbers)
		calls.numbers(&version[0], &version[1], &version[2]);
	else if (calls.three)
		calls.three(&version[0], &version[1], &version[2]);
	if (!ret->version[0])
		snprintf(ret->version, sizeof ret->version, "%d.%d.%d", version[0], version[1],
			version[2]);
	return true;
}
