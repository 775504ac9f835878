/* Euclidean norms in the order of additions of PyTorch's AVX2 kernel.
 * SPDX-License-Identifier: Apache-2.0
 *
 * float32: eight running sums, each product rounded before it is added; the sums are added in
 * order; what is left after the last whole eight is added in fours without and in the end with
 * fused steps, as the compiler of the wheels has unrolled that loop. float64: the same with four
 * sums. 16-bit types: float32 sums over pieces of sixteen; their products are exact. */
#include "nn/norms.h"

#include "kern/scalar.h"
#include "tensor/tensor.h"

#include <math.h>

static float load_f32(const sow_tensor *tensor, int64_t at)
{
    const void *data = sow_tensor_data(tensor);
    switch (sow_tensor_dtype(tensor)) {
    case SOW_F16:
        return sow__f32_from_f16(((const uint16_t *)data)[at]);
    case SOW_BF16:
        return sow__f32_from_bf16(((const uint16_t *)data)[at]);
    default:
        return ((const float *)data)[at];
    }
}

static void store_f32(sow_tensor *tensor, int64_t at, float value)
{
    void *data = sow__tensor_write(tensor);
    switch (sow_tensor_dtype(tensor)) {
    case SOW_F16:
        ((uint16_t *)data)[at] = sow__f16_from_f32(value);
        break;
    case SOW_BF16:
        ((uint16_t *)data)[at] = sow__bf16_from_f32(value);
        break;
    default:
        ((float *)data)[at] = value;
    }
}

/* ---- sums of squares ---- */

static float row_f32(const sow_tensor *matrix, int64_t first, int64_t n)
{
    const int64_t whole = sow_tensor_dtype(matrix) == SOW_F32 ? n - n % 8 : n - n % 16;
    float lanes[8] = {0};
    for (int64_t i = 0; i < whole; i++) {
        const float x = load_f32(matrix, first + i);
        const float square = x * x;
        lanes[i % 8] += square;
    }
    float sum = lanes[0];
    for (int lane = 1; lane < 8; lane++) {
        sum += lanes[lane];
    }
    const int64_t fours = n - (n - whole) % 4;
    for (int64_t i = whole; i < n; i++) {
        const float x = load_f32(matrix, first + i);
        const float square = x * x;
        sum = i < fours ? sum + square : fmaf(x, x, sum);
    }
    return sum;
}

static double row_f64(const double *x, int64_t n)
{
    const int64_t whole = n - n % 4;
    double lanes[4] = {0};
    for (int64_t i = 0; i < whole; i++) {
        const double square = x[i] * x[i];
        lanes[i % 4] += square;
    }
    double sum = lanes[0] + lanes[1] + lanes[2] + lanes[3];
    for (int64_t i = whole; i < n; i++) {
        sum = fma(x[i], x[i], sum);
    }
    return sum;
}

void sow__row_norms(const sow_tensor *matrix, int64_t n_rows, int64_t n_columns, sow_tensor *norms)
{
    const bool is_double = sow_tensor_dtype(matrix) == SOW_F64;
    const double *x = is_double ? sow_tensor_data(matrix) : NULL;
    double *out = is_double ? sow__tensor_write(norms) : NULL;
    for (int64_t i = 0; i < n_rows; i++) {
        if (is_double) {
            out[i] = sqrt(n_columns == 0 ? 0.0 : row_f64(x + i * n_columns, n_columns));
        } else {
            store_f32(norms, i, sqrtf(row_f32(matrix, i * n_columns, n_columns)));
        }
    }
}

void sow__column_norms(const sow_tensor *matrix, int64_t n_rows, int64_t n_columns,
                       sow_tensor *norms)
{
    const bool is_double = sow_tensor_dtype(matrix) == SOW_F64;
    const double *x = is_double ? sow_tensor_data(matrix) : NULL;
    double *out = is_double ? sow__tensor_write(norms) : NULL;
    for (int64_t j = 0; j < n_columns; j++) {
        double sum = 0.0;
        float narrow = 0.0F;
        for (int64_t i = 0; i < n_rows; i++) {
            if (is_double) {
                const double square = x[i * n_columns + j] * x[i * n_columns + j];
                sum += square;
            } else {
                const float value = load_f32(matrix, i * n_columns + j);
                const float square = value * value;
                narrow += square;
            }
        }
        if (is_double) {
            out[j] = sqrt(sum);
        } else {
            store_f32(norms, j, sqrtf(narrow));
        }
    }
}

/* ---- unit vectors ---- */

/* The norm is rounded to the type before it divides, and so is eps, which in float16 leaves 0. */
void sow__normalize(sow_tensor *vector, double eps)
{
    const int64_t n = sow_tensor_numel(vector);
    if (sow_tensor_dtype(vector) == SOW_F64) {
        double *x = sow__tensor_write(vector);
        const double norm = fmax(sqrt(n == 0 ? 0.0 : row_f64(x, n)), eps);
        for (int64_t i = 0; i < n; i++) {
            x[i] /= norm;
        }
        return;
    }
    float norm = sqrtf(row_f32(vector, 0, n)), least = (float)eps;
    if (sow_tensor_dtype(vector) == SOW_F16) {
        norm = sow__f32_from_f16(sow__f16_from_f32(norm));
        least = sow__f32_from_f16(sow__f16_from_f32(least));
    } else if (sow_tensor_dtype(vector) == SOW_BF16) {
        norm = sow__f32_from_bf16(sow__bf16_from_f32(norm));
        least = sow__f32_from_bf16(sow__bf16_from_f32(least));
    }
    norm = fmaxf(norm, least);
    for (int64_t i = 0; i < n; i++) {
        store_f32(vector, i, load_f32(vector, i) / norm);
    }
}

static void scale_to_unit(double *x, int64_t n, double eps)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += x[i] * x[i];
    }
    const double norm = fmax(sqrt(sum), eps);
    for (int64_t i = 0; i < n; i++) {
        x[i] /= norm;
    }
}

void sow__power_iterations(const double *matrix, int64_t n_rows, int64_t n_columns, double *u,
                           double *v, double eps, int64_t n)
{
    for (int64_t step = 0; step < n; step++) {
        for (int64_t i = 0; i < n_rows; i++) {
            u[i] = 0.0;
            for (int64_t j = 0; j < n_columns; j++) {
                u[i] += matrix[i * n_columns + j] * v[j];
            }
        }
        scale_to_unit(u, n_rows, eps);
        for (int64_t j = 0; j < n_columns; j++) {
            v[j] = 0.0;
        }
        for (int64_t i = 0; i < n_rows; i++) {
            for (int64_t j = 0; j < n_columns; j++) {
                v[j] += matrix[i * n_columns + j] * u[i];
            }
        }
        scale_to_unit(v, n_columns, eps);
    }
}
