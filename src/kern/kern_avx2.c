/* The kernels for AVX2, FMA, F16C and BMI2; nothing on other processors.
 * SPDX-License-Identifier: Apache-2.0 */
#if defined(__x86_64__)
#define SOW__KERN_LEVEL avx2
#include "kern/kern.inc"
#else
typedef int sow__kern_avx2_is_absent; /* a C file must declare something */
#endif
