/* torch.nn.Conv1d, Conv2d, Conv3d and what the transposed and lazy ones have in common with them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/conv.h"

#include "base/error.h"
#include "init/init.h"

#include <math.h>
#include <string.h>

/* ---- reset_parameters ---- */

/* PyTorch draws a weight that is not contiguous into a contiguous one and copies it, so that memory
 * format does not change the values. */
static sow_status reset_strided(sow_tensor *weight, sow_generator *generator, sow_error *err)
{
    if (sow__init_leaves(weight, false)) {
        return SOW_OK;
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_tensor *contiguous = sow_empty(sow_tensor_dtype(weight), sow_tensor_n_dims(weight),
                                       sow_tensor_sizes(weight), sow_tensor_device(weight), why);
    if (contiguous == NULL) {
        return why->status;
    }
    sow_status status = sow_kaiming_uniform(contiguous, sqrt(5.0), NULL, NULL, generator, err);
    if (status == SOW_OK) {
        status = sow_tensor_copy(weight, contiguous, err);
    }
    sow_tensor_free(contiguous);
    return status;
}

sow_status sow__reset_conv(sow_module *module, sow_generator *generator, sow_error *err)
{
    sow_tensor *weight = sow__module_own_tensor(module, "weight");
    const sow_status status =
        weight != NULL && !sow_tensor_is_contiguous(weight)
            ? reset_strided(weight, generator, err)
            : sow_kaiming_uniform(weight, sqrt(5.0), NULL, NULL, generator, err);
    return status == SOW_OK ? sow__reset_bias(module, generator, err) : status;
}

sow_status sow__reset_lazy_conv(sow_module *module, sow_generator *generator, sow_error *err)
{
    return sow__module_is_lazy(module) ? SOW_OK : sow__reset_conv(module, generator, err);
}

/* ---- checks ---- */

static const sow__value zero = {.kind = SOW__VALUE_INT, .integer = 0};
static const sow__value one = {.kind = SOW__VALUE_INT, .integer = 1};

static sow_status check_channels(const sow__conv *conv, sow_error *err)
{
    int order = 0;
    sow_status status = sow__value_compare(&conv->groups, "<=", &zero, &order, err);
    if (status != SOW_OK) {
        return status;
    }
    if (order <= 0) {
        return sow__fail(err, SOW_ERROR_VALUE, "groups must be a positive integer");
    }
    bool divides = false;
    status = sow__value_divides(&conv->in_channels, &conv->groups, &divides, err);
    if (status == SOW_OK && !divides) {
        return sow__fail(err, SOW_ERROR_VALUE, "in_channels must be divisible by groups");
    }
    if (status == SOW_OK) {
        status = sow__value_divides(&conv->out_channels, &conv->groups, &divides, err);
    }
    if (status == SOW_OK && !divides) {
        return sow__fail(err, SOW_ERROR_VALUE, "out_channels must be divisible by groups");
    }
    return status;
}

static bool is_one(const sow__value *value)
{
    return sow__value_is_number(value) && sow__value_number(value) == 1;
}

static bool any_stride(const sow__value *stride)
{
    if (stride->kind != SOW__VALUE_LIST) {
        return !is_one(stride);
    }
    for (size_t i = 0; i < stride->n_items; i++) {
        if (!is_one(&stride->items[i])) {
            return true;
        }
    }
    return false;
}

/* A padding in words; the transposed classes never look. */
static sow_status check_padding(sow__args *args, sow_error *err)
{
    const char *padding = sow__args_text(args, "padding");
    if (padding == NULL) {
        return SOW_OK;
    }
    const bool same = strcmp(padding, "same") == 0;
    if (!same && strcmp(padding, "valid") != 0) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Invalid padding string '%s', should be one of {'same', 'valid'}",
                         padding);
    }
    if (same && any_stride(sow__args_get(args, "stride"))) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "padding='same' is not supported for strided convolutions");
    }
    return SOW_OK;
}

