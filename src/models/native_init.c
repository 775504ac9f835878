/* initialize_native_model: the modes, their numbers, and the order of the draws.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/native.h"

#include "base/error.h"
#include "fill/fill.h"
#include "nn/module.h"

#include <math.h>
#include <string.h>

typedef enum native_mode {
    MODE_GPT2,
    MODE_XAVIER_UNIFORM,
    MODE_XAVIER_NORMAL,
    MODE_KAIMING_UNIFORM,
    MODE_KAIMING_NORMAL,
} native_mode;

/* How weights are drawn. */
typedef struct weight_rule {
    native_mode mode;
    double std, out_std; /* gpt2: of weights, of output projections */
    double gain;         /* the others */
    sow_generator *generator;
} weight_rule;

static sow_status find_mode(const char *name, native_mode *mode, sow_error *err)
{
    static const char *const names[] = {"gpt2", "xavier_uniform", "xavier_normal",
                                        "kaiming_uniform", "kaiming_normal"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *mode = (native_mode)i;
            return SOW_OK;
        }
    }
    return sow__fail(err, SOW_ERROR_UNSUPPORTED,
                     "init_mode='%s' is not supported for NativeModel. Supported modes: ['gpt2', "
                     "'kaiming_normal', 'kaiming_uniform', 'xavier_normal', 'xavier_uniform'].",
                     name);
}

/* initializer_range as the config leaves it: 4.3 replaces a negative one, by the mode as it was
 * written. */
static double resolved_range(const sow__native_fields *fields)
{
    const double range = fields->initializer_range;
    if (fields->v37 || !(range < 0.0)) {
        return range;
    }
    return fields->mode_is_gpt2 ? 0.8 / sqrt((double)fields->d_model) : 1.0;
}

static sow_status resolve_gpt2(const sow__native_fields *fields, double range, weight_rule *rule,
                               sow_error *err)
{
    rule->std = range;
    if (!(range > 0.0)) {
        if (!fields->v37 && fields->d_model == 0) {
            return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "float division by zero");
        }
        rule->std = fields->v37 ? 0.02 : 0.8 / sqrt((double)fields->d_model);
    }
    if (fields->n_layers < 0) {
        return sow__fail(err, SOW_ERROR_VALUE, "math domain error");
    }
    if (fields->n_layers == 0) {
        return sow__fail(err, SOW_ERROR_ZERO_DIVISION, "float division by zero");
    }
    rule->out_std = rule->std * (1.0 / sqrt((double)(2 * fields->n_layers)));
    return SOW_OK;
}

static sow_status resolve_rule(const sow__native_fields *fields, weight_rule *rule, sow_error *err)
{
    const sow_status status = find_mode(fields->init_mode, &rule->mode, err);
    if (status != SOW_OK) {
        return status;
    }
    if (!fields->has_range && (!fields->v37 || rule->mode == MODE_GPT2)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "initializer_range: '>' not supported between instances of 'NoneType' and "
                         "'int'");
    }
    const double range = resolved_range(fields);
    if (rule->mode == MODE_GPT2) {
        return resolve_gpt2(fields, range, rule, err);
    }
    rule->gain = range > 0.0 && !fields->v37 ? range : 1.0;
    return SOW_OK;
}

/* weight.mul_(gain), which no public function does; so the flag is looked at here. */
static sow_status multiply(sow_tensor *weight, const weight_rule *rule, sow_error *err)
{
    if (rule->gain == 1.0 || sow_tensor_is_initialized(weight)) {
        return SOW_OK;
    }
    const sow__fill fill = {.kind = SOW__FILL_MUL, .value = rule->gain, .initializer = "mul"};
    return sow__fill_apply(&fill, weight, rule->generator, err);
}

