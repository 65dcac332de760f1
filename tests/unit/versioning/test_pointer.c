#include "unit.h"

#include <sys/stat.h>

#include "mlops/versioning/pointer.h"
#include "workfolder.h"

static struct error err;

static void parse(const struct strbuf *text, struct pointer *ret)
{
	ck_assert_msg(pointer_parse("x.mlops", text->text, text->length, ret, &err) == 0, "%s",
		err.message);
}

static struct pointer sample(enum pointer_kind kind)
{
	struct pointer pointer = { .kind = kind,
		.path = memory_copy_string("raw.csv", &err),
		.size = 1048576,
		.n_files = kind == POINTER_FILE ? 1 : 77,
		.mode = kind == POINTER_FILE ? 0644 : 0 };
	hash_bytes("abc", 3, &pointer.hash);
	return pointer;
}

static void add_source(struct pointer *pointer)
{
	pointer->has_source = true;
	pointer->source.url = memory_copy_string("https://example.org/a b?\"x\"", &err);
	pointer->source.revision = memory_copy_string("main", &err);
	pointer->source.commit = memory_copy_string("0123abcd", &err);
	pointer->source.etag = memory_copy_string("\"5d\\8c\"", &err);
}

START_TEST(as_the_format_page_says)
{
	AUTO(pointer_release) struct pointer pointer = sample(POINTER_FILE);
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	ck_assert_int_eq(pointer_format(&pointer, &text, &err), 0);
	/* The hash of "abc" is the published one; the check is that of b3sum over the lines above. */
	ck_assert_str_eq(text.text,
		"# Data that mlops keeps, see mlops-pointer(5); made by 'mlops add'.\n"
		"path: raw.csv\n"
		"blake3: 6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85\n"
		"size: 1048576\n"
		"mode: 0644\n"
		"check: 5016d23fd0aceee9\n");
}
END_TEST

START_TEST(what_is_written_is_read)
{
	static const char *const names[] = { "raw.csv", "a b", "true", "No", "1.csv", "-", "#x",
		"it's", "say \"hi\"", "back\\slash", "tab\there", "del\x7f", "\xc3\xa9t\xc3\xa9",
		"x: y", " lead", "trail " };
	for (size_t i = 0; i < 2 * sizeof names / sizeof *names; i++) {
		AUTO(pointer_release) struct pointer pointer = sample(i % 2);
		AUTO(pointer_release) struct pointer back = { .path = NULL };
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		AUTO(strbuf_release) struct strbuf again = STRBUF_INIT;
		memory_free(pointer.path);
		pointer.path = memory_copy_string(names[i / 2], &err);
		if (i % 3 == 0)
			add_source(&pointer);
		ck_assert_int_eq(pointer_format(&pointer, &text, &err), 0);
		parse(&text, &back);
		ck_assert_str_eq(back.path, pointer.path);
		ck_assert(hash_equal(&back.hash, &pointer.hash));
		ck_assert(back.kind == pointer.kind && back.size == pointer.size);
		ck_assert(back.n_files == pointer.n_files && back.mode == pointer.mode);
		ck_assert(back.has_source == pointer.has_source);
		if (back.has_source) {
			ck_assert_str_eq(back.source.url, pointer.source.url);
			ck_assert_str_eq(back.source.etag, pointer.source.etag);
			ck_assert_ptr_null(back.source.modified);
		}
		ck_assert_int_eq(pointer_format(&back, &again, &err), 0);
		ck_assert_str_eq(text.text, again.text);
	}
}
END_TEST

/* Every byte, each of its bits, one byte more, one less, at each place. */
START_TEST(every_flipped_byte_is_noticed)
{
	for (int kind = POINTER_FILE; kind <= POINTER_FOLDER; kind++) {
		AUTO(pointer_release) struct pointer pointer = sample(kind);
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		struct pointer back = { .path = NULL };
		add_source(&pointer);
		ck_assert_int_eq(pointer_format(&pointer, &text, &err), 0);
		for (size_t i = 0; i < text.length; i++) {
			for (int bit = 0; bit < 8; bit++) {
				text.text[i] ^= (char)(1 << bit);
				ck_assert_int_eq(pointer_parse("x.mlops", text.text, text.length,
							 &back, &err),
					-ERROR_INVALID);
				text.text[i] ^= (char)(1 << bit);
			}
			ck_assert_int_lt(pointer_parse("x.mlops", text.text, i, &back, &err), 0);
			ck_assert_int_lt(pointer_parse("x.mlops", text.text + i + 1,
						 text.length - i - 1, &back, &err),
				0);
		}
		strbuf_add_char(&text, '\n');
		ck_assert_int_lt(pointer_parse("x.mlops", text.text, text.length, &back, &err), 0);
	}
}
END_TEST

/* Lines with a right check that only another writer could have made. */
static void refuse(const char *lines, const char *why)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct pointer back = { .path = NULL };
	struct hash hash;
	strbuf_printf(&text,
		"# Data that mlops keeps, see mlops-pointer(5); made by 'mlops add'.\n%s", lines);
	hash_bytes(text.text, text.length, &hash);
	strbuf_add(&text, "check: ");
	for (int i = 0; i < 8; i++)
		strbuf_printf(&text, "%02x", hash.bytes[i]);
	strbuf_add_char(&text, '\n');
	ck_assert_int_eq(
		pointer_parse("x.mlops", text.text, text.length, &back, &err), -ERROR_INVALID);
	ck_assert_msg(strstr(err.message, why), "%s is not: %s", err.message, why);
}

