#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "mlops/transfer/endpoint.h"
#include "scratch.h"

static struct scratch scratch;
static struct endpoint *endpoint;
static struct error err;

static void open_below(const char *scheme, const char *below)
{
	char url[256];
	scratch_make(&scratch);
	snprintf(url, sizeof url, "%s%s%s", scheme, scratch.folder, below);
	err = ERROR_INIT;
	ck_assert_msg(endpoint_open(url, NULL, &endpoint, &err) == 0, "%s", err.message);
}

static void close_all(void)
{
	endpoint_close(endpoint);
	scratch_remove(&scratch);
}

static void put(const char *name, const char *text, enum endpoint_mode mode)
{
	ck_assert_msg(endpoint_put_bytes(endpoint, name, text, strlen(text), mode, &err) == 0, "%s",
		err.message);
}

static void expect_content(const char *name, const char *text)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	ck_assert_msg(
		endpoint_get_bytes(endpoint, name, 1 << 20, &bytes, &err) == 0, "%s", err.message);
	ck_assert_str_eq(bytes.text, text);
}

START_TEST(folder_is_made_by_the_first_put)
{
	struct endpoint_facts facts;
	open_below("file://", "/not%20there/yet");
	ck_assert_int_eq(endpoint_stat(endpoint, "a", &facts, &err), -ERROR_NOT_FOUND);
	put("packs/a.pack", "hello", ENDPOINT_NEW);
	expect_content("packs/a.pack", "hello");
	ck_assert(scratch_has(&scratch, "not there/yet/packs/a.pack"));
	ck_assert_int_eq(endpoint_stat(endpoint, "packs/a.pack", &facts, &err), 0);
	ck_assert_uint_eq(facts.size, 5);
	ck_assert_int_gt(facts.modified, 0);
	/* A folder is no file. */
	ck_assert_int_eq(endpoint_stat(endpoint, "packs", &facts, &err), -ERROR_NOT_FOUND);
	close_all();
}
END_TEST

START_TEST(folder_new_never_replaces)
{
	open_below("", "");
	put("a", "first", ENDPOINT_NEW);
	ck_assert_int_eq(
		endpoint_put_bytes(endpoint, "a", "2", 1, ENDPOINT_NEW, &err), -ERROR_EXISTS);
	expect_content("a", "first");
	put("a", "third", ENDPOINT_REPLACE);
	expect_content("a", "third");
	close_all();
}
END_TEST

static void *race(void *result)
{
	struct error local = ERROR_INIT;
	*(int *)result = endpoint_put_bytes(endpoint, "race", result, 1, ENDPOINT_NEW, &local);
	return NULL;
}

START_TEST(folder_new_has_one_winner)
{
	open_below("", "");
	for (int round = 0; round < 50; round++) {
		pthread_t threads[8];
		int results[8], won = 0;
		for (size_t i = 0; i < 8; i++)
			ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &results[i]), 0);
		for (size_t i = 0; i < 8; i++) {
			pthread_join(threads[i], NULL);
			ck_assert(results[i] == 0 || results[i] == -ERROR_EXISTS);
			won += results[i] == 0;
		}
		ck_assert_int_eq(won, 1);
		ck_assert_int_eq(endpoint_delete(endpoint, "race", &err), 0);
	}
	close_all();
}
END_TEST

static int collect(void *context, const void *bytes, size_t count, struct error *e)
{
	(void)e;
	strbuf_add_bytes(context, bytes, count);
	return 0;
}

START_TEST(folder_ranges_are_exact)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	open_below("", "");
	put("a", "0123456789", ENDPOINT_NEW);
	struct endpoint_range middle = { 3, 4 }, over = { 8, 3 }, rest = { 8, UINT64_MAX },
			      wrong = { UINT64_MAX - 1, 5 };
	ck_assert_int_eq(endpoint_get(endpoint, "a", middle, collect, &bytes, &err), 0);
	ck_assert_str_eq(bytes.text, "3456");
	ck_assert_int_eq(endpoint_get(endpoint, "a", rest, collect, &bytes, &err), 0);
	ck_assert_str_eq(bytes.text, "345689");
	ck_assert_int_eq(endpoint_get(endpoint, "a", over, collect, &bytes, &err), -ERROR_NETWORK);
	ck_assert_int_eq(endpoint_get(endpoint, "a", wrong, collect, &bytes, &err), -ERROR_USAGE);
	strbuf_clear(&bytes);
	strbuf_add(&bytes, "kept");
	ck_assert_int_eq(endpoint_get_bytes(endpoint, "a", 9, &bytes, &err), -ERROR_INVALID);
	ck_assert_str_eq(bytes.text, "kept");
	ck_assert_int_eq(endpoint_get_bytes(endpoint, "a", 10, &bytes, &err), 0);
	ck_assert_str_eq(bytes.text, "kept0123456789");
	close_all();
}
END_TEST

static int visit(
	void *context, const char *name, const struct endpoint_facts *facts, struct error *e)
{
	(void)e;
	strbuf_printf(context, "%s %llu\n", name, (unsigned long long)facts->size);
	return 0;
}

