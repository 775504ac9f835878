/* Inside the parametrizations: finding the tensor, its values, and replacing it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_PARAMETRIZE_H
#define SOW_NN_PARAMETRIZE_H

#include "nn/module.h"
#include <sow/parametrize.h>

/* The slot of a parameter or buffer with a tensor; NULL: there is none (missing, None). */
sow__slot *sow__parametrize_slot(const sow_module *module, const char *name);

/* What all refuse: a shape that is not known (SOW_ERROR_RUNTIME), a tensor that is parametrized
 * already, complex numbers. */
sow_status sow__parametrize_check(const sow_module *module, const char *name, sow_error *err);

/* True when the values of a tensor can be read: it is on the cpu, or every element is recorded. */
bool sow__is_readable(const sow_tensor *tensor);

/* A contiguous cpu tensor with the values of a view, of a dtype; NULL after filling *err. */
sow_tensor *sow__values_of(const sow_tensor *view, sow_dtype dtype, sow_error *err);

/* A view with a dim in front, the others in order; NULL after filling *err. */
sow_tensor *sow__dim_to_front(const sow_tensor *tensor, int dim, sow_error *err);

/* A tensor like another in type and device without values. */
sow_tensor *sow__empty_beside(const sow_tensor *tensor, int n_dims, const int64_t *sizes,
                              sow_error *err);

/* u and v of spectral norm, drawn beside a matrix view of more than one dim: N(0, 1), normalised
 * when the matrix has values. Both are NULL on failure. */
sow_status sow__draw_singular(const sow_tensor *matrix, double eps, sow_generator *generator,
                              sow_tensor *vectors[2], sow_error *err);

/* tensor.normal_(0, 1), which is no function of torch.nn.init: scopes do not reach it. */
sow_status sow__draw_normal(sow_tensor *tensor, const char *initializer, sow_generator *generator,
                            sow_error *err);

/* Moves the tensor NAME of a module to parametrizations.NAME under the names original0 and
 * original1, or original alone when first is NULL. first and step (the parametrization's own
 * module) are taken, also on failure. */
typedef struct sow__parametrization {
    sow_tensor *first; /* original0; NULL: one original */
    sow_module *step;
} sow__parametrization;

sow_status sow__parametrize_register(sow_module *module, const char *name,
                                     sow__parametrization *with, sow_error *err);

/* Takes a slot out of a module: the tensor is the caller's. */
sow_tensor *sow__take_slot(sow_module *module, const char *name, bool *is_parameter);

/* The module has lost a tensor that its class's reset_parameters would write. */
void sow__forget_reset(sow_module *module);

/* "NAME_g": the name with a suffix; NULL after filling *err. The caller frees it. */
char *sow__suffixed(const char *name, const char *suffix, sow_error *err);

#endif
