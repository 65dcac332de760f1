/*
 * id: names for runs and the like: 128 random bits as 32 lower-case hexadecimal digits, and a
 * readable name derived from them.
 *
 * The bits come from getrandom(). With MLOPS_TEST_ID_SEED=<number> in the environment they come
 * from that seed and a counter that starts with the process: the same ids in every run, for golden
 * files (a test that makes ids in several processes gives each its own seed).
 */
#ifndef MLOPS_BASE_ID_H
#define MLOPS_BASE_ID_H

#include "mlops/base/error.h"
#include "mlops/base/text.h"

enum { ID_LENGTH = 32, ID_PREFIX_SHORTEST = 4, ID_NAME_SIZE = 32 };

struct id {
	char text[ID_LENGTH + 1];
};

int id_new(struct id *ret, struct error *err) MUST_CHECK;

bool id_is(struct text text); /* exactly 32 lower-case hexadecimal digits? */

/* May it be the beginning of an id: 4 to 32 lower-case hexadecimal digits? */
bool id_is_prefix(struct text text);

/* "calm-otter": always the same for the same id, not unique. id_is() must hold. */
void id_name(const char *id, char ret_name[ID_NAME_SIZE]);

#endif
