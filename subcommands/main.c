/*
 * main: from argv to exit code. The life of a command: global options, the command's name, its
 * own options, what it needs, run(), the answer sent and checked, the error printed once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mlops/system/signals.h"
#include "mlops/ui/help.h"
#include "mlops/ui/option_parse.h"
#include "invocation.h"
#include "table.h"

/*
 * A program started with a closed stdout would get that number for the first file it opens, and
 * print its answer into it. A descriptor on which the wrong direction is open makes every use fail.
 */
static int main_fill_descriptors(struct error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			return error_set_os(err, ERROR_IO, "cannot open '/dev/null'");
	}
	return 0;
}

static int main_change_folder(const struct globals *globals, struct error *err)
{
	for (size_t i = 0; i < globals->folders.count; i++) {
		const char *folder = globals->folders.items[i];
		if (chdir(folder) < 0)
			return error_set_os(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
				"cannot change to '%s'", folder);
	}
	return 0;
}

/* Streams and messages as the globals say; called again when late options have been read. */
static void main_apply_globals(struct invocation *invocation)
{
	struct messages *messages = &invocation->messages;
	const struct globals *globals = &invocation->globals;
	messages_init(
		messages, STDERR_FILENO, (enum terminal_choice)globals->colour, globals->json);
	messages->verbosity = globals->quiet ? -1 : (int)globals->verbose;
	progress_init(&invocation->progress, messages);
	invocation->sink = progress_sink(&invocation->progress);
}

/* `mlops foo` runs the program mlops-foo, as git does. Returns only if there is none. */
static int main_external(const char *name, const struct arguments *arguments, struct error *err)
{
	AUTO_FREE char *program = memory_format(err, "mlops-%s", name);
	if (!program)
		return -err->code;
	/* items[next] is the name; what stands behind it is the program's. */
	if (!strchr(name, '/') && *name) {
		char **items = (char **)(uintptr_t)(arguments->items + arguments->next);
		char *first = items[0];
		items[0] = program;
		execvp(program, items);
		items[0] = first;
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return error_set_os(err, ERROR_IO, "cannot run '%s'", program);
	}
	error_set(err, ERROR_USAGE, "'%s' is not a command", name);
	const char *nearest = command_nearest(command_table, name);
	if (nearest)
		return error_hint(err, "did you mean '%s'?", nearest);
	return error_hint(err, "all commands are shown by 'mlops help'");
}

/* "config list": the child of a group. Late globals may stand before its name. */
static int main_find_child(
	struct invocation *invocation, struct arguments *arguments, struct error *err)
{
	const struct command *group = invocation->command;
	/* Only the globals behind a command are allowed here, which option_parse() knows. */
	struct command before = { .name = group->name };
	const char *word =
		arguments->next < arguments->count ? arguments->items[arguments->next] : NULL;
	while (word && word[0] == '-' && word[1] && !invocation->globals.help) {
		struct arguments one = *arguments;
		one.count = one.next + 1;
		if (option_parse(
			    &before, &one, NULL, &invocation->globals, &invocation->arena, err) < 0)
			return -err->code;
		arguments->next = one.next;
		word = arguments->next < arguments->count ? arguments->items[arguments->next]
							  : NULL;
	}
	if (invocation->globals.help)
		return 0;
	if (!word) {
		error_set(err, ERROR_USAGE, "'mlops %s' needs a command", group->name);
		return error_hint(err, "they are shown by 'mlops %s -h'", group->name);
	}
	invocation->parent = group;
	invocation->command = command_find(group->children, word);
	arguments->next++;
	if (invocation->command)
		return 0;
	invocation->command = group;
	error_set(err, ERROR_USAGE, "'%s' is not a command of 'mlops %s'", word, group->name);
	const char *nearest = command_nearest(group->children, word);
	return nearest ? error_hint(err, "did you mean '%s'?", nearest)
		       : error_hint(err, "they are shown by 'mlops %s -h'", group->name);
}

/* From the words behind the global options to a command, its child, or an external program. */
static int main_find_command(
	struct invocation *invocation, struct arguments *arguments, struct error *err)
{
	const char *name =
		arguments->next < arguments->count ? arguments->items[arguments->next] : NULL;
	if (invocation->globals.version)
		name = "version";
	else if (invocation->globals.help && !name)
		name = "help";
	if (name && invocation->globals.help && arguments->next >= arguments->count)
		invocation->globals.help = false; /* `mlops -h` is `mlops help` */
	if (!name)
		return 0;
	invocation->command = command_find(command_table, name);
	if (!invocation->command)
		return main_external(name, arguments, err);
	if (arguments->next < arguments->count)
		arguments->next++;
	if (invocation->globals.version) {
		arguments->next = arguments->count;
	} else if (invocation->command->children && !invocation->globals.help) {
		if (main_find_child(invocation, arguments, err) < 0)
			return -err->code;
	}
	return 0;
}

