#include "mlops/record/revision.h"

#include <stdio.h>
#include <string.h>

#include "mlops/base/clock.h"
#include "mlops/base/id.h"
#include "mlops/base/parse.h"
#include "mlops/base/strbuf.h"
#include "mlops/base/vec.h"
#include "mlops/git/repository.h"
#include "record_internal.h"

enum { REVISION_LONGEST = 1024, REVISION_SHOWN = 8 };

int revision_check_name(const char *what, const char *name, struct error *err)
{
	if (record_check_name(what, name, err) < 0)
		return -err->code;
	if (name[0] == '-' || name[0] == ' ' || name[strlen(name) - 1] == ' ')
		return error_set(err, ERROR_INVALID,
			"the name '%s' of a %s begins with '-' or a blank, or ends with one", name,
			what);
	const char *bad = strpbrk(name, "@:~");
	if (bad) {
		error_set(err, ERROR_INVALID, "the name '%s' of a %s has a '%c' in it", name, what,
			*bad);
		return error_hint(err, "'@', ':' and '~' have a meaning in revisions");
	}
	if (id_is_prefix(text_of(name))) {
		error_set(err, ERROR_INVALID, "'%s' reads like the beginning of an id", name);
		return error_hint(err,
			"a name has another letter than a to f, or is shorter than %d",
			ID_PREFIX_SHORTEST);
	}
	return 0;
}

bool revision_split(const char *text, struct text *ret_revision, struct text *ret_path)
{
	const char *colon = strchr(text, ':');
	*ret_revision = text_of(text);
	*ret_path = (struct text){ "", 0 };
	if (!colon)
		return false;
	ret_revision->length = (size_t)(colon - text);
	if (!ret_revision->length)
		*ret_revision = TEXT("@");
	*ret_path = text_of(colon + 1);
	return true;
}

/* The first run a query gives; *ret stays 0 if there is none. ?1 is the text, unless NULL. */
static int revision_query(
	struct record *record, const char *sql, const char *text, int64_t *ret, struct error *err)
{
	AUTO(statement_finish)
	struct statement *query = statement_prepare(record->database, sql, err);
	if (!query)
		return -err->code;
	if (text)
		bind_string(query, 1, text);
	int row = statement_step(query, err);
	*ret = row > 0 ? row_integer(query, 0) : 0;
	return row < 0 ? row : 0;
}

/* The N-th run before this one. */
static int revision_go_back(
	struct record *record, const char *revision, uint64_t back, int64_t *run, struct error *err)
{
	AUTO(statement_finish)
	struct statement *query = statement_prepare(record->database,
		"SELECT r.number FROM runs r, (SELECT started, number FROM runs WHERE number = ?1) t "
		"WHERE r.removed IS NULL AND (r.started, r.number) < (t.started, t.number) "
		"ORDER BY r.started DESC, r.number DESC LIMIT 1 OFFSET ?2",
		err);
	if (!query)
		return -err->code;
	bind_integer(query, 1, *run);
	bind_integer(query, 2, (int64_t)back - 1);
	int row = statement_step(query, err);
	if (row < 0)
		return row;
	if (!row)
		return error_set(err, ERROR_NOT_FOUND, "'%s': there are not so many runs before it",
			revision);
	*run = row_integer(query, 0);
	return 0;
}

static int revision_ambiguous(
	struct record *record, const char *prefix, const char *end, struct error *err)
{
	AUTO(strbuf_release) struct strbuf list = STRBUF_INIT;
	AUTO(statement_finish)
	struct statement *query = statement_prepare(record->database,
		"SELECT id, name FROM runs WHERE id >= ?1 AND id < ?2 AND removed IS NULL "
		"ORDER BY id LIMIT ?3",
		err);
	if (!query)
		return -err->code;
	bind_string(query, 1, prefix);
	bind_string(query, 2, end);
	bind_integer(query, 3, REVISION_SHOWN + 1);
	int row, count = 0;
	while ((row = statement_step(query, err)) > 0 && count++ < REVISION_SHOWN)
		strbuf_printf(&list, "%s%.*s (%s)", count > 1 ? ", " : "", (int)strlen(prefix) + 3,
			row_string(query, 0), row_string(query, 1));
	if (row < 0 || strbuf_check(&list, err) < 0)
		return -err->code;
	return error_set(
		err, ERROR_INVALID, "'%s' is ambiguous: %s%s", prefix, list.text, row ? ", …" : "");
}

/* By id or the beginning of one; removed runs count only by a whole id, or if no other has it. */
static int revision_by_id(
	struct record *record, const char *revision, int64_t *ret, struct error *err)
{
	char end[ID_LENGTH + 2];
	snprintf(end, sizeof end, "%.*sg", ID_LENGTH, revision); /* 'g' is behind all digits */
	AUTO(statement_finish)
	struct statement *query = statement_prepare(record->database,
		"SELECT number, removed IS NULL FROM runs WHERE id >= ?1 AND id < ?2 "
		"ORDER BY removed IS NULL DESC LIMIT 2",
		err);
	if (!query)
		return -err->code;
	bind_string(query, 1, revision);
	bind_string(query, 2, end);
	int64_t numbers[2] = { 0, 0 }, live[2] = { 0, 0 };
	int row, count = 0;
	while ((row = statement_step(query, err)) > 0) {
		numbers[count] = row_integer(query, 0);
		live[count++] = row_integer(query, 1);
	}
	if (row < 0)
		return row;
	if (count == 2 && live[0] == live[1])
		return revision_ambiguous(record, revision, end, err);
	*ret = numbers[0];
	return 0;
}

