/* Reading a tensor of a file into a tensor.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_PLAN_READ_H
#define SOW_PLAN_READ_H

#include <sow/safetensors.h>
#include <sow/tensor.h>

/* Reads a tensor of the same shape (or of shape (1) into a scalar), converting the dtype. A target
 * without memory gets it, and what was recorded on it goes, once all is read: on failure it is as
 * it was. A cpu target is read into directly; after a failure there, nothing over its storage is
 * flagged initialized or counts as having values. SOW_ERROR_UNSUPPORTED, before anything is read,
 * for types that do not convert. */
sow_status sow__read_tensor(const sow_safetensors *file, const sow_safetensors_tensor *source,
                            sow_tensor *target, sow_error *err);

#endif
