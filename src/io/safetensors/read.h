/* The reader seen from inside.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_SAFETENSORS_READ_H
#define SOW_IO_SAFETENSORS_READ_H

#include <sow/safetensors.h>

/* What the system knows the open file by; the file's to close. */
int sow__safetensors_descriptor(const sow_safetensors *file);

#endif
