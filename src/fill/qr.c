/* QR decompositions, by LAPACK.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/qr.h"

#include "base/dtype.h"
#include "base/error.h"
#include <lapacke.h>
#include <limits.h>
#include <stdlib.h>

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

/* tau: n values of the matrix's dtype. */
static sow_status factor(const sow__columns *of, void *tau, sow_error *err)
{
    const lapack_int m = (lapack_int)of->m, n = (lapack_int)of->n;
    return check_info(of,
                      of->dtype == SOW_F64
                          ? LAPACKE_dgeqrf(LAPACK_COL_MAJOR, m, n, of->values, m, tau)
                          : LAPACKE_sgeqrf(LAPACK_COL_MAJOR, m, n, of->values, m, tau),
                      err);
}

static sow_status make_q(const sow__columns *of, const void *tau, sow_error *err)
{
    const lapack_int m = (lapack_int)of->m, n = (lapack_int)of->n;
    return check_info(of,
                      of->dtype == SOW_F64
                          ? LAPACKE_dorgqr(LAPACK_COL_MAJOR, m, n, n, of->values, m, tau)
                          : LAPACKE_sorgqr(LAPACK_COL_MAJOR, m, n, n, of->values, m, tau),
                      err);
}

static double diagonal(const sow__columns *of, int64_t j)
{
    const int64_t at = j * of->m + j;
    return of->dtype == SOW_F64 ? ((const double *)of->values)[at]
                                : ((const float *)of->values)[at];
}

/* Every column times its sign times gain: two roundings as in PyTorch, the first exact. */
static void scale_columns(const sow__columns *of, const double *signs, double gain)
{
    for (int64_t j = 0; j < of->n; j++) {
        for (int64_t at = j * of->m; at < (j + 1) * of->m; at++) {
            if (of->dtype == SOW_F64) {
                double *q = (double *)of->values + at;
                *q = *q * signs[j] * gain;
            } else {
                float *q = (float *)of->values + at;
                const float signed_q = *q * (float)signs[j];
                *q = signed_q * (float)gain;
            }
        }
    }
}

sow_status sow__qr_q(const sow__columns *matrix, double gain, sow_error *err)
{
    const size_t n = (size_t)matrix->n, tau_bytes = n * sow__dtype_bytes(matrix->dtype);
    if (n == 0) {
        return SOW_OK;
    }
    sow_status status = sow__qr_check_size(matrix->m, matrix->n, err);
    if (status != SOW_OK) {
        return status;
    }
    void *tau = malloc(tau_bytes);
    double *signs = malloc(n * sizeof *signs);
    if (tau == NULL || signs == NULL) {
        status = sow__fail_memory(err, tau_bytes + n * sizeof *signs);
        goto out;
    }
    status = factor(matrix, tau, err);
    for (int64_t j = 0; status == SOW_OK && j < matrix->n; j++) {
        signs[j] = sign_of(diagonal(matrix, j));
    }
    if (status == SOW_OK) {
        status = make_q(matrix, tau, err);
    }
    if (status == SOW_OK) {
        scale_columns(matrix, signs, gain);
    }
out:
    free(signs);
    free(tau);
    return status;
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
    status = factor(&(sow__columns){SOW_F64, m, n, matrix}, tau, err);
    for (int64_t j = 0; status == SOW_OK && j < n; j++) {
        const double sign = sign_of(matrix[j * m + j]);
        matrix[j * m + j] = tau[j] == 0.0 ? -sign : sign;
    }
    free(tau);
    return status;
}
