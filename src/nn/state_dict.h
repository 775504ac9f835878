/* Inside a state_dict.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_STATE_DICT_H
#define SOW_NN_STATE_DICT_H

#include <sow/nn.h>

/* PyTorch's state_dict() notes the version of each module; a list made by hand or read from a
 * safetensors file has no versions, and counts as made before they were. */
void sow__state_dict_set_versioned(sow_state_dict *state);
bool sow__state_dict_is_versioned(const sow_state_dict *state);

#endif
