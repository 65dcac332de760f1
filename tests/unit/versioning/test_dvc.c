#include "unit.h"

#include "mlops/versioning/dvc.h"
#include "workfolder.h"

static struct error err;

static struct text view(const char *text)
{
	return text_of(text);
}

static void read_file(const char *file, const char *text, struct dvc_outputs *outputs)
{
	ck_assert_msg(dvc_read_file(file, view(text), outputs, &err) == 0, "%s", err.message);
}

START_TEST(a_file_of_dvc_3)
{
	AUTO(dvc_outputs_release) struct dvc_outputs outputs = DVC_OUTPUTS_INIT;
	read_file("data/raw.csv.dvc",
		"outs:\n- md5: e5ebd4c02cefbe7955977c67ada242b7\n  size: 8\n  hash: md5\n"
		"  isexec: true\n  path: raw.csv\n"
		"- md5: 0545e863e841337a9c6e4e3deb6afade.dir\n  nfiles: 2\n  hash: md5\n"
		"  path: imgs/\n  cache: false\n  unknown: [1]\n",
		&outputs);
	ck_assert_uint_eq(outputs.count, 2);
	const struct dvc_output *file = &outputs.items[0], *folder = &outputs.items[1];
	ck_assert_str_eq(file->path, "data/raw.csv");
	ck_assert_str_eq(file->file, "data/raw.csv.dvc");
	ck_assert(!file->name.folder && !file->name.dos2unix && file->executable && file->cached);
	ck_assert_uint_eq(file->size, 8);
	ck_assert(!file->has_source && !file->stage && !file->unusable);
	ck_assert_str_eq(folder->path, "data/imgs");
	ck_assert(folder->name.folder && !folder->executable && !folder->cached);
	ck_assert_uint_eq(folder->size, UINT64_MAX);
}
END_TEST

START_TEST(a_file_of_dvc_1_with_wdir)
{
	AUTO(dvc_outputs_release) struct dvc_outputs outputs = DVC_OUTPUTS_INIT;
	read_file("meta/x.dvc",
		"md5: 0123456789abcdef0123456789abcdef\nwdir: ../data\ncmd: make\n"
		"outs:\n- md5: e5ebd4c02cefbe7955977c67ada242b7\n  path: ./a/../raw.csv\n"
		"- path: s3://bucket/key\n  etag: abc\n",
		&outputs);
	ck_assert_uint_eq(outputs.count, 2);
	ck_assert_str_eq(outputs.items[0].path, "data/raw.csv");
	ck_assert(outputs.items[0].name.dos2unix);
	ck_assert_ptr_nonnull(outputs.items[1].unusable);
	read_file("empty.dvc", "", &outputs);
}
END_TEST

START_TEST(imports_of_dvc_keep_their_source)
{
	AUTO(dvc_outputs_release) struct dvc_outputs outputs = DVC_OUTPUTS_INIT;
	read_file("a.dvc",
		"frozen: true\ndeps:\n- path: get-started/data.xml\n  repo:\n"
		"    url: https://me:secret@example.org/registry?token=1\n    rev: main\n"
		"    rev_lock: f31f5c4\n"
		"outs:\n- md5: e5ebd4c02cefbe7955977c67ada242b7\n  hash: md5\n  path: a\n",
		&outputs);
	read_file("b.dvc",
		"frozen: true\ndeps:\n- etag: '\"5d-1\"'\n  path: https://example.org/b\n"
		"outs:\n- md5: e5ebd4c02cefbe7955977c67ada242b7\n  hash: md5\n  path: b\n",
		&outputs);
	const struct pointer_source *from_git = &outputs.items[0].source,
				    *from_url = &outputs.items[1].source;
	ck_assert(outputs.items[0].has_source && outputs.items[1].has_source);
	ck_assert_str_eq(from_git->url, "https://example.org/registry");
	ck_assert_str_eq(from_git->path, "get-started/data.xml");
	ck_assert_str_eq(from_git->revision, "main");
	ck_assert_str_eq(from_git->commit, "f31f5c4");
	ck_assert_str_eq(from_url->url, "https://example.org/b");
	ck_assert_str_eq(from_url->etag, "\"5d-1\"");
	ck_assert_ptr_null(from_url->path);
	read_file("c.dvc",
		"frozen: true\ndeps:\n- path: elsewhere/c\n"
		"outs:\n- md5: e5ebd4c02cefbe7955977c67ada242b7\n  hash: md5\n  path: c\n",
		&outputs);
	ck_assert(!outputs.items[2].has_source);
}
END_TEST