static sow_status check_padding_mode(sow__args *args, sow_error *err)
{
    static const char *const modes[] = {"circular", "reflect", "replicate", "zeros"};
    const sow__value *mode = sow__args_get(args, "padding_mode");
    for (int i = 0; mode->kind == SOW__VALUE_STRING && i < 4; i++) {
        if (strcmp(mode->text, modes[i]) == 0) {
            return SOW_OK;
        }
    }
    if (mode->kind == SOW__VALUE_LIST || mode->kind == SOW__VALUE_DICT) {
        return sow__fail(err, SOW_ERROR_TYPE, "unhashable type: '%s'", sow__value_type_name(mode));
    }
    char text[256];
    return sow__fail(err, SOW_ERROR_VALUE,
                     "padding_mode must be one of {'circular', 'reflect', 'replicate', 'zeros'}, "
                     "but got padding_mode='%s'",
                     sow__value_str(mode, text, sizeof text));
}

/* An int is repeated for every dim; any other number of sizes passes. */
static sow_status read_kernel_size(sow__conv *conv, const sow__class *of, sow__args *args,
                                   sow_error *err)
{
    const sow__value *size = sow__args_get(args, "kernel_size");
    if (size->kind == SOW__VALUE_LIST || size->kind == SOW__VALUE_STRING ||
        size->kind == SOW__VALUE_DICT || size->kind == SOW__VALUE_ORDERED_DICT) {
        return sow__value_tuple(size, conv->kernel_size, &conv->n_kernel, err);
    }
    conv->n_kernel = of->variant;
    for (int i = 0; i < of->variant; i++) {
        conv->kernel_size[i] = *size;
    }
    return SOW_OK;
}

sow_status sow__conv_read(sow__conv *conv, const sow__class *of, sow__args *args,
                          const sow__value *in_channels, sow_error *err)
{
    const sow__value *out_channels =
        in_channels == NULL ? &zero : sow__args_get(args, "out_channels");
    conv->in_channels = in_channels == NULL ? zero : *in_channels;
    conv->out_channels = *out_channels;
    conv->groups = *sow__args_get(args, "groups");
    if (conv->is_transposed) {
        const char *mode = sow__args_text(args, "padding_mode");
        if (mode == NULL || strcmp(mode, "zeros") != 0) {
            return sow__fail(err, SOW_ERROR_VALUE,
                             "Only \"zeros\" padding mode is supported for %s", of->name);
        }
    }
    sow_status status = read_kernel_size(conv, of, args, err);
    if (status == SOW_OK) {
        status = check_channels(conv, err);
    }
    if (status == SOW_OK && !conv->is_transposed) {
        status = check_padding(args, err);
    }
    return status == SOW_OK && !conv->is_transposed ? check_padding_mode(args, err) : status;
}

/* channels // groups, of which only the kind matters when it is no int. */
static sow__value per_group(const sow__value *channels, const sow__value *groups)
{
    if (!sow__value_is_int(channels) || !sow__value_is_int(groups)) {
        return (sow__value){.kind = SOW__VALUE_FLOAT};
    }
    return sow__value_of_int(sow__value_int(channels) / sow__value_int(groups));
}

sow_status sow__conv_shape(const sow__conv *conv, sow__shape *shape, sow_error *err)
{
    sow__value items[SOW_MAX_DIMS + 2];
    items[0] = conv->is_transposed ? conv->in_channels : conv->out_channels;
    items[1] =
        per_group(conv->is_transposed ? &conv->out_channels : &conv->in_channels, &conv->groups);
    memcpy(items + 2, conv->kernel_size, (size_t)conv->n_kernel * sizeof items[0]);
    return sow__shape_of_items(conv->n_kernel + 2, items, shape, err);
}

/* ---- constructors ---- */

static sow_status build(sow_module *module, const sow__conv *conv, bool bias,
                        const sow_factory *factory, sow_error *err)
{
    sow__shape of_weight, of_bias = {.n_dims = 0};
    sow_status status = sow__conv_shape(conv, &of_weight, err);
    if (status == SOW_OK && bias) {
        status = sow__shape_of_size(&conv->out_channels, "empty", &of_bias, err);
    }
    if (status == SOW_OK) {
        status = sow__module_add_parameter(module, "weight", of_weight.n_dims, of_weight.sizes,
                                           factory, err);
    }
    if (status == SOW_OK) {
        status = sow__module_add_or_reserve(module, "bias", bias, &of_bias, factory, err);
    }
    return status == SOW_OK ? sow__reset_conv(module, factory->generator, err) : status;
}

