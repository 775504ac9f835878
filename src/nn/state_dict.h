/* Inside a state_dict.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_STATE_DICT_H
#define SOW_NN_STATE_DICT_H

#include <sow/nn.h>

/* PyTorch's state_dict() notes the version of each module under its path; a list made by hand or
 * read from a safetensors file has none. Once per path. SOW_ERROR_MEMORY. */
sow_status sow__state_dict_set_version(sow_state_dict *state, const char *path, int version,
                                       sow_error *err);
/* 0: none was noted. */
int sow__state_dict_version(const sow_state_dict *state, const char *path);

#endif
