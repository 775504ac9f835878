/* What the two directions of convolution and their lazy forms share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_CONV_H
#define SOW_NN_CONV_H

#include "nn/family.h"

/* The arguments that decide what is built. */
typedef struct sow__conv {
    bool is_transposed;
    int n_kernel;
    sow__value in_channels, out_channels, groups; /* lent */
    sow__value kernel_size[SOW_MAX_DIMS];
} sow__conv;

/* Reads arguments into conv with PyTorch's checks, in its order; in_channels NULL: a lazy class,
 * which begins without channels. */
sow_status sow__conv_read(sow__conv *conv, const sow__class *of, sow__args *args,
                          const sow__value *in_channels, sow_error *err);

/* The weight's shape, checked as torch.empty checks it. */
sow_status sow__conv_shape(const sow__conv *conv, sow__shape *shape, sow_error *err);

/* The constructors: eager, lazy, and with C arguments. */
sow_module *sow__conv_construct(const sow__class *of, sow__args *args, bool is_transposed,
                                sow_error *err);
sow_module *sow__conv_construct_lazy(const sow__class *of, sow__args *args, bool is_transposed,
                                     sow_error *err);
sow_module *sow__conv_make(const char *name, const sow__conv *conv, const sow_conv_options *options,
                           const sow_factory *factory, sow_error *err);

/* What a typed constructor was given; groups of the options. */
void sow__conv_typed(sow__conv *conv, const int64_t channels[2], int n_kernel,
                     const int64_t *kernel_size, const sow_conv_options *options);

#endif
