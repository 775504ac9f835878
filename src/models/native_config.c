/* The config of the native model: fields, defaults and checks in TransformerLens' order.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/native.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void check_required(sow__config *config)
{
    static const char *const names[] = {"d_model", "d_head", "n_layers", "n_ctx"};
    const char *missing[4];
    size_t n = 0;
    for (size_t i = 0; i < 4; i++) {
        if (!sow__config_has(config, names[i])) {
            missing[n++] = names[i];
        }
    }
    if (n == 0) {
        return;
    }
    char list[96] = "";
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const char *glue = i == 0 ? "" : i + 1 < n ? ", " : n == 2 ? " and " : ", and ";
        used += (size_t)snprintf(list + used, sizeof list - used, "%s'%s'", glue, missing[i]);
    }
    sow__config_fail(config, SOW_ERROR_TYPE,
                     "TransformerBridgeConfig.__init__() missing %zu required positional "
                     "argument%s: %s",
                     n, n == 1 ? "" : "s", list);
}

/* n_heads -1 is d_model // d_head. */
static void resolve_heads(sow__config *config, sow__native_fields *fields)
{
    if (fields->n_heads != -1 || config->status != SOW_OK) {
        return;
    }
    if (fields->d_head == 0) {
        sow__config_fail(config, SOW_ERROR_ZERO_DIVISION, "integer division or modulo by zero");
        return;
    }
    if (fields->d_model % fields->d_head != 0) {
        sow__config_fail(config, SOW_ERROR_VALUE,
                         "d_model (%" PRId64 ") must be divisible by d_head (%" PRId64 ")",
                         fields->d_model, fields->d_head);
        return;
    }
    fields->n_heads = fields->d_model / fields->d_head;
}

const char *sow__native_python_class(const json_t *value)
{
    char text[SOW__INTEGER_SIZE];
    if (sow__config_integer_text(value, text) != NULL) {
        return "int";
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "dict";
    case JSON_ARRAY:
        return "list";
    case JSON_INTEGER:
        return "int";
    case JSON_REAL:
        return "float";
    case JSON_TRUE:
    case JSON_FALSE:
        return "bool";
    case JSON_NULL:
        return "NoneType";
    case JSON_STRING:
    default:
        return "str";
    }
}

static void check_architecture(sow__config *config)
{
    const json_t *value = sow__config_get(config, "architecture", NULL);
    if (value == NULL || json_is_null(value)) {
        return;
    }
    const char *name = json_string_value(value);
    const char *class = sow__native_python_class(value);
    if (strcmp(class, "str") != 0) {
        sow__config_fail(config, SOW_ERROR_VALUE, "architecture must be a string, got <class '%s'>",
                         class);
    } else if (strcmp(name, "TransformerLensNative") != 0) {
        sow__config_fail(config, SOW_ERROR_VALUE,
                         "boot_native cannot build a '%.100s' model \xE2\x80\x94 it only "
                         "constructs the TL-native architecture. Either clear config.architecture "
                         "or set it to 'TransformerLensNative', or use boot_transformers / "
                         "build_bridge_from_module for non-native architectures.",
                         name);
    }
}

/* ASCII lower case, cut to the buffer. */
static void lower(const char *text, char out[SOW__NATIVE_TEXT])
{
    size_t i = 0;
    for (; text[i] != '\0' && i + 1 < SOW__NATIVE_TEXT; i++) {
        out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    }
    out[i] = '\0';
}

/* A string field in lower case; null or "" is `none`. */
static void read_lower(sow__config *config, const char *name, const char *fallback,
                       const char *none, char out[SOW__NATIVE_TEXT])
{
    const char *text = sow__config_string(config, name, fallback);
    lower(text == NULL || text[0] == '\0' ? none : text, out);
}

