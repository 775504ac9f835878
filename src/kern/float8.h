/* The five 8-bit float types, one number at a time.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_KERN_FLOAT8_H
#define SOW_KERN_FLOAT8_H

#include <sow/dtype.h>
#include <stdint.h>

/* The values of all 256 codes of an 8-bit float type, every one of which a float32 holds; the same
 * table for the life of the process. NULL for other types. */
const float *sow__f8_values(sow_dtype dtype);

/* The code of a number as PyTorch 2.13 converts it: to nearest, ties to even. What is too large
 * becomes infinity in e5m2, the largest number in e4m3, NaN in e8m0 and the FNUZ types. e8m0, which
 * has neither sign nor zero, drops the sign and takes its smallest number for 0; its ties go up. */
uint8_t sow__f8_from_f32(sow_dtype dtype, float value);

/* Smallest and largest finite number. */
void sow__f8_limits(sow_dtype dtype, double *least, double *most);

#endif
