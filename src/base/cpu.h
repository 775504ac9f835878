/* Which instruction set the kernels may use.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_BASE_CPU_H
#define SOW_BASE_CPU_H

typedef enum sow__cpu_level {
    SOW__CPU_SCALAR = 0,
    SOW__CPU_AVX2,   /* AVX2, FMA, F16C, BMI2 */
    SOW__CPU_AVX512, /* AVX-512 F, BW, DQ, VL as well */
} sow__cpu_level;

/* What the machine has, capped by the environment variable SOW_CPU=scalar|avx2|avx512;
 * found once. */
sow__cpu_level sow__cpu_level_get(void);

/* "scalar", "avx2", "avx512". */
const char *sow__cpu_level_name(sow__cpu_level of);

#endif
