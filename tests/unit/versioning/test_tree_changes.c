#include "unit.h"

#include <string.h>

#include "mlops/versioning/changes.h"

static struct error err;

enum { MOST = 64 };
struct listing {
	struct tree_entry entries[MOST];
	struct tree tree;
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tree_entry *)a)->path, ((const struct tree_entry *)b)->path);
}

/* "path=content path=content …": the content's first letter stands for its hash. */
static const struct tree *list(struct listing *listing, char *text)
{
	size_t count = 0;
	for (char *save, *word = strtok_r(text, " ", &save); word;
		word = strtok_r(NULL, " ", &save)) {
		struct tree_entry *entry = &listing->entries[count++];
		char *content = strchr(word, '=');
		*content++ = '\0';
		memset(entry, 0, sizeof *entry);
		entry->path = word;
		entry->kind = content[1] == '*' ? TREE_EXECUTABLE : TREE_FILE;
		entry->size = (uint64_t)content[0];
		entry->hash.bytes[0] = (unsigned char)content[0];
	}
	qsort(listing->entries, count, sizeof *listing->entries, by_path);
	listing->tree = (struct tree){ .entries = listing->entries, .count = count };
	return &listing->tree;
}

/* One letter a change: "A path", "M path", "D path", "R from>path". */
static void expect(const char *old_text, const char *new_text, const char *expected)
{
	static const char letters[] = { [CHANGE_ADDED] = 'A',
		[CHANGE_REMOVED] = 'D',
		[CHANGE_MODIFIED] = 'M',
		[CHANGE_MOVED] = 'R' };
	struct listing a, b;
	AUTO_FREE char *x = memory_copy_string(old_text, &err);
	AUTO_FREE char *y = memory_copy_string(new_text, &err);
	AUTO(strbuf_release) struct strbuf got = STRBUF_INIT;
	AUTO(changes_release) struct changes changes;
	ck_assert_int_eq(changes_between(list(&a, x), list(&b, y), &changes, &err), 0);
	for (size_t i = 0; i < changes.count; i++) {
		const struct change *change = &changes.items[i];
		strbuf_printf(&got, "%s%c %s%s%s", i ? " " : "", letters[change->kind],
			change->from ? change->from : "", change->from ? ">" : "", change->path);
		ck_assert(change->has_old == (change->kind != CHANGE_ADDED));
		ck_assert(change->has_new == (change->kind != CHANGE_REMOVED));
	}
	ck_assert_str_eq(got.text, expected);
}

START_TEST(files_come_go_and_change)
{
	expect("", "", "");
	expect("a=x b=y", "a=x b=y", "");
	expect("a=x b=y", "a=x c=z", "D b A c");
	expect("a=x b=y", "a=z b=y", "M a");
	expect("a=x", "a=x*", "M a"); /* the kind of file, too */
}
END_TEST

START_TEST(moves_keep_their_name_if_they_can)
{
	expect("a/one=x b=y", "b=y c/one=x", "R a/one>c/one");
	expect("old=x", "new=x", "R old>new");
	/* Both were x; each finds the one of its name, not the first in order. */
	expect("d/one=x d/two=x", "e/two=x e/zero=x", "R d/two>e/two R d/one>e/zero");
	/* More removals than additions: what is left was removed. */
	expect("a=x b=x c=x", "z=x", "D b D c R a>z");
	/* Two moves of the same name. */
	expect("a/n=x b/n=x", "c/n=x d/n=x", "R a/n>c/n R b/n>d/n");
	/* A copy is no move: the old one is still there. */
	expect("a=x", "a=x b=x", "A b");
}
END_TEST

START_TEST(nothing_on_one_side)
{
	struct listing listing;
	char text[] = "a=x b=y";
	AUTO(changes_release) struct changes all;
	AUTO(changes_release) struct changes none;
	ck_assert_int_eq(changes_between(NULL, list(&listing, text), &all, &err), 0);
	ck_assert_uint_eq(all.count, 2);
	ck_assert_int_eq(all.items[0].kind, CHANGE_ADDED);
	ck_assert(!all.missing);
	ck_assert_int_eq(changes_between(&listing.tree, NULL, &none, &err), 0);
	ck_assert_uint_eq(none.count, 2);
	ck_assert_int_eq(none.items[1].kind, CHANGE_REMOVED);
	ck_assert(none.missing);
	ck_assert_uint_eq(none.n_files, 2);
}
END_TEST

/* Applying what was found to the old listing gives the new one, for random listings. */
START_TEST(changes_lead_from_one_to_the_other)
{
	uint64_t state = 7;
	for (int round = 0; round < 2000; round++) {
		struct tree_entry entries[2][16];
		struct tree trees[2];
		char paths[16][8];
		memset(entries, 0, sizeof entries);
		for (int side = 0; side < 2; side++) {
			size_t count = 0;
			for (int i = 0; i < 16; i++) {
				state = state * 6364136223846793005u + 1442695040888963407u;
				snprintf(paths[i], sizeof paths[i], "%c/%c", 'a' + i / 4,
					'a' + i % 4);
				if (state >> 62 == 0)
					continue;
				entries[side][count].path = paths[i];
				entries[side][count++].hash.bytes[3] =
					(unsigned char)((state >> 40) % 3);
			}
			trees[side] = (struct tree){ .entries = entries[side], .count = count };
		}
		AUTO(changes_release) struct changes changes;
		ck_assert_int_eq(changes_between(&trees[0], &trees[1], &changes, &err), 0);
		int present[16] = { 0 }; /* content + 1 */
		for (size_t i = 0; i < trees[0].count; i++) {
			const char *path = trees[0].entries[i].path;
			present[(path[0] - 'a') * 4 + path[2] - 'a'] =
				trees[0].entries[i].hash.bytes[3] + 1;
		}
		for (size_t i = 0; i < changes.count; i++) {
			const struct change *change = &changes.items[i];
			const char *gone = change->kind == CHANGE_MOVED     ? change->from
					   : change->kind == CHANGE_REMOVED ? change->path
									    : NULL;
			if (gone) {
				int *place = &present[(gone[0] - 'a') * 4 + gone[2] - 'a'];
				ck_assert_int_eq(*place, change->old_hash.bytes[3] + 1);
				*place = 0;
			}
			if (i)
				ck_assert_int_lt(
					strcmp(changes.items[i - 1].path, change->path), 0);
		}
		for (size_t i = 0; i < changes.count; i++) {
			const struct change *change = &changes.items[i];
			if (change->has_new)
				present[(change->path[0] - 'a') * 4 + change->path[2] - 'a'] =
					change->new_hash.bytes[3] + 1;
		}
		for (size_t i = 0; i < trees[1].count; i++) {
			const char *path = trees[1].entries[i].path;
			int *place = &present[(path[0] - 'a') * 4 + path[2] - 'a'];
			ck_assert_int_eq(*place, trees[1].entries[i].hash.bytes[3] + 1);
			*place = 0;
		}
		for (int i = 0; i < 16; i++)
			ck_assert_int_eq(present[i], 0);
	}
}
END_TEST

UNIT_MAIN("versioning/tree_changes", files_come_go_and_change, moves_keep_their_name_if_they_can,
	nothing_on_one_side, changes_lead_from_one_to_the_other)
