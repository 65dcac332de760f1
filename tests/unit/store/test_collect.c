#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mlops/store/check.h"
#include "mlops/store/collect.h"
#include "store/object_internal.h"
#include "storefolder.h"

static struct error err;

#define OK(call) ck_assert_msg((call) == 0, "%s", err.message)

struct project {
	struct workspace workspace;
	struct object_store *store;
};

static struct project project_open(void)
{
	struct project project = { .store = storefolder_open() };
	OK(workspace_find(".", &project.workspace, &err));
	return project;
}

static void project_close(struct project *project)
{
	object_store_close(project->store);
	workspace_release(&project->workspace);
}

/* All is written down, and the lock that putting took is given back. */
static void project_again(struct project *project)
{
	OK(object_store_flush(project->store, &err));
	object_store_close(project->store);
	project->store = storefolder_open();
}

/* A collection without grace that keeps these. */
static struct collect_summary collect_options(struct project *project,
	const struct collect_options *options, const struct hash *kept, size_t count)
{
	struct collect_summary summary;
	AUTO(collect_free) struct collect *collect = NULL;
	OK(collect_begin(project->store, &project->workspace, options, &collect, &err));
	for (size_t i = 0; i < count; i++)
		OK(collect_keep(collect, &kept[i], 1, &err));
	OK(collect_finish(collect, &summary, &err));
	return summary;
}

static struct collect_summary collect(
	struct project *project, const struct hash *kept, size_t count)
{
	struct collect_options options = { .recent = 2, .command = "test" };
	return collect_options(project, &options, kept, count);
}

static struct hash put(struct project *project, size_t size, uint64_t seed)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	storefolder_fill(&bytes, size, seed, true);
	return storefolder_put(project->store, &bytes);
}

static bool readable(struct object_store *store, const struct hash *hash)
{
	struct error missing = ERROR_INIT;
	bool good = object_verify(store, hash, &missing) == 0;
	ck_assert_msg(good || missing.code == ERROR_NOT_FOUND, "%s", missing.message);
	return good;
}

static int no_problem(void *context, const struct check_problem *problem, struct error *error)
{
	(void)context, (void)error;
	ck_abort_msg("%s: %s", check_kind_name(problem->kind), problem->what);
	return 0;
}

static void assert_clean(struct project *project)
{
	AUTO(check_summary_release) struct check_summary summary;
	struct check_options options = { .quick = false };
	OK(check_store(
		project->store, &project->workspace, &options, no_problem, NULL, &summary, &err));
}

/*
 * A killed rewrite may leave a second copy of something in a pack; when that thing is freed later,
 * the copy is bytes that the index does not know. fsck says so, although nothing is lost.
 */
static int spare_is_no_problem(
	void *context, const struct check_problem *problem, struct error *error)
{
	return problem->kind == CHECK_UNINDEXED ? 0 : no_problem(context, problem, error);
}

static void assert_nothing_lost(struct project *project)
{
	AUTO(check_summary_release) struct check_summary summary;
	struct check_options options = { .quick = false };
	OK(check_store(project->store, &project->workspace, &options, spare_is_no_problem, NULL,
		&summary, &err));
}

/*
 * A child whose assertions tell check nothing: all would write into the one unlinked file that check
 * reads its messages from, and a child that is killed within a write leaves half a message there.
 */
static pid_t fork_unheard(void)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	int nowhere = open("/dev/null", O_RDWR);
	for (int fd = 3; nowhere >= 0 && fd < 256; fd++) {
		struct stat facts;
		if (fd != nowhere && fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
			facts.st_nlink == 0)
			dup2(nowhere, fd);
	}
	return 0;
}

