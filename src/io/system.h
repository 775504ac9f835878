/* What the system says about files: errors as text, kinds of file.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_SYSTEM_H
#define SOW_IO_SYSTEM_H

#include <sow/error.h>
#include <sys/types.h>

/* SOW_ERROR_IO with "subject: text of the error number":
 * "out/a.safetensors: Permission denied". */
sow_status sow__fail_system(sow_error *err, int number, const char *subject);

/* "a folder", "a FIFO", "a socket"... for the mode of a file that is not a regular one. */
const char *sow__file_kind(mode_t mode);

#endif
