/* Models: which kind a config is, which class it names, and what was built.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/model.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct model_class {
    const char *name, *model_type;
    const sow__family *family;
} model_class;

static const model_class classes[] = {
#define SOW_X(arch, model_type, family) {#arch, model_type, &family},
#include "models/registry.def"
#undef SOW_X
};

/* The newest of each kind first. */
static const struct profile {
    const char *name;
    sow__model_kind kind;
} profiles[] = {
    {"transformers-5.23", SOW__MODEL_TRANSFORMERS},
    {"transformerlens-4.3", SOW__MODEL_NATIVE},
    {"transformerlens-3.7", SOW__MODEL_NATIVE},
    {"torch-nn-2.13", SOW__MODEL_DESCRIPTION},
};

enum {
    N_CLASSES = sizeof classes / sizeof classes[0],
    N_PROFILES = sizeof profiles / sizeof profiles[0],
    LIST_SIZE = 512,
};

const char *sow_model_arch_at(size_t index)
{
    return index < N_CLASSES ? classes[index].name : NULL;
}

const char *sow_model_profile_at(size_t index)
{
    return index < N_PROFILES ? profiles[index].name : NULL;
}

/* ---- which class, which profile ---- */

static const model_class *find_class(const char *name)
{
    for (size_t i = 0; i < N_CLASSES; i++) {
        if (strcmp(classes[i].name, name) == 0) {
            return &classes[i];
        }
    }
    return NULL;
}

/* Adds an item to a comma-separated list unless it is there. */
static void list_add(char list[LIST_SIZE], const char *item)
{
    const char *there = strstr(list, item);
    const size_t used = strlen(list), n_item = strlen(item);
    const bool whole = there != NULL && (there == list || there[-1] == ' ') &&
                       (there[n_item] == ',' || there[n_item] == '\0');
    if (!whole) {
        snprintf(list + used, LIST_SIZE - used, "%s%s", used == 0 ? "" : ", ", item);
    }
}

/* The classes of a model_type (NULL: all), as text. */
static const char *list_classes(char list[LIST_SIZE], const char *model_type)
{
    list[0] = '\0';
    for (size_t i = 0; i < N_CLASSES; i++) {
        if (model_type == NULL || strcmp(classes[i].model_type, model_type) == 0) {
            list_add(list, classes[i].name);
        }
    }
    return list;
}

/* The model types of transformers, as text. */
static const char *list_model_types(char list[LIST_SIZE])
{
    list[0] = '\0';
    for (size_t i = 0; i < N_CLASSES; i++) {
        if (classes[i].family->kind == SOW__MODEL_TRANSFORMERS) {
            list_add(list, classes[i].model_type);
        }
    }
    return list;
}

static bool is_model_type(const char *model_type)
{
    for (size_t i = 0; i < N_CLASSES; i++) {
        if (classes[i].family->kind == SOW__MODEL_TRANSFORMERS &&
            strcmp(classes[i].model_type, model_type) == 0) {
            return true;
        }
    }
    return false;
}

/* architectures[0]; NULL and the status of the config say that there is none. */
static const char *first_architecture(sow__config *config)
{
    const json_t *names = sow__config_get(config, "architectures", NULL);
    if (names == NULL || json_is_null(names) ||
        (json_is_array(names) && json_array_size(names) == 0)) {
        return NULL;
    }
    const char *name = json_string_value(json_array_get(names, 0));
    if (name == NULL) {
        sow__config_expected(config, "architectures", "a list of class names");
    }
    return name;
}

/* The class of a transformers config. */
static const model_class *transformers_class(sow__config *config, const char *arch)
{
    char list[LIST_SIZE];
    const char *model_type = sow__config_string(config, "model_type", NULL);
    if (model_type == NULL) {
        sow__config_expected(config, "model_type", "a string");
    } else if (!is_model_type(model_type)) {
        sow__config_fail(config, SOW_ERROR_VALUE, "model_type: unknown \"%s\"; there is: %s",
                         model_type, list_model_types(list));
    }
    const char *name = arch != NULL ? arch : first_architecture(config);
    if (config->status != SOW_OK) {
        return NULL;
    }
    const char *field = arch != NULL ? "arch" : "architectures";
    const model_class *found = name == NULL ? NULL : find_class(name);
    if (name == NULL) {
        sow__config_fail(config, SOW_ERROR_VALUE,
                         "architectures: names no class to build; there are: %s",
                         list_classes(list, model_type));
    } else if (found == NULL || strcmp(found->model_type, model_type) != 0) {
        sow__config_fail(config, SOW_ERROR_VALUE,
                         "%s: no class \"%s\" of model_type \"%s\"; there are: %s", field, name,
                         model_type, list_classes(list, model_type));
    }
    return found;
}

/* The class that the config and the arch option name; NULL and the status of the
 * config otherwise. */
