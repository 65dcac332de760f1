#include "client_internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "mlops/base/clock.h"
#include "mlops/system/environment.h"

enum { CLIENT_BUFFER = 256 << 10, CLIENT_SLICE = 50 }; /* bytes; milliseconds */
static const double client_wait_first = 0.1, client_wait_longest = 10;

void client_init(struct client *client, struct endpoint *endpoint)
{
	*client = (struct client){ .endpoint = endpoint };
	pthread_mutex_init(&client->lock, NULL);
}

void client_release(struct client *client)
{
	for (size_t i = 0; i < client->n_idle; i++)
		client->curl->curl_easy_cleanup(client->idle[i]);
	pthread_mutex_destroy(&client->lock);
}

/* Called by libcurl several times a second; not 0 ends the transfer. */
static int client_progress(
	void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct client_transfer *transfer = context;
	const struct endpoint_settings *settings = &transfer->client->endpoint->settings;
	uint64_t now = clock_monotonic();
	(void)down_total;
	(void)up_total;
	if (down + up != transfer->moved) {
		transfer->moved = down + up;
		transfer->moved_at = now;
	}
	transfer->stopped = event_stopped(settings->sink);
	transfer->timed_out = (double)(now - transfer->moved_at) / 1e9 > settings->timeout;
	return transfer->stopped || transfer->timed_out;
}

/* libcurl's program reads these variables; the library does not. */
static const char *client_certificates(void)
{
	static const char *const names[] = { "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *value = environment_get(names[i]);
		if (value)
			return value;
	}
	return NULL;
}

static void client_set_common(struct client_transfer *transfer, const char *protocols)
{
	const struct curl_calls *curl = transfer->curl;
	CURL *easy = transfer->easy;
	double timeout = transfer->client->endpoint->settings.timeout;
	curl->curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl->curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
	curl->curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->message);
	curl->curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl->curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, client_progress);
	curl->curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer);
	curl->curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(timeout * 1000));
	curl->curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)CLIENT_BUFFER);
	curl->curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)CLIENT_BUFFER);
	curl->curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl->curl_easy_setopt(easy, CURLOPT_USERAGENT, "mlops");
	const char *certificates = client_certificates();
	if (certificates)
		curl->curl_easy_setopt(easy, CURLOPT_CAINFO, certificates);
}

int client_begin(struct client *client, const char *protocols, struct client_transfer *ret,
	struct error *err)
{
	*ret = (struct client_transfer){ .client = client, .curl = transfer_curl(err) };
	if (!ret->curl)
		return -err->code;
	pthread_mutex_lock(&client->lock);
	if (client->n_idle > 0)
		ret->easy = client->idle[--client->n_idle];
	pthread_mutex_unlock(&client->lock);
	if (!ret->easy && !(ret->easy = ret->curl->curl_easy_init()))
		return error_set(err, ERROR_MEMORY, "libcurl has no memory for a connection");
	client_set_common(ret, protocols);
	return 0;
}

void client_end(struct client_transfer *transfer)
{
	struct client *client = transfer->client;
	if (!client || !transfer->easy)
		return;
	transfer->curl->curl_slist_free_all(transfer->list);
	transfer->list = NULL;
	/* Forgets the options; connections stay. */
	transfer->curl->curl_easy_reset(transfer->easy);
	pthread_mutex_lock(&client->lock);
	client->curl = transfer->curl;
	if (client->n_idle < CLIENT_IDLE) {
		client->idle[client->n_idle++] = transfer->easy;
		transfer->easy = NULL;
	}
	pthread_mutex_unlock(&client->lock);
	if (transfer->easy)
		transfer->curl->curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
}

int client_add(struct client_transfer *transfer, const char *line, struct error *err)
{
	struct curl_slist *longer = transfer->curl->curl_slist_append(transfer->list, line);
	if (!longer)
		return error_set(err, ERROR_MEMORY, "out of memory");
	transfer->list = longer;
	return 0;
}

/*
 * A server that hangs up must not end this process: libcurl and what it uses do not always say so
 * to send(), hence SIGPIPE is blocked meanwhile and one that came up is taken away.
 */
CURLcode client_perform(struct client_transfer *transfer)
{
	sigset_t pipe_signal, before, pending;
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigpending(&pending);
	bool was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
	atomic_fetch_add(&transfer->client->endpoint->requests, 1);
	transfer->message[0] = '\0';
	transfer->moved = 0;
	transfer->moved_at = clock_monotonic();
	CURLcode code = transfer->curl->curl_easy_perform(transfer->easy);
	const struct timespec at_once = { 0, 0 };
	while (!was_pending && sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR) {
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

bool client_may_retry(const struct client_transfer *transfer, CURLcode code)
{
	switch ((int)code) {
	case CURLE_ABORTED_BY_CALLBACK:
		return transfer->timed_out && !transfer->stopped;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SEND_FAIL_REWIND:
	case CURLE_SSH:
		return true;
	default:
		return false;
	}
}

int client_fail(
	const struct client_transfer *transfer, CURLcode code, const char *what, struct error *err)
{
	if (transfer->stopped)
		return error_set(err, ERROR_CANCELLED, "stopped");
	if (transfer->timed_out)
		return error_set(err, ERROR_NETWORK,
			"cannot %s: the server sent nothing for %.3g seconds", what,
			transfer->client->endpoint->settings.timeout);
	const char *reason =
		transfer->message[0] ? transfer->message : transfer->curl->curl_easy_strerror(code);
	error_set(err, code == CURLE_OUT_OF_MEMORY ? ERROR_MEMORY : ERROR_NETWORK, "cannot %s: %s",
		what, reason);
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		error_hint(err, "the certificate authority of a private server is named by "
				"SSL_CERT_FILE");
	return -err->code;
}

int client_wait(struct client *client, unsigned tries, double seconds, struct error *err)
{
	double wait = client_wait_first;
	for (unsigned i = 1; i < tries && wait < client_wait_longest; i++)
		wait *= 2;
	wait *= 1 - (double)(clock_monotonic() / 64 % 256) / 1024;
	wait = wait > seconds ? wait : seconds;
	uint64_t until = clock_monotonic() + (uint64_t)(wait * 1e9);
	const struct timespec slice = { 0, CLIENT_SLICE * 1000000L };
	do {
		if (endpoint_check_stop(client->endpoint, err) < 0)
			return -err->code;
		nanosleep(&slice, NULL);
	} while (clock_monotonic() < until);
	return 0;
}
