#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "mlops/system/terminal.h"
#include "mlops/ui/option_parse.h"

struct sample_options {
	bool stratify;
	unsigned twice;
	uint64_t limit, bytes;
	int64_t shift;
	double rate, wait;
	const char *sort, *path;
	int mode;
	struct option_list set;
	struct option_pairs pairs;
	const char *first;
	struct option_list rest;
};

static const char *const sample_modes[] = { "fast", "slow", NULL };

static const struct option_spec sample_table[] = {
	OPTION_FLAG(struct sample_options, stratify, 0, "stratify", "a flag"),
	OPTION_COUNT(struct sample_options, twice, 't', "twice", "a count"),
	OPTION_U64(struct sample_options, limit, 'n', "limit", "N", 1, 1000, "a number"),
	OPTION_SIZE(struct sample_options, bytes, 0, "bytes", "SIZE", 0, 1 << 30, "a size"),
	OPTION_I64(struct sample_options, shift, 0, "shift", "N", -5, 5, "a signed number"),
	OPTION_F64(struct sample_options, rate, 0, "rate", "X", 0, 1, "a share"),
	OPTION_DURATION(struct sample_options, wait, 0, "wait", "TIME", 0, 1e6, "a time"),
	OPTION_STRING(struct sample_options, sort, 0, "sort", "FIELD", "a text"),
	OPTION_PATH(struct sample_options, path, 'o', "output", "FILE", "a path"),
	OPTION_ENUM(struct sample_options, mode, 0, "mode", "MODE", sample_modes, "a choice"),
	OPTION_LIST(struct sample_options, set, 0, "column", "NAME", "a list"),
	OPTION_PAIRS(struct sample_options, pairs, 0, "set", "KEY=VALUE", "pairs"),
	OPTION_END,
};
static const struct operand_spec sample_operands[] = {
	OPERAND(struct sample_options, first, 1, "FIRST", COMPLETE_NOTHING, "the first"),
	OPERAND_LIST(struct sample_options, rest, 0, "REST", COMPLETE_FILE, "the rest"),
	OPERAND_END,
};
static const struct command sample_command = {
	.name = "sample",
	.summary = "a command",
	.options = sample_table,
	.operands = sample_operands,
	.options_size = sizeof(struct sample_options),
	.defaults = &(const struct sample_options){ .limit = 50, .stratify = true },
};

enum { WORDS_MOST = 64 };
struct sample {
	struct sample_options options;
	struct globals globals;
	struct arena arena;
	struct error err;
	char line[1024];
};

/* Parses a line of words; the last words of a failure are in sample->err. */
static int sample_parse(struct sample *sample, const char *line)
{
	const char *words[WORDS_MOST];
	size_t count = 0;
	*sample = (struct sample){ .arena = ARENA_INIT(1 << 20) };
	snprintf(sample->line, sizeof sample->line, "%s", line);
	for (char *word = strtok(sample->line, " "); word; word = strtok(NULL, " "))
		words[count++] = word;
	words[count] = NULL;
	struct arguments arguments = { .items = words, .count = count };
	return option_parse(&sample_command, &arguments, &sample->options, &sample->globals,
		&sample->arena, &sample->err);
}

static void sample_refuses(const char *line, const char *message, const char *hint)
{
	struct sample sample;
	ck_assert_int_eq(sample_parse(&sample, line), -ERROR_USAGE);
	ck_assert_str_eq(sample.err.message, message);
	if (hint)
		ck_assert_str_eq(sample.err.hint, hint);
	arena_release(&sample.arena);
}

