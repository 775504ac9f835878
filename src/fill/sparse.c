/* sparse: normal values, then a share of each column set to zero.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/matrix.h"

#include "base/dtype.h"
#include "base/error.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t sow__sparse_permutation_words(const sow_tensor *view)
{
    return (uint64_t)view->sizes[1] * sow__randperm_words(view->sizes[0]);
}

/* How many of a column's permuted rows become zero: ceil(sparsity * rows) cut as a Python slice
 * [:k] cuts. */
static int64_t n_zeros(double sparsity, int64_t rows)
{
    double k = ceil(sparsity * (double)rows);
    if (k >= (double)rows) {
        return rows;
    }
    if (k >= 0) {
        return (int64_t)k;
    }
    return k <= -(double)rows ? 0 : rows + (int64_t)k;
}

sow_status sow__sparse_zero(const sow__fill *fill, sow_tensor *view, const sow__place *permutations,
                            sow__cursor *cursor, sow_error *err)
{
    int64_t rows = view->sizes[0], zeros = n_zeros(fill->sparsity, rows);
    sow_status status = sow__cursor_seek(cursor, permutations->position, err);
    int64_t *permutation = malloc((size_t)rows * sizeof *permutation + 1);
    if (status == SOW_OK && permutation == NULL) {
        status = sow__fail_memory(err, (size_t)rows * sizeof *permutation);
    }
    size_t bytes = sow__dtype_bytes(view->storage->dtype);
    unsigned char *data = view->storage->data;
    for (int64_t column = 0; status == SOW_OK && column < view->sizes[1]; column++) {
        sow__randperm(cursor, rows, permutation);
        for (int64_t i = 0; i < zeros; i++) {
            int64_t at =
                view->offset + permutation[i] * view->strides[0] + column * view->strides[1];
            memset(data + (size_t)at * bytes, 0, bytes);
        }
    }
    free(permutation);
    return status;
}

sow__fill sow__sparse_normal(const sow__fill *fill)
{
    sow__fill normal = *fill;
    normal.kind = SOW__FILL_NORMAL;
    normal.mean = 0.0;
    return normal;
}

sow_status sow__sparse_run(const sow__fill *fill, sow_tensor *view, const sow__fill_source *source,
                           sow_error *err)
{
    const sow__fill normal = sow__sparse_normal(fill);
    sow_status status = sow__fill_run(&normal, view, source, NULL, err);
    return status == SOW_OK ? sow__sparse_zero(fill, view, source->permutations,
                                               source->permutations_cursor, err)
                            : status;
}
