/*
 * Places in a text: from offsets to line and column, both from 1, columns in bytes.
 */
#ifndef MLOPS_DOCUMENT_PLACE_INTERNAL_H
#define MLOPS_DOCUMENT_PLACE_INTERNAL_H

#include "mlops/document/value.h"

/*
 * A cursor that moves forward through a text. Lines end with LF, CR LF or CR. Going back starts
 * again at the front, so ask in rising order.
 */
struct place {
	struct text text;
	size_t byte, character; /* offsets */
	uint32_t line;
	size_t line_start; /* byte offset */
};

void place_init(struct place *place, struct text text);
void place_to_byte(struct place *place, size_t byte);
void place_to_character(struct place *place, size_t character); /* libyaml counts these */
uint32_t place_column(const struct place *place);

/* Copies the text that was read and its name into the document's arena. */
int place_keep_source(struct document *document, struct text bytes, const char *file,
	struct error *err) MUST_CHECK;

#endif
