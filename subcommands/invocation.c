#include "invocation.h"

#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/ui/complete.h"

int invocation_open(struct invocation *invocation, struct error *err)
{
	unsigned needs = invocation->command->needs;
	if (needs & (COMMAND_WORKSPACE | COMMAND_DATABASE | COMMAND_WRITE_LOCK))
		return error_set(err, ERROR_UNSUPPORTED, "there is no store yet");
	return 0;
}

void invocation_close(struct invocation *invocation)
{
	output_release(&invocation->output);
	arena_release(&invocation->arena);
}

static void invocation_complete_schemas(struct complete *complete)
{
	static const char suffix[] = ".schema.json";
	size_t count;
	const struct embedded_file *files = embedded_files("", &count);
	for (size_t i = 0; i < count; i++) {
		struct text name = text_of(files[i].name);
		char copy[128];
		if (!text_ends_with(name, suffix) || name.length >= sizeof copy)
			continue;
		memcpy(copy, name.at, name.length);
		copy[name.length - strlen(suffix)] = '\0';
		complete_add(complete, copy, NULL);
	}
}

void invocation_complete_values(struct complete *complete, enum completion kind)
{
	if (kind == COMPLETE_SCHEMA)
		invocation_complete_schemas(complete);
}