/* Which norms there are: 3.7 gives the Pre kinds the parameters of their families. */
static void read_norms(sow__config *config, sow__native_fields *fields)
{
    const char *type = sow__config_string(config, "normalization_type", "LN");
    const bool final_rms = sow__config_bool(config, "final_rms", false);
    const bool rms_pre = type != NULL && strcasecmp(type, "RMSPRE") == 0;
    const bool pre = !fields->v37 && (rms_pre || (type != NULL && strcasecmp(type, "LNPRE") == 0));
    const bool rms = type != NULL && (strcasecmp(type, "RMS") == 0 || rms_pre);
    fields->norm = pre || type == NULL ? SOW__NORM_BARE : rms ? SOW__NORM_RMS : SOW__NORM_LAYER;
    fields->final_norm = final_rms && !pre ? SOW__NORM_RMS : fields->norm;
}

static void read_sizes(sow__config *config, sow__native_fields *fields)
{
    fields->d_model = sow__config_size(config, "d_model", NULL, 0);
    fields->d_head = sow__config_size(config, "d_head", NULL, 0);
    fields->n_layers = sow__config_layers(config, "n_layers", NULL, 0);
    fields->n_ctx = sow__config_size(config, "n_ctx", NULL, 0);
    fields->n_heads = sow__config_size(config, "n_heads", NULL, -1);
    fields->n_kv_heads = sow__config_size_or_null(config, "n_key_value_heads", NULL, 0, 0);
    fields->d_vocab = sow__config_size(config, "d_vocab", NULL, -1);
    fields->d_vocab_out = sow__config_size(config, "d_vocab_out", NULL, -1);
    fields->d_mlp = sow__config_size_or_null(config, "d_mlp", NULL, 0, 0);
    fields->rotary_dim =
        sow__config_size_or_null(config, "rotary_dim", NULL, fields->d_head, fields->d_head);
}

static void read_attention(sow__config *config, sow__native_fields *fields)
{
    const bool use_scale = sow__config_bool(config, "use_attn_scale", true);
    const double scale = sow__config_number(config, "attn_scale", -1.0);
    fields->has_scale = use_scale && scale > 0.0;
    fields->unscaled =
        fields->has_scale && fabs(scale - 1.0) <= fmax(1e-9 * fmax(fabs(scale), 1.0), 1e-9);
    fields->attn_only = sow__config_bool(config, "attn_only", false);
    fields->gated_mlp = sow__config_bool(config, "gated_mlp", false);
    read_lower(config, "act_fn", "relu", fields->gated_mlp ? "silu" : "gelu", fields->act_fn);
    fields->solu_ln = !fields->v37 && !fields->gated_mlp && strcmp(fields->act_fn, "solu_ln") == 0;
    read_lower(config, "positional_embedding_type", "standard", "standard", fields->position);
    fields->rotary = strcmp(fields->position, "rotary") == 0;
}

static void read_init(sow__config *config, sow__native_fields *fields)
{
    const char *mode = sow__config_string(config, "init_mode", "gpt2");
    fields->mode_is_gpt2 = mode != NULL && strcmp(mode, "gpt2") == 0;
    read_lower(config, "init_mode", "gpt2", "gpt2", fields->init_mode);
    fields->has_range = !json_is_null(sow__config_get(config, "initializer_range", NULL));
    fields->initializer_range =
        fields->has_range ? sow__config_number(config, "initializer_range", -1.0) : -1.0;
    const bool init_weights = sow__config_bool(config, "init_weights", true);
    fields->init_weights = fields->v37 || init_weights;
    const json_t *seed = sow__config_get(config, "seed", NULL);
    fields->seed = json_is_null(seed) ? NULL : seed;
}

void sow__native_read(sow__build *build, sow__native_fields *fields)
{
    sow__config *config = build->config;
    fields->v37 = strcmp(build->model->profile, "transformerlens-3.7") == 0;
    check_required(config);
    read_sizes(config, fields);
    read_norms(config, fields);
    read_attention(config, fields);
    read_init(config, fields);
    resolve_heads(config, fields);
    check_architecture(config);
    if (fields->n_kv_heads == 0) {
        fields->n_kv_heads = fields->n_heads;
    }
    if (fields->d_mlp == 0) {
        fields->d_mlp = 4 * fields->d_model;
    }
    if (fields->d_vocab_out <= 0) {
        fields->d_vocab_out = fields->d_vocab;
    }
}
