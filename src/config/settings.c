#include "mlops/config/settings.h"

#include <math.h>
#include <string.h>

#include "mlops/base/parse.h"
#include "mlops/base/vec.h"

static const char *const settings_when[] = { "auto", "always", "never", NULL };
static const char *const settings_progress[] = { "auto", "never", NULL };

const struct setting setting_table[] = {
	{ .name = "core.threads",
		.type = SETTING_INTEGER,
		.otherwise = "0",
		.minimum = 0,
		.maximum = 256,
		.text = "Threads to use, 0 for all processors; results are the same for any number" },
	{ .name = "core.wait",
		.type = SETTING_DURATION,
		.otherwise = "10s",
		.minimum = 0,
		.maximum = 604800,
		.text = "How long to wait for another command that is writing to the store" },
	{ .name = "gc.grace",
		.type = SETTING_DURATION,
		.otherwise = "14d",
		.minimum = 0,
		.maximum = 315360000,
		.text = "How long gc keeps what nothing needs, and runs that were removed" },
	{ .name = "remote.default",
		.type = SETTING_TEXT,
		.otherwise = "",
		.text = "Remote that push and pull use; the only one there is unless given" },
	{ .name = "remote.jobs",
		.type = SETTING_INTEGER,
		.otherwise = "4",
		.minimum = 1,
		.maximum = 64,
		.text = "Transfers from and to a remote at once" },
	{ .name = "status.large",
		.type = SETTING_SIZE,
		.otherwise = "10MiB",
		.minimum = 0,
		.maximum = 9e18,
		.text = "Untracked files from this size on are named by 'mlops status'; 0 for none" },
	{ .name = "trust.repositories",
		.type = SETTING_LIST,
		.otherwise = "",
		.flags = SETTING_GUARDED,
		.text = "Folders of repositories whose own file may name programs and hosts; * for all" },
	{ .name = "ui.color",
		.type = SETTING_CHOICE,
		.otherwise = "auto",
		.choices = settings_when,
		.text = "Colour: auto is on a terminal, unless NO_COLOR or TERM=dumb says no" },
	{ .name = "ui.pager",
		.type = SETTING_TEXT,
		.otherwise = "",
		.flags = SETTING_GUARDED,
		.text = "Program that long answers are shown with; $PAGER or less unless given" },
	{ .name = "ui.progress",
		.type = SETTING_CHOICE,
		.otherwise = "auto",
		.choices = settings_progress,
		.text = "Progress of long work: auto is on a terminal, after a second" },
	{ .name = "ui.unicode",
		.type = SETTING_CHOICE,
		.otherwise = "auto",
		.choices = settings_when,
		.text = "Characters beyond ASCII in tables and plots: auto goes by the locale" },
	{ .name = "user.email",
		.type = SETTING_TEXT,
		.otherwise = "",
		.text = "E-mail address recorded with what you do; git's user.email unless given" },
	{ .name = "user.name",
		.type = SETTING_TEXT,
		.otherwise = "",
		.text = "Name recorded with what you do; git's user.name unless given" },
};

const size_t setting_count = sizeof setting_table / sizeof *setting_table;

const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < setting_count; i++) {
		if (strcmp(setting_table[i].name, name) == 0)
			return &setting_table[i];
	}
	return NULL;
}

const char *setting_nearest(const char *name)
{
	const char *names[sizeof setting_table / sizeof *setting_table + 1];
	for (size_t i = 0; i < setting_count; i++)
		names[i] = setting_table[i].name;
	names[setting_count] = NULL;
	return text_nearest(name, names);
}

const char *setting_type_name(enum setting_type type)
{
	static const char *const names[] = { "boolean", "integer", "number", "size", "duration",
		"text", "choice", "list" };
	return names[type];
}

void setting_variable(const struct setting *setting, struct strbuf *buffer)
{
	strbuf_add(buffer, "MLOPS_");
	for (const char *c = setting->name; *c; c++)
		strbuf_add_char(buffer, *c == '.'                ? '_'
					: *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A')
								 : *c);
}

const char *setting_shown(const struct setting *setting, const char *text)
{
	return setting->flags & SETTING_SECRET && *text ? "(set)" : text;
}

/* "a whole number from 0 to 256", "auto, always or never" */
static void settings_expectation(const struct setting *setting, struct strbuf *buffer)
{
	static const char *const words[] = { "true or false", "a whole number", "a number",
		"a size such as 10MiB", "a time such as 1h30m", "a text", "", "a list" };
	strbuf_add(buffer, words[setting->type]);
	for (size_t i = 0; setting->choices && setting->choices[i]; i++)
		strbuf_printf(buffer, "%s%s",
			!i                        ? ""
			: setting->choices[i + 1] ? ", "
						  : " or ",
			setting->choices[i]);
	if (setting->type == SETTING_INTEGER || setting->type == SETTING_NUMBER) {
		strbuf_add(buffer, " from ");
		strbuf_add_double(buffer, setting->minimum);
		strbuf_add(buffer, " to ");
		strbuf_add_double(buffer, setting->maximum);
	} else if (setting->type == SETTING_SIZE || setting->type == SETTING_DURATION) {
		strbuf_add(buffer, " of at most ");
		strbuf_add_double(buffer, setting->maximum);
		strbuf_add(buffer, setting->type == SETTING_SIZE ? " bytes" : " seconds");
	}
}

static bool settings_is_choice(const struct setting *setting, const char *text)
{
	for (const char *const *choice = setting->choices; *choice; choice++) {
		if (strcmp(*choice, text) == 0)
			return true;
	}
	return false;
}

static bool settings_read(
	const struct setting *setting, const char *text, struct setting_value *value)
{
	struct text whole = text_of(text);
	uint64_t bytes;
	switch (setting->type) {
	case SETTING_BOOLEAN:
		return parse_bool(whole, &value->boolean);
	case SETTING_INTEGER:
		if (!parse_i64(whole, &value->integer))
			return false;
		value->number = (double)value->integer;
		break;
	case SETTING_NUMBER:
		if (!parse_f64(whole, &value->number))
			return false;
		break;
	case SETTING_SIZE:
		if (!parse_size(whole, &bytes) || bytes > INT64_MAX)
			return false;
		value->integer = (int64_t)bytes;
		value->number = (double)bytes;
		break;
	case SETTING_DURATION:
		if (!parse_duration(whole, &value->number))
			return false;
		break;
	case SETTING_CHOICE:
		return settings_is_choice(setting, text);
	default:
		return true;
	}
	return value->number >= setting->minimum && value->number <= setting->maximum;
}

int setting_parse(const struct setting *setting, const char *text, struct setting_value *ret_value,
	struct error *err)
{
	struct setting_value value = { .text = text };
	if (settings_read(setting, text, &value)) {
		if (ret_value)
			*ret_value = value;
		return 0;
	}
	AUTO(strbuf_release) struct strbuf expected = STRBUF_INIT;
	settings_expectation(setting, &expected);
	bool secret = setting->flags & SETTING_SECRET;
	error_set(err, ERROR_USAGE, "%s is %s, not %s%s%s", setting->name, expected.text,
		secret ? "" : "'", secret ? "what was given" : text, secret ? "" : "'");
	if (setting->choices) {
		const char *nearest = text_nearest(text, setting->choices);
		if (nearest)
			error_hint(err, "did you mean '%s'?", nearest);
	}
	return -ERROR_USAGE;
}
