/* The tables of the levels that this compiler can make.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_KERN_TABLES_H
#define SOW_KERN_TABLES_H

#include "kern/kern.h"

extern const sow__kern sow__kern_scalar;
#if defined(__x86_64__)
extern const sow__kern sow__kern_avx2;
extern const sow__kern sow__kern_avx512;
#endif

#endif
