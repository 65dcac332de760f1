/*
 * complete: candidates for a shell, computed from the same tables as help.
 *
 * `mlops __complete -- WORD...` gets the words behind "mlops" up to the cursor, the last one being
 * completed (perhaps empty), and prints one candidate a line, "--limit<TAB>show at most N runs". A
 * line ":file" or ":folder" asks the shell to add names of files or folders. It never fails:
 * what is not known gives nothing.
 */
#ifndef MLOPS_UI_COMPLETE_H
#define MLOPS_UI_COMPLETE_H

#include "mlops/base/strbuf.h"
#include "mlops/ui/command.h"

struct complete {
	const struct command *const *commands;
	/*
	 * Adds what the program knows at run time (runs, settings, schemas) by complete_add(); may
	 * be NULL. It should answer within 50 ms.
	 */
	void (*values)(struct complete *complete, enum completion kind);
	const char *prefix; /* of the word being completed; set by complete_words() */
	const char *lead; /* put in front of each candidate: "--sort=" */
	struct strbuf *out;
};

void complete_words(struct complete *complete, const char *const *words, size_t count);

/* Adds the candidate if it begins with the prefix; help may be NULL. */
void complete_add(struct complete *complete, const char *candidate, const char *help);

#endif