START_TEST(every_kind_is_read)
{
	struct sample sample;
	ck_assert_int_eq(sample_parse(&sample,
				 "--no-stratify -tt --twice --limit=7 --bytes 10KiB --shift -3 "
				 "--rate 0.25 --wait 1m30s --sort=a=b -oout.csv --mode slow a "
				 "--column x --column y --set k=v=w b c"),
		0);
	const struct sample_options *options = &sample.options;
	ck_assert(!options->stratify);
	ck_assert_uint_eq(options->twice, 3);
	ck_assert_uint_eq(options->limit, 7);
	ck_assert_uint_eq(options->bytes, 10240);
	ck_assert_int_eq(options->shift, -3);
	ck_assert_double_eq(options->rate, 0.25);
	ck_assert_double_eq(options->wait, 90);
	ck_assert_str_eq(options->sort, "a=b");
	ck_assert_str_eq(options->path, "out.csv");
	ck_assert_int_eq(options->mode, 1);
	ck_assert_uint_eq(options->set.count, 2);
	ck_assert_str_eq(options->set.items[1], "y");
	ck_assert_ptr_null(options->set.items[2]);
	ck_assert_uint_eq(options->pairs.count, 1);
	ck_assert_str_eq(options->pairs.items[0].key, "k");
	ck_assert_str_eq(options->pairs.items[0].value, "v=w");
	ck_assert_str_eq(options->first, "a");
	ck_assert_uint_eq(options->rest.count, 2);
	ck_assert_str_eq(options->rest.items[1], "c");
	arena_release(&sample.arena);
}
END_TEST

START_TEST(defaults_hold_and_the_last_wins)
{
	struct sample sample;
	ck_assert_int_eq(sample_parse(&sample, "a"), 0);
	ck_assert_uint_eq(sample.options.limit, 50);
	ck_assert(sample.options.stratify);
	arena_release(&sample.arena);
	ck_assert_int_eq(sample_parse(&sample, "a -n 3 -n 4 --no-stratify --stratify"), 0);
	ck_assert_uint_eq(sample.options.limit, 4);
	ck_assert(sample.options.stratify);
	arena_release(&sample.arena);
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
	struct sample sample;
	ck_assert_int_eq(sample_parse(&sample, "-- --limit -"), 0);
	ck_assert_str_eq(sample.options.first, "--limit");
	ck_assert_str_eq(sample.options.rest.items[0], "-");
	arena_release(&sample.arena);
}
END_TEST

START_TEST(late_globals_are_taken_and_others_not)
{
	struct sample sample;
	ck_assert_int_eq(sample_parse(&sample, "a --json -qv --color=never"), 0);
	ck_assert(sample.globals.json);
	ck_assert_uint_eq(sample.globals.quiet, 1);
	ck_assert_uint_eq(sample.globals.verbose, 1);
	ck_assert_int_eq(sample.globals.colour, TERMINAL_NEVER);
	arena_release(&sample.arena);
	sample_refuses(
		"a -C x", "unknown option '-C'", "the options are shown by 'mlops sample -h'");
	sample_refuses("a --no-pager", "unknown option '--no-pager'", NULL);
}
END_TEST

START_TEST(help_ends_the_reading)
{
	struct sample sample;
	ck_assert_int_eq(sample_parse(&sample, "--help --nonsense"), 0);
	ck_assert(sample.globals.help);
	arena_release(&sample.arena);
}
END_TEST

START_TEST(mistakes_are_named)
{
	sample_refuses("a --limt 3", "unknown option '--limt'", "did you mean '--limit'?");
	sample_refuses("a --lim 3", "unknown option '--lim'", NULL); /* no abbreviations */
	sample_refuses("a -x", "unknown option '-x'", NULL);
	sample_refuses("a --limit", "--limit needs a value: N", NULL);
	sample_refuses("a --limit=", "--limit: '' is not a whole number of 0 or more", NULL);
	sample_refuses("a --limit 0", "--limit: 0 is not within 1 and 1000", NULL);
	sample_refuses("a -n1001", "-n: 1001 is not within 1 and 1000", NULL);
	sample_refuses("a --shift 6", "--shift: 6 is not within -5 and 5", NULL);
	sample_refuses("a --shift x", "--shift: 'x' is not a whole number", NULL);
	sample_refuses("a --rate 1.5", "--rate: 1.5 is not within 0 and 1", NULL);
	sample_refuses("a --rate nan", "--rate: 'nan' is not a number", NULL);
	sample_refuses(
		"a --wait soon", "--wait: 'soon' is not a duration such as 90s or 1h30m", NULL);
	sample_refuses("a --bytes 1x", "--bytes: '1x' is not a size such as 10MiB", NULL);
	sample_refuses("a --bytes 2GiB", "--bytes: 2GiB is not within 0 and 1073741824", NULL);
	sample_refuses(
		"a --mode fats", "--mode: 'fats' is not one of fast, slow", "did you mean 'fast'?");
	sample_refuses("a --output=", "--output: the path is empty", NULL);
	sample_refuses("a --set k", "--set: 'k' is not of the form KEY=VALUE", NULL);
	sample_refuses("a --set =v", "--set: '=v' is not of the form KEY=VALUE", NULL);
	sample_refuses("a --stratify=yes", "--stratify takes no value", NULL);
	sample_refuses("", "operand FIRST is missing", "the usage is shown by 'mlops sample -h'");
}
END_TEST

