/* One way for every init call: scopes, guard, the tensor's hook, checks, fill.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/dtype.h"
#include "base/error.h"
#include "init/registry.h"

/* ---- the tensor's own hook ---- */

/* The hooks that are running on this thread. A hook may call the initializer on its own tensor,
 * which then runs as if there were no hook, as PyTorch does inside __torch_function__. */
typedef struct running_hook {
    const sow_tensor *tensor;
    struct running_hook *outer;
} running_hook;

static _Thread_local running_hook *running_hooks;

static bool is_hook_running(const sow_tensor *tensor)
{
    for (const running_hook *hook = running_hooks; hook != NULL; hook = hook->outer) {
        if (hook->tensor == tensor) {
            return true;
        }
    }
    return false;
}

static sow_status run_hook(const sow_initializer *initializer, sow_tensor *tensor,
                           const sow_init_args *args, sow_generator *generator, sow_error *err)
{
    const sow_init_call call = {
        .initializer = initializer->name,
        .a = args->a,
        .b = args->b,
        .mean = args->mean,
        .std = args->std,
        .val = args->val,
        .mode = args->mode != NULL ? args->mode : SOW__KAIMING_MODE,
        .nonlinearity = args->nonlinearity != NULL ? args->nonlinearity : SOW__KAIMING_NONLINEARITY,
        .generator = generator,
    };
    running_hook hook = {tensor, running_hooks};
    running_hooks = &hook;
    sow_status status = tensor->override(tensor, &call, tensor->override_user, err);
    running_hooks = hook.outer;
    return status;
}

/* ---- the call ---- */

/* True when orthogonal is made in float32 and copied: narrow types in transformers, 16-bit ones by
 * string key. */
static bool goes_through_float32(const sow_tensor *tensor, bool guarded, int flags)
{
    sow_dtype dtype = sow_tensor_dtype(tensor);
    return dtype == SOW_F16 || dtype == SOW_BF16 ? guarded || (flags & SOW__INIT_FLOAT32) != 0
                                                 : guarded && sow__dtype_is_float8(dtype);
}

sow_dialect sow__init_dialect(const sow_generator *generator)
{
    return sow_generator_dialect(generator != NULL ? generator : sow_default_generator());
}

sow_status sow__init_run(const sow_initializer *initializer, int flags, sow_tensor *tensor,
                         const sow_init_args *args, sow_generator *generator, sow_error *err)
{
    if (flags & SOW__INIT_DEPRECATED) {
        sow__warn(SOW_WARNING_DEPRECATED,
                  "`nn.init.%s` is now deprecated in favor of `nn.init.%s_`.", initializer->name,
                  initializer->name);
    }
    if (tensor == NULL) {
        return sow__fail(err, SOW_ERROR_TYPE, "%s: tensor is NULL", initializer->name);
    }
    const bool guarded = (flags & SOW__INIT_GUARDED) || sow__guard_is_open();
    if (sow__init_leaves(tensor, guarded)) {
        return SOW_OK;
    }
    if (initializer->overridable && tensor->override != NULL && !is_hook_running(tensor)) {
        return run_hook(initializer, tensor, args, generator, err);
    }
    sow__resolution resolution = {.nothing = false};
    sow_status status = initializer->resolve(tensor, args, generator, &resolution, err);
    if (status != SOW_OK || resolution.nothing) {
        return status;
    }
    resolution.fill.initializer = initializer->name;
    const bool in_float32 = resolution.fill.kind == SOW__FILL_ORTHOGONAL &&
                            goes_through_float32(tensor, guarded, flags);
    return in_float32 ? sow__fill_apply_float32(&resolution.fill, tensor, generator, err)
                      : sow__fill_apply(&resolution.fill, tensor, generator, err);
}
