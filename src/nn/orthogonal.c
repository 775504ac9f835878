/* torch.nn.utils.parametrizations.orthogonal.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The last two dims are matrices, the others a batch of them. A wide matrix is handled as its tall
 * transpose of n rows and k columns. */
#include "nn/parametrize.h"

#include "base/dtype.h"
#include "base/error.h"
#include "fill/fill.h"
#include "fill/qr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct shape {
    int64_t rows, columns; /* as the tensor has them */
    int64_t n, k;          /* of the tall matrix */
    int64_t n_batch;
    bool is_transposed;
} shape;

static shape shape_of(const sow_tensor *weight)
{
    const int n_dims = sow_tensor_n_dims(weight);
    const int64_t *sizes = sow_tensor_sizes(weight);
    shape is = {.rows = sizes[n_dims - 2], .columns = sizes[n_dims - 1], .n_batch = 1};
    is.is_transposed = is.rows < is.columns;
    is.n = is.is_transposed ? is.columns : is.rows;
    is.k = is.is_transposed ? is.rows : is.columns;
    for (int i = 0; i < n_dims - 2; i++) {
        is.n_batch *= sizes[i];
    }
    return is;
}

/* ---- the orthogonal factor ---- */

/* torch.allclose(Q.T @ Q, I, atol = 10 n eps) over the whole batch of square matrices. */
static bool is_orthogonal(const double *q, const shape *is, double eps)
{
    const double least = 10.0 * (double)is->n * eps;
    for (int64_t b = 0; b < is->n_batch; b++, q += is->n * is->n) {
        for (int64_t i = 0; i < is->n; i++) {
            for (int64_t j = 0; j <= i; j++) {
                double sum = i == j ? -1.0 : 0.0;
                for (int64_t r = 0; r < is->n; r++) {
                    sum += q[r * is->n + i] * q[r * is->n + j];
                }
                if (!(fabs(sum) <= least + (i == j ? 1e-5 : 0.0))) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* One square matrix: the tall one, then the drawn columns, made orthogonal. scratch: n x n,
 * column-major. base: n x n, row-major. */
static sow_status complete(const double *q, const double *drawn, const shape *is, double *scratch,
                           double *base, sow_error *err)
{
    const int64_t n = is->n, more = n - is->k;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < is->k; j++) {
            scratch[j * n + i] = is->is_transposed ? q[j * n + i] : q[i * is->k + j];
        }
        for (int64_t j = 0; j < more; j++) {
            scratch[(is->k + j) * n + i] = drawn[i * more + j];
        }
    }
    const sow_status status = sow__qr_q(&(sow__columns){SOW_F64, n, n, scratch}, base, 1.0, err);
    for (int64_t i = 0; status == SOW_OK && i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            const double above = base[j * n + i];
            base[j * n + i] = base[i * n + j];
            base[i * n + j] = above;
        }
    }
    return status;
}

/* base: values in double of the n x n matrices. drawn: NULL for square ones. */
static sow_status fill_base(const sow_tensor *values, const sow_tensor *drawn, const shape *is,
                            sow_tensor *base, sow_error *err)
{
    const int64_t n = is->n;
    double *scratch = malloc(((size_t)n * (size_t)n + 1) * sizeof *scratch);
    if (scratch == NULL) {
        return sow__fail_memory(err, (size_t)n * (size_t)n * sizeof *scratch);
    }
    sow_status status = SOW_OK;
    for (int64_t b = 0; status == SOW_OK && b < is->n_batch; b++) {
        const double *more =
            drawn == NULL ? NULL : (const double *)sow_tensor_data(drawn) + b * n * (n - is->k);
        status = complete((const double *)sow_tensor_data(values) + b * n * is->k, more, is,
                          scratch, (double *)sow_tensor_data(base) + b * n * n, err);
    }
    free(scratch);
    return status;
}

/* The n - k columns per matrix that PyTorch draws, in double; *drawn is NULL for square ones. */
static sow_status draw_columns(const sow_tensor *weight, const shape *is, sow_generator *generator,
                               sow_tensor **drawn, sow_error *err)
{
    *drawn = NULL;
    if (is->n == is->k) {
        return SOW_OK;
    }
    const int64_t sizes[3] = {is->n_batch, is->n, is->n - is->k};
    sow_tensor *columns = sow_empty(sow_tensor_dtype(weight), 3, sizes, SOW_CPU, err);
    if (columns == NULL) {
        return err->status;
    }
    sow_status status = sow__draw_normal(columns, "orthogonal", generator, err);
    if (status == SOW_OK) {
        *drawn = sow__values_of(columns, SOW_F64, err);
        status = *drawn == NULL ? err->status : SOW_OK;
    }
    sow_tensor_free(columns);
    return status;
}

/* ---- with trivialization ---- */

/* -1 on the diagonal, 0 elsewhere. */
static sow_status fill_negative_eye(sow_tensor *weight, const shape *is, sow_error *err)
{
    const sow__fill zero = {.kind = SOW__FILL_CONSTANT, .initializer = "zeros"};
    const sow__fill minus_one = {
        .kind = SOW__FILL_CONSTANT, .initializer = "constant", .value = -1.0};
    sow_status status = sow__fill_apply(&zero, weight, NULL, err);
    const int n_dims = sow_tensor_n_dims(weight);
    int64_t sizes[SOW_MAX_DIMS], strides[SOW_MAX_DIMS];
    memcpy(sizes, sow_tensor_sizes(weight), (size_t)n_dims * sizeof *sizes);
    memcpy(strides, sow_tensor_strides(weight), (size_t)n_dims * sizeof *strides);
    sizes[n_dims - 2] = is->k;
    strides[n_dims - 2] += strides[n_dims - 1];
    sow_tensor *diagonal = status != SOW_OK ? NULL
                                            : sow_tensor_as_strided(weight, n_dims - 1, sizes,
                                                                    strides, weight->offset, err);
    if (diagonal == NULL) {
        return err->status;
    }
    status = sow__fill_apply(&minus_one, diagonal, NULL, err);
    sow_tensor_free(diagonal);
    return status;
}

/* The base of a weight with values, in its type; 16-bit ones only when they are orthogonal as they
 * are: *base stays NULL where PyTorch gives up. */
static sow_status make_base(const sow_tensor *weight, const shape *is, const sow_tensor *drawn,
                            sow_tensor *base, bool *is_made, sow_error *err)
{
    const sow_dtype dtype = sow_tensor_dtype(weight);
    sow_tensor *values = sow__values_of(weight, SOW_F64, err);
    if (values == NULL) {
        return err->status;
    }
    sow_status status = SOW_OK;
    *is_made = true;
    if (is->n == is->k && is_orthogonal(sow_tensor_data(values), is, sow__dtype_epsilon(dtype))) {
        status = sow_tensor_copy(base, values, err);
    } else if (dtype != SOW_F32 && dtype != SOW_F64) {
        *is_made = false;
    } else {
        sow_tensor *wide =
            sow_empty(SOW_F64, sow_tensor_n_dims(base), sow_tensor_sizes(base), SOW_CPU, err);
        status = wide == NULL ? err->status : fill_base(values, drawn, is, wide, err);
        if (status == SOW_OK) {
            status = sow_tensor_copy(base, wide, err);
            base->storage->approximate = true;
        }
        sow_tensor_free(wide);
    }
    sow_tensor_free(values);
    return status;
}

static sow_tensor *empty_base(const sow_tensor *weight, const shape *is, sow_error *err)
{
    int64_t sizes[SOW_MAX_DIMS];
    const int n_dims = sow_tensor_n_dims(weight);
    memcpy(sizes, sow_tensor_sizes(weight), (size_t)n_dims * sizeof *sizes);
    sizes[n_dims - 2] = sizes[n_dims - 1] = is->n;
    return sow__empty_beside(weight, n_dims, sizes, err);
}

/* Draws, then makes the base and writes the weight. A 16-bit or meta weight of an oblong matrix is
 * left alone after the draw. */
static sow_status trivialize(sow_module *step, sow_tensor *weight, const shape *is,
                             sow_generator *generator, sow_error *err)
{
    if (sow_tensor_device(weight) == SOW_META) {
        return is->n == is->k ? sow__fail(err, SOW_ERROR_RUNTIME,
                                          "Tensor.item() cannot be called on meta tensors")
                              : sow_module_reserve_buffer(step, "base", err);
    }
    sow_tensor *drawn;
    sow_status status = draw_columns(weight, is, generator, &drawn, err);
    sow_tensor *base = status == SOW_OK ? empty_base(weight, is, err) : NULL;
    bool is_made = true;
    if (base == NULL) {
        sow_tensor_free(drawn);
        return err->status;
    }
    if (sow__is_readable(weight)) {
        status = make_base(weight, is, drawn, base, &is_made, err);
    }
    sow_tensor_free(drawn);
    if (status == SOW_OK && is_made) {
        status = fill_negative_eye(weight, is, err);
    }
    if (status != SOW_OK || !is_made) {
        sow_tensor_free(base);
        return status != SOW_OK ? status : sow_module_reserve_buffer(step, "base", err);
    }
    return sow_module_register_buffer(step, "base", base, true, err);
}

/* ---- without ---- */

/* Householder vectors of every matrix in the weight's place; 16-bit, meta and unknown ones stay. */
static sow_status pack(sow_tensor *weight, const shape *is, sow_error *err)
{
    const sow_dtype dtype = sow_tensor_dtype(weight);
    if ((dtype != SOW_F32 && dtype != SOW_F64) || !sow__is_readable(weight)) {
        return SOW_OK;
    }
    /* LAPACK's order of a tall matrix is the order of its wide transpose. */
    sow_tensor *view = is->is_transposed ? sow_tensor_transpose(weight, 0, 0, err)
                                         : sow_tensor_transpose(weight, -2, -1, err);
    sow_tensor *values = view == NULL ? NULL : sow__values_of(view, SOW_F64, err);
    sow_status status = values == NULL ? err->status : SOW_OK;
    for (int64_t b = 0; status == SOW_OK && b < is->n_batch; b++) {
        status = sow__qr_packed(is->n, is->k, (double *)sow_tensor_data(values) + b * is->n * is->k,
                                err);
    }
    if (status == SOW_OK) {
        status = sow_tensor_copy(view, values, err);
        weight->storage->approximate = true;
    }
    sow_tensor_free(view);
    sow_tensor_free(values);
    return status;
}

/* ---- registering ---- */

static sow_status check(const sow_module *module, const char *name, const char **map,
                        sow_error *err)
{
    const sow__slot *slot = sow__parametrize_slot(module, name);
    const bool is_lazy = slot != NULL && slot->lazy; /* which PyTorch counts as one dim */
    const sow_status status = is_lazy ? SOW_OK : sow__parametrize_check(module, name, err);
    if (status != SOW_OK) {
        return status;
    }
    if (slot == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Module '%s' has no parameter or buffer with name '%s'", module->type,
                         name);
    }
    const int n_dims = is_lazy ? 1 : sow_tensor_n_dims(slot->tensor);
    if (n_dims < 2) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Expected a matrix or batch of matrices. Got a tensor of %d dimensions.",
                         n_dims);
    }
    if (*map == NULL) {
        const shape is = shape_of(slot->tensor);
        *map = is.n == is.k ? "matrix_exp" : "householder";
    }
    if (strcmp(*map, "matrix_exp") != 0 && strcmp(*map, "cayley") != 0 &&
        strcmp(*map, "householder") != 0) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "orthogonal_map has to be one of \"matrix_exp\", \"cayley\", "
                         "\"householder\". Got: %s",
                         *map);
    }
    return SOW_OK;
}

sow_status sow_parametrize_orthogonal(sow_module *module, const char *name,
                                      const char *orthogonal_map, bool use_trivialization,
                                      sow_generator *generator, sow_error *err)
{
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_status status = check(module, name, &orthogonal_map, why);
    if (status != SOW_OK) {
        return status;
    }
    sow_tensor *weight = sow_module_tensor(module, name);
    const shape is = shape_of(weight);
    sow_module *step = sow_module_new("_Orthogonal", why);
    if (step == NULL) {
        return why->status;
    }
    if (use_trivialization) {
        status = trivialize(step, weight, &is, generator, why);
    } else if (strcmp(orthogonal_map, "householder") == 0) {
        status = pack(weight, &is, why);
    }
    if (status != SOW_OK) {
        sow_module_free(step);
        return status;
    }
    sow__parametrization with = {.step = step};
    return sow__parametrize_register(module, name, &with, why);
}
