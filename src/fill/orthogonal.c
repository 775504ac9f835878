/* orthogonal: the Q of a normal matrix.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/matrix.h"

#include "base/dtype.h"
#include "base/error.h"
#include "fill/qr.h"
#include <stdlib.h>

sow__draw sow__matrix_draw(const sow__fill *fill, const sow_tensor *view, const sow__place *place)
{
    sow__draw draw = sow__draw_of(fill, view, place);
    draw.kind = SOW__FILL_NORMAL;
    draw.mean = 0.0;
    if (fill->kind == SOW__FILL_ORTHOGONAL) {
        draw.std = sow__dtype_is_complex(view->storage->dtype) ? 0.70710678118654752 : 1.0;
        draw.bulk = draw.n >= 16;
    }
    return draw;
}

/* PyTorch writes through tensor.view(rows, rest): the dims after the first must be one run of equal
 * steps. */
static bool is_viewable_as_matrix(const sow_tensor *view)
{
    int64_t step = 0;
    for (int d = view->n_dims - 1; d > 0; d--) {
        if (view->sizes[d] == 1) {
            continue;
        }
        if (step != 0 && view->strides[d] != step) {
            return false;
        }
        step = view->strides[d] * view->sizes[d];
    }
    return true;
}

sow_status sow__orthogonal_check(const sow_tensor *view, sow_error *err)
{
    sow_dtype dtype = view->storage->dtype;
    if (view->numel == 0) {
        return SOW_OK;
    }
    if (sow__dtype_is_complex(dtype)) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED,
                         "Unlike NumPy, torch.sign is not intended to support complex numbers. "
                         "Please use torch.sgn "
                         "instead.");
    }
    if (dtype != SOW_F32 && dtype != SOW_F64) {
        return sow__fail(err, SOW_ERROR_UNSUPPORTED, "\"geqrf_cpu\" not implemented for '%s'",
                         sow__dtype_scalar_name(dtype));
    }
    if (!is_viewable_as_matrix(view)) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "view size is not compatible with input tensor's size and stride (at "
                         "least one dimension "
                         "spans across two contiguous subspaces). Use .reshape(...) instead.");
    }
    return SOW_OK;
}

/* Side of the squares in which a matrix is transposed: both of them stay in the first-level cache.
 */
#define TILE 32

typedef struct tile {
    int64_t row, end_row, column, end_column;
} tile;

static void transpose_tile(sow_dtype dtype, void *out, const void *in, int64_t rows, int64_t cols,
                           const tile *t)
{
    for (int64_t i = t->row; i < t->end_row; i++) {
        for (int64_t j = t->column; j < t->end_column; j++) {
            if (dtype == SOW_F64) {
                ((double *)out)[j * rows + i] = ((const double *)in)[i * cols + j];
            } else {
                ((float *)out)[j * rows + i] = ((const float *)in)[i * cols + j];
            }
        }
    }
}

/* out (cols x rows, row-major) = transpose of in (rows x cols, row-major). */
static void transpose(sow_dtype dtype, void *out, const void *in, int64_t rows, int64_t cols)
{
    for (int64_t i = 0; i < rows; i += TILE) {
        for (int64_t j = 0; j < cols; j += TILE) {
            const tile t = {i, i + TILE < rows ? i + TILE : rows, j,
                            j + TILE < cols ? j + TILE : cols};
            transpose_tile(dtype, out, in, rows, cols, &t);
        }
    }
}

/* The orthogonal factor of a rows x cols matrix, row-major, in spare, likewise. The matrix is used
 * up. A wide one in row-major order is its tall transpose in LAPACK's order already. */
static sow_status orthogonalise(const sow_tensor *view, void *matrix, void *spare, double gain,
                                sow_error *err)
{
    const sow_dtype dtype = view->storage->dtype;
    const int64_t rows = view->sizes[0], cols = view->numel / rows;
    if (rows < cols) {
        return sow__qr_q(&(sow__columns){dtype, cols, rows, matrix}, spare, gain, err);
    }
    transpose(dtype, spare, matrix, rows, cols);
    const sow_status status =
        sow__qr_q(&(sow__columns){dtype, rows, cols, spare}, matrix, gain, err);
    if (status == SOW_OK) {
        transpose(dtype, spare, matrix, cols, rows);
    }
    return status;
}

sow_status sow__orthogonal_run(const sow__fill *fill, sow_tensor *view,
                               const sow__fill_source *source, sow_error *err)
{
    sow_status status = sow__orthogonal_check(view, err);
    if (status != SOW_OK) {
        return status;
    }
    const int64_t rows = view->sizes[0], cols = view->numel / rows;
    status = sow__qr_check_size(rows, cols, err);
    if (status != SOW_OK) {
        return status;
    }
    const size_t bytes = sow__dtype_bytes(view->storage->dtype);
    const size_t n_bytes = (size_t)view->numel * bytes;
    void *matrix = malloc(n_bytes), *spare = malloc(n_bytes);
    if (matrix == NULL || spare == NULL) {
        status = sow__fail_memory(err, 2 * n_bytes);
        goto out;
    }
    sow__draw draw = sow__matrix_draw(fill, view, source->place);
    status = sow__draw_piece(&draw, source->cursor, 0, draw.n, matrix, err);
    if (status == SOW_OK) {
        status = orthogonalise(view, matrix, spare, fill->gain, err);
    }
    if (status == SOW_OK) {
        sow__order order;
        sow__tensor_logical_order(view, &order);
        sow__order_scatter(&order, view->storage->data, bytes, 0, view->numel, spare);
    }
out:
    free(spare);
    free(matrix);
    return status;
}
