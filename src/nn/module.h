/* Inside a module: its tensors and children, and helpers for constructors.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_MODULE_H
#define SOW_NN_MODULE_H

#include <sow/init.h>
#include <sow/nn.h>

/* A parameter or buffer under its name. */
typedef struct sow__slot {
    char *name;
    sow_tensor *tensor;
    bool persistent;
} sow__slot;

typedef struct sow__slots {
    sow__slot *items;
    size_t n_items, capacity;
} sow__slots;

typedef struct sow__child {
    char *name;
    sow_module *module;
} sow__child;

struct sow_module {
    char *type;
    sow__slots parameters, buffers;
    sow__child *children;
    size_t n_children, child_capacity;
    int64_t padding_idx; /* of embeddings; SOW_NO_PADDING_IDX: none */
    bool init_done;      /* an initialisation pass has handled the module */
};

/* The factory to use when a caller gives NULL. */
const sow_factory *sow__factory_or_default(const sow_factory *factory);

/* Registers a new tensor of the factory's device and dtype without values as a parameter.
 * SOW_ERROR_RUNTIME for a dtype that can not have gradients, in PyTorch's words. */
sow_status sow__module_add_parameter(sow_module *module, const char *name, int n_dims,
                                     const int64_t *sizes, const sow_factory *factory,
                                     sow_error *err);

/* Own parameter or buffer of that name, lent; NULL when there is none. */
sow_tensor *sow__module_own_tensor(const sow_module *module, const char *name);

/* Puts another tensor in the place of the one at a dotted path; takes the caller's reference, also
 * on failure. SOW_ERROR_NOT_FOUND. */
sow_status sow__module_set_tensor(sow_module *module, const char *path, sow_tensor *tensor,
                                  sow_error *err);

#endif
