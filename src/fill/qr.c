/* QR decompositions, by LAPACK.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/qr.h"

#include "base/dtype.h"
#include "base/error.h"
#include <lapacke.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static double sign_of(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : 0;
}

sow_status sow__qr_check_size(int64_t m, int64_t n, sow_error *err)
{
    if (m > INT_MAX || n > INT_MAX) {
        return sow__fail(err, SOW_ERROR_OVERFLOW,
                         "orthogonal: a matrix of %lld x %lld is too large for LAPACK",
                         (long long)m, (long long)n);
    }
    return SOW_OK;
}

/* ---- the packed form ---- */

static sow_status check_info(const sow__columns *of, lapack_int info, sow_error *err)
{
    if (info == 0) {
        return SOW_OK;
    }
    if (info == LAPACK_WORK_MEMORY_ERROR) {
        return sow__fail(err, SOW_ERROR_MEMORY,
                         "orthogonal: no memory for the QR of a %lld x %lld matrix",
                         (long long)of->m, (long long)of->n);
    }
    return sow__fail(err, SOW_ERROR_RUNTIME,
                     "orthogonal: the QR of a %lld x %lld matrix failed with info %d",
                     (long long)of->m, (long long)of->n, (int)info);
}

sow_status sow__qr_packed(int64_t m, int64_t n, double *matrix, sow_error *err)
{
    if (n == 0) {
        return SOW_OK;
    }
    sow_status status = sow__qr_check_size(m, n, err);
    if (status != SOW_OK) {
        return status;
    }
    double *tau = malloc((size_t)n * sizeof *tau);
    if (tau == NULL) {
        return sow__fail_memory(err, (size_t)n * sizeof *tau);
    }
    const lapack_int info =
        LAPACKE_dgeqrf(LAPACK_COL_MAJOR, (lapack_int)m, (lapack_int)n, matrix, (lapack_int)m, tau);
    status = check_info(&(sow__columns){SOW_F64, m, n, matrix}, info, err);
    for (int64_t j = 0; status == SOW_OK && j < n; j++) {
        const double sign = sign_of(matrix[j * m + j]);
        matrix[j * m + j] = tau[j] == 0.0 ? -sign : sign;
    }
    free(tau);
    return status;
}

/* ---- Q ---- */

/* Reflections that are applied together, as products of matrices: those use the caches and the
 * cores better the more there are, while what prepares them grows. Measured with OpenBLAS on 100 to
 * 4096 columns; LAPACK's own 32 take half as long again with two threads and 2048. */
static int64_t block_of(int64_t n)
{
    const int64_t best = n >= 1536 ? 256 : n >= 128 ? 128 : 32;
    return best < n ? best : n;
}

/* What a decomposition keeps beside the matrix: block_of(n) x n triangular factors, column-major,
 * and as many values to work with. */
typedef struct blocks {
    int64_t size;
    void *factors, *work;
} blocks;

static void *at(const sow__columns *of, int64_t i, int64_t j)
{
    return (char *)of->values + (size_t)(j * of->m + i) * sow__dtype_bytes(of->dtype);
}

static sow_status factor(const sow__columns *of, const blocks *by, sow_error *err)
{
    const lapack_int m = (lapack_int)of->m, n = (lapack_int)of->n, size = (lapack_int)by->size;
    const lapack_int info = of->dtype == SOW_F64
                                ? LAPACKE_dgeqrt_work(LAPACK_COL_MAJOR, m, n, size, of->values, m,
                                                      by->factors, size, by->work)
                                : LAPACKE_sgeqrt_work(LAPACK_COL_MAJOR, m, n, size, of->values, m,
                                                      by->factors, size, by->work);
    return check_info(of, info, err);
}