START_TEST(hostile_files_are_refused)
{
#define OUT(path) "outs:\n- md5: e5ebd4c02cefbe7955977c67ada242b7\n  hash: md5\n  path: " path "\n"
	static const char *const hostile[] = { OUT("../x"), OUT("/etc/passwd"), OUT("a/../../x"),
		OUT("."), OUT("''"), OUT(".git/hooks/pre-commit"), OUT("a/.GIT/x"), OUT(".mlops/x"),
		OUT(".dvc/config"), OUT("\"a\\0b\""), OUT("[a]"), OUT("../../x") "wdir: ..\n",
		OUT("x") "wdir: /tmp\n", OUT("x") "wdir: ../..\n",
		"outs:\n- md5: e5ebd4c02cefbe7955977c67ada242b7\n  hash: md5\n",
		"outs:\n- md5: ../../../../etc/passwd\n  hash: md5\n  path: x\n",
		"outs:\n- md5: E5ebd4c02cefbe7955977c67ada242b7\n  hash: md5\n  path: x\n",
		OUT("x") "  size: -1\n", "outs: 3\n", "outs: [3]\n", "3\n", "[]\n",
		"outs: &a [*a]\n", "wdir: [1]\n" };
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		AUTO(dvc_outputs_release) struct dvc_outputs outputs = DVC_OUTPUTS_INIT;
		int status = dvc_read_file("x.dvc", view(hostile[i]), &outputs, &err);
		ck_assert_msg(status == -ERROR_INVALID, "%s gave %d", hostile[i], status);
		ck_assert_uint_eq(outputs.count, 0);
	}
}
END_TEST

#define HASHED "hash: md5, md5: e5ebd4c02cefbe7955977c67ada242b7, size: 8"

START_TEST(a_lock_says_what_stages_made)
{
	AUTO(dvc_outputs_release) struct dvc_outputs outputs = DVC_OUTPUTS_INIT;
	int status = dvc_read_lock("sub/dvc.lock",
		view("schema: '2.0'\nstages:\n"
		     "  prep:\n    cmd: x\n    deps: [{path: in, " HASHED "}]\n"
		     "    outs: [{path: m.json, " HASHED "}, {path: out.csv, " HASHED "}]\n"
		     "  fit@1:\n    cmd: x\n    outs: [{path: model, " HASHED "}]\n"),
		view("stages:\n  prep:\n    cmd: x\n    outs: [out.csv]\n"
		     "    metrics: [m.json: {cache: false}]\n"
		     "  fit:\n    foreach: [1]\n    do: {cmd: x, wdir: w, outs: [model]}\n"),
		&outputs, &err);
	ck_assert_msg(status == 0, "%s", err.message);
	ck_assert_uint_eq(outputs.count, 3);
	ck_assert_str_eq(outputs.items[0].path, "sub/m.json");
	ck_assert(!outputs.items[0].cached);
	ck_assert_str_eq(outputs.items[1].stage, "prep");
	ck_assert(outputs.items[1].cached);
	ck_assert_str_eq(outputs.items[2].path, "sub/w/model");
	/* A broken dvc.yaml does not stand in the way. */
	status = dvc_read_lock("dvc.lock",
		view("old:\n  cmd: x\n  outs: [{path: y, md5: "
		     "e5ebd4c02cefbe7955977c67ada242b7}]\n"),
		view("{{{"), &outputs, &err);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(outputs.count, 4);
	ck_assert(outputs.items[3].name.dos2unix);
}
END_TEST

