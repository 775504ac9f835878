/* What the files of several families share: Python's arithmetic on arguments, shapes, and steps of
 * building and initialising.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_FAMILY_H
#define SOW_NN_FAMILY_H

#include "nn/class.h"
#include "nn/module.h"

/* ---- arguments as Python computes with them ---- */

/* int or bool; int, bool or float. */
bool sow__value_is_int(const sow__value *value);
bool sow__value_is_number(const sow__value *value);
/* Of an int or bool; of any number. */
int64_t sow__value_int(const sow__value *value);
double sow__value_number(const sow__value *value);
sow__value sow__value_of_int(int64_t integer);
/* Takes the module; NULL: None. */
sow__value sow__value_of_module(sow_module *module);

#define SOW__UNORDERED 2

/* left OP right: *order is -1, 0, 1, or SOW__UNORDERED when one is NaN. SOW_ERROR_TYPE "'<=' not
 * supported between instances of 'str' and 'int'" when one is no number; op is for that text. */
sow_status sow__value_compare(const sow__value *left, const char *op, const sow__value *right,
                              int *order, sow_error *err);

/* left % right == 0, with Python's failures. */
sow_status sow__value_divides(const sow__value *left, const sow__value *right, bool *divides,
                              sow_error *err);

/* left * right. Of a list or text times an int only the kind is right. */
sow_status sow__value_multiply(const sow__value *left, const sow__value *right, sow__value *product,
                               sow_error *err);

/* "unsupported operand type(s) for %: 'list' and 'int'" */
sow_status sow__fail_operands(const char *op, const sow__value *left, const sow__value *right,
                              sow_error *err);

/* str(value), cut to the size of text. Returns text. */
const char *sow__value_str(const sow__value *value, char *text, size_t size);

/* ---- shapes ---- */

typedef struct sow__shape {
    int n_dims;
    int64_t sizes[SOW_MAX_DIMS];
} sow__shape;

/* tuple(value): lends the items of a list, the letters of a text, the keys of a dict; at most
 * SOW_MAX_DIMS. SOW_ERROR_TYPE "'float' object is not iterable". */
sow_status sow__value_tuple(const sow__value *value, sow__value *items, int *n_items,
                            sow_error *err);

/* The shape of torch.empty((items...)). */
sow_status sow__shape_of_items(int n_items, const sow__value *items, sow__shape *shape,
                               sow_error *err);

/* The shape of torch.empty(size), where size is an int or a list; function is for the failures. */
sow_status sow__shape_of_size(const sow__value *size, const char *function, sow__shape *shape,
                              sow_error *err);

/* normalized_shape of LayerNorm and RMSNorm; not affine: looked at no further than that it is an
 * int or can be a tuple. */
sow_status sow__normalized_shape(sow__args *args, bool affine, sow__shape *shape, sow_error *err);

/* n_dims sizes of a C caller; SOW_ERROR_VALUE when there are too many. */
sow_status sow__shape_from_c(int n_dims, const int64_t *sizes, sow__shape *shape, sow_error *err);

/* ---- building ---- */

/* A new module of the class of that name. */
sow_module *sow__module_named(const char *name, sow_error *err);

/* The module of a constructor that ended with status: freed and NULL unless that is SOW_OK. */
sow_module *sow__module_finish(sow_module *module, sow_status status);

/* Registers a parameter, or reserves its name when it is absent. */
sow_status sow__module_add_or_reserve(sow_module *module, const char *name, bool present,
                                      const sow__shape *shape, const sow_factory *factory,
                                      sow_error *err);

/* Makes a tensor argument the buffer of its name; None reserves the name. SOW_ERROR_TYPE "cannot
 * assign 'list' object to buffer 'weight' (torch Tensor or None required)". */
sow_status sow__module_take_buffer(sow_module *module, const char *name, sow__value *value,
                                   sow_error *err);

/* weight, and bias of as many elements as its first size (absent: reserved). */
sow_status sow__module_add_pair(sow_module *module, int n_dims, const int64_t *sizes, bool bias,
                                const sow_factory *factory, sow_error *err);

/* The constructor of a lazy class that makes the same tensors as a parent without a shape. */
sow_status sow__module_add_lazy_pair(sow_module *module, bool bias, const sow_factory *factory,
                                     sow_error *err);

/* True while the shape of a parameter or buffer is not known. */
bool sow__module_is_lazy(const sow_module *module);

/* ---- initialising ---- */

/* tensor.fill_(value): not a function of torch.nn.init, so that the no-init scope lets it happen.
 * An initialized tensor is left as it is in the guard scope. */
sow_status sow__tensor_fill(sow_tensor *tensor, double value, sow_error *err);
/* tensor.zero_(), likewise. */
sow_status sow__tensor_zero(sow_tensor *tensor, sow_error *err);

/* Linear's and the convolutions' bias: U(-1/sqrt(fan_in), 1/sqrt(fan_in)) of the weight's fan_in;
 * bound 0 when that is 0. No bias: nothing. */
sow_status sow__reset_bias(const sow_module *module, sow_generator *generator, sow_error *err);

/* The norms' weight ones and bias zeros, as far as they are there. */
sow_status sow__reset_affine(const sow_module *module, sow_error *err);

/* Every parameter of the tree U(-1/sqrt(hidden_size), 1/sqrt(hidden_size)). */
sow_status sow__reset_recurrent(const sow_module *module, int64_t hidden_size,
                                sow_generator *generator, sow_error *err);

#endif
