#include "unit.h"

#include "mlops/database/database.h"
#include "mlops/store/check.h"
#include "store/object_internal.h"
#include "storefolder.h"

static struct error err;

#define OK(call) ck_assert_msg((call) == 0, "%s", err.message)

static struct workspace found(void)
{
	struct workspace workspace;
	OK(workspace_find(".", &workspace, &err));
	return workspace;
}

static int show(void *context, const struct check_problem *problem, struct error *error)
{
	struct strbuf *text = context;
	ck_assert(problem->what[0]);
	strbuf_printf(text, "%s ", check_kind_name(problem->kind));
	return strbuf_check(text, error);
}

/* The kinds of what a check finds; opens the store anew. */
static struct strbuf checked(bool quick, uint64_t *ret_bad)
{
	struct strbuf text = STRBUF_INIT;
	AUTO(workspace_release) struct workspace workspace = found();
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	AUTO(check_summary_release) struct check_summary summary;
	struct check_options options = { .quick = quick };
	OK(check_store(store, &workspace, &options, show, &text, &summary, &err));
	if (ret_bad)
		*ret_bad = summary.bad.count;
	return text;
}

#define EXPECT(quick, expected)                                                                    \
	do {                                                                                       \
		AUTO(strbuf_release) struct strbuf text_ = checked(quick, NULL);                   \
		ck_assert_str_eq(text_.text, expected);                                            \
	} while (0)

/* A small content, a version of it, and a large one. */
static void fill(struct hash hashes[3])
{
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	AUTO(object_store_close) struct object_store *store = storefolder_open();
	storefolder_fill(&bytes, 3000, 1, true);
	hashes[0] = storefolder_put(store, &bytes);
	bytes.text[1500]++;
	OK(object_put_version(store, bytes.text, bytes.length, &hashes[0], &hashes[1], &err));
	storefolder_fill(&bytes, 300, 2, false);
	hashes[2] = storefolder_put(store, &bytes);
	OK(object_store_flush(store, &err));
}

static void flip(const char *path, size_t offset, unsigned char mask)
{
	FILE *file = fopen(path, "r+b");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseek(file, (long)offset, SEEK_SET), 0);
	int byte = fgetc(file);
	ck_assert_int_eq(fseek(file, (long)offset, SEEK_SET), 0);
	fputc(byte ^ mask, file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_store_that_is_well)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct hash hashes[3];
	fill(hashes);
	EXPECT(false, "");
	EXPECT(true, "");
}
END_TEST

/* Every byte of a pack, one bit of it: it is found, every time. */
START_TEST(every_flipped_byte_is_found)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct hash hashes[3];
	char path[128];
	struct file_facts facts;
	fill(hashes);
	storefolder_pack(path);
	OK(file_facts(path, &facts, &err));
	for (size_t i = 0; i < facts.size; i += i < 400 || i + 400 > facts.size ? 1 : 7) {
		flip(path, i, (unsigned char)(1 << (i % 8)));
		AUTO(strbuf_release) struct strbuf text = checked(false, NULL);
		ck_assert_msg(text.length > 0, "byte %zu", i);
		flip(path, i, (unsigned char)(1 << (i % 8)));
	}
	EXPECT(false, "");
}
END_TEST

