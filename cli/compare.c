/* Comparing two safetensors files.
 * SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include "output.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A multiple of every element that is whole bytes. */
#define PIECE_BYTES ((size_t)1 << 20)
/* Elements that are looked at together. */
#define CHUNK 512

/* ---- values ---- */

/* What comparing needs besides the files. */
typedef struct work {
    unsigned char *a, *b; /* a piece each */
    uint64_t done, all;   /* bytes, for the progress line */
} work;

static void note_difference(cli_pair *pair, double difference)
{
    if (!isnan(difference) && !(pair->max >= difference)) {
        pair->max = difference;
    }
}

/* 64-bit integers near each other would be one double. */
static double integer_difference(sow_dtype dtype, const unsigned char *a, const unsigned char *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    const uint64_t sign = dtype == SOW_I64 ? (uint64_t)1 << 63 : 0;
    const bool above = (x ^ sign) > (y ^ sign);
    return (double)(above ? x - y : y - x);
}

static void compare_chunk(cli_pair *pair, const unsigned char *a, const unsigned char *b,
                          uint64_t first, size_t n)
{
    const sow_dtype dtype = pair->a->dtype;
    const size_t element_bytes = (size_t)sow_dtype_bits(dtype) / 8;
    const bool is_complex = dtype == SOW_C64 || dtype == SOW_C128;
    double x[2 * CHUNK], y[2 * CHUNK];
    sow_values_as_f64(x, dtype, a, n, NULL);
    sow_values_as_f64(y, dtype, b, n, NULL);
    for (size_t i = 0; i < n; i++, a += element_bytes, b += element_bytes) {
        if (memcmp(a, b, element_bytes) == 0) {
            continue;
        }
        if (pair->n_different++ == 0) {
            pair->first = first + i;
        }
        if (dtype == SOW_I64 || dtype == SOW_U64) {
            note_difference(pair, integer_difference(dtype, a, b));
        } else if (is_complex) {
            note_difference(pair, hypot(x[2 * i] - y[2 * i], x[2 * i + 1] - y[2 * i + 1]));
        } else {
            note_difference(pair, fabs(x[i] - y[i]));
        }
    }
}

/* n elements that begin with element number first of the tensor. */
static void compare_elements(cli_pair *pair, const work *w, uint64_t first, size_t n)
{
    const size_t element_bytes = (size_t)sow_dtype_bits(pair->a->dtype) / 8;
    for (size_t i = 0; i < n; i += CHUNK) {
        const size_t chunk = n - i < CHUNK ? n - i : CHUNK;
        const unsigned char *a = w->a + i * element_bytes, *b = w->b + i * element_bytes;
        if (memcmp(a, b, chunk * element_bytes) != 0) {
            compare_chunk(pair, a, b, first + i, chunk);
        }
    }
}

static sow_status compare_values(const cli_comparison *c, cli_pair *pair, work *w, bool stop_early,
                                 sow_error *err)
{
    const uint64_t n_bytes = pair->a->end - pair->a->begin;
    const size_t element_bytes = (size_t)sow_dtype_bits(pair->a->dtype) / 8;
    pair->counted = sow_stats_can_read(pair->a->dtype);
    pair->max = (double)NAN;
    for (uint64_t at = 0; at < n_bytes; at += PIECE_BYTES) {
        const size_t n = n_bytes - at < PIECE_BYTES ? (size_t)(n_bytes - at) : PIECE_BYTES;
        sow_status status = sow_safetensors_read(c->a, pair->a, at, w->a, n, err);
        if (status == SOW_OK) {
            status = sow_safetensors_read(c->b, pair->b, at, w->b, n, err);
        }
        if (status != SOW_OK) {
            return status;
        }
        w->done += n;
        cli_progress(w->done, w->all);
        if (memcmp(w->a, w->b, n) != 0) {
            pair->state = CLI_VALUES;
            if (stop_early || !pair->counted) {
                return SOW_OK;
            }
            compare_elements(pair, w, at / element_bytes, n / element_bytes);
        }
    }
    return SOW_OK;
}

/* ---- names, types, shapes ---- */

static cli_compared compare_headers(const sow_safetensors_tensor *a,
                                    const sow_safetensors_tensor *b)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? CLI_ONLY_B : CLI_ONLY_A;
    }
    const bool same_shape =
        a->n_dims == b->n_dims &&
        (a->n_dims == 0 || memcmp(a->sizes, b->sizes, (size_t)a->n_dims * sizeof *a->sizes) == 0);
    if (!same_shape) {
        return CLI_SHAPE;
    }
    return a->dtype != b->dtype ? CLI_DTYPE : CLI_SAME;
}

static void add_pair(cli_comparison *c, const sow_safetensors_tensor *a,
                     const sow_safetensors_tensor *b)
{
    c->pairs[c->n_pairs++] = (cli_pair){.a = a, .b = b, .state = compare_headers(a, b)};
}

