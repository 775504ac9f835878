/* The calls that a description can make besides makers of tensors: classes, and the functions that
 * build or look up modules, classes and dtypes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

#include "base/dtype.h"
#include "base/error.h"
#include "tensor/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- devices ---- */

/* "cpu" or "meta", with or without a number, which changes nothing: there is one of each. */
/* Digits without a 0 before others. */
static bool is_index(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) &&
           (text[0] != '0' || text[1] == '\0');
}

static bool parse_device(const char *text, sow_device *device)
{
    static const struct {
        const char *name;
        sow_device device;
    } devices[] = {{"cpu", SOW_CPU}, {"meta", SOW_META}};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        const size_t n_name = strlen(devices[i].name);
        if (strncmp(text, devices[i].name, n_name) == 0 &&
            (text[n_name] == '\0' || (text[n_name] == ':' && is_index(text + n_name + 1)))) {
            *device = devices[i].device;
            return true;
        }
    }
    return false;
}

sow_status sow__call_device(const sow__call *call, const sow__value *value, sow_device *device,
                            sow_error *err)
{
    sow_device given = SOW_CPU;
    if (value->kind != SOW__VALUE_NONE && value->kind != SOW__VALUE_STRING) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "%s(): argument 'device' must be torch.device, not %s", call->name,
                         sow__value_type_name(value));
    }
    if (value->kind == SOW__VALUE_STRING && !parse_device(value->text, &given)) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "a description is built on the device \"cpu\" or \"meta\", got \"%s\"",
                         value->text);
    }
    *device = given == SOW_CPU ? call->description->factory.device : given;
    return SOW_OK;
}

/* ---- classes ---- */

/* How many of a thing a class makes, by the place and name of the argument that says it. */
static const struct multiple {
    const char *class, *argument;
    size_t place;
} multiples[] = {
    {"GRU", "num_layers", 2},
    {"LSTM", "num_layers", 2},
    {"RNN", "num_layers", 2},
    {"RNNBase", "num_layers", 3},
    {"Transformer", "num_decoder_layers", 3},
    {"Transformer", "num_encoder_layers", 2},
    {"TransformerDecoder", "num_layers", 1},
    {"TransformerEncoder", "num_layers", 1},
};

/* Modules and tensors of a tree. */
static size_t count_parts(const sow_module *module)
{
    size_t n = 1 + module->parameters.n_items + module->buffers.n_items;
    for (size_t i = 0; i < module->n_children; i++) {
        if (module->children[i].module != NULL) {
            n += count_parts(module->children[i].module);
        }
    }
    return n;
}

/* What is made num_layers times: the copies of a module, or the parts of an ordinary layer. */
static size_t parts_of_one(const sow__call *call)
{
    enum { PARTS_OF_A_LAYER = 64 };
    size_t n = PARTS_OF_A_LAYER;
    for (size_t i = 0; i < call->positional.n_items; i++) {
        if (call->positional.items[i].kind == SOW__VALUE_MODULE) {
            n += count_parts(call->positional.items[i].module);
        }
    }
    for (size_t i = 0; i < call->keyword.n_items; i++) {
        if (call->keyword.items[i].kind == SOW__VALUE_MODULE) {
            n += count_parts(call->keyword.items[i].module);
        }
    }
    return n;
}

static const sow__value *argument_of(const sow__call *call, const char *name, size_t place)
{
    return place < call->positional.n_items ? &call->positional.items[place]
                                            : sow__value_find(&call->keyword, name);
}

/* A short file must not ask for endless layers. */
static sow_status check_multiples(sow__call *call, const sow__class *class, sow_error *err)
{
    for (size_t i = 0; i < sizeof multiples / sizeof multiples[0]; i++) {
        const struct multiple *of = &multiples[i];
        const sow__value *value =
            strcmp(of->class, class->name) == 0 ? argument_of(call, of->argument, of->place) : NULL;
        if (value == NULL || value->kind != SOW__VALUE_INT || value->integer <= 0) {
            continue;
        }
        const size_t most = SOW__MAX_MODULES + SOW__MAX_TENSORS;
        const size_t left = most - call->description->n_copied, one = parts_of_one(call);
        if ((uint64_t)value->integer > left / one) {
            return sow__fail(err, SOW_ERROR_VALUE,
                             "%s=%" PRId64 " would make more than %zu modules and tensors",
                             of->argument, value->integer, most);
        }
        call->description->n_copied += (size_t)value->integer * one;
    }
    return SOW_OK;
}

