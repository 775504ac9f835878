/* What the containers share: taking modules and parameters from values, and the names they may
 * have.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_ELEMENTS_H
#define SOW_NN_ELEMENTS_H

#include "nn/class.h"

#define SOW__NUMBER_SIZE 24

/* "0", "1"...: the name of element number index. */
void sow__number_name(size_t index, char name[SOW__NUMBER_SIZE]);

/* "int is not a Module subclass"; returns the status. */
sow_status sow__fail_element(const sow__value *value, sow_error *err);

/* module.add_module(name, value): takes a module, None keeps the name free of state. Fails with
 * PyTorch's words for any other value or a name that is not acceptable. */
sow_status sow__add_module(sow_module *module, const char *name, sow__value *value, sow_error *err);

/* setattr(module, name, value) with tensors made parameters: takes tensors and modules; any other
 * value is an attribute without state. */
sow_status sow__add_parameter(sow_module *module, const char *name, sow__value *value,
                              sow_error *err);

/* Adds one element of a list or dict. */
typedef sow_status (*sow__add_fn)(sow_module *module, const char *name, sow__value *value,
                                  sow_error *err);

/* container.extend(value): numbers the elements of an iterable. what: "ModuleList" for
 * the message. */
sow_status sow__extend(sow_module *module, const char *what, sow__value *value, sow__add_fn add,
                       sow_error *err);

/* container.update(value): adds the items of a dict, a list of pairs or a module dict under their
 * names. */
sow_status sow__update(sow_module *module, const char *what, sow__value *value, sow__add_fn add,
                       sow_error *err);

/* The containers' constructors with C arguments: take every module or tensor, also on failure.
 * names NULL: numbers. A NULL among them is a constructor that failed. */
sow_module *sow__container_of_modules(const char *type, sow_module *const *modules,
                                      const char *const *names, size_t n_modules, sow_error *err);
sow_module *sow__container_of_parameters(const char *type, sow_tensor *const *parameters,
                                         const char *const *names, size_t n_parameters,
                                         sow_error *err);

#endif