static const model_class *choose_class(sow__config *config, const char *arch)
{
    static const model_class description = {"description", NULL, &sow__description_family};
    char list[LIST_SIZE];
    if (sow__config_has(config, "_target_")) {
        if (arch != NULL) {
            sow__config_fail(config, SOW_ERROR_VALUE,
                             "arch: a description (\"_target_\") says itself what to build");
        }
        return config->status == SOW_OK ? &description : NULL;
    }
    const bool native_arch =
        arch != NULL && (strcmp(arch, "native") == 0 || strcmp(arch, "NativeModel") == 0);
    const bool native_keys =
        sow__config_has(config, "d_model") && sow__config_has(config, "n_layers");
    if (sow__config_has(config, "model_type") && !native_arch) {
        return transformers_class(config, arch);
    }
    if (!native_keys && !native_arch) {
        sow__config_fail(config, SOW_ERROR_VALUE,
                         "no kind of config: it has neither \"model_type\" (transformers) nor "
                         "\"d_model\" and \"n_layers\" (TransformerLens native) nor "
                         "\"_target_\" (a description)");
    } else if (arch != NULL && !native_arch) {
        sow__config_fail(config, SOW_ERROR_VALUE,
                         "arch: no class \"%s\" for a TransformerLens native config; there is: %s",
                         arch, list_classes(list, "native"));
    }
    return config->status == SOW_OK ? find_class("NativeModel") : NULL;
}

/* The profile that the option names, the newest of the kind without one; NULL and the status of the
 * config otherwise. */
static const char *choose_profile(sow__config *config, sow__model_kind kind, const char *name)
{
    char list[LIST_SIZE] = "";
    for (size_t i = 0; i < N_PROFILES; i++) {
        if (profiles[i].kind != kind) {
            continue;
        }
        if (name == NULL || strcmp(profiles[i].name, name) == 0) {
            return profiles[i].name;
        }
        list_add(list, profiles[i].name);
    }
    sow__config_fail(config, SOW_ERROR_VALUE,
                     "profile: no \"%s\" for this kind of config; there is: %s", name, list);
    return NULL;
}

/* ---- building ---- */

static sow_status build(sow_model *model, sow__config *config, const sow_model_options *options,
                        sow_error *err)
{
    const model_class *class = choose_class(config, options->arch);
    if (class == NULL) {
        return config->status;
    }
    model->arch = class->name;
    model->profile = choose_profile(config, class->family->kind, options->profile);
    if (model->profile == NULL) {
        return config->status;
    }
    model->state = sow_state_dict_new(err);
    if (model->state == NULL) {
        return SOW_ERROR_MEMORY;
    }
    sow__build building = {
        .config = config,
        .options = options,
        .factory = {.device = SOW_DEFERRED, .dtype = SOW_F32, .generator = options->generator},
        .model = model,
    };
    return class->family->build(&building, err);
}

sow_model *sow_model_from_config(const char *json, size_t n_bytes, const char *label,
                                 const sow_model_options *options, sow_error *err)
{
    static const sow_model_options defaults = {0};
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow__config config;
    if (sow__config_open(&config, json, n_bytes, label == NULL ? "config" : label, why) != SOW_OK) {
        return NULL;
    }
    sow_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        sow__fail_memory(why, sizeof *model);
    } else if (build(model, &config, options == NULL ? &defaults : options, why) != SOW_OK) {
        sow_model_free(model);
        model = NULL;
    }
    sow__config_close(&config);
    return model;
}

sow_status sow__model_add(sow_model *model, const char *name, sow_tensor *tensor, sow__load *load,
                          sow_error *err)
{
    const size_t n_entries = sow_state_dict_count(model->state);
    if (n_entries == model->load_capacity) {
        const size_t capacity = n_entries == 0 ? 32 : n_entries * 2;
        sow__load *grown = realloc(model->loads, capacity * sizeof *grown);
        if (grown == NULL) {
            return sow__fail_memory(err, capacity * sizeof *grown);
        }
        model->loads = grown;
        model->load_capacity = capacity;
    }
    const sow_status status = sow_state_dict_add(model->state, name, tensor, err);
    if (status == SOW_OK) {
        model->loads[n_entries] = load == NULL ? (sow__load){.source = NULL} : *load;
        if (load != NULL) {
            load->source = NULL;
        }
    }
    return status;
}

void sow_model_free(sow_model *model)
{
    if (model == NULL) {
        return;
    }
    for (size_t i = 0; model->state != NULL && i < sow_state_dict_count(model->state); i++) {
        free(model->loads[i].source);
        if (model->decided_by != NULL) {
            free(model->decided_by[i]);
        }
    }
    free(model->loads);
    free(model->decided_by);
    for (size_t i = 0; i < model->n_unexpected; i++) {
        free(model->unexpected[i]);
    }
    free(model->unexpected);
    sow_state_dict_free(model->state);
    sow_module_free(model->module);
    free(model);
}

/* ---- looking ---- */

sow_module *sow_model_module(const sow_model *model)
{
    return model->module;
}

const sow_state_dict *sow_model_state_dict(const sow_model *model)
{
    return model->state;
}

const char *sow_model_arch(const sow_model *model)
{
    return model->arch;
}

const char *sow_model_profile(const sow_model *model)
{
    return model->profile;
}

sow_dtype sow_model_dtype(const sow_model *model)
{
    return model->dtype;
}

const char *sow_model_metadata(const sow_model *model, size_t index, const char **value)
{
    const char *const *pair = model->metadata;
    for (; pair != NULL && *pair != NULL; pair += 2) {
        if (index-- == 0) {
            if (value != NULL) {
                *value = pair[1];
            }
            return pair[0];
        }
    }
    return NULL;
}

sow_load_state sow_model_load_state(const sow_model *model, size_t index, const char **source)
{
    const sow__load *load = &model->loads[index];
    if (source != NULL) {
        *source = load->source;
    }
    return load->state;
}

const char *sow_model_unexpected(const sow_model *model, size_t index)
{
    return index < model->n_unexpected ? model->unexpected[index] : NULL;
}

const char *sow_model_decided_by(const sow_model *model, size_t index)
{
    return model->decided_by == NULL ? NULL : model->decided_by[index];
}