/* The block of reflections from column k on, applied to the part of q that is not the identity. */
static sow_status reflect(const sow__columns *of, const blocks *by, int64_t k,
                          const sow__columns *q, sow_error *err)
{
    const lapack_int m = (lapack_int)(of->m - k), n = (lapack_int)(of->n - k);
    const lapack_int n_block = (lapack_int)(by->size < n ? by->size : n), step = (lapack_int)of->m;
    const void *v = at(of, k, k);
    const void *t = (char *)by->factors + (size_t)(k * by->size) * sow__dtype_bytes(of->dtype);
    const lapack_int info =
        of->dtype == SOW_F64
            ? LAPACKE_dlarfb_work(LAPACK_COL_MAJOR, 'L', 'N', 'F', 'C', m, n, n_block, v, step, t,
                                  (lapack_int)by->size, at(q, k, k), step, by->work, n)
            : LAPACKE_slarfb_work(LAPACK_COL_MAJOR, 'L', 'N', 'F', 'C', m, n, n_block, v, step, t,
                                  (lapack_int)by->size, at(q, k, k), step, by->work, n);
    return check_info(of, info, err);
}

static void set_identity(const sow__columns *q)
{
    memset(q->values, 0, (size_t)(q->m * q->n) * sow__dtype_bytes(q->dtype));
    for (int64_t j = 0; j < q->n; j++) {
        if (q->dtype == SOW_F64) {
            *(double *)at(q, j, j) = 1.0;
        } else {
            *(float *)at(q, j, j) = 1.0F;
        }
    }
}

/* From the last block to the first, so that each finds the identity left of and above its part. */
static sow_status make_q(const sow__columns *of, const blocks *by, const sow__columns *q,
                         sow_error *err)
{
    sow_status status = SOW_OK;
    set_identity(q);
    for (int64_t k = (of->n - 1) / by->size * by->size; status == SOW_OK && k >= 0; k -= by->size) {
        status = reflect(of, by, k, q, err);
    }
    return status;
}

static double diagonal(const sow__columns *of, int64_t j)
{
    return of->dtype == SOW_F64 ? *(double *)at(of, j, j) : (double)*(float *)at(of, j, j);
}

/* Every column of q times the sign of R's diagonal times gain: two roundings as in PyTorch, the
 * first exact. */
static void scale_columns(const sow__columns *q, const sow__columns *r, double gain)
{
    for (int64_t j = 0; j < q->n; j++) {
        const double sign = sign_of(diagonal(r, j));
        double *f64 = at(q, 0, j);
        float *f32 = at(q, 0, j);
        for (int64_t i = 0; i < q->m; i++) {
            if (q->dtype == SOW_F64) {
                f64[i] = f64[i] * sign * gain;
            } else {
                const float signed_q = f32[i] * (float)sign;
                f32[i] = signed_q * (float)gain;
            }
        }
    }
}

/* The factors, and as much to work with. */
uint64_t sow__qr_spare_bytes(sow_dtype dtype, int64_t n)
{
    return 2 * (uint64_t)block_of(n) * (uint64_t)n * sow__dtype_bytes(dtype);
}

sow_status sow__qr_q(const sow__columns *matrix, void *q, double gain, sow_error *err)
{
    if (matrix->n == 0) {
        return SOW_OK;
    }
    sow_status status = sow__qr_check_size(matrix->m, matrix->n, err);
    if (status != SOW_OK) {
        return status;
    }
    const size_t n_bytes = (size_t)sow__qr_spare_bytes(matrix->dtype, matrix->n);
    char *memory = malloc(n_bytes);
    if (memory == NULL) {
        return sow__fail_memory(err, n_bytes);
    }
    const blocks by = {block_of(matrix->n), .factors = memory, .work = memory + n_bytes / 2};
    const sow__columns out = {matrix->dtype, matrix->m, matrix->n, q};
    status = factor(matrix, &by, err);
    if (status == SOW_OK) {
        status = make_q(matrix, &by, &out, err);
    }
    if (status == SOW_OK) {
        scale_columns(&out, matrix, gain);
    }
    free(memory);
    return status;
}
