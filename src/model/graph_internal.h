/* What graph.c shares with the files that build or fill graphs. */
#ifndef MLOPS_MODEL_GRAPH_INTERNAL_H
#define MLOPS_MODEL_GRAPH_INTERNAL_H

#include "mlops/model/graph.h"

bool graph_failed(const struct graph *graph);

/* Copies into the arena; "" once the builder has failed. */
const char *graph_copy_name(struct graph *graph, const char *name);

/* Deep copies into the arena; false, with the failure set, if that is not possible. */
bool graph_copy_texts(struct graph *graph, struct text *to, const struct text *from, size_t count);
bool graph_copy_tensor(struct graph *graph, const struct tensor *from, struct tensor *to);

#endif
