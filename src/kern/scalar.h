/* Single numbers: 16-bit rounding and the double functions of libm, all in one place.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_KERN_SCALAR_H
#define SOW_KERN_SCALAR_H

#include <stdint.h>

/* Round to nearest even; NaN stays NaN, overflow gives infinity. */
uint16_t sow__f16_from_f32(float value);
uint16_t sow__bf16_from_f32(float value);
float sow__f32_from_f16(uint16_t bits);
float sow__f32_from_bf16(uint16_t bits);

/* The libm functions whose last bits reach the output; the only place that calls them. */
double sow__log(double x);
double sow__log1p(double x);
double sow__sin(double x);
double sow__cos(double x);
float sow__logf(float x);
float sow__sinf(float x);
float sow__cosf(float x);

/* erfinv as torch-2.11's trunc_normal_ needs it. f64 and f32: evaluated in higher precision and
 * rounded once (PyTorch's MKL agrees on 99.97% of the inputs); half: the float32 formula of 16-bit
 * tensors, exact. |y| > 1: NaN, 1: infinity. */
double sow__erfinv_f64(double y);
float sow__erfinv_f32(float y);
float sow__erfinv_half(float y);

#endif
