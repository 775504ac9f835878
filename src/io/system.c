/* What the system says about files: errors as text, kinds of file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "io/system.h"

#include "base/error.h"
#include <string.h>
#include <sys/stat.h>

sow_status sow__fail_system(sow_error *err, int number, const char *subject)
{
    char text[256];
    if (strerror_r(number, text, sizeof text) != 0) {
        return sow__fail(err, SOW_ERROR_IO, "%s: error number %d", subject, number);
    }
    return sow__fail(err, SOW_ERROR_IO, "%s: %s", subject, text);
}

const char *sow__file_kind(mode_t mode)
{
    return S_ISDIR(mode)    ? "a folder"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISCHR(mode)  ? "a character device"
           : S_ISBLK(mode)  ? "a block device"
                            : "not a regular file";
}
