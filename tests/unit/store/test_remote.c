#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mlops/store/remote.h"
#include "store/remote_internal.h"
#include "workfolder.h"

#define OK(call) ck_assert_msg((call) == 0, "%s: %s", #call, err.message)

/* A clone: a workspace of its own, and the remote that all share. */
struct clone {
	struct workspace workspace;
	struct object_store *store;
	struct remote *remote;
	struct remote_summary summary;
	size_t n_warnings;
	struct event_sink sink;
};

static char remote_url[128];

static void clone_event(void *context, const struct event *event)
{
	struct clone *clone = context;
	clone->n_warnings += event->kind == EVENT_WARNING;
}

static void clone_open(struct clone *clone)
{
	struct error err = ERROR_INIT;
	clone->sink = (struct event_sink){ .emit = clone_event, .context = clone };
	OK(object_store_open(&clone->workspace, &clone->store, &err));
	OK(remote_open(
		clone->store, &clone->workspace, "origin", remote_url, NULL, &clone->remote, &err));
}

static void clone_make(struct clone *clone, const char *name)
{
	struct error err = ERROR_INIT;
	char here[64], path[128];
	ck_assert_ptr_nonnull(getcwd(here, sizeof here));
	snprintf(path, sizeof path, "%s/%s", here, name);
	snprintf(remote_url, sizeof remote_url, "%s/remote", here);
	memset(clone, 0, sizeof *clone);
	OK(directory_make(path, &err));
	OK(workspace_create(path, &clone->workspace, NULL, &err));
	clone_open(clone);
}

static void clone_close(struct clone *clone)
{
	remote_close(clone->remote);
	object_store_close(clone->store);
}

static void clone_remove(struct clone *clone)
{
	clone_close(clone);
	workspace_release(&clone->workspace);
}

/* Bytes that do not compress. */
static void fill(char *bytes, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (char)(seed >> 56);
	}
}

static struct hash put(struct clone *clone, size_t count, uint64_t seed)
{
	struct error err = ERROR_INIT;
	struct hash hash;
	char *bytes = malloc(count + 1);
	fill(bytes, count, seed);
	OK(object_put_bytes(clone->store, bytes, count, &hash, &err));
	OK(object_store_flush(clone->store, &err));
	free(bytes);
	return hash;
}

static void push(struct clone *clone, const struct hash *hashes, size_t count)
{
	struct error err = ERROR_INIT;
	OK(remote_refresh(clone->remote, &clone->sink, &err));
	OK(remote_push(clone->remote, hashes, count, &clone->sink, &clone->summary, &err));
}

static void fetch(struct clone *clone, const struct hash *hashes, size_t count)
{
	struct error err = ERROR_INIT;
	OK(remote_fetch(
		clone->remote, hashes, count, false, &clone->sink, &clone->summary, NULL, &err));
	for (size_t i = 0; i < count; i++)
		OK(object_verify(clone->store, &hashes[i], &err));
}

static size_t count_files(const char *folder)
{
	struct error err = ERROR_INIT;
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	return directory_list(folder, &names, &err) == 0 ? names.count : 0;
}

/* The only file in a folder of the remote. */
static const char *only_file(const char *folder)
{
	static char path[256];
	struct error err = ERROR_INIT;
	AUTO(directory_names_release) struct directory_names names = { .names = NULL };
	OK(directory_list(folder, &names, &err));
	ck_assert_uint_eq(names.count, 1);
	snprintf(path, sizeof path, "%s/%s", folder, names.names[0]);
	return path;
}

