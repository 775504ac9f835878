/* Norms that may keep running statistics: batch and instance norms, eager and lazy.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_RUNNING_NORM_H
#define SOW_NN_RUNNING_NORM_H

#include "nn/family.h"

typedef struct sow__running_norm {
    bool affine, bias, track_running_stats;
} sow__running_norm;

/* The same for all: statistics first, then weight and bias; a lazy module is left alone. */
sow_status sow__reset_running_norm(sow_module *module, sow_error *err);

sow_module *sow__construct_running_norm(const sow__class *of, sow__args *args, sow_error *err);
sow_module *sow__construct_lazy_norm(const sow__class *of, sow__args *args, sow_error *err);
sow_module *sow__make_running_norm(const char *name, int64_t num_features, sow__running_norm norm,
                                   const sow_factory *factory, sow_error *err);

/* PyTorch's Module._version: the norms with statistics have num_batches_tracked since version 2,
 * all other classes are at 1. */
int sow__module_version(const sow_module *module);

#endif
