/* Loading values into a module from anything that has named tensors.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_LOAD_H
#define SOW_NN_LOAD_H

#include <sow/nn.h>

/* One tensor of a source; sizes are lent by it. */
typedef struct sow__load_item {
    sow_dtype dtype;
    int n_dims;
    const int64_t *sizes;
    bool is_meta;
} sow__load_item;

/* Where the values come from: a state_dict or an open file. */
typedef struct sow__load_source {
    const void *of;
    size_t n_keys;
    const char *(*name)(const void *of, size_t index);
    /* False when there is no such key. */
    bool (*find)(const void *of, const char *key, sow__load_item *item);
    /* Writes the values into a tensor of the same shape, or a scalar for shape (1). */
    sow_status (*copy)(const void *of, const char *key, sow_tensor *target, sow_error *err);
    /* A tensor with its values, of its own dtype, that no other module has; NULL after filling
     * *err. */
    sow_tensor *(*take)(const void *of, const char *key, sow_error *err);
    bool fills_meta; /* copy gives a meta tensor memory; else such a tensor is left alone */
    /* Version of the module that the source had at a path, 0: not known; NULL: of none. */
    int (*version)(const void *of, const char *path);
} sow__load_source;

/* SOW_ERROR_UNSUPPORTED when elements of dtype from can not be converted to the target's,
 * SOW_ERROR_RUNTIME in PyTorch's words when two of the target's are one. */
sow_status sow__load_check_target(const sow_tensor *target, sow_dtype from, sow_error *err);

/* Gives a tensor that is about to be overwritten memory, without running fills that nobody would
 * see. Nothing is done when sow__load_check_target refuses the target. */
sow_status sow__load_make_room(sow_tensor *target, sow_dtype from, sow_error *err);

/* sow_module_load_state_dict from any source. */
sow_status sow__module_load(sow_module *module, const sow__load_source *source,
                            const sow_load_options *options, sow_load_report **report,
                            sow_error *err);

#endif
