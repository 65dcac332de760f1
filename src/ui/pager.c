#include "mlops/ui/pager.h"

#include <string.h>
#include <unistd.h>

#include "mlops/base/text.h"
#include "mlops/base/vec.h"
#include "mlops/system/environment.h"

/* Our environment with LESS set, unless the person has set it. */
struct pager_environment {
	struct arena arena;
	VEC(const char *) variables;
};

static int pager_add_variable(void *context, const char *name, const char *value, struct error *err)
{
	struct pager_environment *environment = context;
	const char *variable = arena_format(&environment->arena, err, "%s=%s", name, value);
	if (!variable)
		return -err->code;
	vec_push(&environment->variables, variable);
	return 0;
}

/*
 * The program as a list of words, so that one that is not installed is noticed before the answer
 * has gone into its pipe; what needs a shell ("less | tee log") gets one. False for that.
 */
static bool pager_split(struct arena *arena, const char *program, const char **words, size_t most)
{
	struct error ignored = ERROR_INIT;
	struct text rest = text_of(program), word;
	size_t count = 0;
	if (strpbrk(program, "\"'\\$`|&;<>()*?[#~="))
		return false;
	while (text_split(&rest, ' ', &word)) {
		if (!word.length)
			continue;
		words[count] = arena_copy_bytes(arena, word.at, word.length, &ignored);
		if (!words[count] || ++count == most)
			return false;
	}
	words[count] = NULL;
	return count > 0;
}

static int pager_launch(struct pager *pager, const char *program, struct error *err)
{
	struct pager_environment environment = { .arena = ARENA_INIT(64u << 20) };
	struct process_options options = PROCESS_OPTIONS;
	const char *words[16];
	if (pager_split(&environment.arena, program, words, sizeof words / sizeof *words))
		options.arguments = words;
	else
		options.shell = program;
	options.input = PROCESS_PIPE;
	options.same_group = true;
	int status = environment_each("", pager_add_variable, &environment, err);
	if (status == 0 && !environment_get("LESS"))
		vec_push(&environment.variables, "LESS=FRX");
	vec_push(&environment.variables, NULL);
	if (status == 0)
		status = vec_check(&environment.variables, err);
	options.environment = environment.variables.items;
	if (status == 0)
		status = process_start(&options, &pager->process, err);
	vec_release(&environment.variables);
	arena_release(&environment.arena);
	return status;
}

void pager_start(struct pager *pager, const char *program, struct output *output)
{
	struct error ignored = ERROR_INIT;
	*pager = (struct pager){ .running = false };
	if (!program || !*program)
		program = environment_get("PAGER");
	if (!program)
		program = "less";
	if (!output->style.terminal || strcmp(program, "cat") == 0 ||
		pager_launch(pager, program, &ignored) < 0)
		return;
	pager->running = true;
	output->fd = pager->process.input;
}

void pager_finish(struct pager *pager, struct output *output)
{
	struct error ignored = ERROR_INIT;
	struct process_result result;
	if (!pager->running)
		return;
	pager->running = false;
	close(pager->process.input);
	pager->process.input = -1;
	output->fd = STDOUT_FILENO;
	if (process_wait(&pager->process, NULL, &result, &ignored) < 0)
		process_release(&pager->process);
}