START_TEST(an_operand_too_many_is_refused)
{
	static const struct command bare = { .name = "bare", .summary = "takes nothing" };
	struct error err = ERROR_INIT;
	struct arena arena = ARENA_INIT(1 << 16);
	struct globals globals = { .json = false };
	struct arguments arguments = { .items = (const char *const[]){ "x", NULL }, .count = 1 };
	ck_assert_int_eq(
		option_parse(&bare, &arguments, NULL, &globals, &arena, &err), -ERROR_USAGE);
	ck_assert_str_eq(err.message, "unexpected operand 'x'");
	arena_release(&arena);
}
END_TEST

START_TEST(globals_stop_at_the_command)
{
	struct error err = ERROR_INIT;
	struct arena arena = ARENA_INIT(1 << 16);
	struct globals globals = { .json = false };
	struct arguments arguments = { .items = (const char *const[]){ "-C", "a", "-Cb", "--config",
					       "core.threads=2", "--no-pager", "log", "--json",
					       NULL },
		.count = 8 };
	ck_assert_int_eq(option_parse_globals(&arguments, &globals, &arena, &err), 0);
	ck_assert_uint_eq(arguments.next, 6);
	ck_assert_uint_eq(globals.folders.count, 2);
	ck_assert_str_eq(globals.folders.items[1], "b");
	ck_assert_str_eq(globals.settings.items[0].key, "core.threads");
	ck_assert(globals.no_pager);
	ck_assert(!globals.json);
	arguments =
		(struct arguments){ .items = (const char *const[]){ "--pager", NULL }, .count = 1 };
	ck_assert_int_eq(option_parse_globals(&arguments, &globals, &arena, &err), 0);
	ck_assert(!globals.no_pager);
	arguments =
		(struct arguments){ .items = (const char *const[]){ "--jsn", NULL }, .count = 1 };
	ck_assert_int_eq(option_parse_globals(&arguments, &globals, &arena, &err), -ERROR_USAGE);
	ck_assert_str_eq(err.hint, "did you mean '--json'?");
	arena_release(&arena);
}
END_TEST

START_TEST(long_lists_keep_their_order)
{
	enum { MANY = 1000 };
	static char texts[MANY][16];
	const char *words[2 * MANY + 2];
	words[0] = "a";
	for (size_t i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof texts[i], "k%zu=%zu", i, i);
		words[1 + 2 * i] = i % 2 ? "--set" : "--column";
		words[2 + 2 * i] = texts[i];
	}
	words[2 * MANY + 1] = NULL;
	struct sample sample = { .arena = ARENA_INIT(1 << 20) };
	struct arguments arguments = { .items = words, .count = 2 * MANY + 1 };
	ck_assert_int_eq(option_parse(&sample_command, &arguments, &sample.options, &sample.globals,
				 &sample.arena, &sample.err),
		0);
	ck_assert_uint_eq(sample.options.set.count, MANY / 2);
	ck_assert_uint_eq(sample.options.pairs.count, MANY / 2);
	for (size_t i = 0; i < MANY / 2; i++) {
		ck_assert_str_eq(sample.options.set.items[i], texts[2 * i]);
		ck_assert_str_eq(
			sample.options.pairs.items[i].value, strchr(texts[2 * i + 1], '=') + 1);
	}
	arena_release(&sample.arena);
}
END_TEST

UNIT_MAIN("ui/option_parse", every_kind_is_read, defaults_hold_and_the_last_wins,
	two_dashes_end_the_options, late_globals_are_taken_and_others_not, help_ends_the_reading,
	mistakes_are_named, an_operand_too_many_is_refused, globals_stop_at_the_command,
	long_lists_keep_their_order)
