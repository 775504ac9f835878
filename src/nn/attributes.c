/* Names that Python's modules have already, so that nothing can be registered under them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/module.h"

#include <stdlib.h>
#include <string.h>

/* Names that every torch.nn.Module has, with Python 3.11; sorted. */
static const char *const of_module[] = {
    "T_destination",
    "__annotations__",
    "__call__",
    "__class__",
    "__delattr__",
    "__dict__",
    "__dir__",
    "__doc__",
    "__eq__",
    "__format__",
    "__ge__",
    "__getattr__",
    "__getattribute__",
    "__getstate__",
    "__gt__",
    "__hash__",
    "__init__",
    "__init_subclass__",
    "__le__",
    "__lt__",
    "__module__",
    "__ne__",
    "__new__",
    "__reduce__",
    "__reduce_ex__",
    "__repr__",
    "__setattr__",
    "__setstate__",
    "__sizeof__",
    "__str__",
    "__subclasshook__",
    "__weakref__",
    "_apply",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_buffers",
    "_call_impl",
    "_compiled_call_impl",
    "_forward_hooks",
    "_forward_hooks_always_called",
    "_forward_hooks_with_kwargs",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_get_backward_hooks",
    "_get_backward_pre_hooks",
    "_get_name",
    "_is_full_backward_hook",
    "_load_from_state_dict",
    "_load_state_dict_post_hooks",
    "_load_state_dict_pre_hooks",
    "_maybe_warn_non_full_backward_hook",
    "_modules",
    "_named_members",
    "_non_persistent_buffers_set",
    "_parameters",
    "_register_load_state_dict_pre_hook",
    "_register_state_dict_hook",
    "_replicate_for_data_parallel",
    "_save_to_state_dict",
    "_slow_forward",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_version",
    "_wrapped_call_impl",
    "add_module",
    "apply",
    "bfloat16",
    "buffers",
    "call_super_init",
    "children",
    "compile",
    "cpu",
    "cuda",
    "double",
    "dump_patches",
    "eval",
    "extra_repr",
    "float",
    "forward",
    "get_buffer",
    "get_extra_state",
    "get_parameter",
    "get_submodule",
    "half",
    "ipu",
    "load_state_dict",
    "modules",
    "mtia",
    "named_buffers",
    "named_children",
    "named_modules",
    "named_parameters",
    "parameters",
    "register_backward_hook",
    "register_buffer",
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_full_backward_hook",
    "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook",
    "register_load_state_dict_pre_hook",
    "register_module",
    "register_parameter",
    "register_state_dict_post_hook",
    "register_state_dict_pre_hook",
    "requires_grad_",
    "set_extra_state",
    "set_submodule",
    "share_memory",
    "state_dict",
    "to",
    "to_empty",
    "train",
    "training",
    "type",
    "xpu",
    "zero_grad",
};

/* What the containers have besides. */
static const struct {
    const char *type;
    const char *names; /* each with a blank before and after */
} of_container[] = {
    {"Sequential", " append extend insert pop _get_item_by_idx __add__ __delitem__ __getitem__ "
                   "__iadd__ __imul__ __iter__ __len__ __mul__ __rmul__ __setitem__ "},
    {"ModuleList", " append extend insert pop _get_abs_string_index __add__ __delitem__ "
                   "__getitem__ __iadd__ __iter__ __len__ __setitem__ "},
    {"ParameterList", " append extend _get_abs_string_index _size __getitem__ __iadd__ __iter__ "
                      "__len__ __setitem__ "},
    {"ModuleDict", " clear items keys pop update values __contains__ __delitem__ __getitem__ "
                   "__iter__ __len__ __setitem__ "},
    {"ParameterDict",
     " clear copy fromkeys get items keys pop popitem setdefault update values _keys "
     "_key_to_attr __contains__ __delitem__ __getitem__ __ior__ __iter__ __len__ __or__ "
     "__reversed__ __ror__ __setitem__ "},
};

/* Those of the object itself, from the start and unused by lists and loads. */
static const char of_object[] =
    " _backward_hooks _backward_pre_hooks _forward_hooks _forward_hooks_always_called "
    "_forward_hooks_with_kwargs _forward_pre_hooks _forward_pre_hooks_with_kwargs "
    "_is_full_backward_hook _keys _load_state_dict_post_hooks _load_state_dict_pre_hooks "
    "_non_persistent_buffers_set training ";

static bool is_among(const char *names, const char *name)
{
    const size_t n_name = strchr(name, ' ') == NULL ? strlen(name) : 0;
    for (const char *at = strstr(names, name); at != NULL && n_name > 0;
         at = strstr(at + 1, name)) {
        if (at != names && at[-1] == ' ' && at[n_name] == ' ') {
            return true;
        }
    }
    return false;
}

static int compare_names(const void *name, const void *item)
{
    return strcmp(name, *(const char *const *)item);
}

bool sow__has_attribute(const sow_module *module, const char *name)
{
    if (bsearch(name, of_module, sizeof of_module / sizeof *of_module, sizeof *of_module,
                compare_names) != NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof of_container / sizeof *of_container; i++) {
        if (strcmp(of_container[i].type, sow_module_type(module)) == 0) {
            return is_among(of_container[i].names, name);
        }
    }
    return false;
}

bool sow__gives_way(const char *name)
{
    return is_among(of_object, name);
}
