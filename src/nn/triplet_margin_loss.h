/* The check that both triplet losses make.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_TRIPLET_MARGIN_LOSS_H
#define SOW_NN_TRIPLET_MARGIN_LOSS_H

#include "nn/class.h"

/* margin > 0, in PyTorch's words. */
sow_status sow__check_margin(const char *class_name, const sow__value *margin, sow_error *err);

#endif
