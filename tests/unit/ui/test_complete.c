#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "mlops/ui/complete.h"

struct sample_options {
	uint64_t limit;
	int mode;
	const char *path, *shell, *run;
};
static const char *const modes[] = { "fast", "slow", NULL };
static const struct option_spec table[] = {
	OPTION_U64(struct sample_options, limit, 'n', "limit", "N", 1, 9, "a number"),
	OPTION_ENUM(struct sample_options, mode, 0, "mode", "MODE", modes, "a mode"),
	OPTION_PATH(struct sample_options, path, 'o', "output", "FILE", "a file"),
	OPTION_END,
};
static const struct operand_spec operands[] = {
	OPERAND(struct sample_options, shell, 1, "SHELL", COMPLETE_CHOICE, "a shell",
		.choices = (const char *const[]){ "bash", "fish", NULL }),
	OPERAND(struct sample_options, run, 0, "RUN", COMPLETE_RUN, "a run"),
	OPERAND_END,
};
static const struct command child = { .name = "list", .summary = "list them" };
static const struct command *const children[] = { &child, NULL };
static const struct command group = {
	.name = "config", .summary = "settings", .children = children
};
static const struct command sample = { .name = "sample",
	.summary = "a sample",
	.options = table,
	.operands = operands,
	.options_size = sizeof(struct sample_options),
	.needs = COMMAND_JSON };
static const struct command hidden = { .name = "sam", .summary = "x", .needs = COMMAND_HIDDEN };
static const struct command *const commands[] = { &group, &hidden, &sample, NULL };

static void values(struct complete *complete, enum completion kind)
{
	if (kind == COMPLETE_RUN)
		complete_add(complete, "7f3a9c2", "calm-otter");
}

/* words: separated by blanks; a blank at the end begins an empty word. */
static void completes(const char *line, const char *expected)
{
	char copy[256];
	const char *words[32];
	size_t count = 0;
	snprintf(copy, sizeof copy, "%s", line);
	for (char *word = copy; word; word = strchr(word, ' ')) {
		if (count)
			*word++ = '\0';
		words[count++] = word;
	}
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct complete complete = { .commands = commands, .values = values, .out = &out };
	complete_words(&complete, words, count);
	ck_assert_str_eq(out.text, expected);
}

START_TEST(commands_and_children)
{
	completes("", "config\tsettings\nsample\ta sample\n");
	completes("sa", "sample\ta sample\n");
	completes("-C . sa", "sample\ta sample\n");
	completes("config ", "list\tlist them\n");
	completes("config list ", "");
	completes("nonsense ", "");
}
END_TEST

START_TEST(options_and_their_values)
{
	completes("sample --l", "--limit\ta number\n");
	completes("sample --mode ", "fast\nslow\n");
	completes("sample --mode=s", "--mode=slow\n");
	completes("sample --limit ", "");
	completes("sample -o ", ":file\n");
	completes("sample --output=a", ":file\n");
	completes("sample --js", "--json\tanswer with a JSON document\n");
	completes("config list --js", ""); /* it has no JSON answer */
	completes("--color al", "always\n");
	completes("-C ", ":folder\n");
}
END_TEST

START_TEST(operands_by_place)
{
	completes("sample ", "bash\nfish\n");
	completes("sample -n 3 ", "bash\nfish\n");
	completes("sample bash ", "7f3a9c2\tcalm-otter\n");
	completes("sample bash -- ", "7f3a9c2\tcalm-otter\n");
	completes("sample bash x ", "");
	completes("sample -- -", "");
}
END_TEST

UNIT_MAIN("ui/complete", commands_and_children, options_and_their_values, operands_by_place)
