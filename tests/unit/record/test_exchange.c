#include "unit.h"

#include <inttypes.h>
#include <math.h>

#include "mlops/base/clock.h"
#include "mlops/git/repository.h"
#include "mlops/record/code.h"
#include "mlops/record/environment.h"
#include "mlops/record/exchange.h"
#include "mlops/record/files.h"
#include "mlops/record/metrics.h"
#include "mlops/record/params.h"
#include "mlops/record/tags.h"
#include "mlops/system/hash.h"
#include "fixture.h"

static char hash_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static char word_main[] = "main", word_data[] = "data.csv", word_late[] = "late.txt";
static char word_model[] = "model.onnx", word_f[] = "f", word_kind[] = "model";
static char hash_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/* All that a peer of that name lacks, as one bundle; remembered as sent if `sent`. */
static size_t bundle_of(struct record *record, const char *peer, bool sent, struct strbuf *buffer)
{
	struct error err = ERROR_INIT;
	AUTO(exchange_part_release) struct exchange_part part = { .runs = NULL };
	OK(exchange_write(record, peer, buffer, &part, &err));
	if (sent)
		OK(exchange_sent(record, peer, &part, &err));
	return part.count;
}

static struct exchange_summary merge_bundle(
	struct record *record, const char *peer, const struct strbuf *bundle)
{
	struct error err = ERROR_INIT;
	struct exchange_summary summary = { 0 };
	OK(exchange_merge(record, peer, "bundle", bundle->text, bundle->length, &summary, &err));
	return summary;
}

/* Every run that has ended, as it travels: what two merged stores must agree on. */
static void dump(struct record *record, struct strbuf *ret)
{
	AUTO(strbuf_release) struct strbuf bundle = STRBUF_INIT;
	bundle_of(record, "nobody", false, &bundle);
	/* Lines by their bytes: stores give runs other numbers. */
	const char *lines[512];
	size_t count = 0;
	for (char *line = strtok(bundle.text, "\n"); line; line = strtok(NULL, "\n"))
		lines[count++] = line;
	ck_assert_uint_lt(count, 512);
	for (size_t i = 1; i < count; i++) {
		for (size_t j = i; j && strcmp(lines[j - 1], lines[j]) > 0; j--) {
			const char *line = lines[j];
			lines[j] = lines[j - 1];
			lines[j - 1] = line;
		}
	}
	for (size_t i = 0; i < count; i++)
		strbuf_printf(ret, "%s\n", lines[i]);
}

static int64_t full_run(struct fixture *fixture, const char *name)
{
	struct error err = ERROR_INIT;
	struct record *record = fixture->record;
	struct run_start start = { .name = name,
		.command = "train",
		.project = "p",
		.arguments = "mlops train",
		.document = "name: p\n",
		.seed = 7 };
	struct repository_state state = { .commit = "0123456789012345678901234567890123456789",
		.branch = word_main,
		.dirty = true };
	struct facts facts = { .items = NULL };
	struct run_resources resources = { 1.5, 1.25, 0.1, 4096, 2 };
	struct run_file file = {
		.path = word_data, .hash = hash_a, .size = 10, .n_rows = 3, .n_columns = -1
	};
	struct metric_point points[] = { { .name = "loss", .step = -3, .value = 0.1, .time = 5 },
		{ .name = "loss", .step = 10, .value = NAN },
		{ .name = "loss", .step = INT64_MAX, .value = INFINITY },
		{ .name = "auc", .step = 0, .value = 1.0 / 3, .low = 0.2, .high = 0.4 } };
	int64_t run = 0;
	OK(run_begin(record, &start, &run, NULL, &err));
	OK(params_set(record, run, "model.C", "0.1", &err));
	OK(facts_add(&facts, "cpu", "a \"chip\"", &err));
	OK(run_environment_set(record, run, &facts, &err));
	facts_release(&facts);
	OK(run_code_set(record, run, &state, hash_a, NULL, &err));
	OK(run_resources_set(record, run, &resources, &err));
	OK(run_file_add(record, run, FILE_INPUT, &file, &err));
	file.hash = hash_b;
	file.path = word_model;
	OK(run_file_add(record, run, FILE_ARTIFACT, &file, &err));
	OK(metrics_log(record, run, points, 4, &err));
	OK(tag_set(record, run, "good", "yes", &err));
	OK(run_finish(record, run, RUN_FINISHED, NULL, &err));
	return run;
}