static void flip(const char *path, long at)
{
	ck_assert_int_eq(chmod(path, 0644), 0);
	FILE *file = fopen(path, "r+b");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
	int byte = fgetc(file);
	ck_assert_int_eq(fseek(file, -1, SEEK_CUR), 0);
	fputc(byte ^ 0x40, file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(what_was_pushed_is_fetched)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	struct hash hashes[5];
	clone_make(&here, "here");
	clone_make(&there, "there");
	hashes[0] = put(&here, 10, 1);
	hashes[1] = put(&here, 0, 1);
	hashes[2] = put(&here, 20 << 20, 2); /* a list */
	/* A version of it with another byte here and there: deltas. */
	char *bytes = malloc(20 << 20);
	fill(bytes, 20 << 20, 2);
	for (size_t i = 0; i < 20 << 20; i += 100000)
		bytes[i] ^= 1;
	OK(object_put_version(here.store, bytes, 20 << 20, &hashes[2], &hashes[3], &err));
	free(bytes);
	hashes[4] = put(&here, 100000, 5);
	ck_assert(!remote_has(here.remote, &hashes[0]));
	push(&here, hashes, 5);
	ck_assert_uint_eq(here.summary.objects, 5);
	ck_assert_uint_ge(here.summary.packs, 1);
	ck_assert(remote_has(here.remote, &hashes[3]));
	fetch(&there, hashes, 5);
	ck_assert_uint_eq(there.summary.objects, 5);
	ck_assert_uint_eq(there.n_warnings, 0);
	/* Nothing to do: one exchange, here, there, and in a process that comes later. */
	push(&here, hashes, 5);
	uint64_t before = remote_requests(there.remote);
	push(&there, hashes, 5);
	ck_assert_uint_eq(remote_requests(there.remote) - before, 1);
	clone_close(&here);
	clone_open(&here);
	push(&here, hashes, 5);
	ck_assert_uint_eq(remote_requests(here.remote), 1);
	ck_assert_uint_eq(here.summary.packs, 0);
	clone_remove(&here);
	clone_remove(&there);
}
END_TEST

START_TEST(many_small_files_are_few_requests)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	enum { COUNT = 20000 };
	struct hash *hashes = calloc(COUNT, sizeof *hashes);
	clone_make(&here, "here");
	clone_make(&there, "there");
	for (size_t i = 0; i < COUNT; i++) {
		char bytes[200];
		fill(bytes, sizeof bytes, i);
		OK(object_put_bytes(here.store, bytes, sizeof bytes, &hashes[i], &err));
	}
	OK(object_store_flush(here.store, &err));
	push(&here, hashes, COUNT);
	ck_assert_uint_lt(remote_requests(here.remote), 10);
	fetch(&there, hashes, COUNT);
	ck_assert_uint_lt(remote_requests(there.remote), 10);
	/* One of them alone: not the whole pack. */
	struct clone third;
	clone_make(&third, "third");
	fetch(&third, &hashes[COUNT / 2], 1);
	ck_assert_uint_lt(third.summary.bytes, 1000);
	free(hashes);
	clone_remove(&here);
	clone_remove(&there);
	clone_remove(&third);
}
END_TEST

/* Packs that arrived without their index files are used again; nothing is sent twice. */
START_TEST(an_interrupted_push_goes_on)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct clone here, there;
	struct stat before, after;
	clone_make(&here, "here");
	clone_make(&there, "there");
	struct hash hashes[] = { put(&here, 50000, 1), put(&here, 60000, 2) };
	push(&here, hashes, 2);
	ck_assert_int_eq(stat(only_file("remote/packs"), &before), 0);
	ck_assert_int_eq(unlink(only_file("remote/index")), 0);
	push(&here, hashes, 2);
	ck_assert_uint_eq(here.summary.entries, 2);
	ck_assert_int_eq(stat(only_file("remote/packs"), &after), 0);
	ck_assert(before.st_ino == after.st_ino && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
	/* One that was cut off is put anew. */
	ck_assert_int_eq(unlink(only_file("remote/index")), 0);
	ck_assert_int_eq(chmod(only_file("remote/packs"), 0644), 0);
	ck_assert_int_eq(truncate(only_file("remote/packs"), 100), 0);
	push(&here, hashes, 2);
	fetch(&there, hashes, 2);
	clone_remove(&here);
	clone_remove(&there);
}
END_TEST

