/* QR decompositions in double, by LAPACK.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_FILL_QR_H
#define SOW_FILL_QR_H

#include <sow/error.h>

/* matrix: m x n, m >= n, column-major. Becomes the Q of its QR decomposition with a positive
 * diagonal in R. */
sow_status sow__qr_q(int64_t m, int64_t n, double *matrix, sow_error *err);

/* Becomes LAPACK's packed form: R above, Householder vectors below the diagonal, which holds the
 * signs of R's, turned where there is no reflection. */
sow_status sow__qr_packed(int64_t m, int64_t n, double *matrix, sow_error *err);

#endif