START_TEST(a_run_arrives_whole)
{
	struct fixture here, there;
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf bundle = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf ours = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf theirs = STRBUF_INIT;
	fixture_make(&here);
	fixture_make(&there);
	full_run(&here, "one");
	fixture_run(&here, "still running");
	ck_assert_uint_eq(bundle_of(here.record, "r", true, &bundle), 1);
	struct exchange_summary summary = merge_bundle(there.record, "r", &bundle);
	ck_assert_uint_eq(summary.added, 1);
	dump(here.record, &ours);
	dump(there.record, &theirs);
	ck_assert_str_eq(ours.text, theirs.text);
	struct metric_series series;
	int64_t run = fixture_integer(&there, "SELECT number FROM runs");
	OK(metric_history(there.record, run, "loss", &series, &err));
	ck_assert_uint_eq(series.count, 3);
	ck_assert_int_eq(series.steps[0], -3);
	ck_assert(isnan(series.values[1]));
	ck_assert(isinf(series.values[2]));
	metric_series_release(&series);
	/* Nothing goes back, and nothing is sent twice. */
	strbuf_clear(&bundle);
	ck_assert_uint_eq(bundle_of(there.record, "r", false, &bundle), 0);
	ck_assert_uint_eq(bundle_of(here.record, "r", false, &bundle), 0);
	ck_assert_uint_eq(bundle.length, 0);
	/* Another peer has nothing yet. */
	ck_assert_uint_eq(bundle_of(there.record, "other", false, &bundle), 1);
	fixture_remove(&here);
	fixture_remove(&there);
}
END_TEST

START_TEST(later_changes_are_noticed)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	fixture_make(&fixture);
	struct record *record = fixture.record;
	int64_t run = full_run(&fixture, "one");
	struct metric_point early = { .name = "loss", .step = 1, .value = 2 };
	struct run_file file = {
		.path = word_late, .hash = hash_a, .size = 1, .n_rows = -1, .n_columns = -1
	};
	for (int i = 0; i < 8; i++) {
		AUTO(strbuf_release) struct strbuf bundle = STRBUF_INIT;
		ck_assert_uint_eq(bundle_of(record, "r", true, &bundle), 1);
		strbuf_clear(&bundle);
		ck_assert_uint_eq(bundle_of(record, "r", true, &bundle), 0);
		if (i == 0)
			OK(tag_set(record, run, "late", NULL, &err));
		else if (i == 1)
			OK(tag_remove(record, run, "late", &err));
		else if (i == 2)
			OK(run_rename(record, run, "two", &err));
		else if (i == 3)
			OK(metrics_log(record, run, &early, 1, &err));
		else if (i == 4)
			OK(run_set_note(record, run, "n", &err));
		else if (i == 5)
			OK(run_file_add(record, run, FILE_ARTIFACT, &file, &err));
		else if (i == 6)
			OK(run_remove(record, run, &err));
		else
			OK(run_restore(record, run, &err));
	}
	size_t pending;
	OK(exchange_pending(record, "r", &pending, &err));
	ck_assert_uint_eq(pending, 1);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(a_purged_run_stays_away)
{
	struct fixture here, there;
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf bundle = STRBUF_INIT;
	fixture_make(&here);
	fixture_make(&there);
	full_run(&here, "one");
	bundle_of(here.record, "r", true, &bundle);
	merge_bundle(there.record, "r", &bundle);
	OK(run_purge(there.record, fixture_integer(&there, "SELECT number FROM runs"), &err));
	struct exchange_summary summary = merge_bundle(there.record, "r", &bundle);
	ck_assert_uint_eq(summary.skipped, 1);
	ck_assert_int_eq(fixture_integer(&there, "SELECT count(*) FROM runs"), 0);
	fixture_remove(&here);
	fixture_remove(&there);
}
END_TEST

static uint64_t next(uint64_t *state, uint64_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 33) % below;
}

