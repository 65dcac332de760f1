#include "source_internal.h"

#include <string.h>

static const char *const source_task_names[] = { "unknown", "binary", "multiclass", "regression" };

const char *source_task_name(enum source_task task)
{
	return source_task_names[task];
}

int source_place(const struct source_settings *settings, const struct value *section,
	const char *member, struct error *err)
{
	if (err->code == ERROR_MEMORY) /* not the document's fault */
		return -ERROR_MEMORY;
	const struct value *value = member ? value_member(section, member) : NULL;
	value = value ? value : section ? section : settings->section;
	if (value && !err->at.line && settings->file)
		position_set(&err->at, settings->file, value->line, value->column);
	return -(int)err->code;
}

static int source_read_lists(struct source_settings *settings, struct error *err)
{
	const struct value *types = value_member(settings->section, "types");
	const struct value *missing = value_member(settings->section, "missing");
	if (types && types->kind == VALUE_MAPPING) {
		size_t n = types->mapping.count;
		struct read_type *list = memory_allocate(n, sizeof *list, err);
		if (!list)
			return -(int)err->code;
		settings->reader.types = list;
		settings->reader.n_types = n;
		for (size_t i = 0; i < n; i++) {
			const struct value_entry *entry = &types->mapping.entries[i];
			list[i].column = entry->key;
			if (entry->value->kind != VALUE_STRING ||
				!column_type_from_name(entry->value->string.at, &list[i].type)) {
				error_set(err, ERROR_INVALID, "'%s' has no type that is known",
					entry->key);
				return source_place(settings, entry->value, NULL, err);
			}
		}
	}
	if (!missing || missing->kind != VALUE_SEQUENCE)
		return 0;
	const char **texts = memory_allocate(missing->sequence.count, sizeof *texts, err);
	if (!texts)
		return -(int)err->code;
	settings->reader.missing = texts;
	settings->reader.n_missing = missing->sequence.count;
	for (size_t i = 0; i < missing->sequence.count; i++) {
		const struct value *item = missing->sequence.items[i];
		texts[i] = item->kind == VALUE_STRING ? item->string.at : "";
	}
	return 0;
}

static int source_read_positive(struct source_settings *settings, struct error *err)
{
	const struct value *positive = value_member(settings->section, "positive");
	if (!positive || positive->kind == VALUE_NULL)
		return 0;
	if (positive->kind == VALUE_STRING) {
		settings->positive = positive->string.at;
		return 0;
	}
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	value_scalar_text(&text, positive);
	if (strbuf_check(&text, err) < 0)
		return -(int)err->code;
	size_t n = text.length < sizeof settings->positive_text - 1
			   ? text.length
			   : sizeof settings->positive_text - 1;
	memcpy(settings->positive_text, text.text, n);
	settings->positive = settings->positive_text;
	return 0;
}

static void source_read_files(struct source_settings *settings, const struct value *split)
{
	const struct value *files = value_member(split, "files");
	if (!files || files->kind != VALUE_MAPPING)
		return;
	settings->has_files = true;
	settings->split.method = SPLIT_FILES;
	for (int part = 0; part < SPLIT_PART_COUNT; part++)
		settings->files[part] =
			value_string_or(files, split_part_name((enum split_part)part), NULL);
}

static int source_read_split(struct source_settings *settings, struct error *err)
{
	const struct value *split = value_member(settings->section, "split");
	const struct value *stratify = value_member(split, "stratify");
	const char *group = value_string_or(split, "group", NULL);
	const char *time = value_string_or(split, "time", NULL);
	struct split_options *options = &settings->split;
	*options = (struct split_options){ .method = SPLIT_RANDOM,
		.test = value_number_or(split, "test", 0.2),
		.validation = value_number_or(split, "validation", 0),
		.seed = (uint64_t)value_integer_or(split, "seed", 0),
		.key = value_string_or(split, "key", NULL) };
	source_read_files(settings, split);
	bool by_column = stratify && stratify->kind == VALUE_STRING;
	bool by_target = stratify && stratify->kind == VALUE_BOOLEAN && stratify->boolean;
	if ((group != NULL) + (time != NULL) + (by_column || by_target) + settings->has_files > 1) {
		error_set(err, ERROR_INVALID,
			"data.split: of 'stratify', 'group', 'time' and 'files' only one can be");
		return source_place(settings, split, NULL, err);
	}
	if (group || time || by_column) {
		options->method = group ? SPLIT_GROUPED : time ? SPLIT_TIME : SPLIT_STRATIFIED;
		options->column = group ? group : time ? time : stratify->string.at;
	}
	/* By the target's classes: decided when the target is known. */
	settings->stratify_given = stratify || group || time || settings->has_files;
	settings->stratify = by_target;
	return 0;
}