START_TEST(a_changed_pack_is_noticed)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	size_t missing;
	clone_make(&here, "here");
	clone_make(&there, "there");
	struct hash hashes[] = { put(&here, 5000, 1), put(&here, 6000, 2), put(&here, 7000, 3) };
	push(&here, hashes, 3);
	/* In the header of the pack, the head of an entry, its payload, the last byte. */
	static const long places[] = { 16 + 3, 16 + 30, 16 + 60, 16 + 70, 16 + 500, -1 };
	flip(only_file("remote/packs"), places[_i]);
	int status =
		remote_fetch(there.remote, hashes, 3, false, NULL, &there.summary, &missing, &err);
	ck_assert_int_eq(status, -ERROR_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.message, "origin"));
	ck_assert_uint_eq(missing, 1);
	/* The others have come, and what came is what it should be. */
	size_t n_here = 0;
	for (size_t i = 0; i < 3; i++) {
		error_clear(&err);
		if (object_exists(there.store, &hashes[i])) {
			OK(object_verify(there.store, &hashes[i], &err));
			n_here++;
		}
	}
	ck_assert_uint_eq(n_here, 2);
	clone_remove(&here);
	clone_remove(&there);
}
END_TEST

START_TEST(a_damaged_index_is_left_out_and_mended)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	clone_make(&here, "here");
	clone_make(&there, "there");
	struct hash hash = put(&here, 5000, 1);
	push(&here, &hash, 1);
	flip(only_file("remote/index"), 40);
	OK(remote_refresh(there.remote, &there.sink, &err));
	ck_assert_uint_eq(there.n_warnings, 1);
	ck_assert(!remote_has(there.remote, &hash));
	ck_assert_int_eq(
		remote_fetch(there.remote, &hash, 1, false, NULL, &there.summary, NULL, &err),
		-ERROR_NOT_FOUND);
	/* Somebody else who has the same pushes it: the same pack, and a good index again. */
	ck_assert(hash_equal(&hash, &(struct hash[]){ put(&there, 5000, 1) }[0]));
	push(&there, &hash, 1);
	ck_assert_uint_eq(count_files("remote/packs"), 1);
	struct clone third;
	clone_make(&third, "third");
	fetch(&third, &hash, 1);
	ck_assert_uint_eq(third.n_warnings, 0);
	clone_remove(&here);
	clone_remove(&there);
	clone_remove(&third);
}
END_TEST

/* An index that is well-formed and lies. */
START_TEST(a_lying_index_does_no_harm)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf lie = STRBUF_INIT;
	remote_entries entries = VEC_INIT;
	remote_hashes needs = VEC_INIT;
	uint64_t size;
	clone_make(&here, "here");
	clone_make(&there, "there");
	struct hash hashes[] = { put(&here, 5000, 1), put(&here, 6000, 2) };
	push(&here, hashes, 2);
	const char *index = only_file("remote/index");
	OK(file_read(index, 0, &bytes, &err));
	OK(remote_index_parse(bytes.text, bytes.length, 0, &entries, &needs, &size, &err));
	ck_assert_uint_eq(entries.count, 2);
	if (_i == 0) { /* names exchanged */
		struct hash first = entries.items[0].hash;
		entries.items[0].hash = entries.items[1].hash;
		entries.items[1].hash = first;
	} else if (_i == 1) { /* lengths exchanged */
		uint32_t first = entries.items[0].length;
		entries.items[0].length = entries.items[1].length;
		entries.items[1].length = first;
	} else if (_i == 2) { /* it needs something that is nowhere, and itself */
		vec_push(&needs, (struct hash){ { 1 } });
		vec_push(&needs, entries.items[0].hash);
		entries.items[0].n_needs = 2;
	} else { /* more than the pack has */
		entries.items[1].length += 1000000;
		size += 1000000;
	}
	OK(remote_index_format(size, entries.items, 2, needs.items, &lie, &err));
	ck_assert_int_eq(chmod(index, 0644), 0);
	FILE *file = fopen(index, "wb");
	ck_assert_uint_eq(fwrite(lie.text, 1, lie.length, file), lie.length);
	ck_assert_int_eq(fclose(file), 0);
	int status = remote_fetch(there.remote, hashes, 2, false, NULL, &there.summary, NULL, &err);
	ck_assert_int_lt(status, 0);
	ck_assert(err.code == ERROR_CORRUPT || err.code == ERROR_NETWORK ||
		  err.code == ERROR_NOT_FOUND);
	for (size_t i = 0; i < 2; i++) {
		error_clear(&err);
		if (object_exists(there.store, &hashes[i]))
			OK(object_verify(there.store, &hashes[i], &err));
	}
	vec_release(&entries);
	vec_release(&needs);
	clone_remove(&here);
	clone_remove(&there);
}
END_TEST