/* One random thing that a user does to one of the runs. The clock hardly moves: ties are common. */
static void random_change(struct record *record, uint64_t *state, size_t store)
{
	static const char *const words[] = { "red", "green", "blue" };
	struct error err = ERROR_INIT;
	char clock[64];
	int64_t count = 0, run;
	snprintf(clock, sizeof clock, "2026-01-01T00:00:00.%06" PRIu64 "Z", next(state, 4));
	setenv("MLOPS_TEST_CLOCK", clock, 1);
	ck_assert(database_integer(
			  record_database(record), "SELECT count(*) FROM runs", &count, &err) == 0);
	run = 1 + (int64_t)next(state, (uint64_t)count);
	const char *word = words[next(state, 3)], *other = words[next(state, 3)];
	struct metric_point point = { .name = word,
		.step = (int64_t)next(state, 3),
		.value = next(state, 4) ? (double)next(state, 3) : NAN,
		.time = 1 + (int64_t)next(state, 3) };
	struct run_file file = { .path = word_f,
		.hash = next(state, 2) ? hash_a : hash_b,
		.kind = next(state, 2) ? word_kind : NULL,
		.size = (int64_t)next(state, 2),
		.n_rows = -1,
		.n_columns = -1 };
	int status = 0;
	switch (next(state, 9)) {
	case 0:
	case 1:
		status = tag_set(record, run, word, other, &err);
		break;
	case 2:
		status = tag_remove(record, run, word, &err);
		break;
	case 3:
		status = run_rename(record, run, other, &err);
		break;
	case 4:
		status = run_set_note(record, run, next(state, 3) ? other : NULL, &err);
		break;
	case 5:
		status = next(state, 2) ? run_remove(record, run, &err)
					: run_restore(record, run, &err);
		break;
	case 6:
		status = metrics_log(record, run, &point, 1, &err);
		break;
	case 7:
		status = run_file_add(record, run, FILE_ARTIFACT, &file, &err);
		break;
	default: {
		char name[16];
		snprintf(name, sizeof name, "p%zu", store);
		status = params_set(record, run, name, word, &err);
	}
	}
	ck_assert_msg(status == 0 || err.code == ERROR_NOT_FOUND || err.code == ERROR_EXISTS, "%s",
		err.message);
}

/* Three stores with a common past part, and are merged in each order: all end up the same. */
START_TEST(merging_is_the_same_in_any_order)
{
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
		{ 2, 0, 1 }, { 2, 1, 0 } };
	uint64_t state = (uint64_t)_i * 7919 + 1;
	struct fixture one, two, three, *stores[3] = { &one, &two, &three };
	struct strbuf bundles[3];
	AUTO(strbuf_release) struct strbuf first = STRBUF_INIT;
	for (size_t i = 0; i < 3; i++) {
		AUTO(strbuf_release) struct strbuf past = STRBUF_INIT;
		fixture_make(stores[i]);
		bundles[i] = STRBUF_INIT;
		if (i == 0) {
			full_run(stores[0], "one");
			full_run(stores[0], "two");
			for (int j = 0; j < 10; j++)
				random_change(stores[0]->record, &state, 0);
		} else {
			bundle_of(stores[0]->record, "x", false, &past);
			merge_bundle(stores[i]->record, "x", &past);
		}
	}
	for (size_t i = 0; i < 3; i++) {
		full_run(stores[i], "own");
		for (int j = 0; j < 25; j++)
			random_change(stores[i]->record, &state, i);
		bundle_of(stores[i]->record, "x", false, &bundles[i]);
	}
	for (size_t order = 0; order < 6; order++) {
		struct fixture merged;
		AUTO(strbuf_release) struct strbuf now = STRBUF_INIT;
		AUTO(strbuf_release) struct strbuf both = STRBUF_INIT;
		fixture_make(&merged);
		merge_bundle(merged.record, "x", &bundles[orders[order][0]]);
		merge_bundle(merged.record, "x", &bundles[orders[order][1]]);
		/* Associative: what two have become is merged into the third. */
		bundle_of(merged.record, "y", false, &both);
		struct fixture third;
		fixture_make(&third);
		merge_bundle(third.record, "x", &bundles[orders[order][2]]);
		merge_bundle(third.record, "y", &both);
		merge_bundle(merged.record, "x", &bundles[orders[order][2]]);
		dump(merged.record, &now);
		dump(third.record, &both);
		if (order == 0)
			dump(merged.record, &first);
		ck_assert_str_eq(now.text, first.text);
		ck_assert_ptr_nonnull(strstr(both.text, now.text));
		/* Idempotent. */
		struct exchange_summary again = merge_bundle(merged.record, "x", &bundles[0]);
		ck_assert_uint_eq(again.added + again.changed, 0);
		fixture_remove(&merged);
		fixture_remove(&third);
	}
	/* And in the stores themselves, which have lived. */
	for (size_t i = 0; i < 3; i++) {
		AUTO(strbuf_release) struct strbuf now = STRBUF_INIT;
		merge_bundle(stores[i]->record, "x", &bundles[(i + 1) % 3]);
		merge_bundle(stores[i]->record, "x", &bundles[(i + 2) % 3]);
		dump(stores[i]->record, &now);
		ck_assert_str_eq(now.text, first.text);
	}
	for (size_t i = 0; i < 3; i++) {
		strbuf_release(&bundles[i]);
		fixture_remove(stores[i]);
	}
}
END_TEST

