#include "ini_internal.h"

int ini_read(struct text bytes, ini_visit *visit, void *context, struct error *err)
{
	struct text line, section = { "", 0 };
	while (text_split(&bytes, '\n', &line)) {
		bool indented = line.length && (line.at[0] == ' ' || line.at[0] == '\t');
		struct text value = text_trim(line), key;
		if (indented || !value.length || value.at[0] == '#' || value.at[0] == ';')
			continue;
		if (value.at[0] == '[') {
			section = (struct text){ value.at + 1, value.length - 1 };
			if (text_ends_with(section, "]"))
				section.length--;
			section = text_trim(section);
			continue;
		}
		/* Of "key" without '=' nothing is left to be the value. */
		size_t before = value.length;
		if (!text_split(&value, '=', &key) || key.length == before)
			continue;
		int result = visit(context, section, text_trim(key), text_trim(value), err);
		if (result != 0)
			return result;
	}
	return 0;
}
