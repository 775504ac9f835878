/* QR decompositions in double, by LAPACK.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/qr.h"

#include "base/error.h"
#include <lapacke.h>
#include <limits.h>
#include <stdlib.h>

static double sign_of(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : 0;
}

static sow_status fail_info(lapack_int info, int64_t m, int64_t n, sow_error *err)
{
    if (info == LAPACK_WORK_MEMORY_ERROR) {
        return sow__fail(err, SOW_ERROR_MEMORY, "no memory for the QR of a %lld x %lld matrix",
                         (long long)m, (long long)n);
    }
    return sow__fail(err, SOW_ERROR_RUNTIME, "the QR of a %lld x %lld matrix failed with info %d",
                     (long long)m, (long long)n, (int)info);
}

/* dgeqrf; *tau (n numbers) is the caller's. */
static sow_status factor(int64_t m, int64_t n, double *matrix, double **tau, sow_error *err)
{
    *tau = NULL;
    if (m > INT_MAX) {
        return sow__fail(err, SOW_ERROR_OVERFLOW, "a matrix of %lld x %lld is too large for LAPACK",
                         (long long)m, (long long)n);
    }
    *tau = malloc((size_t)n * sizeof **tau);
    if (*tau == NULL) {
        return sow__fail_memory(err, (size_t)n * sizeof **tau);
    }
    const lapack_int info =
        LAPACKE_dgeqrf(LAPACK_COL_MAJOR, (lapack_int)m, (lapack_int)n, matrix, (lapack_int)m, *tau);
    if (info != 0) {
        free(*tau);
        return fail_info(info, m, n, err);
    }
    return SOW_OK;
}

sow_status sow__qr_q(int64_t m, int64_t n, double *matrix, sow_error *err)
{
    if (n == 0) {
        return SOW_OK;
    }
    double *tau;
    const sow_status status = factor(m, n, matrix, &tau, err);
    if (status != SOW_OK) {
        return status;
    }
    double *signs = malloc((size_t)n * sizeof *signs);
    if (signs == NULL) {
        free(tau);
        return sow__fail_memory(err, (size_t)n * sizeof *signs);
    }
    for (int64_t j = 0; j < n; j++) {
        signs[j] = sign_of(matrix[j * m + j]);
    }
    const lapack_int info = LAPACKE_dorgqr(LAPACK_COL_MAJOR, (lapack_int)m, (lapack_int)n,
                                           (lapack_int)n, matrix, (lapack_int)m, tau);
    for (int64_t i = 0; info == 0 && i < m * n; i++) {
        matrix[i] *= signs[i / m];
    }
    free(signs);
    free(tau);
    return info == 0 ? SOW_OK : fail_info(info, m, n, err);
}

sow_status sow__qr_packed(int64_t m, int64_t n, double *matrix, sow_error *err)
{
    if (n == 0) {
        return SOW_OK;
    }
    double *tau;
    const sow_status status = factor(m, n, matrix, &tau, err);
    if (status != SOW_OK) {
        return status;
    }
    for (int64_t j = 0; j < n; j++) {
        const double sign = sign_of(matrix[j * m + j]);
        matrix[j * m + j] = tau[j] == 0.0 ? -sign : sign;
    }
    free(tau);
    return SOW_OK;
}
