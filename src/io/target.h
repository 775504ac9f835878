/* Where an output goes: the folder and the name in it, links followed, and what is there now.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_IO_TARGET_H
#define SOW_IO_TARGET_H

#include <sow/error.h>
#include <stdbool.h>
#include <sys/types.h>

/* Everything goes through the open folder, so that it does not matter when the working folder
 * changes or the folder is renamed meanwhile. */
typedef struct sow__target {
    const char *path; /* as the user gave it, for messages; lent */
    char *name;       /* in the folder */
    int folder;
    bool exists;
    mode_t mode; /* permissions of what is there, when exists */
} sow__target;

/* Finds the place for a path and refuses what may not be replaced. The caller closes it with
 * sow__target_close, also after a failure. */
sow_status sow__target_open(sow__target *target, const char *path, bool force, sow_error *err);

/* Looks again at what is there; refuses as sow__target_open does. */
sow_status sow__target_check(sow__target *target, bool force, sow_error *err);

void sow__target_close(sow__target *target);

#endif
