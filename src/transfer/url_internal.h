/*
 * url_internal: the parts of a URL (RFC 3986), and percent-encoding.
 */
#ifndef MLOPS_TRANSFER_URL_INTERNAL_H
#define MLOPS_TRANSFER_URL_INTERNAL_H

#include "mlops/base/strbuf.h"
#include "mlops/base/text.h"

struct url {
	struct text scheme, user, host, port; /* as they stand; host with [ ] if it has them */
	struct text path; /* with its leading '/', or empty */
	struct text query; /* with its '?', or empty */
};

/*
 * ERROR_USAGE: no scheme or host, a password, or bytes that stand in no URL (blanks and controls;
 * a request could be forged with them). What follows '#' is left out. ret borrows.
 */
int url_parse(const char *url, struct url *ret, struct error *err) MUST_CHECK;

/*
 * ERROR_USAGE if there is a password before the host; the message does not show it again. Looked at
 * before anything of a URL that somebody typed is put into a message, whatever its kind.
 */
int url_check_secret(const char *url, struct error *err) MUST_CHECK;

/* Appends with all but A-Z a-z 0-9 - . _ ~ and the bytes of `safe` percent-encoded. */
void url_encode(struct strbuf *buffer, struct text text, const char *safe);

/* Appends decoded; false (and nothing is appended) for "%zz", an end after '%', and "%00". */
bool url_decode(struct strbuf *buffer, struct text text);

#endif
