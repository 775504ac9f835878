/* Reading tests/base/vectors/.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_BASE_VECTORS_H
#define SOW_TESTS_BASE_VECTORS_H

#include "support.h"

/* Calls check for the words of each line. Comments are skipped; a file without lines fails. */
static inline void each_vector(const char *name, void (*check)(char *words[4]))
{
    char path[1024], line[256];
    snprintf(path, sizeof path, "%s/tests/base/vectors/%s.txt", SOW_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s can not be read", path);
    }
    int n_checked = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#') {
            continue;
        }
        char *words[4] = {strtok(line, " \n")};
        for (int i = 1; i < 4; i++) {
            words[i] = strtok(NULL, " \n");
        }
        check(words);
        n_checked++;
    }
    fclose(file);
    assert_true(n_checked > 0);
}

#endif
