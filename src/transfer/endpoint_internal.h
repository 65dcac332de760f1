/*
 * endpoint_internal: what a kind of endpoint is to the others: one table of calls.
 *
 * endpoint.c checks names, sorts lists and turns files, buffers and descriptors into sources and
 * sinks, so a back end (folder.c, s3.c, webdav.c, sftp.c) does one thing a call: move bytes.
 */
#ifndef MLOPS_TRANSFER_ENDPOINT_INTERNAL_H
#define MLOPS_TRANSFER_ENDPOINT_INTERNAL_H

#include <stdatomic.h>

#include "mlops/base/vec.h"
#include "mlops/transfer/endpoint.h"

/* Where the bytes of a put come from: memory, or a file that is read by position. */
struct endpoint_source {
	const unsigned char *bytes; /* NULL: from fd */
	int fd;
	const char *path; /* of fd, for messages */
	uint64_t size;
};

/* Exactly `count` bytes from `offset`; a file that became shorter is ERROR_IO. From any thread. */
int endpoint_source_read(const struct endpoint_source *source, uint64_t offset, void *ret,
	size_t count, struct error *err) MUST_CHECK;

struct endpoint_fetch {
	const char *name;
	struct endpoint_range range; /* length UINT64_MAX: to the end */
	const char *unless; /* an etag for which nothing is to be read; NULL or "" if none */
	endpoint_sink *sink;
	void *context;
	struct endpoint_facts facts; /* set by the back end before the first byte is handed on */
	bool same; /* set if the server still has `unless` */
};

struct endpoint_entry {
	char *name; /* owned; the part behind the folder */
	struct endpoint_facts facts;
};
struct endpoint_entries {
	VEC(struct endpoint_entry) list;
};
/* Adds an entry unless its name is not one that could be asked for. The name is copied. */
int endpoint_entries_add(struct endpoint_entries *entries, const char *name,
	const struct endpoint_facts *facts, struct error *err) MUST_CHECK;

struct endpoint_calls {
	void (*close)(struct endpoint *endpoint);
	int (*stat)(struct endpoint *endpoint, const char *name, struct endpoint_facts *ret,
		struct error *err);
	int (*fetch)(struct endpoint *endpoint, struct endpoint_fetch *fetch, struct error *err);
	int (*put)(struct endpoint *endpoint, const char *name,
		const struct endpoint_source *source, enum endpoint_mode mode, struct error *err);
	int (*list)(struct endpoint *endpoint, const char *folder,
		struct endpoint_entries *ret_entries, struct error *err);
	int (*delete)(struct endpoint *endpoint, const char *name, struct error *err);
};

struct endpoint {
	const struct endpoint_calls *calls;
	char *url; /* without secrets */
	struct endpoint_settings settings; /* defaults filled in; texts owned */
	atomic_uint_fast64_t requests;
	void *state; /* the back end's */
};

/* The kinds: each sets calls and state from the URL. */
int folder_open(struct endpoint *endpoint, const char *path, struct error *err) MUST_CHECK;
int s3_open(struct endpoint *endpoint, const char *url, struct error *err) MUST_CHECK;
int sftp_open(struct endpoint *endpoint, const char *url, struct error *err) MUST_CHECK;
int webdav_open(struct endpoint *endpoint, const char *url, struct error *err) MUST_CHECK;

/* "read 'a/b' of https://host/c", for messages; without a name it is the URL itself. */
char *endpoint_describe(const struct endpoint *endpoint, const char *verb, const char *name,
	struct error *err) MUST_CHECK;

/* ERROR_CANCELLED if the sink says that the user wants to stop. */
int endpoint_check_stop(const struct endpoint *endpoint, struct error *err) MUST_CHECK;

/* "mlops-tmp-" and 16 random digits: how files that are being written are called. */
enum { ENDPOINT_TEMPORARY = 32 };
int endpoint_temporary(char ret[ENDPOINT_TEMPORARY], struct error *err) MUST_CHECK;

#endif
