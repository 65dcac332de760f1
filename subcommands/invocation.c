#include "invocation.h"

#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/ui/complete.h"

int invocation_open(struct invocation *invocation, struct error *err)
{
	unsigned needs = invocation->command->needs;
	bool needed = needs & (COMMAND_WORKSPACE | COMMAND_DATABASE | COMMAND_WRITE_LOCK);
	if (!needed && !(needs & COMMAND_WORKSPACE_IF_ANY))
		return 0;
	if (workspace_find(".", &invocation->workspace, err) < 0) {
		if (needed || err->code != ERROR_NOT_FOUND)
			return -err->code;
		error_clear(err);
		return 0;
	}
	invocation->has_workspace = true;
	bool writes = needs & COMMAND_WRITE_LOCK;
	if (writes && workspace_lock(&invocation->workspace, LOCK_FOREVER, invocation->name,
			      &invocation->sink, &invocation->lock, err) < 0)
		return -err->code;
	if (needs & COMMAND_DATABASE)
		return record_open(invocation->workspace.database,
			writes ? DATABASE_WRITE : DATABASE_READ, &invocation->record, err);
	return 0;
}

void invocation_close(struct invocation *invocation)
{
	record_close(invocation->record);
	lock_release(&invocation->lock);
	workspace_release(&invocation->workspace);
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
