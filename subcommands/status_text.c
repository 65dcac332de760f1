#include "status_text.h"

#include "mlops/base/utf8.h"

enum { STATUS_NAMED = 5 }; /* changed files that are named unless all are asked for */

static void status_add_path(struct strbuf *text, const char *path)
{
	utf8_escape(text, text_of(path));
}

static void status_add_files(struct strbuf *text, uint64_t count)
{
	output_add_count(text, count);
	strbuf_add(text, count == 1 ? " file" : " files");
}

/* ---- for people ---- */

/* The heading stands once, before the first line of its part; parts have a blank line between. */
struct status_part {
	struct strbuf *text;
	const char *heading;
	bool begun;
};

static void status_begin(struct status_part *part)
{
	if (part->begun)
		return;
	part->begun = true;
	if (part->text->length)
		strbuf_add_char(part->text, '\n');
	strbuf_printf(part->text, "%s\n", part->heading);
}

static void status_end(const struct status_part *part, const char *hint)
{
	if (part->begun)
		strbuf_printf(part->text, "  (%s)\n", hint);
}

static void status_describe(struct strbuf *text, const struct status_item *item)
{
	const struct {
		size_t count;
		const char *word;
	} parts[] = { { item->n_added, "added" }, { item->n_modified, "modified" },
		{ item->n_removed, "removed" } };
	bool begun = false;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!parts[i].count)
			continue;
		strbuf_add(text, begun ? ", " : "  ");
		output_add_count(text, parts[i].count);
		strbuf_printf(text, " %s", parts[i].word);
		begun = true;
	}
	strbuf_add(text, " of ");
	status_add_files(text, item->tracked->pointer.n_files);
}

static void status_name_files(struct strbuf *text, const struct status_item *item, bool all)
{
	size_t count = item->changes.count;
	size_t shown = all || count <= STATUS_NAMED + 1 ? count : STATUS_NAMED;
	for (size_t i = 0; i < shown; i++) {
		const struct change *change = &item->changes.items[i];
		strbuf_printf(text, "      %-8s  ", change_kind_name(change->kind));
		status_add_path(text, item->tracked->path);
		strbuf_add_char(text, '/');
		status_add_path(text, change->path);
		strbuf_add_char(text, '\n');
	}
	if (shown < count) {
		strbuf_add(text, "      and ");
		output_add_count(text, count - shown);
		strbuf_add(text, " more: mlops status --files\n");
	}
}

static void status_show_data(struct strbuf *text, const struct status *status, bool all)
{
	struct status_part part = { text, "Changed data:", false };
	bool missing = false;
	for (size_t i = 0; i < status->count; i++) {
		const struct status_item *item = &status->items[i];
		bool is_folder = item->tracked->pointer.kind == POINTER_FOLDER;
		if (item->state != STATUS_CHANGED && item->state != STATUS_MISSING)
			continue;
		status_begin(&part);
		missing = missing || item->state == STATUS_MISSING;
		strbuf_printf(
			text, "  %-8s  ", item->state == STATUS_MISSING ? "missing" : "modified");
		status_add_path(text, item->tracked->path);
		bool detail = item->state == STATUS_CHANGED && is_folder &&
			      item->changes.items[0].path[0];
		if (detail)
			status_describe(text, item);
		strbuf_add_char(text, '\n');
		if (detail)
			status_name_files(text, item, all);
	}
	status_end(&part, missing ? "'mlops checkout PATH' brings back what was, 'mlops add PATH' "
				    "takes over what is"
				  : "'mlops add PATH' takes it over, 'mlops checkout PATH' brings "
				    "back what was");
}

static void status_show_store(struct strbuf *text, const struct status *status)
{
	struct status_part part = { text, "Not in the store:", false };
	bool unchanged = false;
	for (size_t i = 0; i < status->count; i++) {
		const struct status_item *item = &status->items[i];
		if (item->in_store)
			continue;
		status_begin(&part);
		unchanged = unchanged || item->state == STATUS_UNCHANGED;
		strbuf_add(text, "  ");
		status_add_path(text, item->tracked->path);
		if (item->state == STATUS_UNCHANGED)
			strbuf_add(text, "  (but here, unchanged)");
		else if (item->state == STATUS_UNKNOWN)
			strbuf_add(text, "  (so what changed is not known)");
		strbuf_add_char(text, '\n');
	}
	status_end(&part, unchanged
				  ? "'mlops pull' fetches it, 'mlops add PATH' stores what is here"
				  : "'mlops pull' fetches it");
}

