/* Strict JSON out: no NaN or Infinity, keys in a fixed order, one newline at the end.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "output.h"

#include <jansson.h>

/* Every maker returns NULL when there is no memory; json_pack's "o" and cli_json_push pass a NULL
 * on, so that only cli_json_print has to look. */

/* Text from argv or a file; what is no UTF-8 comes escaped as on a terminal. NULL is null. */
json_t *cli_json_text(const char *text);
/* A number; "nan", "inf" and "-inf" as strings. */
json_t *cli_json_number(double value);
/* An integer; beyond 2^63-1 its digits as a string. */
json_t *cli_json_count(uint64_t value);
json_t *cli_json_shape(int n_dims, const int64_t *sizes);

/* Appends value to *array and takes it; *array becomes NULL on failure. */
void cli_json_push(json_t **array, json_t *value);
/* Sets a key of *object, which becomes NULL on failure; takes value. */
void cli_json_set(json_t **object, const char *key, json_t *value);

/* Prints root and frees it; returns an exit status. */
int cli_json_print(json_t *root, FILE *to);

#endif
