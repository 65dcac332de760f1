#include "mlops/base/parse.h"
#include "sftp_internal.h"

/* The last word of *rest, cut off it; false if there is none. */
static bool sftp_list_last(struct text *rest, struct text *ret)
{
	*rest = text_trim(*rest);
	size_t at = rest->length;
	while (at > 0 && rest->at[at - 1] != ' ' && rest->at[at - 1] != '\t')
		at--;
	*ret = (struct text){ rest->at + at, rest->length - at };
	rest->length = at;
	return ret->length > 0;
}

/*
 * "-rw-r--r--    1 user     group        1234 Nov 24 18:28 name". Read from its end, since names of
 * users and groups may have blanks, and names of files that we make do not.
 */
bool sftp_list_line(struct text line, struct text *ret_name, uint64_t *ret_size)
{
	struct text name, time, day, month, size;
	if (!line.length || line.at[0] != '-')
		return false;
	if (!sftp_list_last(&line, &name) || !sftp_list_last(&line, &time) ||
		!sftp_list_last(&line, &day) || !sftp_list_last(&line, &month) ||
		!sftp_list_last(&line, &size) || !parse_u64(size, ret_size))
		return false;
	*ret_name = name;
	return true;
}
