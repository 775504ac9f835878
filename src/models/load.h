/* Finding the tensors of a tree in a checkpoint.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_MODELS_LOAD_H
#define SOW_MODELS_LOAD_H

#include "models/model.h"

#define SOW__NAME_SIZE 256

/* Writes another name under which a checkpoint may hold a tensor; false when there is none or it is
 * too long. */
typedef bool (*sow__other_name)(const void *user, const char *name, char other[SOW__NAME_SIZE]);

/* One sow__load per entry of tree, all missing without a checkpoint; found tensors of the right
 * shape are flagged initialized. NULL on failure: no memory, or SOW_ERROR_RUNTIME for another shape
 * unless the options ignore that. Freed by sow__loads_free. */
sow__load *sow__loads_find(const sow__build *build, const sow_state_dict *tree,
                           sow__other_name other_name, const void *user, sow_error *err);
void sow__loads_free(sow__load *loads, size_t n_loads);

/* Lists in the model the names of the checkpoint that none of the loads uses and that end in none
 * of the endings (NULL-terminated; NULL: none). */
sow_status sow__loads_find_unexpected(const sow__build *build, const sow_state_dict *tree,
                                      const sow__load *loads, const char *const *endings,
                                      sow_error *err);

/* The type of the checkpoint's first floating tensor; false when it has none or there is no
 * checkpoint. */
bool sow__checkpoint_dtype(const sow_checkpoint *checkpoint, sow_dtype *dtype);

#endif
