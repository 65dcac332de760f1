#include "mlops/config/project.h"

#include <string.h>

#include "mlops/base/vec.h"
#include "mlops/document/schema.h"
#include "mlops/document/yaml.h"

void project_release(struct project *project)
{
	if (!project)
		return;
	document_release(&project->document);
	*project = (struct project){ .parameters = NULL };
}

const struct value *project_section(const struct project *project, const char *name)
{
	return value_member(project->document.root, name);
}

/* Does a path of the schema, in which a part may be "*", allow this one? */
static bool project_path_fits(const char *known, const char *path)
{
	while (*known && *path) {
		size_t known_length = strcspn(known, "."), length = strcspn(path, ".");
		bool quoted = *path == '"';
		if (quoted) { /* a key with dots is one part */
			const char *end = path + 1;
			while (*end && *end != '"')
				end += *end == '\\' && end[1] ? 2 : 1;
			length = (size_t)(end - path) + (*end == '"');
		}
		bool any = known_length == 1 && *known == '*';
		if (!any && (known_length != length || strncmp(known, path, length) != 0))
			return false;
		known += known_length + (known[known_length] == '.');
		path += length + (path[length] == '.');
	}
	/* What is left of the path may be the index of an item. */
	return !*known && strspn(path, "0123456789") == strlen(path);
}

struct project_paths {
	VEC(char *) known;
	const char *path; /* that is looked for */
	bool found;
	struct error *err;
};

static int project_visit_path(void *context, const char *path, const struct value *property)
{
	struct project_paths *paths = context;
	(void)property;
	paths->found |= project_path_fits(path, paths->path);
	char *copy = memory_copy_string(path, paths->err);
	if (!copy)
		return -ERROR_MEMORY;
	vec_push(&paths->known, copy);
	if (paths->known.state.failed)
		memory_free(copy);
	return vec_check(&paths->known, paths->err);
}

/* The known path nearest to a wrong one: by its last part under the same parent, then by all. */
static const char *project_nearest(const struct project_paths *paths)
{
	const char *last = strrchr(paths->path, '.');
	const char *nearest = text_nearest(paths->path, (const char *const *)paths->known.items);
	size_t parent = last ? (size_t)(last - paths->path) + 1 : 0, best = SIZE_MAX;
	for (size_t i = 0; !nearest && i + 1 < paths->known.count; i++) {
		const char *known = paths->known.items[i], *end = strrchr(known, '.');
		size_t distance =
			text_distance(last ? last + 1 : paths->path, end ? end + 1 : known);
		/* "C=1" for "model.C=1": the same name elsewhere. */
		if (distance == 0 ||
			(distance <= 2 && parent && strncmp(known, paths->path, parent) == 0)) {
			if (distance < best) {
				best = distance;
				nearest = known;
			}
		}
	}
	return nearest;
}

/* ERROR_USAGE if the schema has no such path. */
static int project_check_path(const struct json_schema *schema, const char *path, struct error *err)
{
	struct project_paths paths = { .known = VEC_INIT, .path = path, .err = err };
	int status = json_schema_each_property(schema, project_visit_path, &paths, err);
	vec_push(&paths.known, NULL);
	if (status == 0)
		status = vec_check(&paths.known, err);
	if (status == 0 && !paths.found) {
		const char *nearest = project_nearest(&paths);
		status =
			error_set(err, ERROR_USAGE, "--set: '%s' is not a key of mlops.yaml", path);
		if (nearest)
			error_hint(err, "did you mean '%s'?", nearest);
	}
	for (size_t i = 0; i < paths.known.count; i++)
		memory_free(paths.known.items[i]);
	vec_release(&paths.known);
	return status;
}

/* The path of "path=value": the '=' is the first outside quotes; NULL if there is none. */
static char *project_override_path(
	struct arena *arena, const char *override, const char **ret_value, struct error *err)
{
	bool quoted = false;
	const char *at = override;
	for (; *at && (quoted || *at != '='); at++) {
		if (*at == '\\' && at[1])
			at++;
		else
			quoted ^= *at == '"';
	}
	if (!*at || at == override) {
		error_set(err, ERROR_USAGE, "--set %s: is not path=value", override);
		return NULL;
	}
	*ret_value = at + 1;
	return arena_copy_bytes(arena, override, (size_t)(at - override), err);
}

