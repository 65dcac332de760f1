#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/base/strbuf.h"

static void assert_same_as_file(const struct embedded_file *file)
{
	AUTO(strbuf_release) struct strbuf path = STRBUF_INIT;
	const char *root = getenv("MLOPS_SOURCE_ROOT");
	ck_assert_ptr_nonnull(root);
	bool example = strncmp(file->name, "examples/", 9) == 0;
	strbuf_printf(&path, "%s/%s%s", root, example ? "" : "schemas/", file->name);
	FILE *stream = fopen(path.text, "rb");
	ck_assert_msg(stream != NULL, "%s", path.text);
	AUTO(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	for (int c; (c = getc(stream)) != EOF;)
		strbuf_add_char(&bytes, (char)c);
	fclose(stream);
	ck_assert_uint_eq(bytes.length, file->text.length);
	ck_assert_mem_eq(bytes.text, file->text.at, bytes.length);
	ck_assert_int_eq(file->text.at[file->text.length], '\0');
}

START_TEST(embedded_files_equal_those_on_disk)
{
	size_t count;
	const struct embedded_file *files = embedded_files("", &count);
	ck_assert_uint_ge(count, 1);
	for (size_t i = 0; i < count; i++) {
		if (i)
			ck_assert_int_lt(strcmp(files[i - 1].name, files[i].name), 0);
		assert_same_as_file(&files[i]);
		ck_assert_ptr_eq(embedded_text(files[i].name).at, files[i].text.at);
	}
}
END_TEST

START_TEST(embedded_prefix_is_a_slice)
{
	size_t count;
	const struct embedded_file *files = embedded_files("project.", &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(files[0].name, "project.schema.json");
	embedded_files("zzz", &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(embedded_text("project.schema").at);
	ck_assert_ptr_null(embedded_text("").at);
}
END_TEST

UNIT_MAIN("base/embedded", embedded_files_equal_those_on_disk, embedded_prefix_is_a_slice)
