#include "mlops/base/sort.h"

#include <string.h>

/* Runs this short are sorted by insertion. */
enum { SORT_RUN = 8 };

struct sort {
	size_t size;
	sort_compare *compare;
	void *context;
};

static void sort_insertion(const struct sort *sort, char *items, size_t count, char *spare)
{
	for (size_t i = 1; i < count; i++) {
		size_t to = i;
		while (to > 0 && sort->compare(items + (to - 1) * sort->size,
					 items + i * sort->size, sort->context) > 0)
			to--;
		if (to == i)
			continue;
		memcpy(spare, items + i * sort->size, sort->size);
		memmove(items + (to + 1) * sort->size, items + to * sort->size,
			(i - to) * sort->size);
		memcpy(items + to * sort->size, spare, sort->size);
	}
}

/* Merges the sorted halves of `from` into `to`; of equals the left one goes first. */
static void sort_merge(
	const struct sort *sort, const char *from, size_t left, size_t count, char *to)
{
	size_t i = 0, j = left, size = sort->size;
	while (i < left && j < count) {
		bool right = sort->compare(from + i * size, from + j * size, sort->context) > 0;
		memcpy(to, from + (right ? j : i) * size, size);
		to += size;
		*(right ? &j : &i) += 1;
	}
	memcpy(to, from + i * size, (left - i) * size);
	memcpy(to + (left - i) * size, from + j * size, (count - j) * size);
}

/*
 * Both arrays hold the same items; the result lands in `items`. Depth is the logarithm of count.
 */
static void sort_halves(const struct sort *sort, char *items, char *copy, size_t count)
{
	if (count <= SORT_RUN) {
		sort_insertion(sort, items, count, copy);
		return;
	}
	size_t left = count / 2;
	sort_halves(sort, copy, items, left);
	sort_halves(sort, copy + left * sort->size, items + left * sort->size, count - left);
	sort_merge(sort, copy, left, count, items);
}

int sort_items(void *items, size_t count, size_t size, sort_compare *compare, void *context,
	struct error *err)
{
	if (count < 2)
		return 0;
	char *copy = memory_allocate(count, size, err);
	if (!copy)
		return -ERROR_MEMORY;
	memcpy(copy, items, count * size);
	struct sort sort = { size, compare, context };
	sort_halves(&sort, items, copy, count);
	memory_free(copy);
	return 0;
}

int sort_strings(const void *a, const void *b, void *context)
{
	(void)context;
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int sort_strings_natural(const void *a, const void *b, void *context)
{
	(void)context;
	return text_compare_natural(
		text_of(*(const char *const *)a), text_of(*(const char *const *)b));
}

static bool sort_is_digit(struct text text)
{
	return text.length && text.at[0] >= '0' && text.at[0] <= '9';
}

/* Takes the run of digits off the front, without its leading zeros. */
static struct text sort_take_number(struct text *text)
{
	while (text->length > 1 && text->at[0] == '0' && text->at[1] >= '0' && text->at[1] <= '9')
		*text = (struct text){ text->at + 1, text->length - 1 };
	struct text number = { text->at, 0 };
	while (sort_is_digit(*text)) {
		*text = (struct text){ text->at + 1, text->length - 1 };
		number.length++;
	}
	return number;
}

int text_compare_natural(struct text a, struct text b)
{
	struct text all_a = a, all_b = b;
	while (a.length && b.length) {
		int order;
		if (sort_is_digit(a) && sort_is_digit(b)) {
			struct text left = sort_take_number(&a), right = sort_take_number(&b);
			order = left.length != right.length ? (left.length > right.length) -
								      (left.length < right.length)
							    : text_compare(left, right);
		} else {
			order = (unsigned char)a.at[0] - (unsigned char)b.at[0];
			a = (struct text){ a.at + 1, a.length - 1 };
			b = (struct text){ b.at + 1, b.length - 1 };
		}
		if (order)
			return order;
	}
	if (a.length || b.length)
		return a.length ? 1 : -1;
	/* Only leading zeros differ, if anything: the shorter text first, then by bytes. */
	if (all_a.length != all_b.length)
		return all_a.length > all_b.length ? 1 : -1;
	return text_compare(all_a, all_b);
}
