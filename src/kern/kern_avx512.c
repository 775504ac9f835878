/* The kernels for AVX-512 F, BW, DQ and VL; nothing on other processors.
 * SPDX-License-Identifier: Apache-2.0 */
#if defined(__x86_64__)
#define SOW__KERN_LEVEL avx512
#include "kern/kern.inc"
#else
typedef int sow__kern_avx512_is_absent; /* a C file must declare something */
#endif
