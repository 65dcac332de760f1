#include "place_internal.h"

void place_init(struct place *place, struct text text)
{
	*place = (struct place){ .text = text, .line = 1 };
}

/* Over one byte. Continuation bytes belong to the character before. */
static void place_step(struct place *place)
{
	char c = place->text.at[place->byte++];
	bool more = place->byte < place->text.length;
	if (c == '\n' || (c == '\r' && !(more && place->text.at[place->byte] == '\n'))) {
		place->line++;
		place->line_start = place->byte;
	}
	if (!more || ((unsigned char)place->text.at[place->byte] & 0xC0) != 0x80)
		place->character++;
}

void place_to_byte(struct place *place, size_t byte)
{
	if (byte < place->byte)
		place_init(place, place->text);
	while (place->byte < byte && place->byte < place->text.length)
		place_step(place);
}

void place_to_character(struct place *place, size_t character)
{
	if (character < place->character)
		place_init(place, place->text);
	while (place->character < character && place->byte < place->text.length)
		place_step(place);
}

uint32_t place_column(const struct place *place)
{
	size_t column = place->byte - place->line_start + 1;
	return column > UINT32_MAX ? UINT32_MAX : (uint32_t)column;
}

int place_keep_source(
	struct document *document, struct text bytes, const char *file, struct error *err)
{
	document->file = arena_copy_string(&document->arena, file ? file : "", err);
	document->source = document->file
				   ? arena_copy_bytes(&document->arena, bytes.at, bytes.length, err)
				   : NULL;
	document->source_length = bytes.length;
	return document->source ? 0 : -ERROR_MEMORY;
}
