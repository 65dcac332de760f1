/*
 * endpoint_tool: endpoint.h from the command line, for tests against real servers.
 *
 *	endpoint_tool [--timeout S] [--retries N] [--part-size B] [--known-hosts F] [--identity F]
 *		[--stop-after S] URL COMMAND [OPERAND...]
 *
 * Exits 0, or 1 after "<code>: <message>" (and "hint: …") on stderr. The number of requests made
 * is the last line of stderr.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mlops/base/clock.h"
#include "mlops/base/parse.h"
#include "mlops/transfer/endpoint.h"

enum { RACERS = 64 };

static struct endpoint *endpoint;
static struct error err;
static uint64_t stop_at;

static bool stopped(void *context)
{
	(void)context;
	return stop_at && clock_monotonic() > stop_at;
}

static uint64_t number(const char *text)
{
	uint64_t value;
	if (strcmp(text, "-") == 0)
		return UINT64_MAX;
	if (!parse_u64(text_of(text), &value))
		BUG("'%s' is no number", text);
	return value;
}

static int to_stdout(void *context, const void *bytes, size_t count, struct error *e)
{
	(void)context;
	return fwrite(bytes, 1, count, stdout) == count ? 0 : error_set(e, ERROR_IO, "stdout");
}

static void print_facts(const struct endpoint_facts *facts)
{
	if (facts->size == UINT64_MAX)
		printf("-");
	else
		printf("%llu", (unsigned long long)facts->size);
	printf(" %lld %s", (long long)facts->modified / 1000000000, facts->etag);
}

static int to_list(
	void *context, const char *name, const struct endpoint_facts *facts, struct error *e)
{
	(void)context;
	(void)e;
	printf("%s ", name);
	print_facts(facts);
	printf("\n");
	return 0;
}

static enum endpoint_mode mode_of(const char *word)
{
	return word && strcmp(word, "new") == 0 ? ENDPOINT_NEW : ENDPOINT_REPLACE;
}

struct racer {
	pthread_t thread;
	const char *name;
	size_t index, size;
	int result;
	struct error err;
};

/* Each racer's bytes are its own. */
static void *run_racer(void *context)
{
	struct racer *racer = context;
	char *bytes = malloc(racer->size);
	memset(bytes, 'A' + (int)(racer->index % 26), racer->size);
	racer->result = endpoint_put_bytes(
		endpoint, racer->name, bytes, racer->size, ENDPOINT_NEW, &racer->err);
	free(bytes);
	return NULL;
}

/* Prints the letter of each winner. */
static int race(const char *name, size_t count, size_t size)
{
	static struct racer racers[RACERS];
	if (count > RACERS)
		BUG("too many");
	for (size_t i = 0; i < count; i++) {
		racers[i] = (struct racer){ .name = name, .index = i, .size = size };
		if (pthread_create(&racers[i].thread, NULL, run_racer, &racers[i]) != 0)
			BUG("no thread");
	}
	for (size_t i = 0; i < count; i++) {
		pthread_join(racers[i].thread, NULL);
		if (racers[i].result == 0)
			printf("%c", 'A' + (int)(i % 26));
		else if (racers[i].err.code != ERROR_EXISTS)
			err = racers[i].err;
	}
	printf("\n");
	return -(int)err.code;
}

static int run_download(char **words)
{
	struct endpoint_facts facts;
	bool same;
	int fd = open(words[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int result = endpoint_download(endpoint, words[1], words[3], fd, &facts, &same, &err);
	close(fd);
	if (result == 0) {
		print_facts(&facts);
		printf("%s\n", same ? " same" : "");
	}
	return result;
}

static int run(char **words)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct endpoint_facts facts;
	const char *command = words[0];
	if (strcmp(command, "put") == 0)
		return endpoint_put_file(endpoint, words[1], words[2], mode_of(words[3]), &err);
	if (strcmp(command, "put-bytes") == 0)
		return endpoint_put_bytes(
			endpoint, words[1], words[2], strlen(words[2]), mode_of(words[3]), &err);
	if (strcmp(command, "get") == 0) {
		struct endpoint_range range = { number(words[2]), number(words[3]) };
		return endpoint_get(endpoint, words[1], range, to_stdout, NULL, &err);
	}
	if (strcmp(command, "cat") == 0) {
		if (endpoint_get_bytes(endpoint, words[1], number(words[2]), &bytes, &err) < 0)
			return -(int)err.code;
		return to_stdout(NULL, bytes.text, bytes.length, &err);
	}
	if (strcmp(command, "download") == 0)
		return run_download(words);
	if (strcmp(command, "stat") == 0) {
		if (endpoint_stat(endpoint, words[1], &facts, &err) < 0)
			return -(int)err.code;
		print_facts(&facts);
		printf("\n");
		return 0;
	}
	if (strcmp(command, "list") == 0)
		return endpoint_list(endpoint, words[1], to_list, NULL, &err);
	if (strcmp(command, "delete") == 0)
		return endpoint_delete(endpoint, words[1], &err);
	if (strcmp(command, "race") == 0)
		return race(words[1], number(words[2]), number(words[3]));
	BUG("'%s' is no command", command);
}

int main(int argc, char **argv)
{
	struct event_sink sink = { .stopped = stopped };
	struct endpoint_settings settings = { .sink = &sink };
	int at = 1;
	err = ERROR_INIT;
	for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
		const char *option = argv[at] + 2, *value = argv[at + 1];
		double seconds = 0;
		if (strcmp(option, "known-hosts") == 0)
			settings.known_hosts = value;
		else if (strcmp(option, "identity") == 0)
			settings.identity = value;
		else if (strcmp(option, "retries") == 0)
			settings.retries = (unsigned)number(value);
		else if (strcmp(option, "part-size") == 0)
			settings.part_size = number(value);
		else if (!parse_f64(text_of(value), &seconds))
			BUG("'%s' is no number of seconds", value);
		if (strcmp(option, "timeout") == 0)
			settings.timeout = seconds;
		if (strcmp(option, "stop-after") == 0)
			stop_at = clock_monotonic() + (uint64_t)(seconds * 1e9);
	}
	if (argc < at + 2)
		BUG("a URL and a command are needed");
	if (endpoint_open(argv[at], &settings, &endpoint, &err) == 0)
		(void)run(argv + at + 1);
	if (err.code != ERROR_NONE)
		fprintf(stderr, "%s: %s\n", error_code_name(err.code), err.message);
	if (err.hint[0])
		fprintf(stderr, "hint: %s\n", err.hint);
	fprintf(stderr, "%llu requests\n",
		endpoint ? (unsigned long long)endpoint_requests(endpoint) : 0);
	endpoint_close(endpoint);
	return err.code == ERROR_NONE ? 0 : 1;
}
