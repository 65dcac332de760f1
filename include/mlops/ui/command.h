/*
 * command: what a command is: constant tables that the parser, help, completion, `help --json`
 * and the tests read without running anything. One fact, one table.
 *
 *	struct log_options {
 *		uint64_t limit;
 *		const char *sort;
 *		struct option_list runs;
 *	};
 *	static const struct option_spec log_option_table[] = {
 *		OPTION_U64(struct log_options, limit, 0, "limit", "N", 1, 1000000, "show at most N runs"),
 *		OPTION_STRING(struct log_options, sort, 0, "sort", "FIELD", "order by FIELD"),
 *		OPTION_END
 *	};
 *	static const struct operand_spec log_operand_table[] = {
 *		OPERAND_LIST(struct log_options, runs, 0, "RUN", COMPLETE_RUN, "runs to show"),
 *		OPERAND_END
 *	};
 *	static int log_run(struct invocation *invocation, const void *options, struct error *err);
 *	const struct command command_log = {
 *		.name = "log", .summary = "list runs, newest first", .group = COMMAND_RUNS,
 *		.options = log_option_table, .operands = log_operand_table,
 *		.options_size = sizeof(struct log_options),
 *		.defaults = &(const struct log_options){ .limit = 50 },
 *		.needs = COMMAND_DATABASE | COMMAND_PAGED, .run = log_run,
 *	};
 *
 * The macros pick the offset by the type of the member, so a row bound to a member of another type
 * does not compile. Letters for short options are the same in all commands: -n --dry-run, -o
 * --output, -j --jobs, -m --message, -f --force, -q, -v, -C, -h; give none to anything else.
 */
#ifndef MLOPS_UI_COMMAND_H
#define MLOPS_UI_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "mlops/base/error.h"

enum option_kind {
	OPTION_KIND_END,
	OPTION_KIND_FLAG, /* bool; --name and --no-name */
	OPTION_KIND_COUNT, /* unsigned; each --name adds one */
	OPTION_KIND_U64, /* uint64_t within low..high */
	OPTION_KIND_I64, /* int64_t */
	OPTION_KIND_F64, /* double */
	OPTION_KIND_SIZE, /* uint64_t bytes: 10, 10k, 10MiB */
	OPTION_KIND_DURATION, /* double seconds: 90, 15m, 1h30m */
	OPTION_KIND_STRING, /* const char *, borrowed from argv */
	OPTION_KIND_PATH, /* const char *, not empty; "-" is up to the command */
	OPTION_KIND_ENUM, /* int: the index in choices */
	OPTION_KIND_LIST, /* struct option_list: may be repeated */
	OPTION_KIND_PAIRS /* struct option_pairs: key=value, may be repeated */
};

struct option_list {
	const char *const *items; /* NULL-terminated too once there is one */
	size_t count;
};

struct option_pair {
	const char *key, *value;
};
struct option_pairs {
	const struct option_pair *items;
	size_t count;
};

/* What a shell offers in this place. */
enum completion {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_FOLDER,
	COMPLETE_CHOICE, /* the choices of the row */
	COMPLETE_COMMAND, /* names of commands */
	COMPLETE_SCHEMA, /* names of embedded schemas */
	COMPLETE_SETTING, /* keys of the configuration */
	COMPLETE_REMOTE, /* names of remotes */
	COMPLETE_RUN, /* from the database, as the next ones are */
	COMPLETE_METRIC,
	COMPLETE_TAG
};

struct option_spec {
	const char *name; /* "limit", given as --limit */
	char letter; /* 'n' for -n too, or 0 */
	enum option_kind kind;
	size_t offset; /* of the member in the command's struct of options */
	const char *argument; /* "N", "FILE": how help names the value; NULL for flags and counts */
	const char *help; /* "show at most N runs": lower case, no full stop */
	enum completion complete;
	const char *const *choices; /* NULL-terminated; of an enum */
	union {
		struct {
			uint64_t low, high;
		} u64;
		struct {
			int64_t low, high;
		} i64;
		struct {
			double low, high;
		} f64;
	} range; /* both ends included; of U64, I64, SIZE, and of F64 and DURATION */
	bool hidden; /* works, but help does not show it */
};

#define OPTION_OFFSET(type, member, wanted)                                                        \
	_Generic(((type *)0)->member, wanted : offsetof(type, member))

/* The part in `...` is the help text, and more members of the row if need be. */
#define OPTION_FLAG(type, member, short_, long_, ...)                                              \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_FLAG,                         \
		.offset = OPTION_OFFSET(type, member, bool), .help = __VA_ARGS__                   \
	}
#define OPTION_COUNT(type, member, short_, long_, ...)                                             \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_COUNT,                        \
		.offset = OPTION_OFFSET(type, member, unsigned), .help = __VA_ARGS__               \
	}
#define OPTION_U64(type, member, short_, long_, value, low_, high_, ...)                           \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_U64, .argument = value,       \
		.range.u64 = { low_, high_ }, .offset = OPTION_OFFSET(type, member, uint64_t),     \
		.help = __VA_ARGS__                                                                \
	}
#define OPTION_I64(type, member, short_, long_, value, low_, high_, ...)                           \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_I64, .argument = value,       \
		.range.i64 = { low_, high_ }, .offset = OPTION_OFFSET(type, member, int64_t),      \
		.help = __VA_ARGS__                                                                \
	}
#define OPTION_F64(type, member, short_, long_, value, low_, high_, ...)                           \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_F64, .argument = value,       \
		.range.f64 = { low_, high_ }, .offset = OPTION_OFFSET(type, member, double),       \
		.help = __VA_ARGS__                                                                \
	}
