#include "unit.h"

#include "mlops/store/object.h"
#include "mlops/versioning/tree.h"
#include "workfolder.h"

static struct error err;
#define H "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"

static struct tree_entry entry(const char *path, enum tree_kind kind, uint64_t size)
{
	struct tree_entry made = { .path = path, .kind = kind, .size = size };
	hash_bytes("abc", 3, &made.hash);
	return made;
}

START_TEST(the_same_folder_gives_the_same_bytes)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct tree_entry entries[] = { entry("b", TREE_EXECUTABLE, 0), entry("a/z", TREE_FILE, 7),
		entry("a-x", TREE_LINK, 12), entry("a/\\ \n", TREE_FILE, UINT64_MAX - 19) };
	ck_assert_int_eq(tree_sort(entries, 4, &err), 0);
	ck_assert_int_eq(tree_format(entries, 4, &text, &err), 0);
	ck_assert_str_eq(text.text, "mlops-tree 1\n"
				    "link " H " 12 a-x\n"
				    "644 " H " 18446744073709551596 a/\\\\ \\x0a\n"
				    "644 " H " 7 a/z\n"
				    "755 " H " 0 b\n");
	AUTO(tree_release) struct tree tree = { .entries = NULL };
	ck_assert_msg(tree_parse(text.text, text.length, &tree, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(tree.count, 4);
	ck_assert_uint_eq(tree.size, UINT64_MAX);
	ck_assert_str_eq(tree.entries[1].path, "a/\\ \n");
	ck_assert_ptr_eq(tree_find(&tree, "a/z"), &tree.entries[2]);
	ck_assert_int_eq(tree_find(&tree, "a-x")->kind, TREE_LINK);
	ck_assert_ptr_null(tree_find(&tree, "a"));
	ck_assert_ptr_null(tree_find(&tree, "a/zz"));
}
END_TEST

static void refuse(const char *text, const char *why)
{
	struct tree tree;
	ck_assert_msg(
		tree_parse(text, strlen(text), &tree, &err) == -ERROR_INVALID, "taken: %s", text);
	ck_assert_msg(strstr(err.message, why), "%s is not: %s", err.message, why);
}

#define M "mlops-tree 1\n"
START_TEST(hostile_trees)
{
	refuse("", "version 1");
	refuse("mlops-tree 2\n", "version 1");
	refuse(M "644 " H " 1 ../x\n", "'.' or '..'");
	refuse(M "644 " H " 1 /etc/passwd\n", "absolute");
	refuse(M "644 " H " 1 a//b\n", "empty part");
	refuse(M "644 " H " 1 a/.git/hooks/post-checkout\n", ".git");
	refuse(M "644 " H " 1 .MLOPS/config.yaml\n", ".git");
	refuse(M "644 " H " 1 \n", "empty");
	refuse(M "644 " H " 1 a\\x00b\n", "escape");
	refuse(M "644 " H " 1 a\\x41b\n", "escape");
	refuse(M "644 " H " 1 a\\x0Ab\n", "escape");
	refuse(M "644 " H " 1 a\\x5cb\n", "escape");
	refuse(M "644 " H " 1 a\\\n", "escape");
	refuse(M "644 " H " 1 a\tb\n", "control");
	refuse(M "644 " H " 1 b\n644 " H " 1 a\n", "out of order");
	refuse(M "644 " H " 1 a\n644 " H " 1 a\n", "twice");
	refuse(M "644 " H " 1 a\n644 " H " 1 a/b\n", "folder of another");
	refuse(M "link " H " 1 a\n644 " H " 1 a-b\n644 " H " 1 a/b\n", "folder of another");
	refuse(M "644 " H " 1 a/b\n644 " H " 1 a/b-\n644 " H " 1 a/b/c/d\n", "folder of another");
	refuse(M "644 " H " 18446744073709551615 a\n644 " H " 1 b\n", "sum");
	refuse(M "644 " H " 18446744073709551616 a\n", "size");
	refuse(M "644 " H " 01 a\n", "size");
	refuse(M "644 " H " +1 a\n", "size");
	refuse(M "644 " H " a\n", "size");
	refuse(M "4755 " H " 1 a\n", "kind");
	refuse(M "644 6437 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		"hash");
	refuse(M "644 " H " 1 a", "does not end");
	refuse(M "\n\n\n\n", "short");
}
END_TEST

/* Whatever a byte is changed to, the tree is refused or another one, and says the same again. */
START_TEST(changed_bytes_give_no_second_way_of_writing)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_add(&text, M "644 " H " 7 a/\\x0a\nlink " H " 12 a/b\n755 " H " 0 c\n");
	for (size_t i = 0; i < text.length; i++) {
		char old = text.text[i];
		for (int c = 0; c < 256; c++) {
			AUTO(tree_release) struct tree tree = { .entries = NULL };
			AUTO(strbuf_release) struct strbuf again = STRBUF_INIT;
			text.text[i] = (char)c;
			if (tree_parse(text.text, text.length, &tree, &err) < 0)
				continue;
			ck_assert_int_eq(tree_format(tree.entries, tree.count, &again, &err), 0);
			ck_assert_uint_eq(again.length, text.length);
			ck_assert(memcmp(again.text, text.text, text.length) == 0);
		}
		text.text[i] = old;
	}
}
END_TEST

START_TEST(links_stay_inside)
{
	static const struct {
		const char *path, *text;
		bool good;
	} cases[] = {
		{ "l", "a", true },
		{ "l", "a/b/c", true },
		{ "l", "./a", true },
		{ "l", ".", true },
		{ "d/l", "../a", true },
		{ "d/l", "..", true },
		{ "d/e/l", "../../a/b", true },
		{ "d/l", ".//./../a", true },
		{ "l", "...", true },
		{ "l", "..a", true },
		{ "l", "", false },
		{ "l", "/etc/passwd", false },
		{ "l", "..", false },
		{ "l", "../x", false },
		{ "d/l", "../../x", false },
		{ "d/l", "a/../b", false },
		{ "d/l", "../d/../x", false },
		{ "d/e/l", "./../.././../x", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int result = tree_check_link(cases[i].path, cases[i].text, &err);
		ck_assert_msg(result == (cases[i].good ? 0 : -ERROR_INVALID), "%s -> %s",
			cases[i].path, cases[i].text);
	}
}
END_TEST

START_TEST(trees_of_the_store)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(object_store_close) struct object_store *store = NULL;
	AUTO(tree_release) struct tree tree = { .entries = NULL };
	struct tree none;
	struct hash good, bad, missing;
	setenv("MLOPS_FSYNC", "0", 1);
	ck_assert_int_eq(workspace_create(".", &workspace, NULL, &err), 0);
	ck_assert_int_eq(object_store_open(&workspace, &store, &err), 0);
	static const char text[] = M "644 " H " 7 a\n", wrong[] = M "644 " H " 7 ../a\n";
	ck_assert_int_eq(object_put_bytes(store, text, strlen(text), &good, &err), 0);
	ck_assert_int_eq(object_put_bytes(store, wrong, strlen(wrong), &bad, &err), 0);
	hash_bytes("", 0, &missing);
	ck_assert_int_eq(tree_load(store, &good, &tree, &err), 0);
	ck_assert_uint_eq(tree.count, 1);
	ck_assert_int_eq(tree_load(store, &bad, &none, &err), -ERROR_INVALID);
	ck_assert_int_eq(tree_load(store, &missing, &none, &err), -ERROR_NOT_FOUND);
}
END_TEST

UNIT_MAIN("versioning/tree", the_same_folder_gives_the_same_bytes, hostile_trees,
	changed_bytes_give_no_second_way_of_writing, links_stay_inside, trees_of_the_store)