static const char listing[] =
	"[{\"md5\": \"0cc9cd4dd26c5137b675a0d819cb9ab0\", \"relpath\": \"a b\"}, "
	"{\"md5\": \"338c482ea9380021306a830e0f0e2f5c\", \"relpath\": \"del\\u007f\"}, "
	"{\"md5\": \"6c570168892b4267df20012c8e34e8a0\", \"relpath\": \"q\\\"\\\\z\"}, "
	"{\"md5\": \"4d9f3411efd40dc40e8b3485cd3f39e4\", \"relpath\": \"tab\\tx\"}, "
	"{\"md5\": \"db0f929ef4c6c52075fdc77d5da06773\", \"relpath\": \"\\u00e4/\\u00f6\"}, "
	"{\"md5\": \"2a02eac39d716a70ecf37579185927b6\", \"relpath\": \"\\ud83d\\ude00\"}]";

static void digest_text(const char *bytes, size_t count, const char *expected)
{
	AUTO(md5_release) struct md5 state = { .context = NULL };
	struct md5_digest digest;
	char text[MD5_TEXT_SIZE];
	ck_assert_int_eq(md5_init(&state, &err), 0);
	ck_assert_int_eq(md5_update(&state, bytes, count, &err), 0);
	ck_assert_int_eq(md5_finish(&state, &digest, &err), 0);
	md5_format(&digest, text);
	ck_assert_str_eq(text, expected);
}

/* Made with dvc_data 3.18 and Python's json. */
START_TEST(listings_read_and_write_as_dvc)
{
	AUTO(dvc_listing_release) struct dvc_listing read = { .items = NULL };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	int status = dvc_read_listing("x.dir", view(listing), &read, &err);
	ck_assert_msg(status == 0, "%s", err.message);
	ck_assert_uint_eq(read.count, 6);
	ck_assert_str_eq(read.items[4].path, "\xc3\xa4/\xc3\xb6");
	ck_assert_int_eq(dvc_format_listing(read.items, read.count, &text, &err), 0);
	ck_assert_str_eq(text.text, listing);
	digest_text(text.text, text.length, "77819759631873d1ec866c858f3324fc");
}
END_TEST

/* The vector of DVC's own tests: {foo: "foo", bar: "bar"}. */
START_TEST(listings_have_the_name_of_dvc)
{
	struct dvc_listed items[] = { { .path = "bar" }, { .path = "foo" } };
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	ck_assert(md5_parse(TEXT("37b51d194a7513e45b56f6524f2d51f2"), &items[0].md5));
	ck_assert(md5_parse(TEXT("acbd18db4cc2f85cedef654fccc4a4d8"), &items[1].md5));
	ck_assert_int_eq(dvc_format_listing(items, 2, &text, &err), 0);
	digest_text(text.text, text.length, "5ea40360f5b4ec688df672a4db9c17d1");
}
END_TEST

START_TEST(hostile_listings_are_refused)
{
#define ENTRY(path) "{\"md5\": \"acbd18db4cc2f85cedef654fccc4a4d8\", \"relpath\": \"" path "\"}"
	static const char *const good[] = { "[]", " [ ]\n", "[" ENTRY("a") "," ENTRY("a.b") "]",
		"[{\"relpath\": \"}{]\\\"\", \"md5\": \"acbd18db4cc2f85cedef654fccc4a4d8\"}]" };
	static const char *const hostile[] = { "", "{}", "[", "[" ENTRY("a"), "[" ENTRY("a") ",]",
		"[]]", "[] []", "[1]", "[" ENTRY("../a") "]", "[" ENTRY("/a") "]",
		"[" ENTRY("a/../b") "]", "[" ENTRY("a//b") "]", "[" ENTRY("") "]",
		"[" ENTRY("a/.git/config") "]", "[" ENTRY("a\\u0000b") "]",
		"[" ENTRY("a") "," ENTRY("a") "]",
		"[" ENTRY("a") "," ENTRY("a.b") "," ENTRY("a/b/c") "]",
		"[{\"md5\": \"../x\", \"relpath\": \"a\"}]", "[{\"relpath\": \"a\"}]",
		"[{\"md5\": 3, \"relpath\": \"a\"}]", "[" ENTRY("\xff") "]",
		"[{\"md5\": \"acbd18db4cc2f85cedef654fccc4a4d8\", \"relpath\": \"a" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		AUTO(dvc_listing_release) struct dvc_listing read = { .items = NULL };
		ck_assert_msg(dvc_read_listing("x.dir", view(good[i]), &read, &err) == 0, "%s: %s",
			good[i], err.message);
	}
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		AUTO(dvc_listing_release) struct dvc_listing read = { .items = NULL };
		int status = dvc_read_listing("x.dir", view(hostile[i]), &read, &err);
		ck_assert_msg(status == -ERROR_INVALID, "%s gave %d", hostile[i], status);
	}
}
END_TEST