int source_settings_read(const struct value *data_section, const char *file,
	struct source_settings *ret_settings, struct error *err)
{
	AUTO(source_settings_release)
	struct source_settings settings = { .file = file, .section = data_section };
	const char *delimiter = value_string_or(data_section, "delimiter", NULL);
	const char *format = value_string_or(data_section, "format", "auto");
	settings.reader.path = value_string_or(data_section, "path", NULL);
	settings.reader.query = value_string_or(data_section, "query", NULL);
	settings.reader.delimiter = delimiter ? *delimiter : '\0';
	settings.target = value_string_or(data_section, "target", NULL);
	if (!data_format_from_name(format, &settings.reader.format)) {
		error_set(err, ERROR_INVALID, "data.format: '%s' is no format", format);
		return source_place(&settings, data_section, "format", err);
	}
	if (source_read_lists(&settings, err) < 0 || source_read_positive(&settings, err) < 0 ||
		source_read_split(&settings, err) < 0)
		return -(int)err->code;
	if (!settings.reader.path && !settings.has_files) {
		error_set(err, ERROR_INVALID, "data.path is not set");
		return source_place(&settings, data_section, NULL, err);
	}
	*ret_settings = settings;
	if (settings.positive == settings.positive_text)
		ret_settings->positive = ret_settings->positive_text;
	settings = (struct source_settings){ .file = NULL };
	return 0;
}

void source_settings_release(struct source_settings *settings)
{
	if (!settings)
		return;
	memory_free((void *)settings->reader.types);
	memory_free((void *)settings->reader.missing);
	settings->reader.types = NULL;
	settings->reader.missing = NULL;
}

static int source_split(const struct source_settings *settings, const uint8_t *parts,
	size_t threads, struct source *source, struct error *err)
{
	const struct value *section = value_member(settings->section, "split");
	struct split_options options = settings->split;
	bool classes = source->task == SOURCE_BINARY || source->task == SOURCE_MULTICLASS;
	if (parts)
		return split_from_parts(parts, source->table.n_rows, &source->split, err);
	if (settings->stratify && !classes) {
		error_set(err, ERROR_INVALID,
			"data.split.stratify: the target has no classes to keep in proportion");
		return source_place(settings, section, "stratify", err);
	}
	if (settings->stratify || (!settings->stratify_given && classes)) {
		options.method = SPLIT_STRATIFIED;
		options.column = settings->target;
	}
	options.threads = threads;
	if (split_make(&source->table, &options, &source->split, err) == 0)
		return 0;
	if (err->code == ERROR_NOT_FOUND) /* it is the document that is wrong */
		err->code = ERROR_INVALID;
	error_prefix(err, "data.split");
	return source_place(settings, section,
		options.method == SPLIT_GROUPED ? "group"
		: options.method == SPLIT_TIME  ? "time"
						: NULL,
		err);
}

int source_load(const struct source_settings *settings, const char *root, size_t threads,
	const struct event_sink *events, struct problems *problems, struct source *ret_source,
	struct error *err)
{
	AUTO(source_release) struct source source = { .target = SIZE_MAX };
	AUTO_FREE uint8_t *parts = NULL;
	struct read_options options = settings->reader;
	options.threads = threads;
	options.events = events;
	options.problems = problems;
	if (source_read(settings, root, &options, &source, &parts, err) < 0 ||
		source_set_target(settings, &source, err) < 0 ||
		source_split(settings, parts, threads, &source, err) < 0)
		return -(int)err->code;
	*ret_source = source;
	source = (struct source){ .target = SIZE_MAX };
	return 0;
}

void source_release(struct source *source)
{
	if (!source)
		return;
	for (size_t i = 0; source->classes && i < source->n_classes; i++)
		memory_free(source->classes[i]);
	memory_free(source->classes);
	memory_free(source->class_of);
	memory_free(source->class_values);
	memory_free(source->class_order);
	split_release(&source->split);
	table_release(&source->table);
	*source = (struct source){ .target = SIZE_MAX };
}
