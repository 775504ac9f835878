/* Reading lines of "name | 1 2 3 | 4": fields of whole numbers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_TENSOR_FIELDS_H
#define TESTS_TENSOR_FIELDS_H

#include "support.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Cuts a line at its bars; there must be n fields. */
static inline void split_fields(char *line, char **fields, int n)
{
    fields[0] = line;
    for (int i = 1; i < n; i++) {
        fields[i] = strchr(fields[i - 1], '|');
        assert_non_null(fields[i]);
        *fields[i]++ = '\0';
    }
}

/* The numbers of a field, at most so many; how many there are. */
static inline int read_numbers(const char *field, int64_t *numbers, int most)
{
    int n = 0;
    char *end;
    for (;; field = end) {
        long long number = strtoll(field, &end, 10);
        if (end == field) {
            return n;
        }
        assert_true(n < most);
        numbers[n++] = number;
    }
}

#endif
