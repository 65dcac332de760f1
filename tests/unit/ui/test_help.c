#include "unit.h"

#include <string.h>

#include "mlops/base/utf8.h"
#include "mlops/ui/help.h"

struct sample_options {
	uint64_t limit;
	bool reverse, keep;
	const char *sort, *run;
	struct option_list more;
};
static const struct option_spec sample_table[] = {
	OPTION_U64(struct sample_options, limit, 'n', "limit", "N", 1, 1000,
		"show at most so many runs, and with a text that is too long for one line"),
	OPTION_FLAG(struct sample_options, reverse, 0, "reverse", "the oldest first"),
	OPTION_FLAG(struct sample_options, keep, 0, "keep", "keep them"),
	OPTION_STRING(struct sample_options, sort, 0, "a-very-long-name-of-an-option", "FIELD",
		"order by FIELD"),
	OPTION_FLAG(struct sample_options, reverse, 0, "secret", "not shown", .hidden = true),
	OPTION_END,
};
static const struct operand_spec sample_operands[] = {
	OPERAND(struct sample_options, run, 1, "RUN", COMPLETE_RUN, "the run"),
	OPERAND_LIST(struct sample_options, more, 0, "MORE", COMPLETE_RUN, "more of them"),
	OPERAND_END,
};
static const struct command sample_command = {
	.name = "sample",
	.summary = "show something",
	.group = COMMAND_RUNS,
	.options = sample_table,
	.operands = sample_operands,
	.options_size = sizeof(struct sample_options),
	.defaults = &(const struct sample_options){ .limit = 50, .keep = true },
	.needs = COMMAND_JSON,
};
static const struct command hidden_command = {
	.name = "zz", .summary = "hidden", .needs = COMMAND_HIDDEN
};
static const struct command *const sample_children[] = { &sample_command, NULL };
static const struct command group_command = {
	.name = "group", .summary = "a group", .children = sample_children
};
static const struct command *const commands[] = { &group_command, &sample_command, &hidden_command,
	NULL };

START_TEST(a_command_is_shown_as_it_is_used)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	help_command(&sample_command, NULL, &style_plain, &text);
	ck_assert_str_eq(text.text,
		"usage: mlops sample [OPTION...] RUN [MORE...]\n"
		"\n"
		"show something\n"
		"\n"
		"Operands\n"
		"  RUN   the run\n"
		"  MORE  more of them\n"
		"\n"
		"Options\n"
		"  -n, --limit N           show at most so many runs, and with a text that is too\n"
		"                          long for one line (default 50)\n"
		"      --reverse           the oldest first\n"
		"      --[no-]keep         keep them (default on)\n"
		"      --a-very-long-name-of-an-option FIELD\n"
		"                          order by FIELD\n"
		"\n"
		"Common options\n"
		"      --color WHEN  when to use colour: auto, always, never\n"
		"      --json        answer with a JSON document\n"
		"  -q, --quiet       say nothing but errors on stderr\n"
		"  -v, --verbose     say what is done; twice says more\n"
		"  -h, --help        show help and do nothing else\n"
		"\n"
		"The manual: mlops help sample\n");
}
END_TEST

START_TEST(the_overview_groups_and_hides)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	help_overview(commands, &style_plain, &text);
	ck_assert_ptr_nonnull(strstr(text.text, "Look at runs\n  sample      show something\n"));
	ck_assert_ptr_null(strstr(text.text, "zz"));
	struct text rest = { text.text, text.length }, line;
	while (text_split(&rest, '\n', &line))
		ck_assert_uint_le(utf8_width(line), 80);
}
END_TEST

START_TEST(children_are_named_with_their_group)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	help_usage(&sample_command, "group", &text);
	ck_assert_str_eq(text.text, "mlops group sample [OPTION...] RUN [MORE...]\n");
	strbuf_clear(&text);
	help_usage(&group_command, NULL, &text);
	ck_assert_str_eq(text.text, "mlops group COMMAND ...\n");
}
END_TEST

START_TEST(json_tells_the_tables)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct json_writer json;
	json_begin(&json, &text, 0);
	json_object(&json);
	help_json(commands, &json);
	json_end(&json);
	ck_assert_ptr_nonnull(strstr(text.text,
		"{\"name\":\"limit\",\"letter\":\"n\",\"kind\":\"unsigned\",\"argument\":\"N\","));
	ck_assert_ptr_nonnull(
		strstr(text.text, "\"minimum\":1,\"maximum\":1000,\"default\":\"50\""));
	ck_assert_ptr_nonnull(strstr(text.text, "\"hidden\":true"));
	ck_assert_ptr_nonnull(strstr(text.text, "{\"code\":70,"));
}
END_TEST

UNIT_MAIN("ui/help", a_command_is_shown_as_it_is_used, the_overview_groups_and_hides,
	children_are_named_with_their_group, json_tells_the_tables)
