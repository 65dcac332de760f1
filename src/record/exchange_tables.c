/*
 * What of a run travels, and what becomes of two that differ. Every rule takes the greater of two
 * in an order that is total (NULL counts as the least), which is what makes merging the same in any
 * order.
 */
#include "exchange_internal.h"

const struct exchange_column_facts exchange_columns[EXCHANGE_COLUMNS] = {
	[COLUMN_ID] = { "id", CELL_TEXT_NEEDED },
	[COLUMN_STATUS] = { "status", CELL_INTEGER_NEEDED },
	[COLUMN_STARTED] = { "started", CELL_INTEGER_NEEDED },
	[COLUMN_ENDED] = { "ended", CELL_INTEGER_NEEDED },
	[COLUMN_REASON] = { "reason", CELL_TEXT_IF_ANY },
	[COLUMN_NAME] = { "name", CELL_TEXT_NEEDED },
	[COLUMN_NAME_CHANGED] = { "name_changed", CELL_INTEGER_NEEDED },
	[COLUMN_NOTE] = { "note", CELL_TEXT_IF_ANY },
	[COLUMN_NOTE_CHANGED] = { "note_changed", CELL_INTEGER_NEEDED },
	[COLUMN_REMOVED] = { "removed", CELL_INTEGER_IF_ANY },
	[COLUMN_REMOVED_CHANGED] = { "removed_changed", CELL_INTEGER_NEEDED },
	[COLUMN_PARENT] = { "parent", CELL_TEXT_IF_ANY },
	[COLUMN_COMMAND] = { "command", CELL_TEXT_IF_ANY },
	[COLUMN_PROJECT] = { "project", CELL_TEXT_IF_ANY },
	[COLUMN_TASK] = { "task", CELL_TEXT_IF_ANY },
	[COLUMN_MODEL] = { "model", CELL_TEXT_IF_ANY },
	[COLUMN_USER] = { "user", CELL_TEXT_IF_ANY },
	[COLUMN_HOST] = { "host", CELL_TEXT_IF_ANY },
	[COLUMN_SEED] = { "seed", CELL_INTEGER_IF_ANY },
	[COLUMN_LOG] = { "log", CELL_TEXT_IF_ANY },
	[COLUMN_ARGUMENTS] = { "arguments", CELL_TEXT_IF_ANY },
	[COLUMN_ENVIRONMENT] = { "environment", CELL_TEXT_IF_ANY },
	[COLUMN_DOCUMENT] = { "document", CELL_TEXT_IF_ANY },
};

#define FILES_CELLS                                                                                \
	CELL_PATH, CELL_HASH, CELL_TEXT_IF_ANY, CELL_INTEGER_IF_ANY, CELL_INTEGER_IF_ANY,          \
		CELL_INTEGER_IF_ANY
#define FILES_SELECT(table)                                                                        \
	"SELECT path, hash, kind, size, n_rows, n_columns FROM " table                             \
	" WHERE run = ?1 ORDER BY path"
#define FILES_ORDER(row)                                                                           \
	"(" row ".hash, coalesce(" row ".kind, ''), coalesce(" row ".size, -1), coalesce(" row     \
	".n_rows, -1), coalesce(" row ".n_columns, -1))"
#define FILES_MERGE(table)                                                                         \
	"INSERT INTO " table " (run, path, hash, kind, size, n_rows, n_columns) "                  \
	"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET hash = excluded.hash, "     \
	"kind = excluded.kind, size = excluded.size, n_rows = excluded.n_rows, "                   \
	"n_columns = excluded.n_columns WHERE " FILES_ORDER("excluded") " > " FILES_ORDER(table)

#define CODE_ORDER(row)                                                                            \
	"(coalesce(" row ".\"commit\", ''), coalesce(" row ".patch, ''), coalesce(" row            \
	".untracked, ''), " row ".dirty, " row ".n_changed, " row ".n_untracked, coalesce(" row    \
	".branch, ''), coalesce(" row ".remote, ''), coalesce(" row ".describe, ''), "             \
	"coalesce(" row ".lost, ''))"

#define METRICS_ELAPSED(row)                                                                       \
	"coalesce((SELECT elapsed FROM points WHERE run = " row ".run AND key = " row              \
	".key AND step = " row ".step), 0)"