static void digest_file(const char *path, const char *dos2unix, const char *plain)
{
	struct md5_digest first, second;
	char text[MD5_TEXT_SIZE];
	int fd = file_open(path, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dvc_digest(fd, path, &first, &second, &err), 0);
	file_close(&fd);
	md5_format(&first, text);
	ck_assert_str_eq(text, plain);
	md5_format(&second, text);
	ck_assert_str_eq(text, dos2unix);
}

static void write_bytes(const char *path, const char *bytes, size_t count)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
	ck_assert_int_eq(fclose(file), 0);
}

/* Made with dvc_data 3.18, fobj_md5(…, name="md5-dos2unix"). */
START_TEST(old_hashes_are_those_of_dvc)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(strbuf_release) struct strbuf big = STRBUF_INIT;
	write_bytes("a", "a,b\r\n1,2\r\n", 10);
	digest_file("a", "e5ebd4c02cefbe7955977c67ada242b7", "b202f333fba4fd38d4b8e5e693077aab");
	write_bytes("a", "a\0b\r\n", 5);
	digest_file("a", "4d42a3a6c766fd894c6f083473dc8f91", "4d42a3a6c766fd894c6f083473dc8f91");
	write_bytes("a", "\x80\x80\x80\r\nabcde", 10);
	digest_file("a", "21291773fe9831240287bc6da5f2e391", "68fcfb617231488ac239f5e8c7e27c1f");
	write_bytes("a", "\x80\x80\x80\x80\r\nabcd", 10);
	digest_file("a", "6ab43f5c45d19934c1e7a42fe8faafeb", "6ab43f5c45d19934c1e7a42fe8faafeb");
	/* CR and LF on both sides of a border between pieces. */
	strbuf_add(&big, "x");
	for (int i = 0; i < 65536; i++)
		strbuf_add(&big, "0123456789abcd\r\n");
	for (int i = 0; i < 10; i++)
		strbuf_add(&big, "\r\n");
	write_bytes("a", big.text, big.length);
	digest_file("a", "e5227c28438f76fc328a904ab0662cf7", "cc84cd446032b9441c8f61a2ac148c11");
	/* Text first, binary in the second piece. */
	strbuf_clear(&big);
	for (int i = 0; i < 400000; i++)
		strbuf_add(&big, "a\r\n");
	strbuf_truncate(&big, 1 << 20);
	for (int i = 0; i < 50; i++)
		strbuf_add_bytes(&big, "\0\r\n", 3);
	strbuf_add(&big, "tail\r\n");
	write_bytes("a", big.text, big.length);
	digest_file("a", "041dd01e6193000c6bbf52aca549264c", "5cbb16cb25da4ad6eff9e32f7591550c");
}
END_TEST

