/*
 * settings: every setting of the program, in one table.
 *
 * The table is what defaults, checks, `mlops config`, the environment's names, config.schema.json
 * and mlops-config(5) come from or are tested against. A new setting is one line in settings.c.
 */
#ifndef MLOPS_CONFIG_SETTINGS_H
#define MLOPS_CONFIG_SETTINGS_H

#include <stdint.h>

#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"

enum setting_type {
	SETTING_BOOLEAN,
	SETTING_INTEGER,
	SETTING_NUMBER,
	SETTING_SIZE, /* bytes: 10MiB */
	SETTING_DURATION, /* seconds: 1h30m */
	SETTING_TEXT,
	SETTING_CHOICE,
	SETTING_LIST /* of texts; in one line separated by commas */
};

enum {
	/* Names a program to run or a host to send to: a repository may not set it. */
	SETTING_GUARDED = 1,
	/* Never printed, logged or recorded; not on the command line. */
	SETTING_SECRET = 2
};

struct setting {
	const char *name; /* "core.threads": section and key, of [a-z_] */
	enum setting_type type;
	const char *otherwise; /* the default as text */
	double minimum, maximum; /* of integers, numbers, sizes, durations */
	const char *const *choices; /* of SETTING_CHOICE, NULL-terminated */
	unsigned int flags;
	const char *text; /* what it does, one sentence */
};

/* Sorted by name. */
extern const struct setting setting_table[];
extern const size_t setting_count;

const struct setting *setting_find(const char *name); /* NULL if there is none */
const char *setting_nearest(const char *name); /* "did you mean"; or NULL */
const char *setting_type_name(enum setting_type type); /* "boolean", "size", … */

/* "MLOPS_CORE_THREADS" */
void setting_variable(const struct setting *setting, struct strbuf *buffer);

/* The text as it may be shown: "(set)" in place of a secret. */
const char *setting_shown(const struct setting *setting, const char *text);

/* The value of a setting, as a program reads it. */
struct setting_value {
	bool boolean;
	int64_t integer; /* also sizes */
	double number; /* also integers, sizes, durations */
	const char *text; /* as it was given; texts and choices */
};

/*
 * Checks and parses a text. ERROR_USAGE says what is expected ("'core.threads' is a whole number
 * from 0 to 256, not 'two'"). ret_value may be NULL; its text is the argument.
 */
int setting_parse(const struct setting *setting, const char *text, struct setting_value *ret_value,
	struct error *err) MUST_CHECK;

#endif