#define OPTION_SIZE(type, member, short_, long_, value, low_, high_, ...)                          \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_SIZE, .argument = value,      \
		.range.u64 = { low_, high_ }, .offset = OPTION_OFFSET(type, member, uint64_t),     \
		.help = __VA_ARGS__                                                                \
	}
#define OPTION_DURATION(type, member, short_, long_, value, low_, high_, ...)                      \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_DURATION, .argument = value,  \
		.range.f64 = { low_, high_ }, .offset = OPTION_OFFSET(type, member, double),       \
		.help = __VA_ARGS__                                                                \
	}
#define OPTION_STRING(type, member, short_, long_, value, ...)                                     \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_STRING, .argument = value,    \
		.offset = OPTION_OFFSET(type, member, const char *), .help = __VA_ARGS__           \
	}
#define OPTION_PATH(type, member, short_, long_, value, ...)                                       \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_PATH, .argument = value,      \
		.complete = COMPLETE_FILE, .offset = OPTION_OFFSET(type, member, const char *),    \
		.help = __VA_ARGS__                                                                \
	}
#define OPTION_ENUM(type, member, short_, long_, value, choices_, ...)                             \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_ENUM, .argument = value,      \
		.choices = choices_, .complete = COMPLETE_CHOICE,                                  \
		.offset = OPTION_OFFSET(type, member, int), .help = __VA_ARGS__                    \
	}
#define OPTION_LIST(type, member, short_, long_, value, ...)                                       \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_LIST, .argument = value,      \
		.offset = OPTION_OFFSET(type, member, struct option_list), .help = __VA_ARGS__     \
	}
#define OPTION_PAIRS(type, member, short_, long_, value, ...)                                      \
	{                                                                                          \
		.name = long_, .letter = short_, .kind = OPTION_KIND_PAIRS, .argument = value,     \
		.offset = OPTION_OFFSET(type, member, struct option_pairs), .help = __VA_ARGS__    \
	}
#define OPTION_END                                                                                 \
	{                                                                                          \
		.kind = OPTION_KIND_END                                                            \
	}

/* Operands are filled from left to right; only the last row may be a list or optional. */
struct operand_spec {
	const char *name; /* "RUN"; NULL ends the table */
	size_t offset;
	size_t minimum; /* how many must be given: 0 or 1 for a single one */
	bool list; /* struct option_list of any number; else const char * */
	enum completion complete;
	const char *help;
	const char *const *choices; /* or NULL */
};

#define OPERAND(type, member, minimum_, name_, complete_, ...)                                     \
	{                                                                                          \
		.name = name_, .minimum = minimum_, .complete = complete_,                         \
		.offset = OPTION_OFFSET(type, member, const char *), .help = __VA_ARGS__           \
	}
#define OPERAND_LIST(type, member, minimum_, name_, complete_, ...)                                \
	{                                                                                          \
		.name = name_, .minimum = minimum_, .complete = complete_, .list = true,           \
		.offset = OPTION_OFFSET(type, member, struct option_list), .help = __VA_ARGS__     \
	}
#define OPERAND_END                                                                                \
	{                                                                                          \
		.name = NULL                                                                       \
	}

enum command_group {
	COMMAND_START,
	COMMAND_DATA,
	COMMAND_TRAIN,
	COMMAND_RUNS,
	COMMAND_QUALITY,
	COMMAND_RELEASE,
	COMMAND_OPERATE,
	COMMAND_GROUP_COUNT
};
const char *command_group_title(enum command_group group); /* "start a project" */

/* What main() sets up before run(), and how the command is shown. */
enum command_needs {
	COMMAND_WORKSPACE = 1 << 0, /* a project with a .mlops folder */
	COMMAND_WORKSPACE_IF_ANY = 1 << 1, /* used if there, no error if not */
	COMMAND_DATABASE = 1 << 2, /* the store's database; brings COMMAND_WORKSPACE */
	COMMAND_WRITE_LOCK = 1 << 3, /* the writers' lock; brings COMMAND_WORKSPACE */
	COMMAND_PAGED = 1 << 4, /* the answer may be long: through a pager on a terminal */
	COMMAND_JSON = 1 << 5, /* it answers, so --json is accepted */
	COMMAND_HIDDEN = 1 << 6, /* neither in help nor in completion */
	COMMAND_UNCONFIGURED = 1 << 7 /* works although the settings are broken */
};

struct invocation; /* subcommands/invocation.h */
struct row_spec; /* ui/output.h */

struct command {
	const char *name, *summary; /* summary: at most 60 columns, lower case, no full stop */
	enum command_group group;
	const char *const *usage; /* synopsis lines "log [OPTION...] [RUN...]", or NULL: made from
				     the tables; NULL-terminated */
	const struct option_spec *options; /* ends with OPTION_END; or NULL */
	const struct operand_spec *operands; /* ends with OPERAND_END; or NULL */
	const struct row_spec *rows; /* of its table and JSON; ends with ROW_END; or NULL */
	size_t options_size;
	const void *defaults; /* of that size, or NULL for zeroes */
	unsigned needs; /* of enum command_needs */
	const struct command *const *children; /* "config list", "config get": sorted,
						  NULL-terminated; such a command has no run */
	int (*run)(struct invocation *invocation, const void *options, struct error *err);
};

/* The command of that name in a NULL-terminated list, NULL if there is none. */
const struct command *command_find(const struct command *const *commands, const char *name);

/*
 * The name in the list that was probably meant, or NULL. Hidden commands are not suggested.
 */
const char *command_nearest(const struct command *const *commands, const char *name);

#endif
