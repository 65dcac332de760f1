/*
 * endpoint: files elsewhere, reached by a URL.
 *
 *	/folder  file:///folder          a folder of this machine or a mounted one
 *	s3://bucket/prefix               S3 and compatible servers
 *	http://host/path  https://…      read; written by WebDAV
 *	sftp://user@host[:port]/path     OpenSSH's sftp protocol
 *
 * Names below the URL are relative paths with '/', of [A-Za-z0-9._-] and no "..", else ERROR_USAGE.
 * The name "" is the URL itself, for stat, get and download of a file that somebody else has named:
 * its URL may hold any characters, percent-encoded where a URL of its kind asks for that, and of
 * HTTP a query (which endpoint_url() leaves out, for it may hold a secret). Calls block and may be
 * made from several threads at once. A broken connection, a time-out, 429 and 5xx are tried
 * again (with growing waits, and for reads from where they stopped) until `retries` are used up:
 * then, and for every refusal, ERROR_NETWORK says what the server said. A name that is not there is
 * ERROR_NOT_FOUND; without permission ERROR_NETWORK with how credentials are found as the hint.
 * libcurl is loaded at the first call that needs it. What this machine refuses (a full disk under a
 * folder) is ERROR_IO.
 *
 * Credentials of S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, or the profile
 * (AWS_PROFILE) of ~/.aws/credentials; of HTTP: ~/.netrc or MLOPS_HTTP_TOKEN; of SFTP: the ssh
 * agent or the default keys, and known_hosts must know the host. None is ever printed or stored,
 * and none goes to a host that a redirect names.
 */
#ifndef MLOPS_TRANSFER_ENDPOINT_H
#define MLOPS_TRANSFER_ENDPOINT_H

#include <stdint.h>

#include "mlops/base/event.h"
#include "mlops/base/strbuf.h"

struct endpoint;

struct endpoint_settings {
	const char
		*s3_endpoint; /* "http://127.0.0.1:9000": another server than Amazon's; or NULL */
	const char *s3_region; /* NULL: AWS_REGION, else us-east-1 */
	const char *known_hosts, *identity; /* of SFTP; NULL: ssh's own */
	double timeout; /* seconds without a byte; 0: 30 */
	unsigned retries; /* 0: 5 */
	uint64_t part_size; /* of multipart uploads; 0: 32 MiB; at least 5 MiB */
	const struct event_sink *sink; /* asked for `stopped`; may be NULL */
};

/*
 * No request is made. ERROR_USAGE: a URL of another kind, or with a password in it. The settings'
 * texts are copied; the sink must outlive the endpoint.
 */
int endpoint_open(const char *url, const struct endpoint_settings *settings, struct endpoint **ret,
	struct error *err) MUST_CHECK;
void endpoint_close(struct endpoint *endpoint);
AUTO_FREE_OF(struct endpoint, endpoint_close)

const char *endpoint_url(const struct endpoint *endpoint); /* without secrets */
uint64_t endpoint_requests(
	const struct endpoint *endpoint); /* made so far, for messages and tests */

enum { ENDPOINT_ETAG = 128 };
struct endpoint_facts {
	uint64_t size; /* UINT64_MAX: not told */
	int64_t modified; /* nanoseconds since 1970; 0: not told */
	char etag[ENDPOINT_ETAG]; /* "" if there is none */
};
int endpoint_stat(struct endpoint *endpoint, const char *name, struct endpoint_facts *ret,
	struct error *err) MUST_CHECK;

/*
 * Reads `length` bytes from `offset` (length UINT64_MAX: to the end), and hands them on in pieces.
 * Fewer bytes than asked for are ERROR_NETWORK, and more are never handed on.
 */
typedef int endpoint_sink(void *context, const void *bytes, size_t count, struct error *err);
struct endpoint_range {
	uint64_t offset, length;
};
int endpoint_get(struct endpoint *endpoint, const char *name, struct endpoint_range range,
	endpoint_sink *sink, void *context, struct error *err) MUST_CHECK;

/* Appends the whole of a small file; over `cap` bytes is ERROR_INVALID. */
int endpoint_get_bytes(struct endpoint *endpoint, const char *name, size_t cap,
	struct strbuf *buffer, struct error *err) MUST_CHECK;

/*
 * A whole file that may be large: to a descriptor, from its position on, continued after a break. `etag`, if not NULL and
 * not "": nothing is read and *ret_same is true if the server still has that one.
 */
int endpoint_download(struct endpoint *endpoint, const char *name, const char *etag, int fd,
	struct endpoint_facts *ret_facts, bool *ret_same, struct error *err) MUST_CHECK;

/*
 * A file that appears whole or not at all. ENDPOINT_NEW: ERROR_EXISTS, target untouched, if the
 * name is taken, even when two do it at once (S3: If-None-Match; WebDAV: a temporary name and MOVE
 * without overwriting; folder: link). Large files go in parts, in parallel (S3 multipart), and the
 * parts that a broken try has left there are used. Missing folders are made.
 */
enum endpoint_mode { ENDPOINT_REPLACE, ENDPOINT_NEW };
int endpoint_put_bytes(struct endpoint *endpoint, const char *name, const void *bytes, size_t count,
	enum endpoint_mode mode, struct error *err) MUST_CHECK;
int endpoint_put_file(struct endpoint *endpoint, const char *name, const char *path,
	enum endpoint_mode mode, struct error *err) MUST_CHECK;

/*
 * Names of files directly in a folder ("" is the URL itself), sorted by bytes, with their sizes; a
 * folder that is not there is an empty one. Files that are being written and names that could not
 * be asked for are left out. ERROR_UNSUPPORTED: the server cannot list (plain HTTP).
 */
typedef int endpoint_visit(
	void *context, const char *name, const struct endpoint_facts *facts, struct error *err);
int endpoint_list(struct endpoint *endpoint, const char *folder, endpoint_visit *visit,
	void *context, struct error *err) MUST_CHECK;

/* One that is not there (any more) is success: not all servers tell. */
int endpoint_delete(struct endpoint *endpoint, const char *name, struct error *err) MUST_CHECK;

#endif
