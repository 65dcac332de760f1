#include <unistd.h>

#include "mlops/base/cpu.h"
#include "mlops/system/host.h"
#include "invocation.h"
#include "libraries.h"

enum { DOCTOR_CHECK, DOCTOR_STATUS, DOCTOR_DETAIL, DOCTOR_REMEDY };
static const struct row_spec doctor_rows[] = {
	[DOCTOR_CHECK] = { "check", "check", ROW_TEXT },
	[DOCTOR_STATUS] = { "status", "status", ROW_TEXT },
	[DOCTOR_DETAIL] = { "detail", "detail", ROW_TEXT, ROW_SHRINK },
	[DOCTOR_REMEDY] = { "remedy", "remedy", ROW_TEXT, ROW_OPTIONAL | ROW_SHRINK },
	ROW_END,
};

static void doctor_add(struct rows *rows, const char *check, const char *status, const char *detail,
	const char *remedy)
{
	rows_next(rows);
	rows_text(rows, DOCTOR_CHECK, check);
	rows_text(rows, DOCTOR_STATUS, status);
	rows_text(rows, DOCTOR_DETAIL, detail);
	rows_text(rows, DOCTOR_REMEDY, remedy);
}

/* How many of those that are needed are missing. */
static size_t doctor_libraries(struct invocation *invocation, struct rows *rows, struct error *err)
{
	size_t missing = 0;
	struct library_fact fact;
	for (size_t i = 0; library_fact(i, &fact); i++) {
		const char *detail = fact.present ? arena_format(&invocation->arena, err, "%s (%s)",
							    fact.version, fact.purpose)
						  : arena_format(&invocation->arena, err,
							    "not found (%s)", fact.purpose);
		const char *remedy = fact.present ? NULL
						  : arena_format(&invocation->arena, err,
							    "install the package %s", fact.package);
		missing += !fact.present && fact.required;
		doctor_add(rows, fact.name,
			fact.present    ? "ok"
			: fact.required ? "missing"
					: "absent",
			detail, remedy);
	}
	return missing;
}

static void doctor_machine(struct invocation *invocation, struct rows *rows, struct error *err)
{
	struct host host;
	host_facts(&host);
	struct arena *arena = &invocation->arena;
	doctor_add(rows, "processor", "ok",
		arena_format(arena, err, "%s, %ju of %ju cores, %s code", host.cpu,
			(uintmax_t)host.cores_allowed, (uintmax_t)host.cores,
			cpu_level_name(cpu_level())),
		NULL);
	AUTO(strbuf_release) struct strbuf memory = STRBUF_INIT;
	output_add_bytes(&memory, host.memory);
	doctor_add(rows, "memory", "ok", memory.text, NULL);
	doctor_add(rows, "system", "ok",
		arena_format(arena, err, "%s, %s, %s", host.system, host.kernel, host.libc), NULL);
	struct style style = invocation->output.style;
	doctor_add(rows, "terminal", style.utf8 ? "ok" : "limited",
		arena_format(arena, err, "%s, %zu columns, %s, %s", style.terminal ? "yes" : "no",
			terminal_width(STDOUT_FILENO), style.utf8 ? "UTF-8" : "ASCII only",
			style.colour ? "colour" : "no colour"),
		style.utf8 ? NULL : "set LC_ALL to a UTF-8 locale, such as C.UTF-8");
}

static void doctor_store(struct invocation *invocation, struct rows *rows)
{
	if (invocation->has_workspace)
		doctor_add(rows, "store", "ok", invocation->workspace.root, NULL);
	else
		doctor_add(rows, "store", "absent", "no project in this folder",
			"run 'mlops init' where the project is to be");
}

/* 1 if a file of settings is broken: nearly every command would refuse to work. */
static size_t doctor_settings(struct invocation *invocation, struct rows *rows)
{
	const struct config *config = NULL;
	struct error broken = ERROR_INIT;
	if (invocation_config(invocation, &config, &broken) == 0) {
		doctor_add(rows, "settings", "ok", "see 'mlops config list --show-origin'", NULL);
		return 0;
	}
	AUTO(strbuf_release) struct strbuf detail = STRBUF_INIT;
	if (broken.at.file[0])
		strbuf_printf(&detail, "%s:%u: ", broken.at.file, (unsigned)broken.at.line);
	strbuf_add(&detail, broken.message);
	doctor_add(rows, "settings", "broken", detail.text,
		broken.hint[0] ? broken.hint
			       : "mend the file, or 'mlops config unset' the setting");
	return 1;
}

static int doctor_run(struct invocation *invocation, const void *options, struct error *err)
{
	(void)options;
	AUTO(rows_release) struct rows rows;
	rows_init(&rows, doctor_rows);
	size_t missing = doctor_libraries(invocation, &rows, err);
	doctor_machine(invocation, &rows, err);
	doctor_store(invocation, &rows);
	missing += doctor_settings(invocation, &rows);
	if (err->code || output_rows(&invocation->output, "checks", &rows, err) < 0)
		return -err->code;
	if (!missing)
		return 0;
	return error_set(err, ERROR_CHECK, "%zu thing%s missing or broken", missing,
		missing == 1 ? " is" : "s are");
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "say what of this installation works, and what does not",
	.group = COMMAND_START,
	.rows = doctor_rows,
	.needs = COMMAND_JSON | COMMAND_WORKSPACE_IF_ANY | COMMAND_UNCONFIGURED,
	.run = doctor_run,
};
