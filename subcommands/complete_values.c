/* What the shell's completion offers beyond the tables: names that only the project knows. */
#include <string.h>

#include "mlops/base/embedded.h"
#include "mlops/base/path.h"
#include "mlops/config/remotes.h"
#include "mlops/record/search.h"
#include "mlops/system/environment.h"
#include "mlops/ui/complete.h"
#include "invocation.h"

enum { COMPLETE_RUNS_MOST = 100 };

static void complete_schemas(struct complete *complete)
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

static void complete_settings(struct complete *complete)
{
	for (size_t i = 0; i < setting_count; i++)
		complete_add(complete, setting_table[i].name, setting_table[i].text);
}

static void complete_remotes(struct complete *complete)
{
	struct error ignored = ERROR_INIT;
	size_t count;
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(config_free) struct config *config = NULL;
	AUTO_FREE char *folder = environment_config_folder(&ignored);
	AUTO_FREE char *user = folder ? path_join(folder, "config.yaml", &ignored) : NULL;
	struct config_sources sources = { .user_file = user };
	if (workspace_find(".", &workspace, &ignored) == 0)
		sources.repository_file = workspace.config;
	if (config_load(&sources, NULL, &config, &ignored) < 0)
		return;
	const struct config_remote *remotes = config_remotes(config, &count);
	for (size_t i = 0; i < count; i++)
		complete_add(complete, remotes[i].name, remotes[i].url);
}

static void complete_runs(struct complete *complete, struct record *record)
{
	struct error ignored = ERROR_INIT;
	static const struct field columns[] = {
		{ .kind = FIELD_ATTRIBUTE, .attribute = ATTRIBUTE_NAME, .type = FIELD_TEXT },
	};
	struct search search = { .limit = COMPLETE_RUNS_MOST, .columns = columns, .n_columns = 1 };
	AUTO(search_result_release) struct search_result result = { .count = 0 };
	complete_add(complete, "@", "the last run");
	if (search_runs(record, &search, &result, &ignored) < 0)
		return;
	for (size_t i = 0; i < result.count; i++) {
		const struct search_run *run = &result.runs[i];
		const struct search_cell *name = &run->cells[0];
		const char *text = name->kind == SEARCH_STRING ? name->text : NULL;
		char id[8];
		memcpy(id, run->id, 7);
		id[7] = '\0';
		complete_add(complete, id, text);
		if (text && complete->prefix[0])
			complete_add(complete, text, id);
	}
}

static void complete_names(struct complete *complete, struct record *record, enum key_kind kind)
{
	struct error ignored = ERROR_INIT;
	AUTO(names_release) struct names names = { .count = 0 };
	if (key_names(record, kind, &names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.count; i++)
		complete_add(complete, names.items[i], NULL);
}

static void complete_from_record(struct complete *complete, enum completion kind)
{
	struct error ignored = ERROR_INIT;
	AUTO(workspace_release) struct workspace workspace = { .root = NULL };
	AUTO(record_close) struct record *record = NULL;
	if (workspace_find(".", &workspace, &ignored) < 0 ||
		record_open(workspace.database, DATABASE_READ, &record, &ignored) < 0)
		return;
	if (kind == COMPLETE_RUN)
		complete_runs(complete, record);
	else
		complete_names(complete, record, kind == COMPLETE_METRIC ? KEY_METRIC : KEY_TAG);
}

void invocation_complete_values(struct complete *complete, enum completion kind)
{
	switch (kind) {
	case COMPLETE_SCHEMA:
		complete_schemas(complete);
		break;
	case COMPLETE_SETTING:
		complete_settings(complete);
		break;
	case COMPLETE_REMOTE:
		complete_remotes(complete);
		break;
	case COMPLETE_RUN:
	case COMPLETE_METRIC:
	case COMPLETE_TAG:
		complete_from_record(complete, kind);
		break;
	default:
		break;
	}
}
