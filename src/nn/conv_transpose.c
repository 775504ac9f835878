/* torch.nn.ConvTranspose1d, ConvTranspose2d, ConvTranspose3d and their lazy forms.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/conv.h"

sow_status sow__reset_conv_transpose(sow_module *module, sow_generator *generator, sow_error *err)
{
    return sow__reset_conv(module, generator, err);
}

sow_status sow__reset_lazy_conv_transpose(sow_module *module, sow_generator *generator,
                                          sow_error *err)
{
    return sow__module_is_lazy(module) ? SOW_OK : sow__reset_conv(module, generator, err);
}

sow_module *sow__construct_conv_transpose(const sow__class *of, sow__args *args, sow_error *err)
{
    return sow__conv_construct(of, args, true, err);
}

sow_module *sow__construct_lazy_conv_transpose(const sow__class *of, sow__args *args,
                                               sow_error *err)
{
    return sow__conv_construct_lazy(of, args, true, err);
}

static sow_module *make(const char *name, const int64_t channels[2], int n_kernel,
                        const int64_t *kernel_size, const sow_conv_options *options,
                        const sow_factory *factory, sow_error *err)
{
    sow__conv conv = {.is_transposed = true};
    sow__conv_typed(&conv, channels, n_kernel, kernel_size, options);
    return sow__conv_make(name, &conv, options, factory, err);
}

sow_module *sow_conv_transpose1d(int64_t in_channels, int64_t out_channels,
                                 const int64_t *kernel_size, const sow_conv_options *options,
                                 const sow_factory *factory, sow_error *err)
{
    return make("ConvTranspose1d", (int64_t[]){in_channels, out_channels}, 1, kernel_size, options,
                factory, err);
}

sow_module *sow_conv_transpose2d(int64_t in_channels, int64_t out_channels,
                                 const int64_t *kernel_size, const sow_conv_options *options,
                                 const sow_factory *factory, sow_error *err)
{
    return make("ConvTranspose2d", (int64_t[]){in_channels, out_channels}, 2, kernel_size, options,
                factory, err);
}

sow_module *sow_conv_transpose3d(int64_t in_channels, int64_t out_channels,
                                 const int64_t *kernel_size, const sow_conv_options *options,
                                 const sow_factory *factory, sow_error *err)
{
    return make("ConvTranspose3d", (int64_t[]){in_channels, out_channels}, 3, kernel_size, options,
                factory, err);
}