START_TEST(what_nothing_needs_goes)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	struct hash hashes[20];
	for (size_t i = 0; i < 20; i++)
		hashes[i] = put(&project, 1000 + i, i);
	project_again(&project);
	/* Within the grace period all stay. */
	struct collect_options options = { .grace = 3600, .recent = 2, .command = "test" };
	struct collect_summary summary = collect_options(&project, &options, hashes, 5);
	ck_assert_uint_eq(summary.kept[1].objects, 5);
	ck_assert_uint_eq(summary.kept[2].objects, 15);
	ck_assert_uint_eq(summary.freed.entries + summary.disk, 0);
	project_again(&project);
	/* Dry, it says the same as it does afterwards. */
	options = (struct collect_options){ .dry_run = true, .command = "test" };
	summary = collect_options(&project, &options, hashes, 5);
	struct collect_summary real = collect(&project, hashes, 5);
	ck_assert_uint_eq(summary.freed.objects, 15);
	ck_assert_uint_eq(real.freed.objects, 15);
	ck_assert_uint_eq(summary.freed.bytes, real.freed.bytes);
	ck_assert_uint_le(real.disk - summary.disk, PACK_HEADER); /* of the pack that went */
	ck_assert_uint_eq(real.packs_rewritten, 1);
	project_again(&project);
	for (size_t i = 0; i < 20; i++)
		ck_assert(readable(project.store, &hashes[i]) == (i < 5));
	assert_clean(&project);
	/* What is needed may be missing. */
	summary = collect(&project, hashes, 20);
	ck_assert_uint_eq(summary.missing, 15);
	ck_assert_uint_eq(summary.freed.entries, 0);
	project_again(&project);
	summary = collect(&project, NULL, 0);
	ck_assert_uint_eq(summary.packs_removed, 1);
	ck_assert_uint_eq(summary.freed.objects, 5);
	ck_assert_int_eq(system("test -z \"$(ls " STOREFOLDER_PACKS ")\""), 0);
	/* And they can be put again. */
	project_again(&project);
	struct hash again = put(&project, 1000, 0);
	project_again(&project);
	ck_assert(hash_equal(&again, &hashes[0]) && readable(project.store, &again));
	project_close(&project);
}
END_TEST

START_TEST(large_contents_keep_their_chunks)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	struct hash one = put(&project, 9 << 20, 1), two = put(&project, 7 << 20, 2);
	project_again(&project);
	struct collect_summary summary = collect(&project, &one, 1);
	ck_assert_uint_eq(summary.kept[1].objects, 1);
	ck_assert_uint_gt(summary.kept[1].entries, 2);
	ck_assert_uint_eq(summary.freed.objects, 1);
	ck_assert_uint_gt(summary.freed.bytes, 6 << 20);
	project_again(&project);
	ck_assert(readable(project.store, &one) && !readable(project.store, &two));
	assert_clean(&project);
	project_close(&project);
}
END_TEST

START_TEST(deltas_keep_their_bases)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct hash versions[6];
	storefolder_fill(&bytes, 200000, 5, true);
	versions[0] = storefolder_put(project.store, &bytes);
	for (size_t i = 1; i < 6; i++) {
		bytes.text[i * 1000]++;
		OK(object_put_version(project.store, bytes.text, bytes.length, &versions[i - 1],
			&versions[i], &err));
	}
	project_again(&project);
	struct collect_summary summary = collect(&project, &versions[5], 1);
	ck_assert_uint_lt(summary.kept[1].bytes, 210000); /* one, and differences */
	ck_assert_uint_gt(summary.kept[1].entries, 1);
	project_again(&project);
	ck_assert(readable(project.store, &versions[5]));
	assert_clean(&project);
	project_close(&project);
}
END_TEST

START_TEST(others_that_put_are_waited_for)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	struct hash mine = put(&project, 100, 1);
	OK(object_store_flush(project.store, &err));
	int ends[2];
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork_unheard();
	if (child == 0) {
		struct project other = project_open();
		struct collect *collect = NULL;
		struct collect_options options = { .command = "mlops gc" };
		struct error why = ERROR_INIT;
		int code = collect_begin(other.store, &other.workspace, &options, &collect, &why);
		_exit(code == -ERROR_LOCKED ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	project_again(&project);
	ck_assert(readable(project.store, &mine));
	collect(&project, NULL, 0);
	project_again(&project);
	ck_assert(!readable(project.store, &mine));
	project_close(&project);
}
END_TEST

/* One that had the store open before finds everything that is left. */
START_TEST(readers_survive_a_rewrite)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	struct hash hashes[40];
	for (size_t i = 0; i < 40; i++)
		hashes[i] = put(&project, 5000, i);
	project_again(&project);
	struct object_store *reader = storefolder_open();
	ck_assert(readable(reader, &hashes[0]));
	collect(&project, hashes, 10);
	for (size_t i = 0; i < 10; i++)
		ck_assert(readable(reader, &hashes[i]));
	object_store_close(reader);
	project_close(&project);
}
END_TEST

