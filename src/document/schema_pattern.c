/*
 * Patterns: the part of ECMA 262's regular expressions that POSIX extended ones can say.
 *
 * The program never leaves the C locale, so regcomp() sees bytes. Classes become sets of ASCII
 * characters, and what may match other characters too ('.' and negated classes) becomes the forms
 * of UTF-8. Refused: look-around, back references, \b, and characters beyond ASCII in a class.
 */
#include "schema_internal.h"

#include <regex.h>
#include <string.h>

#include "mlops/base/utf8.h"

struct schema_pattern {
	struct schema_pattern *next;
	const char *text;
	regex_t compiled;
};

enum {
	PATTERN_BYTES = 1000,
	PATTERN_DEPTH = 20, /* of groups */
	PATTERN_REPEATS = 10000 /* product of all counts: what the automaton may grow by */
};

struct pattern_reader {
	const char *at;
	struct strbuf out;
	unsigned depth;
	uint64_t repeats;
	bool atom; /* something stands before that can be repeated */
};

struct pattern_set {
	bool has[128];
	bool negated;
};

static void pattern_add_range(struct pattern_set *set, int low, int high)
{
	for (int c = low; c <= high; c++)
		set->has[c] = true;
}

/* \d \w \s: adds the class; \D \W \S: its complement. False if the letter is none of them. */
static bool pattern_add_class(struct pattern_set *set, char letter)
{
	struct pattern_set class = { .negated = false };
	if (letter == 'd' || letter == 'D') {
		pattern_add_range(&class, '0', '9');
	} else if (letter == 'w' || letter == 'W') {
		pattern_add_range(&class, '0', '9');
		pattern_add_range(&class, 'a', 'z');
		pattern_add_range(&class, 'A', 'Z');
		class.has['_'] = true;
	} else if (letter == 's' || letter == 'S') {
		pattern_add_range(&class, '\t', '\r');
		class.has[' '] = true;
	} else {
		return false;
	}
	bool complement = letter < 'a';
	for (int c = 1; c < 128; c++)
		set->has[c] |= class.has[c] != complement;
	return true;
}

/* A set as a bracket expression: ']' first, '-' last, '^' not first. */
static void pattern_write_set(struct strbuf *out, const struct pattern_set *set)
{
	bool has[128];
	int count = 0, only = 0;
	for (int c = 1; c < 128; c++) {
		has[c] = set->has[c] != set->negated;
		count += has[c];
		only = has[c] ? c : only;
	}
	if (count == 1 && only == '^') {
		strbuf_add(out, "\\^");
		return;
	}
	strbuf_add_char(out, '[');
	if (has[']'])
		strbuf_add_char(out, ']');
	for (int c = 1; c < 128; c++) {
		if (has[c] && c != ']' && c != '-' && c != '^' && c != '[')
			strbuf_add_char(out, (char)c);
	}
	/* '[' at the end, where no ':', '.' or '=' can follow and make it a class name */
	if (has['^'])
		strbuf_add_char(out, '^');
	if (has['['])
		strbuf_add_char(out, '[');
	if (has['-'])
		strbuf_add_char(out, '-');
	strbuf_add_char(out, ']');
}

static void pattern_add_set(
	struct pattern_reader *reader, const struct pattern_set *set, bool beyond)
{
	bool any = false;
	for (int c = 1; c < 128; c++)
		any |= set->has[c] != set->negated;
	reader->atom = true;
	if (!beyond && !any) {
		strbuf_add(&reader->out, "([a]^b)"); /* matches nothing */
		return;
	}
	if (!beyond) {
		pattern_write_set(&reader->out, set);
		return;
	}
	strbuf_add_char(&reader->out, '(');
	if (any) {
		pattern_write_set(&reader->out, set);
		strbuf_add_char(&reader->out, '|');
	}
	strbuf_add(&reader->out, "[\xC2-\xDF][\x80-\xBF]|[\xE0-\xEF][\x80-\xBF][\x80-\xBF]|"
				 "[\xF0-\xF4][\x80-\xBF][\x80-\xBF][\x80-\xBF])");
}

