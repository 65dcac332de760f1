/* The layers, from the lowest up. */
#include "config_internal.h"

#include <string.h>

#include "mlops/base/path.h"
#include "mlops/document/yaml.h"
#include "mlops/system/environment.h"

struct config_loader {
	const struct config_sources *sources;
	struct config *config;
	struct problems *problems;
	enum config_layer layer;
	const struct document *document; /* of the file that is being read */
	const char *only; /* of the variables and overrides; NULL: all */
	struct error *err;
};

static int config_load_built_in(struct config_loader *loader)
{
	struct config_slot origin = { .layer = CONFIG_BUILT_IN };
	for (size_t i = 0; i < setting_count; i++) {
		int status = config_put(loader->config, &setting_table[i],
			setting_table[i].otherwise, &origin, loader->err);
		if (status < 0)
			return status;
	}
	return 0;
}

static struct position config_load_place(
	const struct config_loader *loader, uint32_t line, uint32_t column)
{
	struct position at;
	position_set(&at, loader->document->file, line, column);
	return at;
}

/* May the repository's own file name programs and hosts? Only the user's layers decide. */
static bool config_load_trusted(const struct config_loader *loader)
{
	size_t count;
	const char *const *folders = config_list(loader->config, "trust.repositories", &count);
	const char *repository = loader->sources->repository;
	struct error ignored = ERROR_INIT;
	AUTO_FREE char *root = repository ? path_normalise(repository, &ignored) : NULL;
	for (size_t i = 0; root && i < count; i++) {
		AUTO_FREE char *folder = path_normalise(folders[i], &ignored);
		if (strcmp(folders[i], "*") == 0 || (folder && strcmp(folder, root) == 0))
			return true;
	}
	return false;
}

/* A scalar as it is, a sequence of scalars with commas; false if it is neither. */
static bool config_load_text(const struct value *value, bool list, struct strbuf *text)
{
	if (value->kind != VALUE_SEQUENCE) {
		value_scalar_text(text, value);
		return value->kind != VALUE_MAPPING && value->kind != VALUE_NULL;
	}
	for (size_t i = 0; list && i < value->sequence.count; i++) {
		const struct value *item = value->sequence.items[i];
		if (item->kind == VALUE_MAPPING || item->kind == VALUE_SEQUENCE)
			return false;
		if (i)
			strbuf_add_char(text, ',');
		value_scalar_text(text, item);
	}
	return list;
}

static int config_load_setting(struct config_loader *loader, const struct setting *setting,
	const struct value_entry *entry)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct position at = config_load_place(loader, entry->value->line, entry->value->column);
	struct config_slot origin = {
		.layer = loader->layer, .origin = loader->document->file, .line = entry->key_line
	};
	if (!config_load_text(entry->value, setting->type == SETTING_LIST, &text)) {
		problems_add(loader->problems, &at, "%s: a %s is no %s", setting->name,
			value_kind_name(entry->value->kind), setting_type_name(setting->type));
		return strbuf_check(&text, loader->err);
	}
	struct error failure = ERROR_INIT;
	int status = config_put(loader->config, setting, text.text, &origin, &failure);
	if (status == -ERROR_USAGE) {
		problem_hint(problems_add(loader->problems, &at, "%s", failure.message), "%s",
			failure.hint);
		return 0;
	}
	if (status < 0)
		*loader->err = failure;
	return status;
}

static int config_load_key(
	struct config_loader *loader, const char *section, const struct value_entry *entry)
{
	AUTO_FREE char *name = memory_format(loader->err, "%s.%s", section, entry->key);
	if (!name)
		return -ERROR_MEMORY;
	const struct setting *setting = setting_find(name);
	struct position at = config_load_place(loader, entry->key_line, entry->key_column);
	if (!setting) {
		const char *nearest = setting_nearest(name);
		struct problem *problem =
			problems_add(loader->problems, &at, "there is no setting '%s'", name);
		if (nearest)
			problem_hint(problem, "did you mean '%s'?", nearest);
		return 0;
	}
	if (loader->layer == CONFIG_REPOSITORY && setting->flags & SETTING_GUARDED &&
		(strcmp(name, "trust.repositories") == 0 || !config_load_trusted(loader))) {
		event_warn(loader->sources->events, &at,
			"'%s' is left out: a repository may not set what names programs or "
			"hosts, unless your own trust.repositories lists its folder",
			name);
		return 0;
	}
	return config_load_setting(loader, setting, entry);
}

static int config_load_section(struct config_loader *loader, const struct value_entry *entry)
{
	if (entry->value->kind == VALUE_NULL)
		return 0;
	if (entry->value->kind != VALUE_MAPPING) {
		struct position at = config_load_place(loader, entry->key_line, entry->key_column);
		struct problem *problem = problems_add(
			loader->problems, &at, "'%s' is not a section with settings", entry->key);
		problem_hint(problem, "write core: {threads: 2}");
		return 0;
	}
	struct config_remote origin = { .layer = loader->layer,
		.file = loader->document->file,
		.is_trusted = loader->layer != CONFIG_REPOSITORY || config_load_trusted(loader) };
	bool remotes = strcmp(entry->key, "remotes") == 0;
	for (size_t i = 0; i < entry->value->mapping.count; i++) {
		const struct value_entry *member = &entry->value->mapping.entries[i];
		int status = remotes ? config_load_remote(loader->config, &origin, member,
					       loader->problems, loader->err)
				     : config_load_key(loader, entry->key, member);
		if (status < 0)
			return status;
	}
	return 0;
}