static int project_override(struct project *project, const struct json_schema *schema,
	const char *override, const char **ret_path, struct error *err)
{
	struct arena *arena = &project->document.arena;
	const char *text;
	char *path = project_override_path(arena, override, &text, err);
	if (!path)
		return -(int)err->code;
	int status = project_check_path(schema, path, err);
	if (status < 0)
		return status;
	AUTO_FREE char *origin = memory_format(err, "--set %s", path);
	struct value *value = origin ? yaml_read_fragment(arena, text, origin, err) : NULL;
	if (!value)
		status = -(int)err->code;
	else
		status = value_set_path(arena, project->document.root, path, value, err);
	if (status == -ERROR_INVALID) {
		err->code = ERROR_USAGE;
		return value ? error_prefix(err, "--set") : -ERROR_USAGE;
	}
	*ret_path = path;
	return status;
}

/* Was the leaf, or the section it stands in, set by hand? */
static bool project_is_set(const char *path, const char *const *set, size_t n_set)
{
	for (size_t i = 0; i < n_set; i++) {
		size_t length = strlen(set[i]);
		if (strncmp(path, set[i], length) == 0 && (!path[length] || path[length] == '.'))
			return true;
	}
	return false;
}

struct project_flattening {
	struct project *project;
	VEC(struct project_parameter) parameters;
	const char *const *set;
	size_t n_set;
	struct error *err;
};

static int project_visit_leaf(void *context, const char *path, const struct value *leaf)
{
	struct project_flattening *flattening = context;
	struct arena *arena = &flattening->project->document.arena;
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct project_parameter parameter = { .path = arena_copy_string(
						       arena, path, flattening->err) };
	if (leaf->kind == VALUE_MAPPING || leaf->kind == VALUE_SEQUENCE)
		strbuf_add(&text, leaf->kind == VALUE_MAPPING ? "{}" : "[]");
	else
		value_scalar_text(&text, leaf);
	parameter.numeric = leaf->kind == VALUE_INTEGER || leaf->kind == VALUE_FLOAT;
	if (parameter.numeric)
		parameter.number =
			leaf->kind == VALUE_INTEGER ? (double)leaf->integer : leaf->number;
	parameter.is_default =
		!leaf->line && !project_is_set(path, flattening->set, flattening->n_set);
	parameter.text = arena_copy_bytes(arena, text.text, text.length, flattening->err);
	if (!parameter.path || !parameter.text)
		return -ERROR_MEMORY;
	vec_push(&flattening->parameters, parameter);
	return 0;
}

static int project_flatten(
	struct project *project, const char *const *set, size_t n_set, struct error *err)
{
	struct project_flattening flattening = {
		.project = project, .parameters = VEC_INIT, .set = set, .n_set = n_set, .err = err
	};
	int status = value_each_leaf(project->document.root, project_visit_leaf, &flattening, err);
	if (status == 0)
		status = vec_check(&flattening.parameters, err);
	size_t count = flattening.parameters.count;
	if (status == 0) {
		project->parameters = arena_allocate(
			&project->document.arena, count, sizeof *project->parameters, err);
		status = project->parameters ? 0 : -ERROR_MEMORY;
	}
	if (status == 0 && count) {
		memcpy(project->parameters, flattening.parameters.items,
			count * sizeof *project->parameters);
		project->n_parameters = count;
	}
	vec_release(&flattening.parameters);
	return status;
}

/* Overrides, check, defaults, parameters; the document has been read. */
static int project_complete(struct project *project, const char *const *overrides,
	struct problems *problems, struct error *err)
{
	AUTO(json_schema_free) struct json_schema *schema = NULL;
	size_t n_set = 0;
	while (overrides && overrides[n_set])
		n_set++;
	AUTO_FREE const char **set = memory_allocate(n_set, sizeof *set, err);
	int status = set ? json_schema_builtin("project", &schema, err) : -ERROR_MEMORY;
	struct value *root = project->document.root;
	/* Overrides need something to be set in; anything else the check refuses. */
	for (size_t i = 0; status == 0 && root->kind == VALUE_MAPPING && i < n_set; i++)
		status = project_override(project, schema, overrides[i], &set[i], err);
	if (status == 0)
		status = json_schema_check(schema, &project->document, problems, err);
	if (status == 0)
		status = problems_check(problems, err);
	if (status == 0)
		status = json_schema_add_defaults(schema, &project->document, err);
	return status < 0 ? status : project_flatten(project, set, n_set, err);
}

int project_read(const char *path, const char *const *overrides, struct problems *problems,
	struct project *ret_project, struct error *err)
{
	AUTO_FREE struct problems *own = memory_allocate(1, sizeof *own, err);
	*ret_project = (struct project){ .parameters = NULL };
	if (!own)
		return -ERROR_MEMORY;
	if (!problems)
		problems = own;
	int status = yaml_read_file(path, &ret_project->document, err);
	if (status == -ERROR_INVALID)
		problems_add_error(problems, err);
	return status < 0 ? status : project_complete(ret_project, overrides, problems, err);
}
