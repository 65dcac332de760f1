#include "mlops/record/environment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mlops/base/sort.h"
#include "mlops/base/strbuf.h"
#include "mlops/base/vec.h"
#include "mlops/document/json_writer.h"
#include "mlops/system/host.h"
#include "record_internal.h"

void facts_release(struct facts *facts)
{
	for (size_t i = 0; i < facts->count; i++) {
		memory_free(facts->items[i].name);
		memory_free(facts->items[i].value);
	}
	memory_free(facts->items);
	*facts = (struct facts){ .items = NULL };
}

int facts_add(struct facts *facts, const char *name, const char *value, struct error *err)
{
	if (!value)
		return 0;
	/* A handful of facts: room for one more each time. */
	struct fact *items = memory_resize(facts->items, facts->count + 1, sizeof *items, err);
	if (!items)
		return -err->code;
	facts->items = items;
	struct fact *fact = &items[facts->count];
	fact->name = memory_copy_string(name, err);
	fact->value = fact->name ? memory_copy_string(value, err) : NULL;
	if (!fact->value) {
		memory_free(fact->name);
		return -err->code;
	}
	facts->count++;
	return 0;
}

static int facts_add_number(
	struct facts *facts, const char *name, uint64_t value, struct error *err)
{
	char text[32];
	snprintf(text, sizeof text, "%" PRIu64, value);
	return facts_add(facts, name, value ? text : NULL, err);
}

int facts_of_host(struct facts *facts, struct error *err)
{
	struct host host;
	host_facts(&host);
	const struct {
		const char *name, *value;
	} known[] = { { "host", host.name }, { "cpu", host.cpu }, { "machine", host.machine },
		{ "system", host.system }, { "kernel", host.kernel }, { "compiler", host.compiler },
		{ "libc", host.libc }, { "vectors", host.vectors },
		{ "sqlite", database_library_version() } };
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const char *value = known[i].value && known[i].value[0] ? known[i].value : NULL;
		if (facts_add(facts, known[i].name, value, err) < 0)
			return -err->code;
	}
	if (facts_add_number(facts, "cores", host.cores, err) < 0 ||
		facts_add_number(facts, "cores_allowed", host.cores_allowed, err) < 0 ||
		facts_add_number(facts, "memory", host.memory, err) < 0)
		return -err->code;
	return 0;
}

static int facts_compare(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(((const struct fact *)a)->name, ((const struct fact *)b)->name);
}

/* Equal facts are equal bytes: sorted by name, the last of several with one name wins. */
static int facts_to_json(const struct facts *facts, struct strbuf *buffer, struct error *err)
{
	AUTO_FREE struct fact *sorted = memory_allocate(facts->count, sizeof *sorted, err);
	if (!sorted)
		return -err->code;
	if (facts->count)
		memcpy(sorted, facts->items, facts->count * sizeof *sorted);
	if (sort_items(sorted, facts->count, sizeof *sorted, facts_compare, NULL, err) < 0)
		return -err->code;
	struct json_writer json;
	json_begin(&json, buffer, 0);
	json_object(&json);
	for (size_t i = 0; i < facts->count; i++) {
		if (i + 1 < facts->count && strcmp(sorted[i].name, sorted[i + 1].name) == 0)
			continue;
		json_key_string(&json, sorted[i].name, sorted[i].value);
	}
	json_end(&json);
	return strbuf_check(buffer, err);
}

int run_environment_set(
	struct record *record, int64_t run, const struct facts *facts, struct error *err)
{
	AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
	AUTO(transaction_end) struct transaction change = TRANSACTION_INIT;
	if (facts_to_json(facts, &text, err) < 0 ||
		transaction_begin(&change, record->database, TRANSACTION_JOIN, err) < 0)
		return -err->code;
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database,
		"INSERT INTO environments (facts) VALUES (?1) ON CONFLICT DO NOTHING", err);
	AUTO(statement_finish)
	struct statement *set = statement_prepare(record->database,
		"UPDATE runs SET environment = (SELECT id FROM environments WHERE facts = ?2) "
		"WHERE number = ?1",
		err);
	if (!add || !set)
		return -err->code;
	bind_string(add, 1, text.text);
	bind_integer(set, 1, run);
	bind_string(set, 2, text.text);
	if (statement_run(add, err) < 0 || statement_run(set, err) < 0)
		return error_prefix(err, "environment");
	return transaction_commit(&change, err);
}

int run_environment_load(struct record *record, int64_t run, struct facts *ret, struct error *err)
{
	AUTO(facts_release) struct facts facts = { .items = NULL };
	AUTO(statement_finish)
	struct statement *list = statement_prepare(record->database,
		"SELECT fact.key, fact.value FROM runs "
		"JOIN environments ON environments.id = runs.environment, "
		"json_each(environments.facts) AS fact WHERE number = ?1 ORDER BY fact.key",
		err);
	if (!list)
		return -err->code;
	bind_integer(list, 1, run);
	int row;
	while ((row = statement_step(list, err)) > 0) {
		if (facts_add(&facts, row_string(list, 0), row_string(list, 1), err) < 0)
			return -err->code;
	}
	if (row < 0)
		return row;
	*ret = facts;
	facts = (struct facts){ .items = NULL };
	return 0;
}

int run_resources_set(struct record *record, int64_t run, const struct run_resources *resources,
	struct error *err)
{
	AUTO(statement_finish)
	struct statement *add = statement_prepare(record->database,
		"INSERT OR REPLACE INTO resources (run, wall, user, system, peak_memory, threads) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		err);
	if (!add)
		return -err->code;
	bind_integer(add, 1, run);
	bind_number(add, 2, resources->wall);
	bind_number(add, 3, resources->user);
	bind_number(add, 4, resources->system);
	bind_integer(add, 5, resources->peak_memory);
	bind_integer(add, 6, resources->threads);
	if (statement_run(add, err) < 0)
		return error_prefix(err, "resources");
	return 0;
}

void run_resources_now(struct run_resources *ret)
{
	struct host_usage usage;
	host_usage(&usage);
	uint64_t peak = usage.peak_memory > usage.children_peak_memory ? usage.peak_memory
								       : usage.children_peak_memory;
	*ret = (struct run_resources){ .wall = usage.wall,
		.user = usage.user + usage.children_user,
		.system = usage.system + usage.children_system,
		.peak_memory = (int64_t)peak };
}

int run_resources_load(struct record *record, int64_t run, struct run_resources *ret,
	bool *ret_known, struct error *err)
{
	AUTO(statement_finish)
	struct statement *find = statement_prepare(record->database,
		"SELECT wall, user, system, peak_memory, threads FROM resources WHERE run = ?1",
		err);
	if (!find)
		return -err->code;
	bind_integer(find, 1, run);
	int row = statement_step(find, err);
	if (row < 0)
		return row;
	*ret = (struct run_resources){ .wall = 0 };
	*ret_known = row > 0;
	if (row)
		*ret = (struct run_resources){ .wall = row_number(find, 0),
			.user = row_number(find, 1),
			.system = row_number(find, 2),
			.peak_memory = row_integer(find, 3),
			.threads = row_integer(find, 4) };
	return 0;
}