START_TEST(leftovers_are_removed)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	struct hash one = put(&project, 5000, 1);
	project_again(&project);
	char pack[128], command[512];
	storefolder_pack(pack);
	snprintf(command, sizeof command,
		"stat -c %%s %s > before && printf torn >> %s && "
		"cp %s " STOREFOLDER_PACKS "/0123456789abcdef0123456789abcdef.pack",
		pack, pack, pack);
	ck_assert_int_eq(system(command), 0);
	struct collect_summary summary = collect(&project, &one, 1);
	ck_assert_uint_ge(summary.disk, 5000);
	snprintf(command, sizeof command,
		"test $(stat -c %%s %s) = $(cat before) && "
		"test $(ls " STOREFOLDER_PACKS " | wc -l) = 1",
		pack);
	ck_assert_int_eq(system(command), 0);
	project_again(&project);
	ck_assert(readable(project.store, &one));
	assert_clean(&project);
	project_close(&project);
}
END_TEST

START_TEST(the_first_layout_moves_into_packs)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	struct hash kept, gone;
	hash_bytes("x", 1, &kept);
	hash_bytes("y", 1, &gone);
	for (int i = 0; i < 2; i++) {
		char text[HASH_TEXT_SIZE], command[512];
		hash_format(i ? &gone : &kept, text);
		snprintf(command, sizeof command,
			"mkdir -p .mlops/objects/%.2s && printf "
			"'mlob\\001\\0\\0\\0\\001\\0\\0\\0\\0\\0\\0\\0%c' > .mlops/objects/%.2s/%s && "
			"touch -d '2 days ago' .mlops/objects/%.2s/%s",
			text, "xy"[i], text, text + 2, text, text + 2);
		ck_assert_int_eq(system(command), 0);
	}
	project_again(&project);
	ck_assert(readable(project.store, &kept) && readable(project.store, &gone));
	struct collect_options options = { .dry_run = true, .recent = 2, .command = "test" };
	struct collect_summary summary = collect_options(&project, &options, &kept, 1);
	ck_assert_uint_eq(summary.kept[1].objects, 1);
	ck_assert_uint_eq(summary.freed.objects, 1);
	summary = collect(&project, &kept, 1);
	ck_assert_uint_eq(summary.kept[1].objects, 1);
	ck_assert_uint_eq(summary.freed.objects, 1);
	ck_assert_uint_eq(summary.loose_moved, 1);
	ck_assert_int_eq(
		system("test -z \"$(find .mlops/objects -path '*/objects/[0-9a-f]*' -type f)\""),
		0);
	project_again(&project);
	ck_assert(readable(project.store, &kept) && !readable(project.store, &gone));
	project_close(&project);
}
END_TEST

START_TEST(nothing_goes_that_cannot_be_decided)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	struct hash large = put(&project, 9 << 20, 1), other = put(&project, 100, 2);
	project_again(&project);
	struct index_entry list;
	ck_assert_int_eq(object_find(project.store, &large, &list, &err), 1);
	ck_assert_int_eq(list.kind, ENTRY_LIST);
	char pack[128], command[512];
	storefolder_pack(pack);
	snprintf(command, sizeof command,
		"printf XXXX | dd of=%s bs=1 seek=%ju conv=notrunc status=none", pack,
		(uintmax_t)(list.offset + list.length - 4));
	ck_assert_int_eq(system(command), 0);
	object_store_close(project.store);
	project.store = storefolder_open();
	struct collect_summary summary = collect(&project, &large, 1);
	ck_assert(summary.undecided);
	ck_assert_uint_eq(summary.freed.entries, 0);
	ck_assert_uint_gt(summary.left.entries, 1);
	project_again(&project);
	ck_assert(readable(project.store, &other));
	project_close(&project);
}
END_TEST

/* ---- many at once ---- */

enum { ADDERS = 8, PUTS = 25 };

/* What seed i of adder a is: every third is written down as needed. */
static struct hash adder_hash(int a, int i, struct strbuf *bytes)
{
	struct hash hash;
	storefolder_fill(bytes, 500 + (size_t)(i * 37), (uint64_t)(a * 1000 + i), true);
	hash_bytes(bytes->text, bytes->length, &hash);
	return hash;
}

static int adder(int a)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct error why = ERROR_INIT;
	for (int i = 0; i < PUTS; i++) {
		char path[64];
		struct object_store *store = storefolder_open();
		adder_hash(a, i, &bytes);
		storefolder_put(store, &bytes);
		if (object_store_flush(store, &why) < 0)
			return 1;
		/* The reference is written before the store is closed. */
		snprintf(path, sizeof path, "needed-%d-%d", a, i);
		if (i % 3 == 0)
			workfolder_write(path, "");
		object_store_close(store);
	}
	return 0;
}