sow_module *sow__conv_construct(const sow__class *of, sow__args *args, bool is_transposed,
                                sow_error *err)
{
    sow__conv conv = {.is_transposed = is_transposed};
    if (sow__conv_read(&conv, of, args, sow__args_get(args, "in_channels"), err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, &conv, sow__args_truth(args, "bias"),
                                                  &args->factory, err));
}

sow_module *sow__construct_conv(const sow__class *of, sow__args *args, sow_error *err)
{
    return sow__conv_construct(of, args, false, err);
}

/* PyTorch builds the eager class without channels, so that a shape that can not be is noticed. */
static sow_status build_lazy(sow_module *module, const sow__conv *conv, sow__args *args,
                             sow_error *err)
{
    sow__shape shape;
    const sow_status status = sow__conv_shape(conv, &shape, err);
    if (status != SOW_OK) {
        return status;
    }
    sow_tensor *without_channels =
        sow_empty(args->factory.dtype, shape.n_dims, shape.sizes, SOW_META, err);
    if (without_channels == NULL) {
        return SOW_ERROR_RUNTIME;
    }
    sow_tensor_free(without_channels);
    return sow__module_add_lazy_pair(module, sow__args_truth(args, "bias"), &args->factory, err);
}

sow_module *sow__conv_construct_lazy(const sow__class *of, sow__args *args, bool is_transposed,
                                     sow_error *err)
{
    sow__conv conv = {.is_transposed = is_transposed};
    if (sow__conv_read(&conv, of, args, NULL, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL ? NULL : sow__module_finish(module, build_lazy(module, &conv, args, err));
}

sow_module *sow__construct_lazy_conv(const sow__class *of, sow__args *args, sow_error *err)
{
    return sow__conv_construct_lazy(of, args, false, err);
}

/* ---- with C arguments ---- */

void sow__conv_typed(sow__conv *conv, const int64_t channels[2], int n_kernel,
                     const int64_t *kernel_size, const sow_conv_options *options)
{
    conv->in_channels = sow__value_of_int(channels[0]);
    conv->out_channels = sow__value_of_int(channels[1]);
    conv->groups =
        options == NULL || options->groups == 0 ? one : sow__value_of_int(options->groups);
    conv->n_kernel = n_kernel;
    for (int i = 0; i < n_kernel; i++) {
        conv->kernel_size[i] = sow__value_of_int(kernel_size[i]);
    }
}

sow_module *sow__conv_make(const char *name, const sow__conv *conv, const sow_conv_options *options,
                           const sow_factory *factory, sow_error *err)
{
    static const sow_conv_options defaults = {.groups = 0};
    const sow_conv_options *chosen = options == NULL ? &defaults : options;
    if (check_channels(conv, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_named(name, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, conv, !chosen->no_bias,
                                                  sow__factory_or_default(factory), err));
}

static sow_module *make(const char *name, const int64_t channels[2], int n_kernel,
                        const int64_t *kernel_size, const sow_conv_options *options,
                        const sow_factory *factory, sow_error *err)
{
    sow__conv conv = {.is_transposed = false};
    sow__conv_typed(&conv, channels, n_kernel, kernel_size, options);
    return sow__conv_make(name, &conv, options, factory, err);
}

sow_module *sow_conv1d(int64_t in_channels, int64_t out_channels, const int64_t *kernel_size,
                       const sow_conv_options *options, const sow_factory *factory, sow_error *err)
{
    return make("Conv1d", (int64_t[]){in_channels, out_channels}, 1, kernel_size, options, factory,
                err);
}

sow_module *sow_conv2d(int64_t in_channels, int64_t out_channels, const int64_t *kernel_size,
                       const sow_conv_options *options, const sow_factory *factory, sow_error *err)
{
    return make("Conv2d", (int64_t[]){in_channels, out_channels}, 2, kernel_size, options, factory,
                err);
}

sow_module *sow_conv3d(int64_t in_channels, int64_t out_channels, const int64_t *kernel_size,
                       const sow_conv_options *options, const sow_factory *factory, sow_error *err)
{
    return make("Conv3d", (int64_t[]){in_channels, out_channels}, 3, kernel_size, options, factory,
                err);
}
