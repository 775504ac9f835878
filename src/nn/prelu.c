/* torch.nn.PReLU.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "nn/family.h"

/* What reset_parameters needs: the constructor's init. */
typedef struct sow__prelu {
    double init;
} sow__prelu;

sow_status sow__reset_prelu(sow_module *module, sow_generator *generator, sow_error *err)
{
    (void)generator;
    const sow__prelu *prelu = module->state.bytes;
    return sow_constant(sow__module_own_tensor(module, "weight"), prelu->init, err);
}

static sow_status build(sow_module *module, const sow__shape *shape, double init,
                        const sow_factory *factory, sow_error *err)
{
    sow__prelu *prelu = sow__module_new_state(module, sizeof *prelu, err);
    if (prelu == NULL) {
        return SOW_ERROR_MEMORY;
    }
    prelu->init = init;
    const sow_status status =
        sow__module_add_parameter(module, "weight", shape->n_dims, shape->sizes, factory, err);
    return status == SOW_OK ? sow__reset_prelu(module, factory->generator, err) : status;
}

sow_module *sow__construct_prelu(const sow__class *of, sow__args *args, sow_error *err)
{
    const sow__value *init = sow__args_get(args, "init");
    sow__shape shape;
    if (sow__shape_of_size(sow__args_get(args, "num_parameters"), "empty", &shape, err) != SOW_OK) {
        return NULL;
    }
    if (!sow__value_is_number(init)) {
        sow__fail(err, SOW_ERROR_TYPE,
                  "fill_() received an invalid combination of arguments - got (%s), but expected "
                  "one of:",
                  sow__value_type_name(init));
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(
                     module, build(module, &shape, sow__value_number(init), &args->factory, err));
}

sow_module *sow_prelu(int64_t num_parameters, double init, const sow_factory *factory,
                      sow_error *err)
{
    const sow__shape shape = {.n_dims = 1, .sizes = {num_parameters}};
    sow_module *module = sow__module_named("PReLU", err);
    return module == NULL
               ? NULL
               : sow__module_finish(
                     module, build(module, &shape, init, sow__factory_or_default(factory), err));
}
