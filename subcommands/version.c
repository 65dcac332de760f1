#include "mlops/base/cpu.h"
#include "mlops/system/host.h"
#include "invocation.h"
#include "libraries.h"
#include "version.h" /* made by meson */

static int version_run(struct invocation *invocation, const void *options, struct error *err)
{
	(void)options;
	(void)err;
	struct json_writer *json = output_json(&invocation->output);
	if (!json) {
		strbuf_add(output_text(&invocation->output), "mlops " MLOPS_VERSION "\n");
		return 0;
	}
	struct host host;
	host_facts(&host);
	json_key_string(json, "version", MLOPS_VERSION);
	json_key_string(json, "compiler", host.compiler);
	json_key_string(json, "libc", host.libc);
	json_key_string(json, "vectors", cpu_level_name(cpu_level()));
	json_key(json, "libraries");
	json_object(json);
	struct library_fact fact;
	for (size_t i = 0; library_fact(i, &fact); i++)
		json_key_string(json, fact.name, fact.present ? fact.version : NULL);
	json_end(json);
	return 0;
}

const struct command command_version = {
	.name = "version",
	.summary = "show the version, and with --json those of libraries",
	.group = COMMAND_START,
	.needs = COMMAND_JSON,
	.run = version_run,
};
