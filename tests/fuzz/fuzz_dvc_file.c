/* Any bytes as a .dvc file and as a dvc.lock: what is read lies safely inside the repository. */
#include <stddef.h>
#include <stdint.h>

#include "mlops/versioning/dvc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_check(const struct dvc_outputs *outputs)
{
	struct error err = ERROR_INIT;
	for (size_t i = 0; i < outputs->count; i++) {
		const struct dvc_output *output = &outputs->items[i];
		if (!output->path || !output->file)
			BUG("an output without a name");
		if (!output->unusable && pointer_check_path(output->path, &err) < 0)
			BUG("%s", err.message);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = { (const char *)data, size };
	AUTO(dvc_outputs_release) struct dvc_outputs outputs = DVC_OUTPUTS_INIT;
	struct error err = ERROR_INIT;
	if (dvc_read_file("sub/fuzz.dvc", bytes, &outputs, &err) < 0 && err.code != ERROR_INVALID)
		BUG("a wrong error: %s", err.message);
	if (dvc_read_lock("sub/dvc.lock", bytes, bytes, &outputs, &err) < 0 &&
		err.code != ERROR_INVALID)
		BUG("a wrong error: %s", err.message);
	fuzz_check(&outputs);
	return 0;
}
