/* Building and resetting the norms that may keep running statistics.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/running_norm.h"

#include "base/error.h"

static sow_status zero_buffer(const sow_module *module, const char *name, sow_error *err)
{
    sow_tensor *buffer = sow__module_own_tensor(module, name);
    return buffer != NULL ? sow__tensor_zero(buffer, err) : SOW_OK;
}

static sow_status reset_statistics(const sow_module *module, sow_error *err)
{
    sow_tensor *running_var = sow__module_own_tensor(module, "running_var");
    sow_status status = zero_buffer(module, "running_mean", err);
    if (status == SOW_OK && running_var != NULL) {
        status = sow__tensor_fill(running_var, 1.0, err);
    }
    return status == SOW_OK ? zero_buffer(module, "num_batches_tracked", err) : status;
}

sow_status sow__reset_running_norm(sow_module *module, sow_error *err)
{
    if (sow__module_is_lazy(module)) {
        return SOW_OK;
    }
    const sow_status status = reset_statistics(module, err);
    return status == SOW_OK ? sow__reset_affine(module, err) : status;
}

/* shape NULL: not known yet. */
static sow_status add_statistic(sow_module *module, const char *name, const sow__shape *shape,
                                const sow_factory *factory, sow_error *err)
{
    return shape == NULL ? sow__module_add_lazy(module, name, false, factory, err)
                         : sow__module_add_buffer(module, name, factory->dtype, shape->n_dims,
                                                  shape->sizes, factory, err);
}

static sow_status reserve_statistics(sow_module *module, sow_error *err)
{
    static const char *const names[] = {"running_mean", "running_var", "num_batches_tracked"};
    sow_status status = SOW_OK;
    for (int i = 0; status == SOW_OK && i < 3; i++) {
        status = sow_module_reserve_buffer(module, names[i], err);
    }
    return status;
}

static sow_status add_statistics(sow_module *module, const sow__shape *shape,
                                 const sow_factory *factory, sow_error *err)
{
    sow_status status = add_statistic(module, "running_mean", shape, factory, err);
    if (status == SOW_OK) {
        status = add_statistic(module, "running_var", shape, factory, err);
    }
    if (status == SOW_OK) {
        status =
            sow__module_add_buffer(module, "num_batches_tracked", SOW_I64, 0, NULL, factory, err);
    }
    return status == SOW_OK ? zero_buffer(module, "num_batches_tracked", err) : status;
}

static sow_status add_affine(sow_module *module, const sow__running_norm *norm,
                             const sow__shape *shape, const sow_factory *factory, sow_error *err)
{
    if (shape == NULL && norm->affine) {
        return sow__module_add_lazy_pair(module, norm->bias, factory, err);
    }
    const sow_status status =
        sow__module_add_or_reserve(module, "weight", norm->affine, shape, factory, err);
    return status == SOW_OK ? sow__module_add_or_reserve(module, "bias", norm->affine && norm->bias,
                                                         shape, factory, err)
                            : status;
}

static sow_status build(sow_module *module, const sow__running_norm *norm, const sow__shape *shape,
                        const sow_factory *factory, sow_error *err)
{
    sow_status status = add_affine(module, norm, shape, factory, err);
    if (status == SOW_OK) {
        status = norm->track_running_stats ? add_statistics(module, shape, factory, err)
                                           : reserve_statistics(module, err);
    }
    return status == SOW_OK ? sow__reset_running_norm(module, err) : status;
}

static sow__running_norm read(sow__args *args)
{
    return (sow__running_norm){.affine = sow__args_truth(args, "affine"),
                               .bias = sow__args_truth(args, "bias"),
                               .track_running_stats = sow__args_truth(args, "track_running_stats")};
}

sow_module *sow__construct_running_norm(const sow__class *of, sow__args *args, sow_error *err)
{
    const sow__running_norm norm = read(args);
    sow__shape shape = {.n_dims = 0};
    /* Without parameters and statistics num_features can be anything. */
    if (norm.affine || norm.track_running_stats) {
        const sow__value *size = sow__args_get(args, "num_features");
        if (sow__shape_of_size(size, norm.affine ? "empty" : "zeros", &shape, err) != SOW_OK) {
            return NULL;
        }
        if (!norm.affine && size->kind == SOW__VALUE_INT && size->integer < 0) {
            sow__fail(err, SOW_ERROR_RUNTIME, "zeros: Dimension size must be non-negative.");
            return NULL;
        }
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, &norm, &shape, &args->factory, err));
}

sow_module *sow__construct_lazy_norm(const sow__class *of, sow__args *args, sow_error *err)
{
    const sow__running_norm norm = read(args);
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, &norm, NULL, &args->factory, err));
}

sow_module *sow__make_running_norm(const char *name, int64_t num_features, sow__running_norm norm,
                                   const sow_factory *factory, sow_error *err)
{
    const sow__shape shape = {.n_dims = 1, .sizes = {num_features}};
    sow_module *module = sow__module_named(name, err);
    return module == NULL ? NULL
                          : sow__module_finish(module, build(module, &norm, &shape, factory, err));
}

int sow__module_version(const sow_module *module)
{
    const sow__class *of = module->class;
    const bool is_norm = of != NULL && (of->construct == sow__construct_batch_norm ||
                                        of->construct == sow__construct_instance_norm ||
                                        of->construct == sow__construct_lazy_batch_norm ||
                                        of->construct == sow__construct_lazy_instance_norm);
    return is_norm ? 2 : 1;
}
