#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mlops/document/json_reader.h"
#include "mlops/document/yaml.h"

START_TEST(document_file_reads)
{
	AUTO(document_release) struct document yaml = { .root = NULL }, json = { .root = NULL };
	struct error err = ERROR_INIT;
	char path[] = "/tmp/test_document_XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_eq(write(fd, "{\"a\": 1}\n", 9), 9);
	close(fd);
	ck_assert_int_eq(yaml_read_file(path, &yaml, &err), 0);
	ck_assert_int_eq(json_read_file(path, &json, &err), 0);
	ck_assert(value_equal(yaml.root, json.root));
	ck_assert_str_eq(yaml.file, path);
	ck_assert_str_eq(json.source, "{\"a\": 1}\n");
	unlink(path);
	struct document none;
	ck_assert_int_eq(yaml_read_file(path, &none, &err), -ERROR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.message, path));
}
END_TEST

UNIT_MAIN("document/document_file", document_file_reads)