static bool pattern_hex(struct pattern_reader *reader, int digits, uint32_t *ret)
{
	uint32_t code = 0;
	for (int i = 0; i < digits; i++, reader->at++) {
		char c = *reader->at;
		if (c >= '0' && c <= '9')
			code = code * 16 + (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			code = code * 16 + (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			code = code * 16 + (uint32_t)(c - 'A' + 10);
		else
			return false;
	}
	*ret = code;
	return true;
}

/* The character that an escape stands for, after the backslash; NULL if fine, else why not. */
static const char *pattern_escape(struct pattern_reader *reader, uint32_t *ret)
{
	static const char letters[] = "tnrfv", bytes[] = "\t\n\r\f\v";
	char c = *reader->at;
	const char *letter = c ? strchr(letters, c) : NULL;
	if (!c)
		return "ends with a backslash";
	reader->at++;
	if (letter) {
		*ret = (uint32_t)bytes[letter - letters];
		return NULL;
	}
	if (c == 'x' || c == 'u')
		return pattern_hex(reader, c == 'x' ? 2 : 4, ret) && *ret
			       ? NULL
			       : "has a wrong \\x or \\u";
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return "has an escape that POSIX does not know";
	if ((unsigned char)c >= 0x80)
		return "escapes a character that needs none";
	*ret = (uint32_t)c;
	return NULL;
}

static void pattern_add_literal(struct pattern_reader *reader, uint32_t code)
{
	reader->atom = true;
	if (code >= 0x80) {
		strbuf_add_char(&reader->out, '(');
		utf8_add(&reader->out, code);
		strbuf_add_char(&reader->out, ')');
		return;
	}
	if (strchr(".[]{}()*+?^$|\\", (int)code))
		strbuf_add_char(&reader->out, '\\');
	strbuf_add_char(&reader->out, (char)code);
}

/* One end of a range in a class, or a class letter (then *ret is 0). */
static const char *pattern_class_item(
	struct pattern_reader *reader, struct pattern_set *set, uint32_t *ret)
{
	*ret = (unsigned char)*reader->at++;
	if (*ret >= 0x80)
		return "has a character beyond ASCII in a class";
	if (*ret != '\\')
		return NULL;
	if (pattern_add_class(set, *reader->at)) {
		*ret = 0;
		reader->at++;
		return NULL;
	}
	if (*reader->at == 'b') {
		*ret = '\b';
		reader->at++;
		return NULL;
	}
	const char *problem = pattern_escape(reader, ret);
	if (!problem && *ret >= 0x80)
		return "has a character beyond ASCII in a class";
	return problem;
}

/* After '['. */
static const char *pattern_class(struct pattern_reader *reader)
{
	struct pattern_set set = { .negated = *reader->at == '^' };
	bool beyond = set.negated;
	reader->at += set.negated;
	while (*reader->at != ']') {
		uint32_t low, high;
		if (!*reader->at)
			return "has a '[' that is not closed";
		/* \D and its like match characters beyond ASCII as well. */
		bool wide = reader->at[0] == '\\' && reader->at[1] && strchr("DWS", reader->at[1]);
		if (wide && set.negated)
			return "negates \\D, \\W or \\S";
		beyond |= wide;
		const char *problem = pattern_class_item(reader, &set, &low);
		if (problem)
			return problem;
		if (!low)
			continue;
		high = low;
		if (reader->at[0] == '-' && reader->at[1] && reader->at[1] != ']') {
			reader->at++;
			problem = pattern_class_item(reader, &set, &high);
			if (problem || !high || high < low)
				return problem ? problem : "has a wrong range";
		}
		pattern_add_range(&set, (int)low, (int)high);
	}
	reader->at++;
	pattern_add_set(reader, &set, beyond);
	return NULL;
}

static bool pattern_number(struct pattern_reader *reader, uint64_t *ret)
{
	const char *start = reader->at;
	*ret = 0;
	while (*reader->at >= '0' && *reader->at <= '9' && *ret < PATTERN_REPEATS)
		*ret = *ret * 10 + (uint64_t)(*reader->at++ - '0');
	return reader->at > start;
}

/* {2}, {2,}, {2,5} after the brace. */
static const char *pattern_count(struct pattern_reader *reader)
{
	uint64_t low, high;
	if (!pattern_number(reader, &low))
		return "has a '{' that is no count";
	high = low;
	strbuf_printf(&reader->out, "{%llu", (unsigned long long)low);
	if (*reader->at == ',') {
		reader->at++;
		strbuf_add_char(&reader->out, ',');
		if (*reader->at != '}' && pattern_number(reader, &high))
			strbuf_printf(&reader->out, "%llu", (unsigned long long)high);
	}
	if (*reader->at != '}' || high < low)
		return "has a '{' that is no count";
	reader->at++;
	strbuf_add_char(&reader->out, '}');
	reader->repeats *= high ? high : 1;
	return reader->repeats > PATTERN_REPEATS ? "repeats too often" : NULL;
}

static const char *pattern_repeat(struct pattern_reader *reader, char c)
{
	if (!reader->atom)
		return "repeats nothing";
	const char *problem = NULL;
	if (c == '{')
		problem = pattern_count(reader);
	else
		strbuf_add_char(&reader->out, c);
	if (*reader->at == '?') /* lazy: whether it matches is the same */
		reader->at++;
	reader->atom = false;
	return problem;
}

static const char *pattern_open(struct pattern_reader *reader)
{
	if (reader->at[0] == '?') {
		if (reader->at[1] != ':')
			return "looks around or names a group";
		reader->at += 2;
	}
	if (++reader->depth > PATTERN_DEPTH)
		return "is nested too deep";
	strbuf_add_char(&reader->out, '(');
	if (*reader->at == ')')
		return "has an empty group";
	reader->atom = false;
	return NULL;
}

static const char *pattern_backslash(struct pattern_reader *reader)
{
	struct pattern_set set = { .negated = false };
	uint32_t code;
	char c = *reader->at;
	if (pattern_add_class(&set, c)) {
		reader->at++;
		pattern_add_set(reader, &set, c < 'a');
		return NULL;
	}
	const char *problem = pattern_escape(reader, &code);
	if (!problem)
		pattern_add_literal(reader, code);
	return problem;
}

/* One token; NULL if fine, else what is wrong with the pattern. */
static const char *pattern_token(struct pattern_reader *reader)
{
	struct text rest = text_of(reader->at);
	struct pattern_set dot = { .negated = true };
	char c = *reader->at++;
	switch (c) {
	case '\\':
		return pattern_backslash(reader);
	case '[':
		return pattern_class(reader);
	case '(':
		return pattern_open(reader);
	case ')':
		if (!reader->depth--)
			return "has a ')' too many";
		strbuf_add_char(&reader->out, c);
		reader->atom = true;
		return NULL;
	case '*':
	case '+':
	case '?':
	case '{':
		return pattern_repeat(reader, c);
	case '.':
		dot.has['\n'] = dot.has['\r'] = true;
		pattern_add_set(reader, &dot, true);
		return NULL;
	case '|':
	case '^':
	case '$':
		strbuf_add_char(&reader->out, c);
		reader->atom = false;
		return NULL;
	default:
		pattern_add_literal(reader, utf8_take(&rest));
		reader->at = rest.at;
		return NULL;
	}
}

static const char *pattern_translate(struct pattern_reader *reader)
{
	const char *problem = NULL;
	while (!problem && *reader->at)
		problem = pattern_token(reader);
	if (!problem && reader->depth)
		problem = "has a '(' that is not closed";
	return problem;
}

int schema_pattern_new(struct json_schema *schema, const struct value *text,
	const struct schema_pattern **ret, struct error *err)
{
	struct pattern_reader reader = { .at = text->string.at, .out = STRBUF_INIT, .repeats = 1 };
	struct schema_pattern *pattern = arena_allocate(&schema->arena, 1, sizeof *pattern, err);
	if (!pattern)
		return -ERROR_MEMORY;
	struct position at;
	position_set(&at, schema->file, text->line, text->column);
	const char *problem = text->string.length > PATTERN_BYTES ? "is too long"
			      : strlen(text->string.at) != text->string.length
				      ? "holds NUL"
				      : pattern_translate(&reader);
	int status = strbuf_check(&reader.out, err);
	int refused = 0;
	if (status == 0 && !problem)
		refused = regcomp(&pattern->compiled, reader.out.text, REG_EXTENDED | REG_NOSUB);
	if (refused == REG_ESPACE)
		status = error_set(err, ERROR_MEMORY, "no memory to compile a pattern");
	else if (refused)
		problem = "is not a regular expression";
	strbuf_release(&reader.out);
	if (status < 0)
		return status;
	if (problem)
		return error_set_at(
			err, ERROR_INVALID, &at, "pattern '%s' %s", text->string.at, problem);
	pattern->text = text->string.at;
	pattern->next = schema->patterns;
	schema->patterns = pattern;
	*ret = pattern;
	return 0;
}

bool schema_pattern_matches(const struct schema_pattern *pattern, struct text text)
{
	regmatch_t whole = { .rm_so = 0, .rm_eo = (regoff_t)text.length };
	return regexec(&pattern->compiled, text.at, 1, &whole, REG_STARTEND) == 0;
}

const char *schema_pattern_text(const struct schema_pattern *pattern)
{
	return pattern->text;
}

void schema_patterns_free(struct schema_pattern *patterns)
{
	for (; patterns; patterns = patterns->next)
		regfree(&patterns->compiled);
}