/* Reads what is needed, again and again. */
static int reader(void)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct object_store *store = storefolder_open();
	for (int round = 0; round < 40; round++) {
		for (int a = 0; a < ADDERS; a++) {
			char path[64];
			int i = (round * 3) % PUTS / 3 * 3;
			struct error why = ERROR_INIT;
			snprintf(path, sizeof path, "needed-%d-%d", a, i);
			struct hash hash = adder_hash(a, i, &bytes);
			if (file_exists(path) && object_verify(store, &hash, &why) < 0) {
				fprintf(stderr, "# reader: %s\n", why.message);
				return 1;
			}
		}
	}
	object_store_close(store);
	return 0;
}

static int collector(void)
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	for (int round = 0; round < 6; round++) {
		struct project project = project_open();
		struct collect_options options = { .wait = LOCK_FOREVER, .command = "mlops gc" };
		struct collect_summary summary;
		struct collect *collect = NULL;
		if (collect_begin(project.store, &project.workspace, &options, &collect, &err) < 0)
			return 1;
		for (int a = 0; a < ADDERS; a++) {
			for (int i = 0; i < PUTS; i += 3) {
				char path[64];
				struct hash hash = adder_hash(a, i, &bytes);
				snprintf(path, sizeof path, "needed-%d-%d", a, i);
				if (file_exists(path) && collect_keep(collect, &hash, 0, &err) < 0)
					return 1;
			}
		}
		if (collect_finish(collect, &summary, &err) < 0) {
			fprintf(stderr, "# collector: %s\n", err.message);
			return 1;
		}
		collect_free(collect);
		project_close(&project);
		usleep(20000);
	}
	return 0;
}

START_TEST(nothing_is_lost_while_all_work_at_once)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project made = project_open();
	project_close(&made);
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	pid_t children[ADDERS + 3];
	for (int a = 0; a < ADDERS + 3; a++) {
		children[a] = fork_unheard();
		if (children[a] == 0)
			_exit(a < ADDERS ? adder(a) : a == ADDERS ? collector() : reader());
	}
	for (int a = 0; a < ADDERS + 3; a++) {
		int status;
		ck_assert_int_eq(waitpid(children[a], &status, 0), children[a]);
		ck_assert_msg(status == 0, "child %d: %d", a, status);
	}
	struct project project = project_open();
	struct hash kept[ADDERS * PUTS];
	size_t count = 0;
	for (int a = 0; a < ADDERS; a++) {
		for (int i = 0; i < PUTS; i += 3) {
			kept[count] = adder_hash(a, i, &bytes);
			ck_assert(readable(project.store, &kept[count]));
			count++;
		}
	}
	assert_clean(&project);
	collect(&project, kept, count);
	project_again(&project);
	for (size_t i = 0; i < count; i++)
		ck_assert(readable(project.store, &kept[i]));
	struct hash other = adder_hash(0, 1, &bytes);
	ck_assert(!readable(project.store, &other));
	project_close(&project);
}
END_TEST

/* Killed at any time, the store is clean and the next one completes. */
START_TEST(a_killed_collection_is_harmless)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct project project = project_open();
	struct hash hashes[200];
	for (size_t i = 0; i < 200; i++)
		hashes[i] = put(&project, 20000, i);
	project_again(&project);
	project_close(&project);
	for (unsigned moment = 0; moment < 40; moment++) {
		pid_t child = fork_unheard();
		if (child == 0) {
			struct project inner = project_open();
			collect(&inner, hashes, 150 - moment);
			_exit(0);
		}
		usleep(moment * 500);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		project = project_open();
		for (size_t i = 0; i < 150 - moment; i++)
			ck_assert(readable(project.store, &hashes[i]));
		assert_nothing_lost(&project);
		project_close(&project);
	}
	project = project_open();
	collect(&project, hashes, 100);
	project_again(&project);
	for (size_t i = 0; i < 200; i++)
		ck_assert(readable(project.store, &hashes[i]) == (i < 100));
	assert_nothing_lost(&project);
	ck_assert_int_eq(system("test $(ls " STOREFOLDER_PACKS " | wc -l) = 1"), 0);
	project_close(&project);
}
END_TEST

UNIT_MAIN("store/collect", what_nothing_needs_goes, large_contents_keep_their_chunks,
	deltas_keep_their_bases, others_that_put_are_waited_for, readers_survive_a_rewrite,
	leftovers_are_removed, the_first_layout_moves_into_packs,
	nothing_goes_that_cannot_be_decided, nothing_is_lost_while_all_work_at_once,
	a_killed_collection_is_harmless)
