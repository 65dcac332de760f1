#include "mlops/ui/command.h"

#include <string.h>

#include "mlops/base/text.h"

const char *command_group_title(enum command_group group)
{
	static const char *const titles[COMMAND_GROUP_COUNT] = {
		[COMMAND_START] = "Start and look around",
		[COMMAND_DATA] = "Keep data",
		[COMMAND_TRAIN] = "Train and use models",
		[COMMAND_RUNS] = "Look at runs",
		[COMMAND_QUALITY] = "Check quality",
		[COMMAND_RELEASE] = "Release models",
		[COMMAND_OPERATE] = "Serve and watch",
	};
	return group < COMMAND_GROUP_COUNT ? titles[group] : "";
}

const struct command *command_find(const struct command *const *commands, const char *name)
{
	for (; *commands; commands++) {
		if (strcmp((*commands)->name, name) == 0)
			return *commands;
	}
	return NULL;
}

const char *command_nearest(const struct command *const *commands, const char *name)
{
	const char *names[128];
	size_t count = 0;
	for (; *commands && count + 1 < sizeof names / sizeof *names; commands++) {
		if (!((*commands)->needs & COMMAND_HIDDEN))
			names[count++] = (*commands)->name;
	}
	names[count] = NULL;
	return text_nearest(name, names);
}
