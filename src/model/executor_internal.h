/* The plan: what the planner makes and the runner reads. */
#ifndef MLOPS_MODEL_EXECUTOR_INTERNAL_H
#define MLOPS_MODEL_EXECUTOR_INTERNAL_H

#include "mlops/model/executor.h"
#include "operator_internal.h"

#define PLAN_NO_SLOT UINT32_MAX /* an absent input or output */
#define PLAN_NO_BUFFER UINT32_MAX /* inputs and constants: the memory is another's */

/* A value of the graph: an input, a constant, or what a step makes. */
struct plan_slot {
	const char *name;
	struct tensor tensor; /* as far as it is known; data only if constant */
	uint32_t buffer; /* of the workspace; shared by slots that never live together */
	uint32_t last_use; /* index of the step; UINT32_MAX for the graph's outputs */
};

struct plan_step {
	const struct operator* operator;
	const struct graph_node *node;
	const void *state;
	int64_t opset;
	uint32_t *in, *out; /* slots */
	uint32_t n_in, n_out;
	bool shape_from_data; /* its output's shape depends on values that only a run knows */
};

struct executor_plan {
	struct arena arena;
	const struct graph *graph;
	struct plan_slot *slots;
	struct plan_step *steps;
	uint32_t *outputs; /* slots; the inputs are slots 0 .. n_inputs - 1 */
	uint32_t n_slots, n_steps, n_inputs, n_outputs, n_buffers;
	uint32_t most_in, most_out; /* over all steps */
	bool dynamic; /* some step has shape_from_data */
};

/*
 * Joins what stands before a small product into one step that goes column by column: columns joined
 * side by side, imputed, shifted and scaled by constants, times a constant matrix. The result has the
 * same bits. Called once all steps are planned, before buffers are shared.
 */
int executor_fuse(struct executor_plan *plan, struct error *err);

/* Elements and bytes of a tensor whose shape must be known now. */
int executor_measure(
	const struct tensor *tensor, size_t *ret_elements, size_t *ret_bytes, struct error *err);

#endif
