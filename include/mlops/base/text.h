/*
 * text: views of bytes, and the small questions asked of them.
 *
 * A `struct text` borrows; it need not end with NUL. Comparisons are by bytes, without locale.
 */
#ifndef MLOPS_BASE_TEXT_H
#define MLOPS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	const char *at;
	size_t length;
};

#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })

struct text text_of(const char *string); /* NULL gives the empty view */
bool text_equal(struct text a, struct text b);
bool text_is(struct text a, const char *string);
int text_compare(struct text a, struct text b); /* <0, 0, >0; a prefix sorts first */
bool text_starts_with(struct text a, const char *prefix);
bool text_ends_with(struct text a, const char *suffix);
struct text text_trim(struct text a); /* without blanks and newlines at both ends */

/*
 * Takes the part before the next `separator` off *rest; false when nothing is left. "a,,b" gives
 * "a", "", "b"; the empty text gives nothing.
 */
bool text_split(struct text *rest, char separator, struct text *ret_part);

/*
 * Shell pattern: ? * [a-z] and \x; '*' and '?' do not match '/', "**" does. A "**" that stands
 * alone between slashes matches any number of folders, none too.
 */
bool text_glob(const char *pattern, const char *string);

/* Damerau-Levenshtein distance (adjacent swaps count 1), for "did you mean"; SIZE_MAX if long. */
size_t text_distance(const char *a, const char *b);

/*
 * The candidate nearest to `word`, if near enough to suggest (a third of its length, at least 1),
 * else NULL. Of equals the first. candidates is NULL-terminated.
 */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