static int revision_by_commit(struct record *record, struct repository *repository,
	const char *revision, int64_t *ret, struct error *err)
{
	char commit[REPOSITORY_COMMIT_SIZE];
	struct error unknown = ERROR_INIT;
	*ret = 0;
	if (!repository || repository_resolve(repository, revision, commit, &unknown) < 0)
		return 0;
	if (revision_query(record,
		    "SELECT number FROM code JOIN runs ON number = run WHERE \"commit\" = ?1 AND "
		    "removed IS NULL ORDER BY started DESC, number DESC LIMIT 1",
		    commit, ret, err) < 0)
		return -err->code;
	if (!*ret)
		return error_set(err, ERROR_NOT_FOUND, "no run was made from commit %.7s ('%s')",
			commit, revision);
	return 0;
}

/* Names and tags to suggest; a copy of each in a NULL-terminated list. */
static int revision_nearest(
	struct record *record, const char *revision, struct strbuf *ret, struct error *err)
{
	VEC(const char *) names = VEC_INIT;
	AUTO(statement_finish)
	struct statement *query = statement_prepare(record->database,
		"SELECT name FROM (SELECT DISTINCT name FROM runs WHERE removed IS NULL "
		"ORDER BY number DESC LIMIT 2000) "
		"UNION SELECT name FROM keys WHERE kind = 2 ORDER BY 1",
		err);
	int row = query ? 0 : -(int)err->code;
	while (query && (row = statement_step(query, err)) > 0) {
		char *name = memory_copy_string(row_string(query, 0), err);
		vec_push(&names, name);
		if (!name || vec_check(&names, err) < 0)
			break;
	}
	vec_push(&names, NULL);
	const char *nearest = row == 0 && vec_check(&names, err) == 0
				      ? text_nearest(revision, names.items)
				      : NULL;
	if (nearest)
		strbuf_add(ret, nearest);
	for (size_t i = 0; i < names.count; i++)
		memory_free((void *)names.items[i]);
	vec_release(&names);
	return row < 0 ? row : strbuf_check(ret, err);
}

static int revision_not_found(struct record *record, const char *revision, struct error *err)
{
	AUTO(strbuf_release) struct strbuf nearest = STRBUF_INIT;
	int64_t any;
	if (revision_nearest(record, revision, &nearest, err) < 0 ||
		revision_query(record, "SELECT number FROM runs WHERE removed IS NULL LIMIT 1",
			NULL, &any, err) < 0)
		return -err->code;
	error_set(err, ERROR_NOT_FOUND, "there is no run '%s'", revision);
	if (nearest.length)
		error_hint(err, "did you mean '%s'?", nearest.text);
	else if (!any)
		error_hint(err, "nothing has been recorded yet; 'mlops train' makes a run");
	else
		error_hint(err, "'mlops log' lists the runs");
	return -ERROR_NOT_FOUND;
}

static int revision_base(struct record *record, struct repository *repository, const char *revision,
	int64_t *ret, struct error *err)
{
	static const char *const queries[] = {
		"SELECT number FROM runs WHERE name = ?1 AND removed IS NULL "
		"ORDER BY started DESC, number DESC LIMIT 1",
		"SELECT runs.number FROM tags JOIN runs ON runs.number = run WHERE key = "
		"(SELECT id FROM keys WHERE kind = 2 AND name = ?1) AND removed IS NULL "
		"ORDER BY started DESC, runs.number DESC LIMIT 1",
	};
	*ret = 0;
	if (strcmp(revision, "@") == 0) {
		if (revision_query(record,
			    "SELECT number FROM runs WHERE removed IS NULL "
			    "ORDER BY started DESC, number DESC LIMIT 1",
			    NULL, ret, err) < 0)
			return -err->code;
		return *ret ? 0 : revision_not_found(record, revision, err);
	}
	const char *at = strchr(revision, '@');
	if (at && at > revision) {
		error_set(err, ERROR_UNSUPPORTED, "'%s': there is no model registry yet", revision);
		return error_hint(err, "name the run itself");
	}
	if (id_is_prefix(text_of(revision)) && revision_by_id(record, revision, ret, err) < 0)
		return -err->code;
	for (size_t i = 0; !*ret && i < 2; i++) {
		if (revision_query(record, queries[i], revision, ret, err) < 0)
			return -err->code;
	}
	if (!*ret && revision_by_commit(record, repository, revision, ret, err) < 0)
		return -err->code;
	return *ret ? 0 : revision_not_found(record, revision, err);
}

int revision_resolve(struct record *record, struct repository *repository, const char *revision,
	int64_t *ret_run, struct error *err)
{
	char base[REVISION_LONGEST];
	uint64_t back = 0;
	int64_t run;
	if (!revision[0])
		return error_set(err, ERROR_USAGE, "the revision is empty");
	if (strlen(revision) >= sizeof base)
		return error_set(err, ERROR_USAGE, "the revision is longer than %d bytes",
			REVISION_LONGEST - 1);
	snprintf(base, sizeof base, "%s", revision);
	/* "~N", "~" is "~1"; "HEAD~2" is the run's way, not git's. */
	char *tilde = strrchr(base, '~');
	if (tilde) {
		struct text digits = text_of(tilde + 1);
		back = 1;
		if (digits.length && (!parse_u64(digits, &back) || back > INT32_MAX))
			return error_set(
				err, ERROR_USAGE, "'%s': '~' wants a number behind it", revision);
		*tilde = '\0';
		if (!base[0])
			snprintf(base, sizeof base, "@");
	}
	if (revision_base(record, repository, base, &run, err) < 0 ||
		(back && revision_go_back(record, revision, back, &run, err) < 0))
		return -err->code;
	*ret_run = run;
	return 0;
}
