/* orthogonal: the Q of a normal matrix, by LAPACK.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/matrix.h"

#include "base/checked.h"
#include "base/dtype.h"
#include "base/error.h"
#include <lapacke.h>
#include <limits.h>
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

/* A column-major m x n matrix, m >= n, and what QR needs beside it. */
struct qr {
    sow_dtype dtype;
    lapack_int m, n;
    void *a;      /* in: the matrix; out: Q */
    void *tau;    /* n */
    double *sign; /* n: signs of R's diagonal */
};

static double sign_of(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : 0;
}

static lapack_int factor(const struct qr *qr)
{
    if (qr->dtype == SOW_F64) {
        return LAPACKE_dgeqrf(LAPACK_COL_MAJOR, qr->m, qr->n, qr->a, qr->m, qr->tau);
    }
    return LAPACKE_sgeqrf(LAPACK_COL_MAJOR, qr->m, qr->n, qr->a, qr->m, qr->tau);
}

static lapack_int make_q(const struct qr *qr)
{
    if (qr->dtype == SOW_F64) {
        return LAPACKE_dorgqr(LAPACK_COL_MAJOR, qr->m, qr->n, qr->n, qr->a, qr->m, qr->tau);
    }
    return LAPACKE_sorgqr(LAPACK_COL_MAJOR, qr->m, qr->n, qr->n, qr->a, qr->m, qr->tau);
}

static double element(const struct qr *qr, size_t i)
{
    return qr->dtype == SOW_F64 ? ((const double *)qr->a)[i] : ((const float *)qr->a)[i];
}

/* Q with the signs that make R's diagonal positive, times gain: two roundings as in PyTorch, the
 * first exact. */
static void scale_columns(const struct qr *qr, double gain)
{
    for (lapack_int j = 0; j < qr->n; j++) {
        for (lapack_int i = 0; i < qr->m; i++) {
            size_t at = (size_t)j * (size_t)qr->m + (size_t)i;
            if (qr->dtype == SOW_F64) {
                ((double *)qr->a)[at] = ((double *)qr->a)[at] * qr->sign[j] * gain;
            } else {
                float q = ((float *)qr->a)[at] * (float)qr->sign[j];
                ((float *)qr->a)[at] = q * (float)gain;
            }
        }
    }
}

static sow_status orthogonalise(struct qr *qr, double gain, sow_error *err)
{
    lapack_int info = factor(qr);
    for (lapack_int j = 0; info == 0 && j < qr->n; j++) {
        qr->sign[j] = sign_of(element(qr, (size_t)j * (size_t)qr->m + (size_t)j));
    }
    if (info == 0) {
        info = make_q(qr);
    }
    if (info == LAPACK_WORK_MEMORY_ERROR) {
        return sow__fail(err, SOW_ERROR_MEMORY,
                         "orthogonal: no memory for the QR of a %d x %d matrix", (int)qr->m,
                         (int)qr->n);
    }
    if (info != 0) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "orthogonal: LAPACK failed with info %d",
                         (int)info);
    }
    scale_columns(qr, gain);
    return SOW_OK;
}

/* out (cols x rows, row-major) = transpose of in (rows x cols, row-major). */
static void transpose(sow_dtype dtype, void *out, const void *in, int64_t rows, int64_t cols)
{
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < cols; j++) {
            if (dtype == SOW_F64) {
                ((double *)out)[j * rows + i] = ((const double *)in)[i * cols + j];
            } else {
                ((float *)out)[j * rows + i] = ((const float *)in)[i * cols + j];
            }
        }
    }
}

/* matrix: rows x cols, row-major, becomes its orthogonal factor. spare: as much memory again. A
 * wide matrix in row-major order is its tall transpose in LAPACK's column-major order already. */
static sow_status orthogonal_matrix(struct qr *qr, int64_t rows, int64_t cols, void *matrix,
                                    void *spare, double gain, sow_error *err)
{
    bool is_tall = rows >= cols;
    qr->m = (lapack_int)(is_tall ? rows : cols);
    qr->n = (lapack_int)(is_tall ? cols : rows);
    qr->a = is_tall ? spare : matrix;
    if (is_tall) {
        transpose(qr->dtype, spare, matrix, rows, cols);
    }
    sow_status status = orthogonalise(qr, gain, err);
    if (status == SOW_OK && is_tall) {
        transpose(qr->dtype, matrix, spare, cols, rows);
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
    int64_t rows = view->sizes[0], cols = view->numel / rows, least = rows < cols ? rows : cols;
    if (rows > INT_MAX || cols > INT_MAX) {
        return sow__fail(err, SOW_ERROR_OVERFLOW,
                         "orthogonal: a matrix of %lld x %lld is too large for LAPACK",
                         (long long)rows, (long long)cols);
    }
    struct qr qr = {.dtype = view->storage->dtype};
    size_t bytes = sow__dtype_bytes(qr.dtype), n_bytes = (size_t)view->numel * bytes;
    void *matrix = malloc(n_bytes), *spare = rows >= cols ? malloc(n_bytes) : NULL;
    qr.tau = malloc((size_t)least * bytes);
    qr.sign = malloc((size_t)least * sizeof *qr.sign);
    if (matrix == NULL || (rows >= cols && spare == NULL) || qr.tau == NULL || qr.sign == NULL) {
        status = sow__fail_memory(err, 2 * n_bytes);
        goto out;
    }
    sow__draw draw = sow__matrix_draw(fill, view, source->place);
    status = sow__draw_piece(&draw, source->cursor, 0, draw.n, matrix, err);
    if (status == SOW_OK) {
        status = orthogonal_matrix(&qr, rows, cols, matrix, spare, fill->gain, err);
    }
    if (status == SOW_OK) {
        sow__order order;
        sow__tensor_logical_order(view, &order);
        sow__order_scatter(&order, view->storage->data, bytes, 0, view->numel, matrix);
    }
out:
    free(qr.sign);
    free(qr.tau);
    free(spare);
    free(matrix);
    return status;
}
