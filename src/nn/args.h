/* Binding arguments to the signature of a class, as a Python call does.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_ARGS_H
#define SOW_NN_ARGS_H

#include "nn/value.h"

#define SOW__MAX_PARAMETERS 24
#define SOW__PARAMETER_SIZE 32

/* The arguments of one call, every parameter of the signature bound: given or default. */
typedef struct sow__args {
    const char *class_name; /* "Conv2d", for messages: the class that defines __init__ */
    int n_parameters;
    char names[SOW__MAX_PARAMETERS][SOW__PARAMETER_SIZE];
    sow__value values[SOW__MAX_PARAMETERS];
    bool given[SOW__MAX_PARAMETERS];
    sow__value rest;     /* list: what *args took */
    sow__value keywords; /* dict: what **kwargs took */
    sow_factory factory; /* device= and dtype= over the caller's factory; generator of the build */
    int64_t ambiguous;   /* elements of a tensor whose truth was asked in vain; 1: of none */
} sow__args;

/* Binds positional (a list; None is an empty one) and keyword (a dict) values to a Python signature
 * such as "in_features, out_features, bias=True, device=None, dtype=None". Takes the values.
 * SOW_ERROR_TYPE with Python's words: "Linear.__init__() missing 1 required positional argument:
 * 'out_features'", "... got an unexpected keyword argument 'foo'", "... got multiple values for
 * argument 'in_features'", "... takes from 3 to 6 positional arguments but 7 were given".
 * Understands "*" (keyword-only after it), "*args" and "**kwargs". Defaults are numbers, strings,
 * True, False, None, (). factory: what device and dtype are when they are not given (None). On
 * failure args is cleared. */
sow_status sow__args_bind(sow__args *args, const char *class_name, const char *signature,
                          sow__value *positional, sow__value *keyword, const sow_factory *factory,
                          sow_error *err);
void sow__args_clear(sow__args *args);

/* The parameters of a signature without "*args" and "**kwargs", one after the other: copies the
 * name of the next one and returns where to go on; NULL when there is none. */
const char *sow__signature_next(const char *at, char name[SOW__PARAMETER_SIZE]);

/* The value bound to a parameter; NULL for a name that is not in the signature. */
sow__value *sow__args_get(sow__args *args, const char *name);

/* Typed reading. A wrong type fails with SOW_ERROR_TYPE in the words that torch.empty has for a
 * size, because that is where PyTorch notices. A bool counts as 0 or 1. */

/* A size that stands alone: "empty(): argument 'size' (position 1) must be tuple of ints,
 * not float". */
sow_status sow__args_int(sow__args *args, const char *name, int64_t *value, sow_error *err);
/* None: *is_none; else as sow__args_int. */
sow_status sow__args_optional_int(sow__args *args, const char *name, int64_t *value, bool *is_none,
                                  sow_error *err);
/* The sizes of a shape, one from each named parameter; a wrong one is called by its place in it. */
sow_status sow__args_shape(sow__args *args, int n, const char *const *names, int64_t *sizes,
                           sow_error *err);
/* int or float; the bool counts. SOW_ERROR_TYPE "must be real number, not str". */
sow_status sow__args_number(sow__args *args, const char *name, double *value, sow_error *err);
/* By truth, as Python's if. A tensor that has none is noted in ambiguous, for the end of the call.
 */
bool sow__args_truth(sow__args *args, const char *name);
/* The text of a string; NULL when it is none. */
const char *sow__args_text(sow__args *args, const char *name);

/* What Python says when a tensor without truth was asked for it. */
sow_status sow__args_check_truth(const sow__args *args, sow_error *err);

/* A device by name: "cpu", "cpu:0", "meta", "deferred". SOW_ERROR_TYPE for what is no string,
 * SOW_ERROR_RUNTIME for another name, in PyTorch's words. */
sow_status sow__value_device(const sow__value *value, sow_device *device, sow_error *err);

/* A value as size number place of a shape, counted from 0. */
sow_status sow__value_size(const sow__value *value, int place, int64_t *size, sow_error *err);
#endif
