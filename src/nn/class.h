/* Module classes: one line each in registry.def, built from bound arguments.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_CLASS_H
#define SOW_NN_CLASS_H

#include "nn/args.h"
#include "nn/module.h"

struct sow__class {
    const char *name;      /* "Conv2d" */
    const char *path;      /* "torch.nn.Conv2d" */
    const char *signature; /* PyTorch's, without self; "" for none */
    int variant; /* for a family that shares its functions: number of spatial dims, gates... */
    /* Builds the module; draws as PyTorch's constructor draws. */
    sow_module *(*construct)(const sow__class *of, sow__args *args, sow_error *err);
    /* reset_parameters of one module's own tensors; NULL: the class has none. */
    sow_status (*reset)(sow_module *module, sow_generator *generator, sow_error *err);
    /* _reset_parameters of a class that has no other; NULL: none. */
    sow_status (*private_reset)(sow_module *module, sow_generator *generator, sow_error *err);
};

/* Every family's functions. */
#define SOW__STATELESS(name, signature)
#define SOW__MODULE(name, signature, variant, family)                                              \
    sow_module *sow__construct_##family(const sow__class *of, sow__args *args, sow_error *err);    \
    sow_status sow__reset_##family(sow_module *module, sow_generator *generator, sow_error *err);
#define SOW__MODULE_NO_RESET(name, signature, variant, family)                                     \
    sow_module *sow__construct_##family(const sow__class *of, sow__args *args, sow_error *err);
#define SOW__MODULE_PRIVATE_RESET(name, signature, variant, family)                                \
    sow_module *sow__construct_##family(const sow__class *of, sow__args *args, sow_error *err);    \
    sow_status sow__private_reset_##family(sow_module *module, sow_generator *generator,           \
                                           sow_error *err);
#include "nn/registry.def"
#undef SOW__STATELESS
#undef SOW__MODULE
#undef SOW__MODULE_NO_RESET
#undef SOW__MODULE_PRIVATE_RESET

/* By name ("Conv2d"); NULL when torch.nn has no such class here. */
const sow__class *sow__class_find(const char *name);
/* Number index in the registry's order, NULL past the end. */
const sow__class *sow__class_at(size_t index);

/* Calls a class: binds, constructs. Takes the values. */
sow_module *sow__class_call(const sow__class *class, sow__value *positional, sow__value *keyword,
                            const sow_factory *factory, sow_error *err);

/* torch.nn.utils.skip_init on a class: "device" among the keywords goes before the parameter. Takes
 * the values. */
sow_module *sow__class_skip_init(const sow__class *class, sow__value *positional,
                                 sow__value *keyword, sow_device device, const sow_factory *factory,
                                 sow_error *err);

/* The class of a dotted path: "Conv2d", "torch.nn.Conv2d", "torch.nn.modules.conv.Conv2d"; NULL
 * when there is none. */
const sow__class *sow__class_of_path(const char *path);

/* True when the signature has a parameter of this name. */
bool sow__class_takes(const sow__class *class, const char *name);
/* True when it takes keywords of any name. */
bool sow__class_takes_keywords(const sow__class *class);

/* A class without state: takes its arguments, checks what PyTorch checks, has nothing. */
sow_module *sow__construct_stateless(const sow__class *of, sow__args *args, sow_error *err);

/* A new module of a class. */
sow_module *sow__module_of(const sow__class *of, sow_error *err);

/* copy.deepcopy: the tree with tensors of its own; ties inside it stay. Deferred tensors are copied
 * by record. */
sow_module *sow__module_clone(const sow_module *module, sow_error *err);

#endif
