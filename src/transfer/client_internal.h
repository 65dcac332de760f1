/*
 * client_internal: libcurl as all back ends use it.
 *
 * Easy handles are pooled, one for each thread that is in a call; each keeps its connections open,
 * so that the next call needs no new handshake. A transfer that moves no byte for the time-out is
 * given up, and one that the user wants to stop as well.
 */
#ifndef MLOPS_TRANSFER_CLIENT_INTERNAL_H
#define MLOPS_TRANSFER_CLIENT_INTERNAL_H

#include <pthread.h>

#include "endpoint_internal.h"
#include "library_internal.h"

enum { CLIENT_IDLE = 32 };

struct client {
	struct endpoint *endpoint;
	pthread_mutex_t lock; /* over what follows */
	const struct curl_calls *curl; /* for the idle ones; NULL until there was one */
	CURL *idle[CLIENT_IDLE];
	size_t n_idle;
};

void client_init(struct client *client, struct endpoint *endpoint);
void client_release(struct client *client);

/* One transfer. Lives at one address from client_begin() to client_end(). */
struct client_transfer {
	struct client *client;
	CURL *easy;
	const struct curl_calls *curl;
	struct curl_slist *list; /* of headers or commands, freed at the end */
	curl_off_t moved; /* bytes in both directions at the last look */
	uint64_t moved_at; /* clock_monotonic() then */
	bool stopped, timed_out;
	char message[CURL_ERROR_SIZE];
};
#define CLIENT_TRANSFER_INIT ((struct client_transfer){ .client = NULL })

/* protocols: "http,https". */
int client_begin(struct client *client, const char *protocols, struct client_transfer *ret,
	struct error *err) MUST_CHECK;
void client_end(struct client_transfer *transfer);
AUTO_RELEASE(struct client_transfer, client_end)

/* Adds to transfer->list. */
int client_add(struct client_transfer *transfer, const char *line, struct error *err) MUST_CHECK;

/* Counts the request and performs it. */
CURLcode client_perform(struct client_transfer *transfer);

/* May the same succeed in a moment? */
bool client_may_retry(const struct client_transfer *transfer, CURLcode code);

/* Sets the error for a transfer that failed; "cannot <what>: <libcurl's reason>". */
int client_fail(
	const struct client_transfer *transfer, CURLcode code, const char *what, struct error *err);

/*
 * Waits before try number `tries` + 1 (from 1), at least `seconds`; ERROR_CANCELLED if the user
 * wants to stop. The waits double from 0.1 s on, up to 10 s, each less up to a quarter by chance.
 */
int client_wait(
	struct client *client, unsigned tries, double seconds, struct error *err) MUST_CHECK;

#endif