START_TEST(a_pack_that_is_gone)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	clone_make(&here, "here");
	clone_make(&there, "there");
	struct hash hash = put(&here, 5000, 1);
	push(&here, &hash, 1);
	ck_assert_int_eq(unlink(only_file("remote/packs")), 0);
	ck_assert_int_eq(
		remote_fetch(there.remote, &hash, 1, false, NULL, &there.summary, NULL, &err),
		-ERROR_CORRUPT);
	clone_remove(&here);
	clone_remove(&there);
}
END_TEST

START_TEST(other_files_and_other_formats)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	clone_make(&here, "here");
	struct hash hash = put(&here, 5000, 1);
	push(&here, &hash, 1);
	workfolder_assert("remote/mlops-remote", "1\n");
	workfolder_write("remote/index/README", "x");
	workfolder_write("remote/index/aa.pack", "x");
	workfolder_write(
		"remote/index/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aa.PACK",
		"x");
	clone_make(&there, "there");
	fetch(&there, &hash, 1);
	ck_assert_uint_eq(there.n_warnings, 0);
	clone_remove(&there);
	ck_assert_int_eq(unlink("remote/mlops-remote"), 0);
	workfolder_write("remote/mlops-remote", "2\n");
	clone_make(&there, "third");
	ck_assert_int_eq(remote_refresh(there.remote, NULL, &err), -ERROR_UNSUPPORTED);
	ck_assert_int_eq(unlink("remote/mlops-remote"), 0);
	ck_assert_int_eq(remote_refresh(there.remote, NULL, &err), -ERROR_INVALID);
	clone_remove(&here);
	clone_remove(&there);
}
END_TEST

START_TEST(what_is_lost_here_comes_back)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here;
	clone_make(&here, "here");
	struct hash hashes[] = { put(&here, 5000, 1), put(&here, 6000, 2) };
	push(&here, hashes, 2);
	clone_close(&here);
	flip(only_file("here/.mlops/objects/packs"), 3000);
	clone_open(&here);
	ck_assert_int_eq(object_verify(here.store, &hashes[0], &err), -ERROR_CORRUPT);
	error_clear(&err);
	OK(remote_fetch(here.remote, hashes, 2, true, NULL, &here.summary, NULL, &err));
	OK(object_verify(here.store, &hashes[0], &err));
	OK(object_verify(here.store, &hashes[1], &err));
	clone_remove(&here);
}
END_TEST

/* Eight that push at once, half of it the same: all succeed, and everything is there. */
START_TEST(many_push_at_once)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	enum { CLONES = 8 };
	struct hash hashes[2 * CLONES];
	for (size_t i = 0; i < CLONES; i++) {
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			struct clone clone;
			char name[16];
			snprintf(name, sizeof name, "c%zu", i);
			clone_make(&clone, name);
			struct hash mine[] = { put(&clone, 300000, i), put(&clone, 100000, 99) };
			push(&clone, mine, 2);
			clone_remove(&clone);
			_exit(0);
		}
	}
	for (size_t i = 0; i < CLONES; i++) {
		int status;
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	struct clone all;
	clone_make(&all, "all");
	for (size_t i = 0; i < 2 * CLONES; i++) {
		size_t count = i % 2 ? 100000 : 300000;
		char *bytes = malloc(count);
		fill(bytes, count, i % 2 ? 99 : i / 2);
		hash_bytes(bytes, count, &hashes[i]);
		free(bytes);
	}
	fetch(&all, hashes, 2 * CLONES);
	clone_remove(&all);
}
END_TEST

