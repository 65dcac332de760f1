/* table: all commands, sorted by name, NULL-terminated. */
#ifndef MLOPS_SUBCOMMANDS_TABLE_H
#define MLOPS_SUBCOMMANDS_TABLE_H

#include "mlops/ui/command.h"

extern const struct command *const command_table[];

#endif
