/*
 * credentials_internal: who a request to S3 is from.
 *
 * AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN), else the profile AWS_PROFILE
 * ("default") of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials), else of AWS_CONFIG_FILE
 * (~/.aws/config); these also know a region and an endpoint. Programs, single sign-on and the
 * services of virtual machines are not asked. Nothing of it is ever written into a message.
 */
#ifndef MLOPS_TRANSFER_CREDENTIALS_INTERNAL_H
#define MLOPS_TRANSFER_CREDENTIALS_INTERNAL_H

#include "mlops/base/memory.h"
#include "mlops/base/text.h"

struct credentials {
	char *key, *secret, *token; /* NULL: none */
	char *region, *endpoint; /* NULL: not told */
};

int credentials_load(struct credentials *ret, struct error *err) MUST_CHECK;
void credentials_release(struct credentials *credentials); /* overwrites the secrets */
AUTO_RELEASE(struct credentials, credentials_release)

/* What one file says of the profile; in a config file its section is "profile NAME". */
int credentials_read(struct text bytes, const char *profile, bool is_config,
	struct credentials *credentials, struct error *err) MUST_CHECK;

extern const char credentials_hint[];

#endif