#define HASH_LINE "blake3: 6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85\n"

START_TEST(hostile_pointers)
{
	refuse("path: \"../x\"\n" HASH_LINE "size: 1\nmode: 0644\n", "'.' or '..'");
	refuse("path: \"/etc/passwd\"\n" HASH_LINE "size: 1\nmode: 0644\n", "absolute");
	refuse("path: a/b\n" HASH_LINE "size: 1\nmode: 0644\n", "more than a name");
	refuse("path: \"..\"\n" HASH_LINE "size: 1\nmode: 0644\n", "'.' or '..'");
	refuse("path: \".Git\"\n" HASH_LINE "size: 1\nmode: 0644\n", ".git");
	refuse("path: \".MLOPS\"\n" HASH_LINE "size: 1\nmode: 0644\n", ".git");
	refuse("path: \"\"\n" HASH_LINE "size: 1\nmode: 0644\n", "empty");
	refuse("path: \"a\\x00b\"\n" HASH_LINE "size: 1\nmode: 0644\n", "NUL");
	refuse("path: \"\xff\"\n" HASH_LINE "size: 1\nmode: 0644\n", "UTF-8");
	refuse("path: a\n" HASH_LINE "size: 1\nmode: 4755\n", "octal");
	refuse("path: a\n" HASH_LINE "size: -1\nmode: 0644\n", "no number");
	refuse("path: a\n" HASH_LINE "size: 01\nmode: 0644\n", "way");
	refuse("path: a\n" HASH_LINE "size: 99999999999999999999\nmode: 0644\n", "no number");
	refuse("path: \"a\"\n" HASH_LINE "size: 1\nmode: 0644\n", "way");
	refuse("path: a\npath: b\n" HASH_LINE "size: 1\nmode: 0644\n", "neither");
	refuse("path: a\n" HASH_LINE "size: 1\nmode: 0644\nextra: 1\n", "check");
	refuse("path: a\n" HASH_LINE "size: 1\nmode: 0644\nsource:\n", "URL");
	refuse("path: a\nblake3: 00\nsize: 1\nmode: 0644\n", "64 digits");
	refuse("", "path");
}
END_TEST

START_TEST(what_git_does_is_named)
{
	struct pointer back = { .path = NULL };
	static const char conflict[] = "<<<<<<< HEAD\nx\n=======\n";
	static const char crlf[] = "# Data that mlops keeps\r\n";
	ck_assert_int_lt(pointer_parse("x", conflict, strlen(conflict), &back, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "conflict"));
	ck_assert_ptr_nonnull(strstr(err.hint, "--ours"));
	ck_assert_int_lt(pointer_parse("x", crlf, strlen(crlf), &back, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.hint, ".gitattributes"));
}
END_TEST

START_TEST(unsafe_paths)
{
	static const char *const good[] = { "a", "a/b", "...", "a..b/.gitx", ".gitignore",
		"a/mlops/.mlopsignore", "x.mlops" };
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", "a/../b",
		"a/./b", "a/.git", ".GIT/config", "a/.mlops/b", ".Mlops" };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_int_eq(pointer_check_path(good[i], &err), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(pointer_check_path(bad[i], &err), -ERROR_INVALID);
	char long_path[POINTER_PATH_LONGEST + 2];
	memset(long_path, 'a', sizeof long_path);
	long_path[POINTER_PATH_LONGEST] = '\0';
	ck_assert_int_eq(pointer_check_path(long_path, &err), 0);
	long_path[POINTER_PATH_LONGEST] = 'a';
	long_path[POINTER_PATH_LONGEST + 1] = '\0';
	ck_assert_int_lt(pointer_check_path(long_path, &err), 0);
}
END_TEST

START_TEST(files_of_pointers)
{
	AUTO(workfolder_leave) struct workfolder work = workfolder_enter();
	AUTO(pointer_release) struct pointer pointer = sample(POINTER_FILE);
	AUTO(pointer_release) struct pointer back = { .path = NULL };
	setenv("MLOPS_FSYNC", "0", 1);
	ck_assert_int_eq(mkdir("d", 0755), 0);
	ck_assert_int_eq(pointer_load("d/raw.csv", &back, &err), -ERROR_NOT_FOUND);
	ck_assert_int_eq(pointer_save("d/raw.csv", &pointer, &err), 0);
	ck_assert_int_eq(pointer_load("d/raw.csv", &back, &err), 0);
	ck_assert_str_eq(back.path, "raw.csv");
	/* Another name is another path, and a link or a pipe is no pointer, whatever it leads to. */
	ck_assert_int_eq(rename("d/raw.csv.mlops", "d/other.mlops"), 0);
	struct pointer none = { .path = NULL };
	ck_assert_int_eq(pointer_load("d/other", &none, &err), -ERROR_INVALID);
	ck_assert_int_eq(symlink("other.mlops", "d/raw.csv.mlops"), 0);
	ck_assert_int_eq(pointer_load("d/raw.csv", &none, &err), -ERROR_INVALID);
	ck_assert_int_eq(pointer_save("d/raw.csv", &pointer, &err), -ERROR_INVALID);
	ck_assert_int_eq(mkfifo("d/pipe.mlops", 0600), 0);
	ck_assert_int_eq(pointer_load("d/pipe", &none, &err), -ERROR_INVALID);
}
END_TEST

UNIT_MAIN("versioning/pointer", as_the_format_page_says, what_is_written_is_read,
	every_flipped_byte_is_noticed, hostile_pointers, what_git_does_is_named, unsafe_paths,
	files_of_pointers)
