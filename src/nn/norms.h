/* Euclidean norms as PyTorch's CPU kernel rounds them, and power iterations.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_NORMS_H
#define SOW_NN_NORMS_H

#include <sow/tensor.h>

/* norms[i]: torch.linalg.vector_norm of row i of a contiguous cpu matrix of a real float type.
 * norms is a contiguous cpu tensor of n_rows elements of the same type. */
void sow__row_norms(const sow_tensor *matrix, int64_t n_rows, int64_t n_columns, sow_tensor *norms);

/* The same for columns. */
void sow__column_norms(const sow_tensor *matrix, int64_t n_rows, int64_t n_columns,
                       sow_tensor *norms);

/* torch.nn.functional.normalize(vector, dim=0, eps=eps) in place on a contiguous cpu tensor. */
void sow__normalize(sow_tensor *vector, double eps);

/* n times: u = normalize(matrix @ v), v = normalize(matrix.T @ u), all in double.
 * matrix: row-major. */
void sow__power_iterations(const double *matrix, int64_t n_rows, int64_t n_columns, double *u,
                           double *v, double eps, int64_t n);

#endif
