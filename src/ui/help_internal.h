/* help_internal: what the text of help and its JSON share. */
#ifndef MLOPS_UI_HELP_INTERNAL_H
#define MLOPS_UI_HELP_INTERNAL_H

#include "mlops/base/strbuf.h"
#include "mlops/ui/command.h"

/* Appends the default of the option as help shows it; nothing if it stands for "not given". */
void help_default(const struct option_spec *option, const void *defaults, struct strbuf *buffer);

/* Shown as --[no-]name: is it a flag that is on by itself? */
bool help_negatable(const struct option_spec *option, const void *defaults);

#endif
