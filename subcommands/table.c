#include "table.h"

/*
 * One line a command, sorted; each is `command_NAME` in a file of its own. A test names the man
 * page, the test of the tool or the schema of the output that a new one still lacks.
 */
#define COMMANDS(X)                                                                                \
	X(_complete)                                                                               \
	X(_hook)                                                                                   \
	X(add)                                                                                     \
	X(checkout)                                                                                \
	X(completion)                                                                              \
	X(config)                                                                                  \
	X(diff)                                                                                    \
	X(doctor)                                                                                  \
	X(eval)                                                                                    \
	X(fsck)                                                                                    \
	X(gc)                                                                                      \
	X(help)                                                                                    \
	X(import)                                                                                  \
	X(init)                                                                                    \
	X(log)                                                                                     \
	X(metric)                                                                                  \
	X(predict)                                                                                 \
	X(pull)                                                                                    \
	X(push)                                                                                    \
	X(remote)                                                                                  \
	X(rm)                                                                                      \
	X(schema)                                                                                  \
	X(show)                                                                                    \
	X(status)                                                                                  \
	X(tag)                                                                                     \
	X(train)                                                                                   \
	X(version)

#define COMMAND_DECLARE(name) extern const struct command command_##name;
#define COMMAND_ENTRY(name) &command_##name,

COMMANDS(COMMAND_DECLARE)

const struct command *const command_table[] = { COMMANDS(COMMAND_ENTRY) NULL };