static int take_document(
	void *context, const char *name, const void *bytes, size_t count, struct error *err)
{
	(void)name;
	strbuf_add_bytes(context, bytes, count);
	strbuf_add_char(context, ';');
	return strbuf_check(context, err);
}

START_TEST(documents_travel_once)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	AUTO(strbuf_release) struct strbuf seen = STRBUF_INIT;
	clone_make(&here, "here");
	clone_make(&there, "there");
	OK(remote_put_document(here.remote, "runs", "one", 3, &err));
	uint64_t before = remote_requests(here.remote);
	OK(remote_put_document(here.remote, "runs", "one", 3, &err));
	ck_assert_uint_eq(remote_requests(here.remote), before);
	OK(remote_put_manifest(here.remote, &err));
	OK(remote_documents(here.remote, "runs", take_document, &seen, &err));
	ck_assert_str_eq(seen.text, "");
	OK(remote_documents(there.remote, "runs", take_document, &seen, &err));
	OK(remote_documents(there.remote, "runs", take_document, &seen, &err));
	OK(remote_documents(there.remote, "models", take_document, &seen, &err));
	ck_assert_str_eq(seen.text, "one;");
	clone_close(&there);
	clone_open(&there);
	OK(remote_documents(there.remote, "runs", take_document, &seen, &err));
	ck_assert_str_eq(seen.text, "one;");
	/* The tool that everybody has reads them. */
	ck_assert_int_eq(system("test \"$(zstd -dc remote/index/*.runs)\" = one"), 0);
	/* Changed, it is refused. */
	OK(remote_put_document(here.remote, "runs", "two, which is longer", 20, &err));
	ck_assert_int_eq(
		system("for f in remote/index/*.runs; do chmod 644 $f; printf x >>$f; done"), 0);
	OK(remote_refresh(there.remote, NULL, &err));
	ck_assert_int_eq(
		remote_documents(there.remote, "runs", take_document, &seen, &err), -ERROR_CORRUPT);
	/* Gone, somebody should say it again. */
	ck_assert_int_eq(system("rm remote/index/*.runs"), 0);
	OK(remote_refresh(here.remote, NULL, &err));
	ck_assert(remote_lost_documents(here.remote));
	clone_remove(&here);
	clone_remove(&there);
}
END_TEST

/* 100 kB that become 1 GB. */
START_TEST(a_document_that_explodes)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct error err = ERROR_INIT;
	struct clone here, there;
	AUTO(strbuf_release) struct strbuf seen = STRBUF_INIT;
	clone_make(&here, "here");
	OK(remote_put_document(here.remote, "runs", "one", 3, &err));
	ck_assert_int_eq(
		system("rm remote/index/*.runs; head -c 1000000000 /dev/zero | zstd -q -1 -c "
		       ">bomb && mv bomb remote/index/$(b3sum --no-names bomb).runs"),
		0);
	clone_make(&there, "there");
	ck_assert_int_eq(
		remote_documents(there.remote, "runs", take_document, &seen, &err), -ERROR_INVALID);
	ck_assert_uint_eq(seen.length, 0);
	clone_remove(&here);
	clone_remove(&there);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store/remote");
	const TTest *const tests[] = { what_was_pushed_is_fetched,
		many_small_files_are_few_requests, an_interrupted_push_goes_on,
		a_damaged_index_is_left_out_and_mended, a_pack_that_is_gone,
		other_files_and_other_formats, what_is_lost_here_comes_back, many_push_at_once,
		documents_travel_once, a_document_that_explodes };
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		TCase *one = tcase_create(tests[i]->name);
		tcase_add_test(one, tests[i]);
		suite_add_tcase(suite, one);
	}
	TCase *changed = tcase_create("changed");
	tcase_add_loop_test(changed, a_changed_pack_is_noticed, 0, 6);
	tcase_add_loop_test(changed, a_lying_index_does_no_harm, 0, 4);
	suite_add_tcase(suite, changed);
	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
