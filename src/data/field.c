#include "field_internal.h"

#include "mlops/base/clock.h"
#include "mlops/base/parse.h"
#include "number_internal.h"

const char *const read_missing_defaults[READ_MISSING_DEFAULTS] = { "", "NA", "N/A", "NaN", "null" };

unsigned field_classify(struct text text, bool string_of_json)
{
	struct number number;
	bool truth;
	int64_t time;
	if (!string_of_json) {
		number_read(text, &number);
		if (number.kind == NUMBER_INTEGER && !number.leading_zero)
			return FIELD_INTEGER;
		if (number.kind == NUMBER_LONG && !number.leading_zero)
			return FIELD_LONG;
		if (number.kind == NUMBER_REAL && !number.leading_zero)
			return FIELD_REAL;
		if (parse_bool(text, &truth))
			return FIELD_BOOLEAN;
	}
	return clock_parse(text, &time) ? FIELD_TIMESTAMP : FIELD_TEXT;
}

enum column_type field_type(unsigned seen)
{
	switch (seen) {
	case FIELD_INTEGER:
	case FIELD_LONG:
	case FIELD_INTEGER | FIELD_LONG:
		return COLUMN_INT64;
	case 0:
	case FIELD_REAL:
	case FIELD_REAL | FIELD_INTEGER:
		return COLUMN_FLOAT64;
	case FIELD_BOOLEAN:
		return COLUMN_BOOLEAN;
	case FIELD_TIMESTAMP:
		return COLUMN_TIMESTAMP;
	default:
		return seen & FIELD_MANY ? COLUMN_TEXT : COLUMN_CATEGORY;
	}
}

size_t field_category_most(size_t n_values)
{
	size_t tenth = n_values / 10;
	if (tenth > CATEGORY_MOST)
		return CATEGORY_MOST;
	return tenth > CATEGORY_ALWAYS ? tenth : CATEGORY_ALWAYS;
}

int field_missing_init(
	struct field_missing *missing, const char *const *texts, size_t n, struct error *err)
{
	if (!texts) {
		texts = read_missing_defaults;
		n = READ_MISSING_DEFAULTS;
	}
	*missing = (struct field_missing){ .count = n };
	missing->texts = memory_allocate(n, sizeof *missing->texts, err);
	if (!missing->texts)
		return -(int)err->code;
	for (size_t i = 0; i < n; i++) {
		missing->texts[i] = text_of(texts[i]);
		missing->empty |= !missing->texts[i].length;
		missing->values |= field_classify(missing->texts[i], false) != FIELD_TEXT;
	}
	return 0;
}

void field_missing_release(struct field_missing *missing)
{
	memory_free(missing->texts);
	*missing = (struct field_missing){ .count = 0 };
}

bool field_is_missing(const struct field_missing *missing, struct text text)
{
	if (!text.length)
		return missing->empty;
	for (size_t i = 0; i < missing->count; i++) {
		if (text_equal(missing->texts[i], text))
			return true;
	}
	return false;
}
