/* Initialising what a checkpoint has left in the tree of a description.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include <string.h>

static bool lacks_in(const sow__slots *slots)
{
    for (size_t i = 0; i < slots->n_items; i++) {
        if (slots->items[i].tensor != NULL && !sow_tensor_is_initialized(slots->items[i].tensor)) {
            return true;
        }
    }
    return false;
}

/* True when a module has a tensor of its own that was not found. */
static bool lacks(const sow_module *module)
{
    return lacks_in(&module->parameters) || lacks_in(&module->buffers);
}

static bool lacks_below(const sow_module *module)
{
    bool found = lacks(module);
    for (size_t i = 0; !found && i < module->n_children; i++) {
        found = module->children[i].module != NULL && lacks_below(module->children[i].module);
    }
    return found;
}

/* MultiheadAttention._reset_parameters: all but out_proj.weight, which is its child's. */
static sow_status reset_attention(const sow_module *module, sow_generator *generator,
                                  sow_error *err)
{
    static const char *const uniform[] = {"in_proj_weight", "q_proj_weight", "k_proj_weight",
                                          "v_proj_weight"};
    static const char *const zeros[] = {"in_proj_bias", "out_proj.bias"};
    static const char *const normal[] = {"bias_k", "bias_v"};
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < sizeof uniform / sizeof uniform[0]; i++) {
        sow_tensor *tensor = sow_module_tensor(module, uniform[i]);
        status = tensor == NULL ? SOW_OK : sow_xavier_uniform(tensor, 1.0, generator, err);
    }
    for (size_t i = 0; status == SOW_OK && i < 2; i++) {
        sow_tensor *tensor = sow_module_tensor(module, zeros[i]);
        status = tensor == NULL ? SOW_OK : sow_zeros(tensor, err);
    }
    for (size_t i = 0; status == SOW_OK && i < 2; i++) {
        sow_tensor *tensor = sow_module_tensor(module, normal[i]);
        status = tensor == NULL ? SOW_OK : sow_xavier_normal(tensor, 1.0, generator, err);
    }
    return status;
}

/* Transformer._reset_parameters. */
static sow_status reset_transformer(const sow_module *module, sow_generator *generator,
                                    sow_error *err)
{
    sow_state_dict *parameters = sow_module_named_parameters(module, err);
    if (parameters == NULL) {
        return err->status;
    }
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < sow_state_dict_count(parameters); i++) {
        sow_tensor *tensor = sow_state_dict_tensor(parameters, i);
        if (sow_tensor_n_dims(tensor) > 1) {
            status = sow_xavier_uniform(tensor, 1.0, generator, err);
        }
    }
    sow_state_dict_free(parameters);
    return status;
}

static sow_status reset(sow_module *module, void *user, sow_error *err)
{
    sow_generator *generator = user;
    if (module->reset != NULL) {
        return lacks(module) ? sow_module_reset_parameters(module, generator, err) : SOW_OK;
    }
    if (strcmp(module->type, "MultiheadAttention") == 0 && lacks_below(module)) {
        return reset_attention(module, generator, err);
    }
    if (strcmp(module->type, "Transformer") == 0 && lacks_below(module)) {
        return reset_transformer(module, generator, err);
    }
    return SOW_OK;
}

sow_status sow__description_fill(sow__description *description, sow_module *module, sow_error *err)
{
    sow_generator *generator = description->factory.generator;
    sow_guard_enter();
    sow_status status = sow_module_apply(module, reset, generator, err);
    for (size_t i = 0; status == SOW_OK && i < description->n_undrawn; i++) {
        const sow__undrawn *undrawn = &description->undrawn[i];
        status = sow_initializer_apply(sow_initializer_find(undrawn->initializer), undrawn->tensor,
                                       NULL, generator, err);
    }
    sow_guard_leave();
    return status;
}