/* Where the class sees a device: by keyword, or a text among the positional arguments, where the
 * name of a device can be nothing else. */
static sow_status place_devices(sow__call *call, sow_error *err)
{
    sow__value *device = sow__value_find(&call->keyword, "device");
    sow_device where;
    sow_status status = SOW_OK;
    if (device != NULL && device->kind == SOW__VALUE_STRING) {
        status = sow__call_device(call, device, &where, err);
        if (status == SOW_OK) {
            sow__value_clear(device);
            status = sow__value_set_text(device, SOW__VALUE_STRING, sow_device_name(where), err);
        }
    }
    for (size_t i = 0; status == SOW_OK && i < call->positional.n_items; i++) {
        sow__value *value = &call->positional.items[i];
        if (value->kind == SOW__VALUE_STRING && parse_device(value->text, &where)) {
            where = where == SOW_CPU ? call->description->factory.device : where;
            sow__value_clear(value);
            status = sow__value_set_text(value, SOW__VALUE_STRING, sow_device_name(where), err);
        }
    }
    return status;
}

sow_module *sow__call_class(sow__call *call, const sow__class *class, sow_error *err)
{
    if (check_multiples(call, class, err) != SOW_OK || place_devices(call, err) != SOW_OK) {
        return NULL;
    }
    return sow__class_call(class, &call->positional, &call->keyword, &call->description->factory,
                           err);
}

/* ---- functions: binding ---- */

/* "f.__init__()" as the binder has it becomes "f()", or "f.__new__()". */
static void rename_init(sow_error *err, const char *with)
{
    char *at = strstr(err->message, ".__init__()");
    if (at == NULL) {
        return;
    }
    const size_t n_with = strlen(with), n_rest = strlen(at + 11) + 1;
    memmove(at + n_with, at + 11, n_rest);
    memcpy(at, with, n_with);
}

sow_status sow__call_bind(sow__call *call, const char *name, const char *signature, size_t n_most,
                          sow__args *args, sow_error *err)
{
    if (call->positional.n_items > n_most) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         n_most == 1 ? "%s() takes %zu positional argument but %zu were given"
                                     : "%s() takes at most %zu positional arguments but %zu were "
                                       "given",
                         name, n_most, call->positional.n_items);
    }
    const sow_status status = sow__args_bind(args, name, signature, &call->positional,
                                             &call->keyword, &call->description->factory, err);
    if (status != SOW_OK) {
        rename_init(err, "()");
    }
    return status;
}

/* ---- functions: looking up ---- */

typedef enum wanted { ANYTHING, A_CLASS, A_CALLABLE } wanted;

static sow_status look_up(const char *path, wanted what, sow__value *result, sow_error *err)
{
    sow__target target;
    if (!sow__target_find(path, &target)) {
        char hint[SOW__HINT_SIZE];
        return sow__fail(
            err, SOW_ERROR_NOT_FOUND,
            "Error loading '%s': not in torch 2.13, or none that a description may use%s", path,
            sow__target_hint(path, hint));
    }
    if (what == A_CLASS && target.class == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "Located non-class of type '%s' while loading '%s'",
                         target.is_dtype ? "dtype" : "function", path);
    }
    if (what == A_CALLABLE && target.is_dtype) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Located non-callable of type 'dtype' while loading '%s'", path);
    }
    if (target.is_dtype) {
        *result = (sow__value){.kind = SOW__VALUE_DTYPE, .dtype = target.dtype};
        return SOW_OK;
    }
    return sow__value_set_text(result, SOW__VALUE_CLASS,
                               target.class != NULL ? target.class->name : strrchr(path, '.') + 1,
                               err);
}

static sow_status call_look_up(sow__call *call, wanted what, sow__value *result, sow_error *err)
{
    sow__args args;
    sow_status status = sow__call_bind(call, call->name, "path", 1, &args, err);
    if (status != SOW_OK) {
        return status;
    }
    const char *path = sow__args_text(&args, "path");
    status = path == NULL
                 ? sow__fail(err, SOW_ERROR_TYPE, "%s(): path must be a str, not %s", call->name,
                             sow__value_type_name(sow__args_get(&args, "path")))
                 : look_up(path, what, result, err);
    sow__args_clear(&args);
    return status;
}

