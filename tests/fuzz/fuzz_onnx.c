/* An ONNX file from anywhere: read, written, planned, and run on two rows of zeros. */
#include <stdint.h>
#include <string.h>

#include "mlops/model/executor.h"
#include "mlops/model/onnx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_MEMORY = 16 << 20, FUZZ_ZEROS = 1 << 16 };

static void fuzz_run(const struct executor_plan *plan)
{
	static _Alignas(64) char zeros[FUZZ_ZEROS];
	AUTO(executor_workspace_free) struct executor_workspace *workspace = NULL;
	struct error err = ERROR_INIT;
	struct tensor inputs[16] = { { .rank = 0 } };
	if (executor_n_inputs(plan) > 16 || executor_workspace_new(plan, &workspace, &err) < 0)
		return;
	for (size_t i = 0; i < executor_n_inputs(plan); i++) {
		size_t count;
		inputs[i] = *executor_input(plan, i);
		for (int d = 0; d < inputs[i].rank; d++)
			if (inputs[i].shape[d] < 0)
				inputs[i].shape[d] = 2;
		if (inputs[i].rank < 0)
			inputs[i].rank = 0;
		if (!tensor_count(&inputs[i], &count) || count > FUZZ_ZEROS / sizeof(struct text))
			return;
		inputs[i].data = zeros;
	}
	if (executor_run(workspace, inputs, &err) == 0)
		(void)!executor_run(workspace, inputs, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = ERROR_INIT;
	AUTO(strbuf_release) struct strbuf out = STRBUF_INIT;
	AUTO(executor_plan_free) struct executor_plan *plan = NULL;
	struct graph graph;
	memory_set_cap(FUZZ_MEMORY);
	if (onnx_read(data, size, &graph, &err) < 0)
		return 0;
	if (onnx_write(&graph, &out, &err) == 0) {
		struct graph again;
		if (onnx_read(out.text, out.length, &again, &err) < 0)
			__builtin_trap(); /* what we write we read */
		graph_release(&again);
	}
	if (executor_plan_new(&graph, &plan, &err) == 0)
		fuzz_run(plan);
	executor_plan_free(plan);
	plan = NULL;
	graph_release(&graph);
	return 0;
}
