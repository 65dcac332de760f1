#include <string.h>

#include "completion_scripts.h"
#include "invocation.h"

/* In the order of completion_scripts. */
static const char *const completion_shells[] = { "bash", "fish", "zsh", NULL };

struct completion_options {
	const char *shell;
};

static const struct operand_spec completion_operands[] = {
	OPERAND(struct completion_options, shell, 1, "SHELL", COMPLETE_CHOICE, "bash, fish or zsh",
		.choices = completion_shells),
	OPERAND_END,
};

static int completion_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct completion_options *options = raw_options;
	for (size_t i = 0; completion_shells[i]; i++) {
		if (strcmp(completion_shells[i], options->shell) != 0)
			continue;
		strbuf_add(output_text(&invocation->output), completion_scripts[i]);
		return 0;
	}
	error_set(err, ERROR_USAGE, "'%s' is not one of bash, fish, zsh", options->shell);
	const char *nearest = text_nearest(options->shell, completion_shells);
	return nearest ? error_hint(err, "did you mean '%s'?", nearest) : -ERROR_USAGE;
}

const struct command command_completion = {
	.name = "completion",
	.summary = "print the completion script of a shell",
	.group = COMMAND_START,
	.operands = completion_operands,
	.options_size = sizeof(struct completion_options),
	.run = completion_run,
};