static bool collect_pairs(cli_comparison *c)
{
    const size_t most = sow_safetensors_count(c->a) + sow_safetensors_count(c->b) + 1;
    c->pairs = calloc(most, sizeof *c->pairs);
    if (c->pairs == NULL) {
        return false;
    }
    const sow_safetensors_tensor *tensor;
    for (size_t i = 0; (tensor = sow_safetensors_at(c->a, i)) != NULL; i++) {
        add_pair(c, tensor, sow_safetensors_find(c->b, tensor->name));
    }
    for (size_t i = 0; (tensor = sow_safetensors_at(c->b, i)) != NULL; i++) {
        if (sow_safetensors_find(c->a, tensor->name) == NULL) {
            add_pair(c, NULL, tensor);
        }
    }
    return true;
}

/* ---- metadata: both sides are in byte order of their keys ---- */

static size_t n_metadata(const sow_safetensors *file)
{
    const char *value;
    size_t n = 0;
    while (sow_safetensors_metadata(file, n, &value) != NULL) {
        n++;
    }
    return n;
}

static bool collect_metadata(cli_comparison *c)
{
    c->metadata = calloc(n_metadata(c->a) + n_metadata(c->b) + 1, sizeof *c->metadata);
    if (c->metadata == NULL) {
        return false;
    }
    size_t i = 0, k = 0;
    for (;;) {
        const char *a_value = NULL, *b_value = NULL;
        const char *a = sow_safetensors_metadata(c->a, i, &a_value);
        const char *b = sow_safetensors_metadata(c->b, k, &b_value);
        if (a == NULL && b == NULL) {
            return true;
        }
        const int order = a == NULL ? 1 : b == NULL ? -1 : strcmp(a, b);
        i += order <= 0;
        k += order >= 0;
        if (order != 0 || strcmp(a_value, b_value) != 0) {
            c->metadata[c->n_metadata++] = (cli_metadata_pair){
                order <= 0 ? a : b, order <= 0 ? a_value : NULL, order >= 0 ? b_value : NULL};
        }
    }
}

/* ---- all of it ---- */

static uint64_t bytes_to_read(const cli_comparison *c)
{
    uint64_t n = 0;
    for (size_t i = 0; i < c->n_pairs; i++) {
        n += c->pairs[i].state == CLI_SAME ? c->pairs[i].a->end - c->pairs[i].a->begin : 0;
    }
    return n;
}

static bool any_differs(const cli_comparison *c)
{
    for (size_t i = 0; i < c->n_pairs; i++) {
        if (c->pairs[i].state != CLI_SAME) {
            return true;
        }
    }
    return false;
}

static int compare_all(cli_comparison *c, bool stop_early)
{
    work w = {.all = bytes_to_read(c)};
    unsigned char *pieces = malloc(2 * PIECE_BYTES);
    if (pieces == NULL) {
        return cli_fail_memory();
    }
    w.a = pieces;
    w.b = pieces + PIECE_BYTES;
    sow_error err;
    sow_status status = SOW_OK;
    cli_progress_begin();
    for (size_t i = 0; i < c->n_pairs && status == SOW_OK; i++) {
        if (c->pairs[i].state == CLI_SAME) {
            status = compare_values(c, &c->pairs[i], &w, stop_early, &err);
        }
        if (stop_early && c->pairs[i].state != CLI_SAME) {
            break;
        }
    }
    cli_progress_end();
    free(pieces);
    return status == SOW_OK ? CLI_GO_ON : cli_fail_input(&err);
}

int cli_compare(cli_comparison *c, const char *a, const char *b, bool stop_early)
{
    sow_error err;
    *c = (cli_comparison){0};
    c->a = sow_safetensors_open(a, &err);
    c->b = c->a != NULL ? sow_safetensors_open(b, &err) : NULL;
    if (c->b == NULL) {
        return cli_fail_input(&err);
    }
    if (!collect_pairs(c) || !collect_metadata(c)) {
        return cli_fail_memory();
    }
    if (stop_early && any_differs(c)) {
        return CLI_GO_ON;
    }
    return compare_all(c, stop_early);
}

void cli_comparison_free(cli_comparison *c)
{
    free(c->pairs);
    free(c->metadata);
    sow_safetensors_close(c->a);
    sow_safetensors_close(c->b);
    *c = (cli_comparison){0};
}

const char *cli_pair_name(const cli_pair *pair)
{
    return pair->a != NULL ? pair->a->name : pair->b->name;
}

int cli_pair_first(const cli_pair *pair, int64_t index[SOW_MAX_DIMS])
{
    uint64_t left = pair->first;
    if (pair->a->n_dims > SOW_MAX_DIMS) {
        index[0] = (int64_t)left;
        return 1;
    }
    for (int k = pair->a->n_dims - 1; k >= 0; k--) {
        const uint64_t size = (uint64_t)pair->a->sizes[k];
        index[k] = (int64_t)(left % size);
        left /= size;
    }
    return pair->a->n_dims;
}