START_TEST(index_and_packs_are_compared_both_ways)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct hash hashes[3];
	static const char *const changes[][2] = {
		{ "DELETE FROM entries WHERE \"offset\" = 16", "unindexed " },
		{ "UPDATE entries SET size = size + 1 WHERE \"offset\" = 16", "index " },
		{ "UPDATE entries SET \"offset\" = 17 WHERE \"offset\" = 16", "damaged " },
		{ "UPDATE entries SET pack = 99 WHERE \"offset\" = 16", "lost " },
	};
	fill(hashes);
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct database *database;
		ck_assert_int_eq(system("cp .mlops/mlops.db copy"), 0);
		OK(database_open(".mlops/mlops.db", DATABASE_WRITE, &database, &err));
		OK(database_execute(database, changes[i][0], &err));
		database_close(database);
		AUTO(strbuf_release) struct strbuf text = checked(false, NULL);
		ck_assert_msg(strstr(text.text, changes[i][1]), "%s: %s", changes[i][0], text.text);
		/* And the index is made again from the pack. */
		AUTO(workspace_release) struct workspace workspace = found();
		AUTO(object_store_close) struct object_store *store = storefolder_open();
		struct check_repair repair = { .adopted = 0 };
		OK(check_rebuild(store, &workspace, 0, "test", NULL, &repair, &err));
		for (size_t j = 0; j < 3; j++)
			OK(object_verify(store, &hashes[j], &err));
		object_store_close(store);
		store = NULL;
		EXPECT(false, "");
	}
}
END_TEST

START_TEST(a_pack_that_is_gone_or_short)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	struct hash hashes[3];
	char path[128], command[512];
	uint64_t bad;
	fill(hashes);
	storefolder_pack(path);
	snprintf(command, sizeof command, "cp %s copy && truncate -s -10 %s", path, path);
	ck_assert_int_eq(system(command), 0);
	EXPECT(true, "lost ");
	AUTO(strbuf_release) struct strbuf text = checked(false, &bad);
	ck_assert_uint_ge(bad, 1);
	snprintf(command, sizeof command, "rm %s", path);
	ck_assert_int_eq(system(command), 0);
	EXPECT(true, "lost lost lost ");
	strbuf_release(&text);
	text = checked(false, &bad);
	ck_assert_uint_eq(bad, 3);
	snprintf(command, sizeof command, "cp copy %s", path);
	ck_assert_int_eq(system(command), 0);
	EXPECT(false, "");
}
END_TEST

/* A content is put again from a file, in the place of what is damaged, and the damage goes. */
START_TEST(a_content_is_restored)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct hash hashes[3], large;
	char path[128];
	fill(hashes);
	storefolder_fill(&bytes, 9 << 20, 3, true);
	FILE *file = fopen("large", "wb");
	ck_assert_uint_eq(fwrite(bytes.text, 1, bytes.length, file), bytes.length);
	fclose(file);
	struct object_store *store = storefolder_open();
	large = storefolder_put(store, &bytes);
	OK(object_store_flush(store, &err));
	object_store_close(store);
	storefolder_pack(path);
	flip(path, 3 << 20, 4);
	flip(path, 7 << 20, 4);
	AUTO(strbuf_release) struct strbuf text = checked(false, NULL);
	ck_assert_ptr_nonnull(strstr(text.text, "damaged "));
	ck_assert_ptr_nonnull(strstr(text.text, "broken "));
	AUTO(workspace_release) struct workspace workspace = found();
	store = storefolder_open();
	ck_assert_int_eq(
		check_restore_file(store, &workspace, &hashes[0], "large", &err), -ERROR_INVALID);
	struct check_repair repair = { .adopted = 0 };
	OK(check_rebuild(store, &workspace, 0, "test", NULL, &repair, &err));
	OK(check_restore_file(store, &workspace, &large, "large", &err));
	OK(check_drop_damage(store, &repair, &err));
	ck_assert_uint_eq(repair.packs_rewritten, 1);
	object_store_close(store);
	EXPECT(false, "");
	store = storefolder_open();
	OK(object_verify(store, &large, &err));
	for (size_t j = 0; j < 3; j++)
		OK(object_verify(store, &hashes[j], &err));
	object_store_close(store);
	ck_assert_int_eq(system("test -z \"$(ls .mlops/tmp)\""), 0);
}
END_TEST

UNIT_MAIN("store/check", a_store_that_is_well, every_flipped_byte_is_found,
	index_and_packs_are_compared_both_ways, a_pack_that_is_gone_or_short, a_content_is_restored)