static void status_show_commit(struct strbuf *text, const struct status *status)
{
	struct status_part part = { text, "Pointers that are not committed:", false };
	for (size_t i = 0; i < status->count; i++) {
		const struct status_item *item = &status->items[i];
		if (item->commit != STATUS_COMMIT_NEW && item->commit != STATUS_COMMIT_CHANGED)
			continue;
		status_begin(&part);
		strbuf_printf(
			text, "  %-8s  ", item->commit == STATUS_COMMIT_NEW ? "new" : "modified");
		status_add_path(text, item->tracked->path);
		strbuf_add(text, POINTER_SUFFIX "\n");
	}
	for (size_t i = 0; i < status->n_removed; i++) {
		status_begin(&part);
		strbuf_add(text, "  removed   ");
		status_add_path(text, status->removed[i]);
		strbuf_add(text, POINTER_SUFFIX "\n");
	}
	status_end(&part, "git add the .mlops files, and git commit");
}

static void status_show_remote(struct strbuf *text, const struct status_remote *remote)
{
	if (!remote->n_lacks)
		return;
	strbuf_add(text, text->length ? "\n" : "");
	strbuf_printf(text, "Not on the remote '%s':\n", remote->name);
	for (size_t i = 0; i < remote->n_lacks; i++) {
		strbuf_add(text, "  ");
		status_add_path(text, remote->lacks[i]);
		strbuf_add_char(text, '\n');
	}
	strbuf_add(text, "  ('mlops push' sends it)\n");
}

static void status_show_large(struct strbuf *text, const struct status *status)
{
	struct status_part part = { text, "Large files that nobody tracks:", false };
	for (size_t i = 0; i < status->large.count; i++) {
		status_begin(&part);
		strbuf_add(text, "  ");
		status_add_path(text, status->large.items[i].path);
		strbuf_add(text, "  ");
		output_add_bytes(text, status->large.items[i].size);
		strbuf_add_char(text, '\n');
	}
	status_end(&part, "'mlops add PATH' tracks them; name in .gitignore what is no data");
}

static void status_add_totals(struct strbuf *text, const struct status *status)
{
	uint64_t files = 0, bytes = 0;
	for (size_t i = 0; i < status->count; i++) {
		files += status->items[i].tracked->pointer.n_files;
		bytes += status->items[i].tracked->pointer.size;
	}
	output_add_count(text, status->count);
	strbuf_add(text, status->count == 1 ? " path, " : " paths, ");
	status_add_files(text, files);
	strbuf_add(text, ", ");
	output_add_bytes(text, bytes);
}

void status_write_text(struct output *output, const struct status *status,
	const struct status_remote *remote, const struct status_command_options *options)
{
	struct strbuf *text = output_text(output);
	size_t before = text->length;
	status_show_data(text, status, options->files);
	status_show_store(text, status);
	status_show_commit(text, status);
	status_show_remote(text, remote);
	status_show_large(text, status);
	if (!status->count && !status->n_removed) {
		strbuf_add(text, text->length > before ? "\n" : "");
		strbuf_add(
			text, "no data are tracked; 'mlops add PATH' tracks a file or a folder\n");
		return;
	}
	if (text->length > before || !status->count)
		return;
	status_add_totals(text, status);
	strbuf_add(text, ": nothing changed");
	if (remote->name)
		strbuf_printf(text, ", and '%s' has it all", remote->name);
	strbuf_add_char(text, '\n');
}

/* ---- for scripts ---- */