sow_status sow__call_get_object(sow__call *call, sow__value *result, sow_error *err)
{
    return call_look_up(call, ANYTHING, result, err);
}

sow_status sow__call_get_class(sow__call *call, sow__value *result, sow_error *err)
{
    return call_look_up(call, A_CLASS, result, err);
}

sow_status sow__call_get_method(sow__call *call, sow__value *result, sow_error *err)
{
    return call_look_up(call, A_CALLABLE, result, err);
}

static sow_status check_index(const char *type, const sow__value *index, bool by_keyword,
                              sow_error *err)
{
    if (index->kind == SOW__VALUE_NONE) {
        return SOW_OK;
    }
    if (index->kind != SOW__VALUE_INT) {
        return sow__fail(err, SOW_ERROR_TYPE, "device(): argument 'index' %smust be int, not %s",
                         by_keyword ? "" : "(position 2) ", sow__value_type_name(index));
    }
    if (strchr(type, ':') != NULL) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "type (string) must not include an index because index was passed "
                         "explicitly: %s",
                         type);
    }
    return index->integer >= 0
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_RUNTIME, "Device index must not be negative");
}

/* torch.device(type, index) or torch.device(device=...): stays a text. */
sow_status sow__call_device_name(sow__call *call, sow__value *result, sow_error *err)
{
    sow__args args;
    sow__value given;
    sow_device device = SOW_CPU;
    if (call->positional.n_items == 0 && sow__value_remove(&call->keyword, "device", &given)) {
        const sow_status status = sow__value_append(&call->positional, NULL, &given, err);
        if (status != SOW_OK) {
            return status;
        }
    }
    const bool by_keyword = call->positional.n_items < 2;
    sow_status status = sow__call_bind(call, "device", "type, index=None", 2, &args, err);
    if (status != SOW_OK) {
        return status;
    }
    const sow__value *type = sow__args_get(&args, "type");
    if (type->kind != SOW__VALUE_STRING) {
        status = sow__fail(err, SOW_ERROR_TYPE,
                           "device(): argument 'type' (position 1) must be str, not %s",
                           sow__value_type_name(type));
    }
    if (status == SOW_OK) {
        status = check_index(type->text, sow__args_get(&args, "index"), by_keyword, err);
    }
    if (status == SOW_OK) {
        status = sow__call_device(call, type, &device, err);
    }
    if (status == SOW_OK) {
        status = sow__value_set_text(result, SOW__VALUE_STRING, device == SOW_META ? "meta" : "cpu",
                                     err);
    }
    sow__args_clear(&args);
    return status;
}

/* ---- functions: collections ---- */

/* list(items), and tuple(items), which constructors see as the same. */
sow_status sow__call_list(sow__call *call, sow__value *result, sow_error *err)
{
    *result = (sow__value){.kind = SOW__VALUE_LIST};
    if (call->keyword.n_items > 0 || call->positional.n_items > 1) {
        return sow__fail(err, SOW_ERROR_TYPE, "%s() takes one argument", call->name);
    }
    if (call->positional.n_items == 0) {
        return SOW_OK;
    }
    sow__value *items = &call->positional.items[0];
    if (items->kind != SOW__VALUE_LIST) {
        return sow__fail(err, SOW_ERROR_TYPE, "'%s' object is not iterable",
                         sow__value_type_name(items));
    }
    *result = *items;
    result->is_list_config = false;
    *items = (sow__value){.kind = SOW__VALUE_NONE};
    return SOW_OK;
}

/* Python keeps the first place of a key and its last value. */
static sow_status set_item(sow__value *dict, const char *key, sow__value *item, sow_error *err)
{
    sow__value *there = sow__value_find(dict, key);
    if (there == NULL) {
        return sow__value_append(dict, key, item, err);
    }
    sow__value_clear(there);
    *there = *item;
    *item = (sow__value){.kind = SOW__VALUE_NONE};
    return SOW_OK;
}

