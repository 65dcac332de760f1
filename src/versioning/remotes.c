#include "mlops/versioning/remotes.h"

#include <inttypes.h>
#include <string.h>

#include "mlops/database/statement.h"
#include "mlops/system/directory.h"
#include "mlops/system/file.h"

/* "there is no remote 'x'", and which there are. */
static int remotes_not_found(
	const struct config_remote *remotes, size_t count, const char *name, struct error *err)
{
	AUTO(strbuf_release) struct strbuf names = STRBUF_INIT;
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&names, "%s%s", i ? ", " : "", remotes[i].name);
	if (name)
		error_set(err, ERROR_NOT_FOUND, "there is no remote '%s'", name);
	else if (count)
		error_set(err, ERROR_NOT_FOUND, "there are %zu remotes, and none is the default",
			count);
	else
		error_set(err, ERROR_NOT_FOUND, "there is no remote");
	if (!count)
		return error_hint(err, "mlops remote add origin URL");
	return name ? error_hint(err, "there is: %s", names.text)
		    : error_hint(err, "mlops remote default NAME, or --remote: %s", names.text);
}

int remotes_choose(const struct config *config, const char *name, const struct config_remote **ret,
	struct error *err)
{
	size_t count;
	const struct config_remote *remotes = config_remotes(config, &count);
	const char *usual = config_text(config, "remote.default");
	if (!name && *usual)
		name = usual;
	for (size_t i = 0; i < count; i++) {
		if (name ? strcmp(remotes[i].name, name) == 0 : count == 1) {
			*ret = &remotes[i];
			return 0;
		}
	}
	return remotes_not_found(remotes, count, name, err);
}

/* What a permission is for: this store, and the place that the remote names. */
static int remotes_identity(const struct workspace *workspace, const struct config_remote *remote,
	char **ret_folder, char **ret_place, struct error *err)
{
	struct file_facts facts;
	AUTO_FREE char *root = directory_real_path(workspace->folder, err);
	*ret_folder = *ret_place = NULL;
	if (!root || file_facts(root, &facts, err) < 0)
		return -err->code;
	*ret_folder = memory_format(err, "%s %" PRIu64, root, facts.inode);
	if (!*ret_folder)
		return -err->code;
	*ret_place = memory_format(err, "%s%s%s", remote->url, remote->endpoint ? " at " : "",
		remote->endpoint ? remote->endpoint : "");
	return *ret_place ? 0 : -(int)err->code;
}

int remotes_is_allowed(const struct workspace *workspace, struct database *database,
	const struct config_remote *remote, bool *ret, struct error *err)
{
	AUTO_FREE char *folder = NULL;
	AUTO_FREE char *place = NULL;
	int version;
	*ret = remote->is_trusted;
	if (*ret || database_version(database, &version, err) < 0)
		return -(int)err->code;
	if (version < 3)
		return 0; /* of the time before remotes: nothing was allowed yet */
	if (remotes_identity(workspace, remote, &folder, &place, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *find = statement_prepare(database,
		"SELECT 1 FROM allowed_remotes WHERE folder = ?1 AND name = ?2 AND url = ?3", err);
	if (!find)
		return -err->code;
	bind_string(find, 1, folder);
	bind_string(find, 2, remote->name);
	bind_string(find, 3, place);
	int row = statement_step(find, err);
	*ret = row > 0;
	return row < 0 ? row : 0;
}

int remotes_allow(const struct workspace *workspace, struct database *database,
	const struct config_remote *remote, struct error *err)
{
	AUTO_FREE char *folder = NULL;
	AUTO_FREE char *place = NULL;
	if (remotes_identity(workspace, remote, &folder, &place, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(database,
		"INSERT INTO allowed_remotes (folder, name, url) VALUES (?1, ?2, ?3) "
		"ON CONFLICT DO NOTHING",
		err);
	if (!add)
		return -err->code;
	bind_string(add, 1, folder);
	bind_string(add, 2, remote->name);
	bind_string(add, 3, place);
	return statement_run(add, err);
}

int remotes_open(const struct workspace *workspace, struct object_store *store,
	struct database *database, const struct config *config, const struct remotes_choice *choice,
	struct remote **ret, struct error *err)
{
	const struct config_remote *remote = NULL;
	bool allowed;
	if (remotes_choose(config, choice->name, &remote, err) < 0 ||
		remotes_is_allowed(workspace, database, remote, &allowed, err) < 0)
		return -err->code;
	if (!allowed) {
		error_set(err, ERROR_USAGE,
			"remote '%s' comes with this repository and is not allowed yet",
			remote->name);
		return error_hint(err, "if %s%s%s is where your data may go: mlops remote allow %s",
			remote->url, remote->endpoint ? " at " : "",
			remote->endpoint ? remote->endpoint : "", remote->name);
	}
	struct remote_settings settings = {
		.endpoint = { .s3_endpoint = remote->endpoint,
			.s3_region = remote->region,
			.sink = choice->sink },
		.jobs = choice->jobs ? choice->jobs : (size_t)config_integer(config, "remote.jobs"),
	};
	return remote_open(store, workspace, remote->name, remote->url, &settings, ret, err);
}