/* Which of two is the greater, seen from both sides. */
START_TEST(the_later_change_wins)
{
	struct fixture here, there;
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf first = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf earlier = STRBUF_INIT;
	AUTO(strbuf_release) struct strbuf later = STRBUF_INIT;
	fixture_make(&here);
	fixture_make(&there);
	int64_t run = full_run(&here, "one");
	bundle_of(here.record, "x", false, &first);
	merge_bundle(there.record, "x", &first);
	setenv("MLOPS_TEST_CLOCK", "2999-01-01T00:00:00Z", 1);
	OK(run_set_note(here.record, run, "z, the earlier", &err));
	OK(run_rename(here.record, run, "zzz", &err));
	OK(tag_set(here.record, run, "good", "z", &err));
	OK(tag_set(here.record, run, "bad", NULL, &err));
	OK(run_remove(here.record, run, &err));
	setenv("MLOPS_TEST_CLOCK", "2999-01-02T00:00:00Z", 1);
	OK(run_set_note(there.record, 1, "a, the later", &err));
	OK(run_rename(there.record, 1, "named", &err));
	OK(tag_set(there.record, 1, "good", "a", &err));
	OK(tag_set(there.record, 1, "bad", NULL, &err));
	OK(tag_remove(there.record, 1, "bad", &err));
	OK(run_remove(there.record, 1, &err));
	OK(run_restore(there.record, 1, &err));
	unsetenv("MLOPS_TEST_CLOCK");
	bundle_of(here.record, "x", false, &earlier);
	bundle_of(there.record, "x", false, &later);
	merge_bundle(here.record, "x", &later);
	merge_bundle(there.record, "x", &earlier);
	for (size_t i = 0; i < 2; i++) {
		struct record *record = i ? there.record : here.record;
		AUTO(run_release) struct run facts = { .number = 0 };
		AUTO(tags_release) struct tags tags = { .items = NULL };
		OK(run_load(record, run, &facts, &err));
		OK(tags_load(record, run, &tags, &err));
		ck_assert_str_eq(facts.note, "a, the later");
		ck_assert_str_eq(facts.name, "named");
		ck_assert_int_eq(facts.removed, 0);
		ck_assert_uint_eq(tags.count, 1);
		ck_assert_str_eq(tags.items[0].value, "a");
	}
	fixture_remove(&here);
	fixture_remove(&there);
}
END_TEST

START_TEST(long_series_travel_in_pieces)
{
	struct fixture here, there;
	struct error err = ERROR_INIT;
	enum { COUNT = 200000 };
	AUTO(strbuf_release) struct strbuf bundle = STRBUF_INIT;
	struct metric_point *points = calloc(COUNT, sizeof *points);
	fixture_make(&here);
	fixture_make(&there);
	int64_t run = fixture_run(&here, "long");
	for (int i = 0; i < COUNT; i++)
		points[i] = (struct metric_point){ .name = "loss",
			.step = i,
			.value = 1.0 / (i + 1),
			.time = 1700000000000000 + i * 1000 };
	OK(metrics_log(here.record, run, points, COUNT, &err));
	OK(run_finish(here.record, run, RUN_FINISHED, NULL, &err));
	ck_assert_uint_eq(bundle_of(here.record, "r", true, &bundle), 1);
	ck_assert_uint_lt(bundle.length, 32 * COUNT);
	merge_bundle(there.record, "r", &bundle);
	struct metric_series series;
	OK(metric_history(there.record, 1, "loss", &series, &err));
	ck_assert_uint_eq(series.count, COUNT);
	for (int i = 0; i < COUNT; i++) {
		ck_assert_int_eq(series.steps[i], i);
		ck_assert(series.values[i] == points[i].value);
		ck_assert_int_eq(series.times[i], points[i].time);
	}
	metric_series_release(&series);
	strbuf_clear(&bundle);
	ck_assert_uint_eq(bundle_of(there.record, "r", true, &bundle), 0);
	free(points);
	fixture_remove(&here);
	fixture_remove(&there);
}
END_TEST