const struct exchange_table exchange_tables[EXCHANGE_TABLES] = {
	{ .name = "params",
		.cells = { CELL_PARAM_KEY, CELL_TEXT_NEEDED },
		.select = "SELECT name, value FROM params JOIN keys ON id = key WHERE run = ?1 "
			  "ORDER BY name",
		.merge = { "INSERT INTO params (run, key, value, number) VALUES (?1, ?2, ?3, ?4) "
			   "ON CONFLICT DO UPDATE SET value = excluded.value, "
			   "number = excluded.number WHERE excluded.value > params.value" },
		.number_of = 1 },
	/* With the time of the summary's point; before the points, which it is compared with. */
	{ .name = "metrics",
		.cells = { CELL_METRIC_KEY, CELL_INTEGER_NEEDED, CELL_INTEGER_NEEDED, CELL_REAL,
			CELL_REAL, CELL_REAL },
		.select = "SELECT name, step, " METRICS_ELAPSED(
			"metrics") ", value, low, high FROM metrics JOIN keys ON id = key "
				   "WHERE run = ?1 ORDER BY name",
		.merge = { "INSERT INTO metrics (run, key, step, value, low, high) "
			   "SELECT ?1, ?2, ?3, ?5, ?6, ?7 WHERE ?4 IS NOT NULL "
			   "ON CONFLICT DO UPDATE SET step = excluded.step, value = excluded.value, "
			   "low = excluded.low, high = excluded.high WHERE "
			   "(excluded.step, ?4, excluded.value IS NOT NULL, "
			   "coalesce(excluded.value, 0), excluded.low IS NOT NULL, "
			   "coalesce(excluded.low, 0), coalesce(excluded.high, 0)) > "
			   "(metrics.step, " METRICS_ELAPSED(
				   "metrics") ", metrics.value IS NOT NULL, "
					      "coalesce(metrics.value, 0), metrics.low IS NOT "
					      "NULL, coalesce(metrics.low, 0), "
					      "coalesce(metrics.high, 0))" },
		.number_of = -1 },
	{ .name = "tags",
		.cells = { CELL_TAG_KEY, CELL_TEXT_NEEDED, CELL_INTEGER_NEEDED },
		.select = "SELECT name, value, time FROM tags JOIN keys ON id = key WHERE run = ?1 "
			  "ORDER BY name",
		.merge = { "INSERT INTO tags (run, key, value, time, number) "
			   "SELECT ?1, ?2, ?3, ?4, ?5 WHERE ?4 > coalesce((SELECT time FROM "
			   "untagged WHERE run = ?1 AND key = ?2), -9223372036854775808) "
			   "ON CONFLICT DO UPDATE SET value = excluded.value, time = excluded.time, "
			   "number = excluded.number "
			   "WHERE (excluded.time, excluded.value) > (tags.time, tags.value)",
			"DELETE FROM untagged WHERE run = ?1 AND key = ?2 AND time < ?4" },
		.number_of = 1 },
	{ .name = "untagged",
		.cells = { CELL_TAG_KEY, CELL_INTEGER_NEEDED },
		.select = "SELECT name, time FROM untagged JOIN keys ON id = key WHERE run = ?1 "
			  "ORDER BY name",
		.merge = { "DELETE FROM tags WHERE run = ?1 AND key = ?2 AND time <= ?3",
			"INSERT INTO untagged (run, key, time) SELECT ?1, ?2, ?3 WHERE NOT EXISTS "
			"(SELECT 1 FROM tags WHERE run = ?1 AND key = ?2 AND time > ?3) "
			"ON CONFLICT DO UPDATE SET time = excluded.time "
			"WHERE excluded.time > untagged.time" },
		.number_of = -1 },
	{ .name = "inputs",
		.cells = { CELL_TEXT_NEEDED, CELL_HASH, CELL_TEXT_IF_ANY, CELL_INTEGER_IF_ANY,
			CELL_INTEGER_IF_ANY, CELL_INTEGER_IF_ANY },
		.select = FILES_SELECT("inputs"),
		.merge = { FILES_MERGE("inputs") },
		.number_of = -1 },
	{ .name = "outputs",
		.cells = { FILES_CELLS },
		.select = FILES_SELECT("outputs"),
		.merge = { FILES_MERGE("outputs") },
		.number_of = -1 },
	{ .name = "artifacts",
		.cells = { FILES_CELLS },
		.select = FILES_SELECT("artifacts"),
		.merge = { FILES_MERGE("artifacts") },
		.number_of = -1 },
	{ .name = "code",
		.cells = { CELL_TEXT_IF_ANY, CELL_HASH_IF_ANY, CELL_HASH_IF_ANY,
			CELL_INTEGER_NEEDED, CELL_INTEGER_NEEDED, CELL_INTEGER_NEEDED,
			CELL_TEXT_IF_ANY, CELL_TEXT_IF_ANY, CELL_TEXT_IF_ANY, CELL_TEXT_IF_ANY },
		.select = "SELECT \"commit\", patch, untracked, dirty, n_changed, n_untracked, "
			  "branch, remote, describe, lost FROM code WHERE run = ?1",
		.merge = { "INSERT INTO code (run, \"commit\", patch, untracked, dirty, n_changed, "
			   "n_untracked, branch, remote, describe, lost) "
			   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "
			   "ON CONFLICT DO UPDATE SET \"commit\" = excluded.\"commit\", "
			   "patch = excluded.patch, untracked = excluded.untracked, "
			   "dirty = excluded.dirty, n_changed = excluded.n_changed, "
			   "n_untracked = excluded.n_untracked, branch = excluded.branch, "
			   "remote = excluded.remote, describe = excluded.describe, "
			   "lost = excluded.lost WHERE " CODE_ORDER("excluded") " > " CODE_ORDER(
				   "code") },
		.number_of = -1 },
	{ .name = "resources",
		.cells = { CELL_REAL, CELL_REAL, CELL_REAL, CELL_INTEGER_NEEDED,
			CELL_INTEGER_NEEDED },
		.select = "SELECT wall, user, system, peak_memory, threads FROM resources "
			  "WHERE run = ?1",
		.merge = { "INSERT INTO resources (run, wall, user, system, peak_memory, threads) "
			   "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET "
			   "wall = excluded.wall, user = excluded.user, system = excluded.system, "
			   "peak_memory = excluded.peak_memory, threads = excluded.threads "
			   "WHERE (excluded.wall, excluded.user, excluded.system, "
			   "excluded.peak_memory, excluded.threads) > (resources.wall, "
			   "resources.user, resources.system, resources.peak_memory, "
			   "resources.threads)" },
		.number_of = -1 },
};
