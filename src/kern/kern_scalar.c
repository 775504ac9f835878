/* The kernels for any machine: the specification of the others.
 * SPDX-License-Identifier: Apache-2.0 */
#define SOW__KERN_LEVEL scalar
#include "kern/kern.inc"