START_TEST(repositories_name_their_cache)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(dvc_repository_release) struct dvc_repository repository = { .root = NULL };
	ck_assert_int_eq(dvc_repository_open(".", &repository, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(directory_make(".dvc", &err) | directory_make("a/b", &err), 0);
	workfolder_write(".dvcignore", "# nothing\n\n");
	ck_assert_int_eq(dvc_repository_open("a/b", &repository, &err), 0);
	ck_assert_str_eq(repository.cache + strlen(repository.root), "/.dvc/cache");
	ck_assert(!repository.has_ignore);
	dvc_repository_release(&repository);
	workfolder_write(".dvcignore", "*.tmp\n");
	workfolder_write(".dvc/config",
		"[core]\n    dir = no\n[cache]\n    dir = '../shared cache'\n"
		"['remote \"r\"']\n    url = x\n    dir = no\n");
	ck_assert_int_eq(dvc_repository_open(".", &repository, &err), 0);
	ck_assert_str_eq(repository.cache + strlen(repository.root), "/shared cache");
	ck_assert(repository.has_ignore);
	dvc_repository_release(&repository);
	workfolder_write(".dvc/config.local", "[cache]\ndir=/var/cache/dvc\n");
	ck_assert_int_eq(dvc_repository_open(".", &repository, &err), 0);
	ck_assert_str_eq(repository.cache, "/var/cache/dvc");
}
END_TEST

static void count_refused(void *context, const char *file, const struct error *why)
{
	(void)why;
	ck_assert_str_eq(file, "bad.dvc");
	++*(int *)context;
}

START_TEST(both_layouts_are_found_and_verified)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(dvc_repository_release) struct dvc_repository repository = { .root = NULL };
	AUTO(dvc_outputs_release) struct dvc_outputs outputs = DVC_OUTPUTS_INIT;
	struct file_facts facts;
	int refused = 0;
	ck_assert_int_eq(directory_make(".dvc/cache/files/md5/ac", &err), 0);
	ck_assert_int_eq(directory_make(".dvc/cache/37", &err), 0);
	ck_assert_int_eq(directory_make("data/.git", &err), 0);
	ck_assert_int_eq(directory_make("deep/er", &err), 0);
	workfolder_write(".dvc/cache/files/md5/ac/bd18db4cc2f85cedef654fccc4a4d8", "foo");
	workfolder_write(".dvc/cache/37/b51d194a7513e45b56f6524f2d51f2", "baz"); /* damaged */
	workfolder_write(".dvc/cache/hidden.dvc", OUT("hidden"));
	workfolder_write("data/other.dvc", OUT("other"));
	workfolder_write("deep/er/x.dvc", "outs:\n- md5: acbd18db4cc2f85cedef654fccc4a4d8\n"
					  "  hash: md5\n  path: x\n");
	workfolder_write("a.dvc", "outs:\n- md5: 37b51d194a7513e45b56f6524f2d51f2\n  path: a\n");
	workfolder_write("bad.dvc", OUT("/etc/passwd"));
	ck_assert_int_eq(dvc_repository_open(".", &repository, &err), 0);
	ck_assert_int_eq(dvc_collect(&repository, &outputs, count_refused, &refused, &err), 0);
	ck_assert_int_eq(refused, 1);
	ck_assert_uint_eq(outputs.count, 2);
	ck_assert_str_eq(outputs.items[0].path, "a");
	ck_assert_str_eq(outputs.items[1].path, "deep/er/x");
	AUTO_FREE char *old = dvc_cache_find(&repository, &outputs.items[0].name, &err);
	AUTO_FREE char *new = dvc_cache_find(&repository, &outputs.items[1].name, &err);
	ck_assert(old && new);
	ck_assert_int_eq(dvc_verify(old, &outputs.items[0].name, &facts, &err), -ERROR_CORRUPT);
	ck_assert_int_eq(dvc_verify(new, &outputs.items[1].name, &facts, &err), 0);
	ck_assert_uint_eq(facts.size, 3);
	outputs.items[1].name.md5.bytes[3] ^= 1;
	ck_assert_ptr_null(dvc_cache_find(&repository, &outputs.items[1].name, &err));
}
END_TEST

UNIT_MAIN("versioning/dvc", a_file_of_dvc_3, a_file_of_dvc_1_with_wdir,
	imports_of_dvc_keep_their_source, hostile_files_are_refused, a_lock_says_what_stages_made,
	listings_read_and_write_as_dvc, listings_have_the_name_of_dvc, hostile_listings_are_refused,
	old_hashes_are_those_of_dvc, repositories_name_their_cache,
	both_layouts_are_found_and_verified)
