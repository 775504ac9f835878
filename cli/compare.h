/* Comparing two safetensors files.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include <sow/sow.h>

typedef enum cli_compared {
    CLI_SAME = 0, /* the same bits */
    CLI_VALUES,
    CLI_DTYPE,
    CLI_SHAPE,
    CLI_ONLY_A,
    CLI_ONLY_B,
} cli_compared;

/* One name in either file. */
typedef struct cli_pair {
    const sow_safetensors_tensor *a, *b; /* NULL: not there */
    cli_compared state;
    /* of CLI_VALUES: */
    bool counted;         /* false for types whose elements are no whole bytes */
    uint64_t n_different; /* elements with different bits */
    uint64_t first;       /* the first of them, counted in row-major order */
    double max;           /* largest absolute difference; NaN when none is a number */
} cli_pair;

/* A metadata key whose values differ; NULL: not there. */
typedef struct cli_metadata_pair {
    const char *key, *a, *b;
} cli_metadata_pair;

typedef struct cli_comparison {
    sow_safetensors *a, *b;
    cli_pair *pairs; /* in the order of a, then what only b has */
    size_t n_pairs;
    cli_metadata_pair *metadata;
    size_t n_metadata;
} cli_comparison;

/* Compares; with stop_early the pairs end at the first that differs. Returns CLI_GO_ON or, after
 * saying why, an exit status; cli_comparison_free is needed in both cases. */
int cli_compare(cli_comparison *c, const char *a, const char *b, bool stop_early);
void cli_comparison_free(cli_comparison *c);

const char *cli_pair_name(const cli_pair *pair);

/* The place of the first difference, one index per dim (a single one, counted in row-major order,
 * for more than SOW_MAX_DIMS dims); returns how many. */
int cli_pair_first(const cli_pair *pair, int64_t index[SOW_MAX_DIMS]);

#endif