static sow_status init_weight(sow_tensor *weight, const weight_rule *rule, bool output,
                              sow_error *err)
{
    sow_generator *generator = rule->generator;
    sow_status status;
    switch (rule->mode) {
    case MODE_GPT2:
        return sow_guarded_normal(weight, 0.0, output ? rule->out_std : rule->std, generator, err);
    case MODE_XAVIER_UNIFORM:
        return sow_guarded_xavier_uniform(weight, rule->gain, generator, err);
    case MODE_XAVIER_NORMAL:
        return sow_guarded_xavier_normal(weight, rule->gain, generator, err);
    case MODE_KAIMING_UNIFORM:
        status = sow_guarded_kaiming_uniform(weight, 0.0, "fan_in", "relu", generator, err);
        break;
    case MODE_KAIMING_NORMAL:
    default:
        status = sow_guarded_kaiming_normal(weight, 0.0, "fan_in", "relu", generator, err);
        break;
    }
    return status == SOW_OK ? multiply(weight, rule, err) : status;
}

/* ---- the walk ---- */

/* A Linear or Embedding: weight by the rule, bias zero. */
static sow_status init_linear(const sow_module *owner, const char *name, const weight_rule *rule,
                              bool output, sow_error *err)
{
    const sow_module *module = sow_module_get(owner, name);
    const sow_status status =
        init_weight(sow__module_own_tensor(module, "weight"), rule, output, err);
    sow_tensor *bias = sow__module_own_tensor(module, "bias");
    return status == SOW_OK && bias != NULL ? sow_guarded_zeros(bias, err) : status;
}

static sow_status init_norm(const sow_module *owner, const char *name, sow_error *err)
{
    const sow_module *module = sow_module_get(owner, name);
    sow_tensor *weight = sow__module_own_tensor(module, "weight");
    sow_tensor *bias = sow__module_own_tensor(module, "bias");
    const sow_status status = weight == NULL ? SOW_OK : sow_guarded_ones(weight, err);
    return status == SOW_OK && bias != NULL ? sow_guarded_zeros(bias, err) : status;
}

/* The LayerNorm inside a solu_ln MLP is left alone there; its constructor's values are these. */
static sow_status init_mlp(const sow_module *mlp, bool gated, const weight_rule *rule,
                           sow_error *err)
{
    static const char *const plain_names[] = {"fc_in", "fc_out"};
    static const char *const gated_names[] = {"gate", "in", "out"};
    const char *const *names = gated ? gated_names : plain_names;
    const size_t n_names = gated ? 3 : 2;
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < n_names; i++) {
        status = init_linear(mlp, names[i], rule, i + 1 == n_names, err);
    }
    const bool has_ln = sow_module_get(mlp, "ln") != NULL;
    return status == SOW_OK && has_ln ? init_norm(mlp, "ln", err) : status;
}

static sow_status init_block(const sow__native_fields *fields, const sow_module *block,
                             const weight_rule *rule, sow_error *err)
{
    static const char *const names[] = {"attn.q", "attn.k", "attn.v", "attn.o"};
    sow_status status = init_norm(block, "ln1", err);
    for (size_t i = 0; status == SOW_OK && i < 4; i++) {
        status = init_linear(block, names[i], rule, i == 3, err);
    }
    if (status != SOW_OK || fields->attn_only) {
        return status;
    }
    status = init_norm(block, "ln2", err);
    return status == SOW_OK ? init_mlp(sow_module_get(block, "mlp"), fields->gated_mlp, rule, err)
                            : status;
}

sow_status sow__native_initialize(const sow__native_fields *fields, sow_module *module,
                                  sow_generator *generator, sow_error *err)
{
    weight_rule rule = {.generator = generator};
    sow_status status = resolve_rule(fields, &rule, err);
    if (status == SOW_OK) {
        status = init_linear(module, "tok_embed", &rule, false, err);
    }
    if (status == SOW_OK && !fields->rotary) {
        status = init_linear(module, "pos", &rule, false, err);
    }
    const sow_module *layers = sow_module_get(module, "layers");
    for (size_t i = 0; status == SOW_OK && sow_module_child(layers, i) != NULL; i++) {
        status = init_block(fields, sow_module_child(layers, i), &rule, err);
    }
    if (status == SOW_OK) {
        status = init_norm(module, "ln_out", err);
    }
    return status == SOW_OK ? init_linear(module, "head", &rule, false, err) : status;
}