static int config_load_file(struct config_loader *loader, const char *path)
{
	AUTO(document_release) struct document document = { .root = NULL };
	struct error failure = ERROR_INIT;
	if (yaml_read_file(path, &document, &failure) < 0) {
		if (failure.code == ERROR_NOT_FOUND)
			return 0;
		if (failure.code == ERROR_INVALID) {
			problems_add_error(loader->problems, &failure);
			return 0;
		}
		*loader->err = failure;
		return -(int)failure.code;
	}
	loader->document = &document;
	const struct value *root = document.root;
	if (root->kind != VALUE_MAPPING && root->kind != VALUE_NULL) {
		struct position at = config_load_place(loader, root->line, root->column);
		problems_add(loader->problems, &at, "the configuration is a mapping of sections");
	}
	for (size_t i = 0; root->kind == VALUE_MAPPING && i < root->mapping.count; i++) {
		int status = config_load_section(loader, &root->mapping.entries[i]);
		if (status < 0)
			return status;
	}
	return 0;
}

/* MLOPS_CORE_THREADS. Others that begin so are for tests and for other programs. */
static int config_load_variable(
	void *context, const char *name, const char *value, struct error *err)
{
	struct config_loader *loader = context;
	for (size_t i = 0; i < setting_count; i++) {
		AUTO(strbuf_release) struct strbuf variable = STRBUF_INIT;
		struct config_slot origin = { .layer = CONFIG_ENVIRONMENT, .origin = name };
		setting_variable(&setting_table[i], &variable);
		if (strcmp(variable.text, name) != 0 ||
			(loader->only && strcmp(setting_table[i].name, loader->only) != 0))
			continue;
		if (config_put(loader->config, &setting_table[i], value, &origin, err) < 0)
			return error_prefix(err, "%s", name);
	}
	return 0;
}

static int config_load_override(struct config_loader *loader, const char *override)
{
	struct config_slot origin = { .layer = CONFIG_COMMAND_LINE, .origin = "--config" };
	const char *equals = strchr(override, '=');
	if (!equals)
		return error_set(
			loader->err, ERROR_USAGE, "--config %s: is not key=value", override);
	AUTO_FREE char *name =
		memory_format(loader->err, "%.*s", (int)(equals - override), override);
	if (!name)
		return -ERROR_MEMORY;
	const struct setting *setting = setting_find(name);
	if (!setting) {
		const char *nearest = setting_nearest(name);
		error_set(loader->err, ERROR_USAGE, "--config: there is no setting '%s'", name);
		return nearest ? error_hint(loader->err, "did you mean '%s'?", nearest)
			       : -ERROR_USAGE;
	}
	if (loader->only && strcmp(name, loader->only) != 0)
		return 0;
	if (setting->flags & SETTING_SECRET)
		return error_set(loader->err, ERROR_USAGE,
			"--config: '%s' is secret, and others can read command lines", name);
	if (config_put(loader->config, setting, equals + 1, &origin, loader->err) < 0)
		return error_prefix(loader->err, "--config");
	return 0;
}

static int config_load_environment(struct config_loader *loader)
{
	const struct config_sources *sources = loader->sources;
	int status = 0;
	if (sources->environment)
		status = environment_each("MLOPS_", config_load_variable, loader, loader->err);
	for (size_t i = 0; status == 0 && sources->overrides && sources->overrides[i]; i++)
		status = config_load_override(loader, sources->overrides[i]);
	return status;
}

/* Whether the repository is trusted has to be known before its file is read. */
static int config_load_trust(struct config_loader *loader)
{
	loader->only = "trust.repositories";
	int status = config_load_environment(loader);
	loader->only = NULL;
	return status;
}

static int config_load_layers(struct config_loader *loader)
{
	const struct config_sources *sources = loader->sources;
	const char *const files[] = { NULL, sources->system_file, sources->user_file,
		sources->repository_file };
	int status = config_load_built_in(loader);
	for (int layer = CONFIG_SYSTEM; status == 0 && layer <= CONFIG_REPOSITORY; layer++) {
		loader->layer = (enum config_layer)layer;
		if (layer == CONFIG_REPOSITORY)
			status = config_load_trust(loader);
		if (status == 0 && files[layer])
			status = config_load_file(loader, files[layer]);
	}
	if (status == 0)
		status = problems_check(loader->problems, loader->err);
	return status == 0 ? config_load_environment(loader) : status;
}

int config_load(const struct config_sources *sources, struct problems *problems,
	struct config **ret_config, struct error *err)
{
	AUTO(config_free) struct config *config = memory_allocate(1, sizeof *config, err);
	AUTO_FREE struct problems *own = memory_allocate(1, sizeof *own, err);
	if (!config || !own)
		return -ERROR_MEMORY;
	struct config_loader loader = { .sources = sources,
		.config = config,
		.problems = problems ? problems : own,
		.err = err };
	config->slots = arena_allocate(&config->arena, setting_count, sizeof *config->slots, err);
	int status = config->slots ? config_load_layers(&loader) : -ERROR_MEMORY;
	if (status < 0)
		return status;
	*ret_config = TAKE(config);
	return 0;
}