/* The name in "schema": "mlops.config.list/1". */
static int main_begin_output(struct invocation *invocation, struct error *err)
{
	const struct command *command = invocation->command, *parent = invocation->parent;
	char name[64];
	snprintf(name, sizeof name, "%s%s%s", parent ? parent->name : "", parent ? "." : "",
		command->name);
	snprintf(invocation->name, sizeof invocation->name, "mlops %s%s%s",
		parent ? parent->name : "", parent ? " " : "", command->name);
	return output_init(&invocation->output, name, invocation->globals.json,
		(enum terminal_choice)invocation->globals.colour, err);
}

static int main_show_help(struct invocation *invocation, struct error *err)
{
	invocation->output.json = false;
	help_command(invocation->command, invocation->parent ? invocation->parent->name : NULL,
		&invocation->output.style, output_text(&invocation->output));
	return output_finish(&invocation->output, err);
}

/* The answer "no" is an answer; after any other failure what there is of a document is dropped. */
static int main_finish_output(struct invocation *invocation, int status, struct error *err)
{
	struct error later = ERROR_INIT;
	bool answered = status == 0 || err->code == ERROR_CHECK;
	int sent = answered ? output_finish(&invocation->output, &later)
			    : output_flush(&invocation->output, &later);
	progress_erase(&invocation->progress);
	/* Whoever leaves the pager has seen enough; nothing failed. */
	bool left = invocation->pager.running &&
		    (later.os == EPIPE || (status < 0 && err->os == EPIPE));
	pager_finish(&invocation->pager, &invocation->output);
	if (left)
		return 0;
	if (sent < 0 && answered) {
		*err = later;
		return sent;
	}
	return status;
}

static int main_run_command(struct invocation *invocation, const void *options, struct error *err)
{
	const struct command *command = invocation->command;
	if (invocation_open(invocation, err) < 0)
		return -err->code;
	if ((command->needs & COMMAND_PAGED) && !invocation->globals.json &&
		!invocation->globals.no_pager)
		pager_start(&invocation->pager, invocation_pager(invocation), &invocation->output);
	int status = command->run(invocation, options, err);
	/* What was stopped is said by the signal itself. */
	invocation->error_shown |= err->code == ERROR_CANCELLED && signals_stopped();
	return main_finish_output(invocation, status, err);
}

static int main_run(struct invocation *invocation, struct arguments *arguments, struct error *err)
{
	int status = option_parse_globals(arguments, &invocation->globals, &invocation->arena, err);
	main_apply_globals(invocation);
	if (status < 0 || main_change_folder(&invocation->globals, err) < 0 ||
		main_find_command(invocation, arguments, err) < 0)
		return -err->code;
	const struct command *command = invocation->command;
	if (!command) {
		AUTO(strbuf_release) struct strbuf text = STRBUF_INIT;
		help_overview(command_table, &invocation->messages.style, &text);
		message_raw(&invocation->messages, (struct text){ text.text, text.length });
		invocation->error_shown = true;
		return error_set(err, ERROR_USAGE, "no command");
	}
	void *options = arena_allocate(
		&invocation->arena, 1, command->options_size ? command->options_size : 1, err);
	if (!options)
		return -err->code;
	if (!command->children)
		status = option_parse(
			command, arguments, options, &invocation->globals, &invocation->arena, err);
	main_apply_globals(invocation);
	if (status < 0 || main_begin_output(invocation, err) < 0)
		return -err->code;
	if (invocation->globals.help)
		return main_show_help(invocation, err);
	if (invocation->globals.json && !(command->needs & COMMAND_JSON))
		return error_set(err, ERROR_USAGE, "'%s' has no JSON answer", invocation->name);
	return main_run_command(invocation, options, err);
}

int main(int argc, char **argv)
{
	struct error err = ERROR_INIT;
	struct invocation invocation = { .arena = ARENA_INIT(1u << 30), .lock = LOCK_INIT };
	struct arguments arguments = { .items = (const char *const *)argv,
		.count = argc > 0 ? (size_t)argc : 0,
		.next = argc > 0 };
	int status = main_fill_descriptors(&err);
	main_apply_globals(&invocation);
	if (status == 0)
		status = signals_install(&err);
	if (status == 0)
		status = main_run(&invocation, &arguments, &err);
	bool silent = err.code == ERROR_CHECK && !err.message[0];
	if (status < 0 && !invocation.error_shown && !silent)
		message_error(&invocation.messages, &err);
	messages_finish(&invocation.messages);
	invocation_close(&invocation);
	signals_reraise();
	return status < 0 ? error_exit_code(err.code) : 0;
}
