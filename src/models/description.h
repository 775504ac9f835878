/* Building a model from a description file: what the files description_*.c share.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_MODELS_DESCRIPTION_H
#define SOW_MODELS_DESCRIPTION_H

#include "models/model.h"
#include "nn/class.h"

/* Limits that keep the work for a hostile file within seconds; docs/descriptions.md. */
enum {
    SOW__MAX_NESTING = 128,         /* lists and objects inside each other */
    SOW__MAX_KEY_BYTES = 256,       /* a key of an object */
    SOW__MAX_TARGETS = 20000,       /* calls */
    SOW__MAX_VALUES = 1000000,      /* numbers, texts, lists, objects... */
    SOW__MAX_TENSORS = 200000,      /* parameters and buffers of the tree */
    SOW__MAX_MODULES = 200000,      /* of the tree */
    SOW__MAX_NAME_BYTES = 64 << 20, /* of all tensor names together */
};

/* Where a value is in the file: a step from the value that it is in. key NULL: index. */
typedef struct sow__place_in_file {
    const struct sow__place_in_file *outer; /* NULL: the top */
    const char *key;
    size_t index;
} sow__step;

/* "$._args_[2].kernel_size"; the middle of a long one is left out. Returns text. */
#define SOW__STEPS_SIZE 256
const char *sow__steps_text(const sow__step *step, char text[SOW__STEPS_SIZE]);

/* A tensor that torch.rand or torch.randn made while nothing was to be drawn. */
typedef struct sow__undrawn {
    sow_tensor *tensor;
    const char *initializer;
} sow__undrawn;

/* A description on its way to a model. */
typedef struct sow__description {
    sow__build *build;
    sow_factory factory;
    size_t n_values, n_targets;
    size_t n_copied;    /* tensors and modules that constructors were asked to make many of */
    int64_t n_computed; /* elements that norms and the like were computed from */
    char **origins; /* sow_module.origin counts from 1 into these: "torch.nn.Linear $._args_[0]" */
    size_t n_origins, origin_capacity;
    sow__undrawn *undrawn;
    size_t n_undrawn, undrawn_capacity;
} sow__description;

/* ---- failures: "net.json: $.path: message"; all return the status ---- */

sow_status sow__describe_fail(const sow__description *description, const sow__step *step,
                              sow_error *err, sow_status status, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Puts label and path before what a callee said. */
sow_status sow__describe_fail_within(const sow__description *description, const sow__step *step,
                                     sow_error *err);

/* ---- values ---- */

/* A text, or a class, function or other object by its name. */
sow_status sow__value_set_text(sow__value *value, sow__value_kind kind, const char *text,
                               sow_error *err);
/* The item of a dict under a key; NULL when there is none. */
sow__value *sow__value_find(const sow__value *dict, const char *key);
/* Takes the item of a dict out into *item; false when there is none. */
bool sow__value_remove(sow__value *dict, const char *key, sow__value *item);
/* Takes the first item of a list out. */
void sow__value_shift(sow__value *list, sow__value *item);

/* ---- calls ---- */

/* A call of a target. The values are the call's; what is left of them goes away after it. */
typedef struct sow__call {
    sow__description *description;
    const char *name; /* as Python calls it in messages: "zeros" */
    sow__value positional, keyword;
} sow__call;

typedef sow_status (*sow__call_fn)(sow__call *call, sow__value *result, sow_error *err);

/* What a dotted path means. Exactly one is set. */
typedef struct sow__target {
    const sow__class *class; /* torch.nn.X by one of its names */
    sow__call_fn call;       /* a function that can be called */
    bool is_callable;        /* another function, which can be handed over alone */
    bool is_dtype;
    sow_dtype dtype;
} sow__target;

/* False when the path is none that is known here. */
bool sow__target_find(const char *path, sow__target *target);

/* " (did you mean torch.nn.Linear?)" for a path that is none; "" when none is near. Returns text.
 */
#define SOW__HINT_SIZE 128
const char *sow__target_hint(const char *path, char text[SOW__HINT_SIZE]);

/* Every function of targets.def. */
#define SOW__HOME(file, classes)
#define SOW__CALLABLES(prefix, names)
#define SOW__FUNCTION(path, call)                                                                  \
    sow_status sow__call_##call(sow__call *call, sow__value *result, sow_error *err);
#include "models/targets.def"
#undef SOW__HOME
#undef SOW__CALLABLES
#undef SOW__FUNCTION

/* Binds the values of a call to the signature of a function of n_most positional parameters. */
sow_status sow__call_bind(sow__call *call, const char *name, const char *signature, size_t n_most,
                          sow__args *args, sow_error *err);

/* Calls a class with the call's values; its device is where the description is built. */
sow_module *sow__call_class(sow__call *call, const sow__class *class, sow_error *err);

/* A device as Python gives it, by name; "cpu" is where the description is built. */
sow_status sow__call_device(const sow__call *call, const sow__value *value, sow_device *device,
                            sow_error *err);

/* ---- the steps of a build ---- */

/* The value of the file's object: Hydra's instantiate. step is the place of node. */
sow_status sow__description_instantiate(sow__description *description, json_t *node,
                                        const sow__step *step, sow__value *value, sow_error *err);

/* One tensor of the tree. */
typedef struct sow__described_tensor {
    const char *name; /* lent by the state_dict */
    sow_tensor *tensor;
    size_t origin;
    bool is_parameter;
    char *decided_by; /* NULL: its constructor */
} sow__described_tensor;

/* Takes the list of rules out of the file's object; *rules is NULL when there is none, the caller's
 * otherwise. */
sow_status sow__rules_take(sow__description *description, json_t *root, json_t **rules,
                           sow_error *err);
/* Runs rules (NULL: none) on the parameters among n tensors. */
sow_status sow__rules_apply(sow__description *description, const json_t *rules,
                            sow__described_tensor *tensors, size_t n_tensors, sow_error *err);

/* Initialises what a checkpoint left: reset_parameters and its like, then rand and randn. */
sow_status sow__description_fill(sow__description *description, sow_module *module, sow_error *err);

/* fnmatch.fnmatchcase of Python: *, ?, [abc], [!a-z]. Takes *steps down with the work and returns
 * false when they are used up. */
bool sow__glob_match(const char *pattern, const char *text, size_t *steps);

#endif
