#include "mlops/ui/complete.h"

#include "invocation.h"
#include "table.h"

struct complete_options {
	struct option_list words;
};

static const struct operand_spec complete_operands[] = {
	OPERAND_LIST(struct complete_options, words, 0, "WORD", COMPLETE_NOTHING,
		"the words behind 'mlops', the last one to be completed"),
	OPERAND_END,
};

static int complete_run(struct invocation *invocation, const void *raw_options, struct error *err)
{
	const struct complete_options *options = raw_options;
	(void)err;
	invocation->output.exact = true;
	struct complete complete = { .commands = command_table,
		.values = invocation_complete_values,
		.out = output_text(&invocation->output) };
	complete_words(&complete, options->words.items, options->words.count);
	return 0;
}

const struct command command__complete = {
	.name = "__complete",
	.summary = "print candidates for the completion of a shell",
	.operands = complete_operands,
	.options_size = sizeof(struct complete_options),
	.needs = COMMAND_HIDDEN,
	.run = complete_run,
};