static sow_status set_pairs(sow__value *dict, sow__value *from, sow_error *err)
{
    sow_status status = SOW_OK;
    if (from->kind == SOW__VALUE_DICT || from->kind == SOW__VALUE_ORDERED_DICT) {
        for (size_t i = 0; status == SOW_OK && i < from->n_items; i++) {
            status = set_item(dict, from->keys[i], &from->items[i], err);
        }
        return status;
    }
    if (from->kind != SOW__VALUE_LIST) {
        return sow__fail(err, SOW_ERROR_TYPE, "'%s' object is not iterable",
                         sow__value_type_name(from));
    }
    for (size_t i = 0; status == SOW_OK && i < from->n_items; i++) {
        sow__value *pair = &from->items[i];
        if (pair->kind != SOW__VALUE_LIST || pair->n_items != 2 ||
            pair->items[0].kind != SOW__VALUE_STRING) {
            return sow__fail(err, SOW_ERROR_TYPE,
                             "OrderedDict: element %zu is no pair of a name and a value", i);
        }
        status = set_item(dict, pair->items[0].text, &pair->items[1], err);
    }
    return status;
}

sow_status sow__call_ordered_dict(sow__call *call, sow__value *result, sow_error *err)
{
    *result = (sow__value){.kind = SOW__VALUE_ORDERED_DICT};
    if (call->positional.n_items > 1) {
        return sow__fail(err, SOW_ERROR_TYPE, "expected at most 1 arguments, got %zu",
                         call->positional.n_items);
    }
    sow_status status = SOW_OK;
    if (call->positional.n_items == 1) {
        status = set_pairs(result, &call->positional.items[0], err);
    }
    return status == SOW_OK ? set_pairs(result, &call->keyword, err) : status;
}

/* ---- functions: parameters and modules ---- */

sow_status sow__call_parameter(sow__call *call, sow__value *result, sow_error *err)
{
    sow__args args;
    sow_status status =
        sow__args_bind(&args, "Parameter", "data=None, requires_grad=True", &call->positional,
                       &call->keyword, &call->description->factory, err);
    if (status != SOW_OK) {
        rename_init(err, ".__new__()");
        return status;
    }
    sow__value *data = sow__args_get(&args, "data");
    const sow__value *grad = sow__args_get(&args, "requires_grad");
    if (data->kind == SOW__VALUE_NONE) {
        const int64_t none = 0;
        data->tensor = sow_empty(call->description->factory.dtype, 1, &none, SOW_CPU, err);
        data->kind = data->tensor == NULL ? SOW__VALUE_NONE : SOW__VALUE_TENSOR;
        status = data->tensor == NULL ? err->status : SOW_OK;
    }
    if (status == SOW_OK && data->kind != SOW__VALUE_TENSOR) {
        status = sow__fail(err, SOW_ERROR_TYPE, "'%s' object has no attribute 'detach'",
                           sow__value_type_name(data));
    } else if (status == SOW_OK && grad->kind != SOW__VALUE_BOOL) {
        status = sow__fail(err, SOW_ERROR_TYPE,
                           "_make_subclass(): argument 'require_grad' (position 3) must be bool, "
                           "not %s",
                           sow__value_type_name(grad));
    } else if (status == SOW_OK && grad->boolean) {
        status = sow__dtype_check_gradients(sow_tensor_dtype(data->tensor), err);
    }
    if (status == SOW_OK) {
        *result = *data;
        result->is_parameter = true;
        *data = (sow__value){.kind = SOW__VALUE_NONE};
    }
    sow__args_clear(&args);
    return status;
}

/* Moves an argument under its own or another name into a call's keywords. */
static sow_status pass_on(sow__args *args, const char *name, sow__call *to, const char *as,
                          sow_error *err)
{
    sow__value *value = sow__args_get(args, name);
    return value == NULL ? SOW_OK : sow__value_append(&to->keyword, as, value, err);
}

/* Embedding(num_embeddings=rows, embedding_dim=columns, _weight=embeddings,
 * _freeze=freeze, ...). */
