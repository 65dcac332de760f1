/*
 * executor: plans a graph once and runs it many times.
 *
 * Planning resolves every node to an operator of the table, infers types and shapes as far as they
 * do not depend on the input, computes what depends on constants only, and refuses what it cannot
 * run: an unknown operator, attribute, opset or type is ERROR_UNSUPPORTED, a graph that contradicts
 * itself ERROR_INVALID; both name the node, the first adds what is supported.
 *
 * A plan is immutable and may be used by any number of threads; each needs a workspace of its own.
 * A run computes all rows it is given in one go, so callers cut large inputs into blocks of
 * EXECUTOR_BLOCK rows, which stay in the cache. A workspace grows to the largest block seen and
 * then allocates no more. Shapes are inferred again only when those of the inputs change.
 *
 * Values: IEEE arithmetic in the type that the graph says; sums in index order; integers wrap;
 * float to integer casts and quantisation saturate, NaN becomes 0. Rows are independent of each
 * other in every operator our own export uses, so blocks of any size give the same bits; only
 * products with matrices of 4096 elements and more are OpenBLAS's, whose last bits may differ.
 */
#ifndef MLOPS_MODEL_EXECUTOR_H
#define MLOPS_MODEL_EXECUTOR_H

#include "mlops/base/strbuf.h"
#include "mlops/model/graph.h"

enum { EXECUTOR_BLOCK = 256 }; /* rows; a multiple of any vector width */

/* No tensor may hold more elements than this. */
#define EXECUTOR_ELEMENTS_MAX ((size_t)1 << 31)

struct executor_plan;
struct executor_workspace;

/* The graph must outlive the plan. */
int executor_plan_new(
	const struct graph *graph, struct executor_plan **ret_plan, struct error *err);
void executor_plan_free(struct executor_plan *plan);
AUTO_FREE_OF(struct executor_plan, executor_plan_free)

/*
 * Inputs and outputs, in the order of the graph. data is NULL; an unknown size is
 * TENSOR_SIZE_UNKNOWN. An output whose shape depends on the data has TENSOR_RANK_UNKNOWN, and
 * ELEMENT_UNDEFINED if its type does too.
 */
size_t executor_n_inputs(const struct executor_plan *plan);
size_t executor_n_outputs(const struct executor_plan *plan);
const char *executor_input_name(const struct executor_plan *plan, size_t index);
const char *executor_output_name(const struct executor_plan *plan, size_t index);
const struct tensor *executor_input(const struct executor_plan *plan, size_t index);
const struct tensor *executor_output(const struct executor_plan *plan, size_t index);

int executor_workspace_new(const struct executor_plan *plan,
	struct executor_workspace **ret_workspace, struct error *err);
void executor_workspace_free(struct executor_workspace *workspace);
AUTO_FREE_OF(struct executor_workspace, executor_workspace_free)

/*
 * Runs the plan on `inputs`, one tensor for each input of the plan; they are only read. Checked:
 * type, rank and fixed sizes.
 */
int executor_run(
	struct executor_workspace *workspace, const struct tensor *inputs, struct error *err);

/* The result of the last run, until the next one on this workspace. */
const struct tensor *executor_result(const struct executor_workspace *workspace, size_t index);

/* Is there an operator of that name in that domain, in any opset? */
bool executor_supports(const char *op, const char *domain);

/* Appends "Abs, Add, …" of a domain. */
void executor_list_operators(const char *domain, struct strbuf *out);

#endif
