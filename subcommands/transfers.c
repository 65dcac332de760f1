#include "transfers.h"

#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/path.h"
#include "mlops/system/directory.h"
#include "mlops/versioning/pointer.h"

int transfer_open(struct invocation *invocation, const char *remote, uint64_t jobs,
	struct transfer *ret, struct error *err)
{
	AUTO(transfer_close) struct transfer transfer = { .record = NULL };
	const struct config *config = NULL;
	struct remotes_choice choice = {
		.name = remote, .jobs = (size_t)jobs, .sink = &invocation->sink
	};
	struct workspace *workspace = &invocation->workspace;
	if (invocation_config(invocation, &config, err) < 0 ||
		remotes_choose(config, remote, &transfer.facts, err) < 0 ||
		record_open(workspace->database, DATABASE_CREATE, &transfer.record, err) < 0 ||
		object_store_open(workspace, &transfer.store, err) < 0 ||
		remotes_open(workspace, transfer.store, record_database(transfer.record), config,
			&choice, &transfer.remote, err) < 0)
		return -err->code;
	*ret = transfer;
	transfer = (struct transfer){ .record = NULL };
	return 0;
}

void transfer_close(struct transfer *transfer)
{
	remote_close(transfer->remote);
	object_store_close(transfer->store);
	record_close(transfer->record);
	*transfer = (struct transfer){ .record = NULL };
}

static int transfer_path(struct invocation *invocation, const char *root, const char *here,
	const char *name, const char **ret, struct error *err)
{
	AUTO_FREE char *joined = path_join(here, name, err);
	AUTO_FREE char *whole = joined ? path_normalise(joined, err) : NULL;
	if (!whole)
		return -err->code;
	if (!path_is_inside(whole, root))
		return error_set(
			err, ERROR_USAGE, "'%s' is outside of the project in '%s'", name, root);
	AUTO_FREE char *relative = path_relative(whole, root, err);
	if (!relative)
		return -err->code;
	struct text text = text_of(relative);
	if (text_ends_with(text, POINTER_SUFFIX))
		text.length -= strlen(POINTER_SUFFIX);
	*ret = arena_copy_bytes(&invocation->arena, text.at, text.length, err);
	return *ret ? 0 : -(int)err->code;
}

int transfer_paths(struct invocation *invocation, const struct option_list *paths,
	struct sync_options *options, struct error *err)
{
	AUTO_FREE char *root = directory_real_path(invocation->workspace.root, err);
	AUTO_FREE char *working = root ? directory_current(err) : NULL;
	AUTO_FREE char *here = working ? directory_real_path(working, err) : NULL;
	const char **items =
		here ? arena_allocate(&invocation->arena, paths->count, sizeof *items, err) : NULL;
	if (!items)
		return -err->code;
	for (size_t i = 0; i < paths->count; i++) {
		if (transfer_path(invocation, root, here, paths->items[i], &items[i], err) < 0)
			return -err->code;
	}
	options->paths = items;
	options->n_paths = paths->count;
	return 0;
}

void transfer_describe(struct strbuf *text, const struct remote_summary *transfer)
{
	if (transfer->packs)
		strbuf_printf(text, "%llu pack%s, ", (unsigned long long)transfer->packs,
			transfer->packs == 1 ? "" : "s");
	output_add_bytes(text, transfer->bytes);
	strbuf_add(text, " in ");
	clock_format_duration(text, transfer->seconds);
	if (transfer->seconds > 0) {
		strbuf_add(text, " (");
		output_add_bytes(text, (uint64_t)((double)transfer->bytes / transfer->seconds));
		strbuf_add(text, "/s)");
	}
	strbuf_printf(text, ", %llu request%s", (unsigned long long)transfer->requests,
		transfer->requests == 1 ? "" : "s");
}

void transfer_json(
	struct json_writer *json, const struct transfer *transfer, const struct sync_summary *sum)
{
	json_key_string(json, "remote", transfer->facts->name);
	json_key_string(json, "url", transfer->facts->url);
	json_key_integer(json, "data", (int64_t)sum->n_data);
	json_key_integer(json, "objects", (int64_t)(sum->n_objects + sum->transfer.objects));
	json_key_integer(json, "packs", (int64_t)sum->transfer.packs);
	json_key_integer(json, "bytes", (int64_t)sum->transfer.bytes);
	json_key_integer(json, "requests", (int64_t)sum->transfer.requests);
	json_key_number(json, "seconds", sum->transfer.seconds);
	json_key_integer(json, "missing", (int64_t)sum->n_missing);
}
