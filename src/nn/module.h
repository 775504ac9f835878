/* Inside a module: its tensors and children, and helpers for constructors.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_NN_MODULE_H
#define SOW_NN_MODULE_H

#include "nn/names.h"

#include <sow/init.h>
#include <sow/nn.h>

typedef struct sow__class sow__class;

/* A parameter or buffer under its name. */
typedef struct sow__slot {
    char *name;
    sow_tensor *tensor; /* NULL: the name is reserved (None) */
    bool persistent;
    bool lazy; /* the shape is not known yet: the tensor has no elements, only dtype and device */
} sow__slot;

typedef struct sow__slots {
    sow__slot *items;
    size_t n_items, capacity;
    sow__names names;
} sow__slots;

typedef struct sow__child {
    char *name;
    sow_module *module; /* NULL: the name is reserved (None) */
} sow__child;

/* Plain bytes that a module owns and that are copied with it; NULL: none. */
typedef struct sow__kept {
    void *bytes;
    size_t n_bytes;
} sow__kept;

struct sow_module {
    int n_refs; /* parents and other holders */
    char *type;
    const sow__class *class; /* NULL: none of torch.nn */
    sow_module_reset_fn reset;
    sow_module_reset_fn private_reset; /* _reset_parameters of a class that has no other, or NULL */
    sow__slots parameters, buffers;
    sow__child *children;
    size_t n_children, child_capacity;
    sow__names child_names;
    size_t level; /* below the root of any tree it is in, at least: more than that of each holder */
    size_t level_before; /* while a child is put in its place */
    int64_t padding_idx; /* of embeddings; SOW_NO_PADDING_IDX: none */
    bool init_done;      /* an initialisation pass has handled the module */
    bool has_computed;   /* a tensor that is computed, which copy.deepcopy refuses */
    size_t origin;       /* models/: which place of a description built it; 0: none said */
    sow__kept state;     /* of the class */
    sow__kept data;      /* of the user */
};

/* Gives a module zeroed state that it owns; NULL after filling *err. Once per module. */
void *sow__module_new_state(sow_module *module, size_t n_bytes, sow_error *err);
/* A copy of what another module keeps, into one that keeps nothing yet. */
sow_status sow__kept_copy(sow__kept *to, const sow__kept *from, sow_error *err);

/* The factory to use when a caller gives NULL. */
const sow_factory *sow__factory_or_default(const sow_factory *factory);

/* Registers a new tensor of the factory's device and dtype without values as a parameter.
 * SOW_ERROR_RUNTIME for a dtype that can not have gradients, in PyTorch's words. */
sow_status sow__module_add_parameter(sow_module *module, const char *name, int n_dims,
                                     const int64_t *sizes, const sow_factory *factory,
                                     sow_error *err);

/* Like sow__module_add_parameter for a shape that is not known yet: until sow__module_set_lazy the
 * tensor has no elements, and lists and to_empty fail. */
sow_status sow__module_add_lazy(sow_module *module, const char *name, bool is_parameter,
                                const sow_factory *factory, sow_error *err);
/* Gives a lazy parameter or buffer its shape, without values. */
sow_status sow__module_set_lazy(sow_module *module, const char *name, int n_dims,
                                const int64_t *sizes, sow_error *err);

/* A new buffer of the factory's device without values; any dtype. */
sow_status sow__module_add_buffer(sow_module *module, const char *name, sow_dtype dtype, int n_dims,
                                  const int64_t *sizes, const sow_factory *factory, sow_error *err);

/* Own parameter or buffer of that name, lent; NULL when there is none. */
sow_tensor *sow__module_own_tensor(const sow_module *module, const char *name);
sow__slot *sow__slots_find(const sow__slots *slots, const char *name, size_t n_name);
/* A new slot of a name that is free; NULL after filling *err. */
sow__slot *sow__slots_append(sow__slots *slots, const char *name, sow_error *err);
/* Its slot, which may be reserved or lazy. */
sow__slot *sow__module_own_slot(const sow_module *module, const char *name);

/* Own child of a name of n_name bytes; NULL when there is none. */
sow_module *sow__module_own_child(const sow_module *module, const char *name, size_t n_name);

/* Its place, which may be reserved. */
sow__child *sow__module_find_child(const sow_module *module, const char *name, size_t n_name);
/* A new place of a name that is free; NULL after filling *err. */
sow__child *sow__module_append_child(sow_module *module, const char *name, sow_error *err);

/* True when every object of the class has an attribute of this name, which nothing can then be
 * registered under: "forward", "type"; "keys" of a ModuleDict. */
bool sow__has_attribute(const sow_module *module, const char *name);

/* True for such a name that setattr takes from the object for a parameter: "training". */
bool sow__gives_way(const char *name);

/* setattr(module, name, child): as sow_module_register_module, but such attributes are hidden. NULL
 * (None) empties the place of a child that is there. */
sow_status sow__module_set_child(sow_module *module, const char *name, sow_module *child,
                                 sow_error *err);
/* setattr(module, name, parameter): as sow_module_register_parameter, but a child of that name is
 * let go with its place, also on failure, and sow__gives_way. */
sow_status sow__module_set_parameter(sow_module *module, const char *name, sow_tensor *tensor,
                                     sow_error *err);

/* What a registration of NULL returns: the failure of the constructor that gave it, which err
 * holds, or SOW_ERROR_VALUE. */
sow_status sow__fail_missing(const char *what, const char *name, sow_error *err);

/* True for the first place that a child has under its parent. */
bool sow__module_is_first(const sow_module *module, size_t index);

/* True when a tensor was neither loaded nor initialised. */
bool sow__tensor_is_missing(const sow_tensor *tensor);

/* What lists say of a lazy tensor; returns the status. */
sow_status sow__fail_lazy(const char *name, sow_error *err);

/* sow_module_state_dict with the module's tensors themselves. */
sow_state_dict *sow__module_own_state(const sow_module *module, sow_error *err);

/* ---- dotted names, grown and cut while a tree is walked ---- */

typedef struct sow__path {
    char *text; /* NULL: nothing pushed yet */
    size_t n_text, capacity;
} sow__path;

/* Appends a part, with a dot before it when something stands there. SOW_ERROR_MEMORY. */
sow_status sow__path_push(sow__path *path, const char *part, sow_error *err);
void sow__path_cut(sow__path *path, size_t n_text);

/* ---- sets of pointers ---- */

/* Zero is the empty set; with values a map. */
typedef struct sow__seen {
    const void **keys;
    void **values;
    size_t n_keys, n_slots;
} sow__seen;

/* Adds a pointer that is not there; *was_there says. SOW_ERROR_MEMORY. */
sow_status sow__seen_add(sow__seen *seen, const void *key, void *value, bool *was_there,
                         sow_error *err);
/* The value of a pointer that was added, NULL when it was not. */
void *sow__seen_value(const sow__seen *seen, const void *key);
void sow__seen_clear(sow__seen *seen);

#endif