START_TEST(folder_lists_files_in_order)
{
	AUTO(strbuf_release) struct strbuf names = STRBUF_INIT;
	open_below("", "/remote");
	ck_assert_int_eq(endpoint_list(endpoint, "index", visit, &names, &err), 0);
	ck_assert_str_eq(names.text, "");
	put("index/b", "22", ENDPOINT_NEW);
	put("index/B", "1", ENDPOINT_NEW);
	put("index/a.pack", "", ENDPOINT_NEW);
	put("index/below/c", "3", ENDPOINT_NEW);
	scratch_write(&scratch, "remote/index/.mlops-tmp-1", "half");
	scratch_write(&scratch, "remote/index/not for us", "x");
	ck_assert_int_eq(endpoint_list(endpoint, "index", visit, &names, &err), 0);
	ck_assert_str_eq(names.text, "B 1\na.pack 0\nb 2\n");
	close_all();
}
END_TEST

START_TEST(folder_follows_no_planted_link)
{
	open_below("", "/remote");
	put("a", "1", ENDPOINT_NEW);
	scratch_write(&scratch, "precious", "mine");
	scratch_run(&scratch, "ln -s ../precious remote/manifest");
	put("manifest", "theirs", ENDPOINT_REPLACE);
	scratch_run(&scratch, "test \"$(cat precious)\" = mine && test ! -L remote/manifest");
	close_all();
}
END_TEST

START_TEST(folder_refuses_names_that_lead_out)
{
	static const char *const names[] = { "..", "../a", "a/../b", "/etc/passwd", "a//b", "a/",
		"./a", "a b", "a\\b", "a\nb", "\xc3\xa9", "a?b", "a%2e" };
	struct endpoint_facts facts;
	open_below("", "");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		ck_assert_int_eq(endpoint_stat(endpoint, names[i], &facts, &err), -ERROR_USAGE);
		ck_assert_int_eq(
			endpoint_put_bytes(endpoint, names[i], "", 0, ENDPOINT_REPLACE, &err),
			-ERROR_USAGE);
		ck_assert_int_eq(endpoint_delete(endpoint, names[i], &err), -ERROR_USAGE);
	}
	ck_assert_int_eq(
		endpoint_put_bytes(endpoint, "", "", 0, ENDPOINT_REPLACE, &err), -ERROR_USAGE);
	close_all();
}
END_TEST

START_TEST(folder_url_may_be_a_file)
{
	struct endpoint_facts facts;
	struct endpoint *file;
	bool same;
	open_below("", "");
	scratch_write(&scratch, "my data.csv", "a,b\n");
	ck_assert_int_eq(
		endpoint_open(scratch_path(&scratch, "my data.csv"), NULL, &file, &err), 0);
	int fd = open(scratch_path(&scratch, "copy"), O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(endpoint_download(file, "", NULL, fd, &facts, &same, &err), 0);
	ck_assert(!same && facts.size == 4);
	scratch_run(&scratch, "cmp copy 'my data.csv'");
	close(fd);
	endpoint_close(file);
	close_all();
}
END_TEST

START_TEST(folder_put_file_and_delete)
{
	open_below("", "");
	scratch_run(&scratch, "head -c 3000000 /dev/urandom > big");
	ck_assert_int_eq(endpoint_put_file(endpoint, "packs/big", scratch_path(&scratch, "big"),
				 ENDPOINT_NEW, &err),
		0);
	scratch_run(&scratch, "cmp big packs/big");
	ck_assert_int_eq(endpoint_put_file(endpoint, "packs/big", scratch_path(&scratch, "big"),
				 ENDPOINT_NEW, &err),
		-ERROR_EXISTS);
	ck_assert_int_eq(endpoint_delete(endpoint, "packs/big", &err), 0);
	ck_assert_int_eq(endpoint_delete(endpoint, "packs/big", &err), 0);
	ck_assert_int_eq(endpoint_delete(endpoint, "never/was", &err), 0);
	ck_assert(!scratch_has(&scratch, "packs/big"));
	close_all();
}
END_TEST

static bool stop(void *context)
{
	(void)context;
	return true;
}

START_TEST(folder_stops_when_asked)
{
	struct event_sink sink = { .stopped = stop };
	struct endpoint_settings settings = { .sink = &sink };
	struct endpoint *stopping;
	open_below("", "");
	ck_assert_int_eq(endpoint_open(scratch.folder, &settings, &stopping, &err), 0);
	ck_assert_int_eq(
		endpoint_put_bytes(stopping, "a", "1", 1, ENDPOINT_NEW, &err), -ERROR_CANCELLED);
	ck_assert(!scratch_has(&scratch, "a"));
	endpoint_close(stopping);
	close_all();
}
END_TEST

START_TEST(folder_other_urls_are_refused)
{
	static const char *const urls[] = { "", "relative", "ftp://host/x", "file://host/x",
		"gopher://x", "s4://x" };
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		err = ERROR_INIT;
		ck_assert_int_eq(endpoint_open(urls[i], NULL, &endpoint, &err), -ERROR_USAGE);
		ck_assert_ptr_null(endpoint);
	}
}
END_TEST

UNIT_MAIN("transfer/folder", folder_is_made_by_the_first_put, folder_new_never_replaces,
	folder_new_has_one_winner, folder_ranges_are_exact, folder_lists_files_in_order,
	folder_follows_no_planted_link, folder_refuses_names_that_lead_out,
	folder_url_may_be_a_file, folder_put_file_and_delete, folder_stops_when_asked,
	folder_other_urls_are_refused)