static sow_status embed(sow__call *call, const char *class_name, sow__args *args,
                        sow__value *result, sow_error *err)
{
    static const char *const same[] = {"padding_idx",        "max_norm", "norm_type",
                                       "scale_grad_by_freq", "sparse",   "mode",
                                       "include_last_offset"};
    sow__value *weight = sow__args_get(args, "embeddings");
    if (weight->kind != SOW__VALUE_TENSOR) {
        return sow__fail(err, SOW_ERROR_TYPE, "'%s' object has no attribute 'dim'",
                         sow__value_type_name(weight));
    }
    if (sow_tensor_n_dims(weight->tensor) != 2) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Embeddings parameter is expected to be 2-dimensional");
    }
    sow_status status = SOW_OK;
    for (int i = 0; status == SOW_OK && i < 2; i++) {
        sow__value size = {.kind = SOW__VALUE_INT, .integer = sow_tensor_sizes(weight->tensor)[i]};
        status = sow__value_append(&call->positional, NULL, &size, err);
    }
    if (status == SOW_OK) {
        status = pass_on(args, "embeddings", call, "_weight", err);
    }
    if (status == SOW_OK && strcmp(class_name, "Embedding") == 0) {
        status = pass_on(args, "freeze", call, "_freeze", err);
    }
    for (size_t i = 0; status == SOW_OK && i < sizeof same / sizeof same[0]; i++) {
        status = pass_on(args, same[i], call, same[i], err);
    }
    if (status == SOW_OK) {
        result->module = sow__call_class(call, sow__class_find(class_name), err);
        result->kind = result->module == NULL ? SOW__VALUE_NONE : SOW__VALUE_MODULE;
        status = result->module == NULL ? err->status : SOW_OK;
    }
    return status;
}

static sow_status from_pretrained(sow__call *call, const char *class_name, const char *signature,
                                  sow__value *result, sow_error *err)
{
    char name[64];
    sow__args args;
    snprintf(name, sizeof name, "%s.from_pretrained", class_name);
    sow_status status = sow__args_bind(&args, name, signature, &call->positional, &call->keyword,
                                       &call->description->factory, err);
    if (status != SOW_OK) {
        rename_init(err, "()");
        return status;
    }
    call->positional = (sow__value){.kind = SOW__VALUE_LIST};
    call->keyword = (sow__value){.kind = SOW__VALUE_DICT};
    status = embed(call, class_name, &args, result, err);
    sow__args_clear(&args);
    return status;
}

sow_status sow__call_embedding_from_pretrained(sow__call *call, sow__value *result, sow_error *err)
{
    return from_pretrained(call, "Embedding",
                           "embeddings, freeze=True, padding_idx=None, max_norm=None, "
                           "norm_type=2.0, scale_grad_by_freq=False, sparse=False",
                           result, err);
}

sow_status sow__call_embedding_bag_from_pretrained(sow__call *call, sow__value *result,
                                                   sow_error *err)
{
    return from_pretrained(call, "EmbeddingBag",
                           "embeddings, freeze=True, max_norm=None, norm_type=2.0, "
                           "scale_grad_by_freq=False, mode='mean', sparse=False, "
                           "include_last_offset=False, padding_idx=None",
                           result, err);
}

/* The class that skip_init is given, taken out of the call. */
static sow_status take_class(sow__call *call, const sow__class **class, sow_error *err)
{
    sow__value given;
    if (call->positional.n_items > 0) {
        sow__value_shift(&call->positional, &given);
    } else if (!sow__value_remove(&call->keyword, "module_cls", &given)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "skip_init() missing 1 required positional argument: 'module_cls'");
    }
    *class = given.kind == SOW__VALUE_CLASS ? sow__class_find(given.text) : NULL;
    sow__value_clear(&given);
    if (*class == NULL) {
        return sow__fail(err, SOW_ERROR_TYPE, "issubclass() arg 1 must be a class");
    }
    return sow__class_takes(*class, "device")
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_RUNTIME,
                           "Module must support a 'device' arg to skip initialization");
}

sow_status sow__call_skip_init(sow__call *call, sow__value *result, sow_error *err)
{
    const sow__class *class = NULL;
    sow__value device = {.kind = SOW__VALUE_NONE};
    sow_device where = SOW_DEFERRED;
    sow_status status = take_class(call, &class, err);
    if (status == SOW_OK && sow__value_remove(&call->keyword, "device", &device)) {
        /* to_empty(device=None) leaves a tensor where it is */
        const bool is_none = device.kind == SOW__VALUE_NONE;
        status = sow__call_device(call, &device, &where, err);
        where = is_none ? SOW_META : where;
        sow__value_clear(&device);
    }
    if (status != SOW_OK) {
        return status;
    }
    result->module = sow__class_skip_init(class, &call->positional, &call->keyword, where,
                                          &call->description->factory, err);
    if (result->module == NULL) {
        return err->status;
    }
    result->kind = SOW__VALUE_MODULE;
    return SOW_OK;
}
