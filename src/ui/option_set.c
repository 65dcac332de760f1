#include "option_internal.h"

#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/strbuf.h"

/* True for counts at which a list that doubles is full: 0, 3, 7, 15, … (one more for the NULL). */
static bool option_set_full(size_t count)
{
	return (count & (count + 1)) == 0 && count != 1;
}

int option_list_append(
	struct option_list *list, const char *item, struct arena *arena, struct error *err)
{
	const char **items = (const char **)(uintptr_t)list->items;
	if (option_set_full(list->count)) {
		items = arena_allocate(arena, 2 * list->count + 4, sizeof *items, err);
		if (!items)
			return -err->code;
		if (list->count)
			memcpy(items, list->items, list->count * sizeof *items);
	}
	items[list->count] = item;
	items[list->count + 1] = NULL;
	list->items = items;
	list->count++;
	return 0;
}

static int option_set_pair(struct option_pairs *pairs, const struct option_setting *setting,
	struct arena *arena, struct error *err)
{
	const char *equals = strchr(setting->value, '=');
	if (!equals || equals == setting->value)
		return error_set(err, ERROR_USAGE, "%s: '%s' is not of the form KEY=VALUE",
			setting->shown, setting->value);
	struct option_pair *items = (struct option_pair *)(uintptr_t)pairs->items;
	if (option_set_full(pairs->count)) {
		items = arena_allocate(arena, 2 * pairs->count + 4, sizeof *items, err);
		if (!items)
			return -err->code;
		if (pairs->count)
			memcpy(items, pairs->items, pairs->count * sizeof *items);
	}
	char *key = arena_copy_bytes(arena, setting->value, (size_t)(equals - setting->value), err);
	if (!key)
		return -err->code;
	items[pairs->count] = (struct option_pair){ key, equals + 1 };
	pairs->items = items;
	pairs->count++;
	return 0;
}

static int option_set_choice(int *member, const struct option_setting *setting, struct error *err)
{
	const char *const *choices = setting->option->choices;
	for (int i = 0; choices[i]; i++) {
		if (strcmp(choices[i], setting->value) == 0) {
			*member = i;
			return 0;
		}
	}
	AUTO(strbuf_release) struct strbuf list = STRBUF_INIT;
	for (size_t i = 0; choices[i]; i++)
		strbuf_printf(&list, "%s%s", i ? ", " : "", choices[i]);
	error_set(err, ERROR_USAGE, "%s: '%s' is not one of %s", setting->shown, setting->value,
		list.text);
	const char *nearest = text_nearest(setting->value, choices);
	return nearest ? error_hint(err, "did you mean '%s'?", nearest) : -ERROR_USAGE;
}

static int option_set_refuse(
	const struct option_setting *setting, const char *wanted, struct error *err)
{
	return error_set(
		err, ERROR_USAGE, "%s: '%s' is not %s", setting->shown, setting->value, wanted);
}

static int option_set_u64(uint64_t *member, const struct option_setting *setting, struct error *err)
{
	const struct option_spec *option = setting->option;
	bool size = option->kind == OPTION_KIND_SIZE;
	uint64_t value, low = option->range.u64.low, high = option->range.u64.high;
	struct text text = text_of(setting->value);
	if (size ? !parse_size(text, &value) : !parse_u64(text, &value))
		return option_set_refuse(setting,
			size ? "a size such as 10MiB" : "a whole number of 0 or more", err);
	if (value < low || value > high)
		return error_set(err, ERROR_USAGE, "%s: %s is not within %ju and %ju",
			setting->shown, setting->value, (uintmax_t)low, (uintmax_t)high);
	*member = value;
	return 0;
}

static int option_set_i64(int64_t *member, const struct option_setting *setting, struct error *err)
{
	int64_t value, low = setting->option->range.i64.low, high = setting->option->range.i64.high;
	if (!parse_i64(text_of(setting->value), &value))
		return option_set_refuse(setting, "a whole number", err);
	if (value < low || value > high)
		return error_set(err, ERROR_USAGE, "%s: %s is not within %jd and %jd",
			setting->shown, setting->value, (intmax_t)low, (intmax_t)high);
	*member = value;
	return 0;
}

static int option_set_f64(double *member, const struct option_setting *setting, struct error *err)
{
	const struct option_spec *option = setting->option;
	bool duration = option->kind == OPTION_KIND_DURATION;
	double value, low = option->range.f64.low, high = option->range.f64.high;
	struct text text = text_of(setting->value);
	if (duration ? !parse_duration(text, &value) : !parse_f64(text, &value))
		return option_set_refuse(
			setting, duration ? "a duration such as 90s or 1h30m" : "a number", err);
	if (value < low || value > high)
		return error_set(err, ERROR_USAGE, "%s: %s is not within %g and %g", setting->shown,
			setting->value, low, high);
	*member = value;
	return 0;
}

int option_set(
	const struct option_setting *setting, void *options, struct arena *arena, struct error *err)
{
	void *member = (char *)options + setting->option->offset;
	switch (setting->option->kind) {
	case OPTION_KIND_FLAG:
		*(bool *)member = !setting->negated;
		return 0;
	case OPTION_KIND_COUNT:
		++*(unsigned *)member;
		return 0;
	case OPTION_KIND_U64:
	case OPTION_KIND_SIZE:
		return option_set_u64(member, setting, err);
	case OPTION_KIND_I64:
		return option_set_i64(member, setting, err);
	case OPTION_KIND_F64:
	case OPTION_KIND_DURATION:
		return option_set_f64(member, setting, err);
	case OPTION_KIND_PATH:
		if (!*setting->value)
			return error_set(err, ERROR_USAGE, "%s: the path is empty", setting->shown);
		FALLTHROUGH;
	case OPTION_KIND_STRING:
		*(const char **)member = setting->value;
		return 0;
	case OPTION_KIND_ENUM:
		return option_set_choice(member, setting, err);
	case OPTION_KIND_LIST:
		return option_list_append(member, setting->value, arena, err);
	case OPTION_KIND_PAIRS:
		return option_set_pair(member, setting, arena, err);
	case OPTION_KIND_END:
		break;
	}
	BUG("option '%s' has no kind", setting->shown);
}