/* Refused whole, with the line, and nothing of it stays. */
START_TEST(hostile_bundles_are_refused)
{
	static const char *const lines[] = { "{\"kind\":\"run\"}", "[]", "{}", "no json",
		"{\"kind\":\"run\",\"id\":\"0123456789abcdef0123456789abcdef\",\"name\":\"../x\"}",
		"{\"kind\":\"run\",\"id\":\"0123456789abcdef0123456789abcdef\",\"name\":\"good\","
		"\"status\":\"running\",\"started\":1,\"ended\":1,\"name_changed\":0,"
		"\"note_changed\":0,\"removed_changed\":0}",
		"{\"kind\":\"run\",\"id\":\"0123456789abcdef0123456789abcdef\",\"name\":\"good\","
		"\"status\":\"finished\",\"started\":1,\"ended\":1,\"name_changed\":0,"
		"\"note_changed\":0,\"removed_changed\":0,\"artifacts\":[[\"../../etc/passwd\","
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",null,1,null,"
		"null]]}",
		"{\"kind\":\"run\",\"id\":\"0123456789abcdef0123456789abcdef\",\"name\":\"good\","
		"\"status\":\"finished\",\"started\":1,\"ended\":1,\"name_changed\":0,"
		"\"note_changed\":0,\"removed_changed\":0,\"artifacts\":[[\"x\",\"aa\",null,1,"
		"null,null]]}",
		"{\"kind\":\"run\",\"id\":\"0123456789abcdef0123456789abcdef\",\"name\":\"good\","
		"\"status\":\"finished\",\"started\":1,\"ended\":1,\"name_changed\":0,"
		"\"note_changed\":0,\"removed_changed\":0,\"environment\":\"[1]\"}",
		"{\"kind\":\"run\",\"id\":\"0123456789abcdef0123456789abcdef\",\"name\":\"good\","
		"\"status\":\"finished\",\"started\":1,\"ended\":1,\"name_changed\":0,"
		"\"note_changed\":0,\"removed_changed\":0,\"points\":[[\"loss\",\"0 1\",\"1\","
		"\"0 1\"]]}" };
	struct fixture fixture;
	fixture_make(&fixture);
	AUTO(strbuf_release) struct strbuf bundle = STRBUF_INIT;
	strbuf_printf(&bundle, "{\"schema\":\"mlops.bundle/1\"}\n%s\n", lines[_i]);
	struct error err = ERROR_INIT;
	struct exchange_summary summary = { 0 };
	int status = exchange_merge(
		fixture.record, "r", "evil", bundle.text, bundle.length, &summary, &err);
	ck_assert_int_eq(status, -ERROR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "evil"));
	ck_assert_uint_eq(summary.added, 0);
	ck_assert_int_eq(fixture_integer(&fixture, "SELECT count(*) FROM runs"), 0);
	fixture_remove(&fixture);
}
END_TEST

START_TEST(unknown_kinds_are_skipped)
{
	struct fixture fixture;
	fixture_make(&fixture);
	AUTO(strbuf_release) struct strbuf bundle = STRBUF_INIT;
	strbuf_add(&bundle, "{\"schema\":\"mlops.bundle/1\"}\n{\"kind\":\"poem\"}\n");
	ck_assert_uint_eq(merge_bundle(fixture.record, NULL, &bundle).skipped, 1);
	fixture_remove(&fixture);
}
END_TEST

static int collect_object(void *context, const char *hash, struct error *err)
{
	strbuf_printf(context, "%.2s ", hash);
	return strbuf_check(context, err);
}

START_TEST(objects_of_a_run)
{
	struct fixture fixture;
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf found = STRBUF_INIT;
	fixture_make(&fixture);
	int64_t run = full_run(&fixture, "one");
	OK(exchange_objects(fixture.record, run, collect_object, &found, &err));
	ck_assert_str_eq(found.text, "aa bb ");
	fixture_remove(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record/exchange");
	const TTest *const tests[] = { a_run_arrives_whole, later_changes_are_noticed,
		a_purged_run_stays_away, the_later_change_wins, long_series_travel_in_pieces,
		unknown_kinds_are_skipped, objects_of_a_run };
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
		TCase *one = tcase_create(tests[i]->name);
		tcase_add_test(one, tests[i]);
		suite_add_tcase(suite, one);
	}
	TCase *random = tcase_create("merging_is_the_same_in_any_order");
	tcase_add_loop_test(random, merging_is_the_same_in_any_order, 0, 12);
	suite_add_tcase(suite, random);
	TCase *hostile = tcase_create("hostile_bundles_are_refused");
	tcase_add_loop_test(hostile, hostile_bundles_are_refused, 0, 10);
	suite_add_tcase(suite, hostile);
	SRunner *runner = srunner_create(suite);
	srunner_set_tap(runner, "-");
	srunner_run_all(runner, CK_SILENT);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
