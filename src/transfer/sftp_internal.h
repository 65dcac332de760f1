/*
 * sftp_internal: one exchange over SFTP, by libcurl (and its libssh2).
 *
 * The server's key must be in known_hosts; the user is who the agent or a default key proves. What
 * libcurl's SFTP cannot do: replace a file in one step (Debian 12's libssh2 has no posix-rename),
 * flush a file, ask for its size alone, or read ~/.ssh/config.
 */
#ifndef MLOPS_TRANSFER_SFTP_INTERNAL_H
#define MLOPS_TRANSFER_SFTP_INTERNAL_H

#include "client_internal.h"
#include "mlops/base/text.h"

enum { SFTP_KEYS = 4, SFTP_COMMANDS = 3 };

struct sftp {
	struct client client;
	char *origin; /* "sftp://user@host:port" */
	char *host; /* for messages */
	char *path; /* of the URL, decoded, as it was given */
	size_t base; /* the length of path without slashes at its end */
	char *known_hosts;
	char *keys[SFTP_KEYS]; /* private keys that exist */
	size_t n_keys;
	atomic_size_t key; /* the one that was let in last */
	pthread_mutex_t lock; /* over finding them */
	bool ready;
};

struct sftp_call {
	const char *path; /* decoded */
	const char *what; /* "read 'a' of sftp://host/x": for messages */
	bool folder; /* the path is a folder: to list, or only to have a place for commands */
	char *commands[SFTP_COMMANDS]; /* before, or of a put after it; freed by sftp_ask() */
	const struct endpoint_source *source; /* to put; NULL: nothing */
	struct endpoint_fetch *fetch; /* to read; NULL: nothing */
	struct strbuf *listing; /* of the folder; NULL: none */
	CURLcode code; /* how the last try ended */
};

/*
 * A file or folder that is not there is ERROR_NOT_FOUND, also for a put without folder; a command
 * that was refused ERROR_NETWORK with call->code CURLE_QUOTE_ERROR.
 */
int sftp_ask(struct sftp *sftp, struct sftp_call *call, struct error *err) MUST_CHECK;

/* Reads a line as `ls -l` writes it; false unless it is an ordinary file of a plain name. */
bool sftp_list_line(struct text line, struct text *ret_name, uint64_t *ret_size);

#endif
