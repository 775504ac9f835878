/* QR decompositions, by LAPACK. Sizes are the caller's to check, before it takes memory for them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_FILL_QR_H
#define SOW_FILL_QR_H

#include <sow/dtype.h>
#include <sow/error.h>

/* m x n values, m >= n, column-major. */
typedef struct sow__columns {
    sow_dtype dtype; /* SOW_F32 or SOW_F64 */
    int64_t m, n;
    void *values;
} sow__columns;

/* SOW_ERROR_OVERFLOW for a matrix whose sizes LAPACK can not hold. */
sow_status sow__qr_check_size(int64_t m, int64_t n, sow_error *err);

/* Bytes that sow__qr_q takes beside matrix and q, for n columns. */
uint64_t sow__qr_spare_bytes(sow_dtype dtype, int64_t n);

/* The Q of the QR decomposition with a positive diagonal in R, times gain. q: m x n, column-major,
 * what is there does not matter. The matrix is used up. */
sow_status sow__qr_q(const sow__columns *matrix, void *q, double gain, sow_error *err);

/* matrix: m x n, column-major. Becomes LAPACK's packed form: R above, Householder vectors below the
 * diagonal, which holds the signs of R's, turned where there is no reflection. */
sow_status sow__qr_packed(int64_t m, int64_t n, double *matrix, sow_error *err);

#endif