void status_write_short(struct strbuf *text, const struct status *status,
	const struct status_command_options *options)
{
	for (size_t i = 0; i < status->count; i++) {
		const struct status_item *item = &status->items[i];
		char commit = item->commit == STATUS_COMMIT_NEW       ? 'A'
			      : item->commit == STATUS_COMMIT_CHANGED ? 'M'
								      : ' ';
		char state = " MD!"[item->state];
		if (commit == ' ' && state == ' ')
			continue;
		strbuf_printf(text, "%c%c ", commit, state);
		status_add_path(text, item->tracked->path);
		strbuf_add_char(text, '\n');
		for (size_t k = 0; options->files && k < item->changes.count; k++) {
			const struct change *change = &item->changes.items[k];
			if (!*change->path)
				continue;
			strbuf_printf(text, " %c   ", "ADMR"[change->kind]);
			status_add_path(text, item->tracked->path);
			strbuf_add_char(text, '/');
			status_add_path(text, change->path);
			strbuf_add_char(text, '\n');
		}
	}
	for (size_t i = 0; i < status->n_removed; i++) {
		strbuf_add(text, "D  ");
		status_add_path(text, status->removed[i]);
		strbuf_add_char(text, '\n');
	}
	for (size_t i = 0; i < status->large.count; i++) {
		strbuf_add(text, "?? ");
		status_add_path(text, status->large.items[i].path);
		strbuf_add_char(text, '\n');
	}
}

static void status_json_changes(struct json_writer *json, const struct status_item *item)
{
	json_key(json, "changes");
	json_array(json);
	for (size_t i = 0; i < item->changes.count; i++) {
		const struct change *change = &item->changes.items[i];
		char hash[HASH_TEXT_SIZE];
		json_object(json);
		json_key_string(json, "kind", change_kind_name(change->kind));
		json_key_string(json, "path", change->path);
		hash_format(&change->old_hash, hash);
		json_key_string(json, "old_hash", change->has_old ? hash : NULL);
		hash_format(&change->new_hash, hash);
		json_key_string(json, "new_hash", change->has_new ? hash : NULL);
		json_key_integer(json, "old_size", (int64_t)change->old_size);
		json_key_integer(json, "new_size", (int64_t)change->new_size);
		json_end(json);
	}
	json_end(json);
}

static void status_json_item(struct json_writer *json, const struct status_item *item)
{
	const struct pointer *pointer = &item->tracked->pointer;
	char hash[HASH_TEXT_SIZE];
	hash_format(&pointer->hash, hash);
	json_object(json);
	json_key_string(json, "path", item->tracked->path);
	json_key_string(json, "kind", pointer->kind == POINTER_FOLDER ? "folder" : "file");
	json_key_string(json, "hash", hash);
	json_key_integer(json, "size", (int64_t)pointer->size);
	json_key_integer(json, "files", (int64_t)pointer->n_files);
	json_key_string(json, "state", status_state_name(item->state));
	json_key_string(json, "commit", status_commit_name(item->commit));
	json_key_boolean(json, "in_store", item->in_store);
	json_key_integer(json, "added", (int64_t)item->n_added);
	json_key_integer(json, "modified", (int64_t)item->n_modified);
	json_key_integer(json, "removed", (int64_t)item->n_removed);
	status_json_changes(json, item);
	json_end(json);
}

void status_write_json(
	struct json_writer *json, const struct status *status, const struct status_remote *remote)
{
	json_key_boolean(json, "changed", status_differs(status));
	json_key(json, "tracked");
	json_array(json);
	for (size_t i = 0; i < status->count; i++)
		status_json_item(json, &status->items[i]);
	json_end(json);
	json_key(json, "removed_pointers");
	json_array(json);
	for (size_t i = 0; i < status->n_removed; i++)
		json_string(json, status->removed[i]);
	json_end(json);
	json_key(json, "remote");
	if (remote->name) {
		json_object(json);
		json_key_string(json, "name", remote->name);
		json_key(json, "lacks");
		json_array(json);
		for (size_t i = 0; i < remote->n_lacks; i++)
			json_string(json, remote->lacks[i]);
		json_end(json);
		json_end(json);
	} else {
		json_null(json);
	}
	json_key(json, "large");
	json_array(json);
	for (size_t i = 0; i < status->large.count; i++) {
		json_object(json);
		json_key_string(json, "path", status->large.items[i].path);
		json_key_integer(json, "size", (int64_t)status->large.items[i].size);
		json_end(json);
	}
	json_end(json);
}
