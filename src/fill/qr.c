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

/* dgeqrf: the caller frees the n numbers of tau; NULL after filling *err. */
static double *factor(int64_t m, int64_t n, double *matrix, sow_error *err)
{
    if (m > INT_MAX) {
        sow__fail(err, SOW_ERROR_OVERFLOW, "a matrix of %lld x %lld is too large for LAPACK",
                  (long long)m, (long long)n);
        return NULL;
    }
    double *tau = malloc((size_t)n * sizeof *tau);
    if (tau == NULL) {
        sow__fail_memory(err, (size_t)n * sizeof *tau);
        return NULL;
    }
    const lapack_int info =
        LAPACKE_dgeqrf(LAPACK_COL_MAJOR, (lapack_int)m, (lapack_int)n, matrix, (lapack_int)m, tau);
    if (info != 0) {
        free(tau);
        fail_info(info, m, n, err);
        return NULL;
    }
    return tau;
}

sow_status sow__qr_q(int64_t m, int64_t n, double *matrix, sow_error *err)
{
    if (n == 0) {
        return SOW_OK;
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    double *tau = factor(m, n, matrix, why);
    if (tau == NULL) {
        return why->status;
    }
    double *signs = malloc((size_t)n * sizeof *signs);
    if (signs == NULL) {
        free(tau);
        return sow__fail_memory(why, (size_t)n * sizeof *signs);
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
    return info == 0 ? SOW_OK : fail_info(info, m, n, why);
}

sow_status sow__qr_packed(int64_t m, int64_t n, double *matrix, sow_error *err)
{
    if (n == 0) {
        return SOW_OK;
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    double *tau = factor(m, n, matrix, why);
    if (tau == NULL) {
        return why->status;
    }
    for (int64_t j = 0; j < n; j++) {
        const double sign = sign_of(matrix[j * m + j]);
        matrix[j * m + j] = tau[j] == 0.0 ? -sign : sign;
    }
    free(tau);
    return SOW_OK;
}
