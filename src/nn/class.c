/* The table of the classes of torch.nn and calling them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/class.h"

#include "base/error.h"

#include <string.h>

static const sow__class classes[] = {
#define SOW__MODULE(name, signature, variant, family)                                              \
    {#name, "torch.nn." #name, signature, variant, sow__construct_##family, sow__reset_##family,   \
     NULL},
#define SOW__MODULE_NO_RESET(name, signature, variant, family)                                     \
    {#name, "torch.nn." #name, signature, variant, sow__construct_##family, NULL, NULL},
#define SOW__MODULE_PRIVATE_RESET(name, signature, variant, family)                                \
    {#name, "torch.nn." #name,          signature, variant, sow__construct_##family,               \
     NULL,  sow__private_reset_##family},
#define SOW__STATELESS(name, signature)                                                            \
    {#name, "torch.nn." #name, signature, 0, sow__construct_stateless, NULL, NULL},
#include "nn/registry.def"
#undef SOW__MODULE
#undef SOW__MODULE_NO_RESET
#undef SOW__MODULE_PRIVATE_RESET
#undef SOW__STATELESS
};

#define N_CLASSES (sizeof classes / sizeof classes[0])

const sow__class *sow__class_find(const char *name)
{
    for (size_t i = 0; i < N_CLASSES; i++) {
        if (strcmp(classes[i].name, name) == 0) {
            return &classes[i];
        }
    }
    return NULL;
}

const sow__class *sow__class_at(size_t index)
{
    return index < N_CLASSES ? &classes[index] : NULL;
}

/* Python names the class that defines __init__ in what it says of arguments. Names are without the
 * number of dims. */
static const char *definer_of(const char *name)
{
    static const char *const definers[][2] = {
        {"AdaptiveAvgPool", "_AdaptiveAvgPoolNd"},
        {"AdaptiveMaxPool", "_AdaptiveMaxPoolNd"},
        {"AlphaDropout", "_DropoutNd"},
        {"BCELoss", "_WeightedLoss"},
        {"BatchNorm", "_BatchNorm"},
        {"Dropout", "_DropoutNd"},
        {"FeatureAlphaDropout", "_DropoutNd"},
        {"InstanceNorm", "_InstanceNorm"},
        {"L1Loss", "_Loss"},
        {"LPPool", "_LPPoolNd"},
        {"LazyBatchNorm", "_LazyNormBase"},
        {"LazyInstanceNorm", "_LazyNormBase"},
        {"MSELoss", "_Loss"},
        {"MaxPool", "_MaxPoolNd"},
        {"MultiLabelMarginLoss", "_Loss"},
        {"MultiLabelSoftMarginLoss", "_WeightedLoss"},
        {"SoftMarginLoss", "_Loss"},
    };
    size_t n_name = strlen(name);
    if (n_name > 2 && name[n_name - 1] == 'd' && strchr("123", name[n_name - 2]) != NULL) {
        n_name -= 2;
    }
    for (size_t i = 0; i < sizeof definers / sizeof definers[0]; i++) {
        if (strlen(definers[i][0]) == n_name && strncmp(name, definers[i][0], n_name) == 0) {
            return definers[i][1];
        }
    }
    return name;
}

sow_module *sow__class_call(const sow__class *class, sow__value *positional, sow__value *keyword,
                            const sow_factory *factory, sow_error *err)
{
    sow__args args;
    if (sow__args_bind(&args, definer_of(class->name), class->signature, positional, keyword,
                       factory, err) != SOW_OK) {
        return NULL;
    }
    args.class_name = class->name;
    sow_module *module = class->construct(class, &args, err);
    if (module != NULL && sow__args_check_truth(&args, err) != SOW_OK) {
        sow_module_free(module);
        module = NULL;
    }
    sow__args_clear(&args);
    return module;
}

bool sow__class_takes(const sow__class *class, const char *name)
{
    char parameter[SOW__PARAMETER_SIZE];
    const char *at = class->signature;
    while ((at = sow__signature_next(at, parameter)) != NULL) {
        if (strcmp(parameter, name) == 0) {
            return true;
        }
    }
    return false;
}

bool sow__class_takes_keywords(const sow__class *class)
{
    return strstr(class->signature, "**") != NULL;
}

sow_module *sow__module_of(const sow__class *of, sow_error *err)
{
    sow_module *module = sow_module_new(of->name, err);
    if (module != NULL) {
        module->class = of;
        module->reset = of->reset;
        module->private_reset = of->private_reset;
    }
    return module;
}

const char *sow_nn_class_at(size_t index, const char **signature)
{
    const sow__class *class = sow__class_at(index);
    if (class != NULL && signature != NULL) {
        *signature = class->signature;
    }
    return class == NULL ? NULL : class->name;
}
