/* GPT-2 of transformers: the base model and its heads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/transformers.h"

#include "base/error.h"
#include "nn/module.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a class puts on top of the base model. */
typedef struct gpt2_top {
    const char *name;
    bool lm_head;     /* Linear without bias, tied to wte */
    bool summary;     /* multiple_choice_head */
    const char *head; /* a Linear of that name, NULL: none */
    bool head_bias;
    int64_t n_labels; /* rows of the head; 0: the config's num_labels */
} gpt2_top;

static const gpt2_top tops[] = {
    {.name = "GPT2Model"},
    {.name = "GPT2LMHeadModel", .lm_head = true},
    {.name = "GPT2DoubleHeadsModel", .lm_head = true, .summary = true},
    {.name = "GPT2ForSequenceClassification", .head = "score"},
    {.name = "GPT2ForTokenClassification", .head = "classifier", .head_bias = true},
    {.name = "GPT2ForQuestionAnswering", .head = "qa_outputs", .head_bias = true, .n_labels = 2},
};

typedef struct gpt2_fields {
    const gpt2_top *top;
    int64_t vocab_size, n_positions, n_embd, n_layer, n_head, n_inner, num_labels;
    double initializer_range;
    bool add_cross_attention, tie_word_embeddings;
    bool summary_use_proj, summary_proj_to_labels;
} gpt2_fields;

static void check_summary(sow__config *config)
{
    const char *type = sow__config_string(config, "summary_type", "cls_index");
    if (type != NULL && strcmp(type, "attn") == 0) {
        sow__config_fail(config, SOW_ERROR_UNSUPPORTED,
                         "summary_type: transformers has no \"attn\" either");
    }
}

static void read_fields(sow__build *build, void *user)
{
    sow__config *config = build->config;
    gpt2_fields *fields = user;
    fields->top = tops;
    while (strcmp(fields->top->name, build->model->arch) != 0) {
        fields->top++;
    }
    fields->vocab_size = sow__config_size(config, "vocab_size", NULL, 50257);
    fields->n_positions = sow__config_size(config, "n_positions", "max_position_embeddings", 1024);
    fields->n_embd = sow__config_size(config, "n_embd", "hidden_size", 768);
    fields->n_layer = sow__config_layers(config, "n_layer", "num_hidden_layers", 12);
    fields->n_head = sow__config_size(config, "n_head", "num_attention_heads", 12);
    const int64_t n_inner = 4 * fields->n_embd;
    fields->n_inner = sow__config_size_or_null(config, "n_inner", NULL, n_inner, n_inner);
    fields->initializer_range = sow__config_number(config, "initializer_range", 0.02);
    fields->add_cross_attention = sow__config_bool(config, "add_cross_attention", false);
    fields->tie_word_embeddings = sow__config_bool(config, "tie_word_embeddings", true);
    fields->summary_use_proj = sow__config_bool(config, "summary_use_proj", true);
    fields->summary_proj_to_labels = sow__config_bool(config, "summary_proj_to_labels", true);
    fields->num_labels = sow__transformers_num_labels(config);
    if (fields->top->summary) {
        check_summary(config);
    }
}

/* ---- modules ---- */

/* transformers' Conv1D: a Linear with the weight transposed, (in, out). */
static sow_module *conv1d(const sow__pretrained *model, int64_t out, int64_t in, sow_error *err)
{
    const sow_factory *factory = &model->build->factory;
    sow_module *module = sow_module_new("Conv1D", err);
    const int64_t sizes[2] = {in, out};
    if (module == NULL ||
        sow__module_add_parameter(module, "weight", 2, sizes, factory, err) != SOW_OK ||
        sow__module_add_parameter(module, "bias", 1, &out, factory, err) != SOW_OK ||
        sow_zeros(sow_module_tensor(module, "bias"), err) != SOW_OK ||
        sow_normal(sow_module_tensor(module, "weight"), 0.0, 0.02, factory->generator, err) !=
            SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static bool add(sow_module *module, const char *name, sow_module *child, sow_error *err)
{
    return sow_module_register_module(module, name, child, err) == SOW_OK;
}

static bool heads_divide(const gpt2_fields *fields, sow_error *err)
{
    if (fields->n_head == 0) {
        sow__fail(err, SOW_ERROR_ZERO_DIVISION,
                  "n_head: integer division or modulo by zero, got 0");
        return false;
    }
    if (fields->n_embd % fields->n_head != 0) {
        sow__fail(err, SOW_ERROR_VALUE,
                  "`embed_dim` must be divisible by num_heads (got `embed_dim`: %" PRId64
                  " and `num_heads`: %" PRId64 ").",
                  fields->n_embd, fields->n_head);
        return false;
    }
    return true;
}

static sow_module *attention(const sow__pretrained *model, bool cross, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    const int64_t n_embd = fields->n_embd;
    sow_module *module = heads_divide(fields, err) ? sow_module_new("GPT2Attention", err) : NULL;
    if (module == NULL ||
        !add(module, "c_attn", conv1d(model, (cross ? 2 : 3) * n_embd, n_embd, err), err) ||
        (cross && !add(module, "q_attn", conv1d(model, n_embd, n_embd, err), err)) ||
        !add(module, "c_proj", conv1d(model, n_embd, n_embd, err), err)) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static sow_module *mlp(const sow__pretrained *model, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    sow_module *module = sow_module_new("GPT2MLP", err);
    if (module == NULL ||
        !add(module, "c_fc", conv1d(model, fields->n_inner, fields->n_embd, err), err) ||
        !add(module, "c_proj", conv1d(model, fields->n_embd, fields->n_inner, err), err)) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static sow_module *layer_norm(const sow__pretrained *model, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    return sow_layer_norm(fields->n_embd, true, true, &model->build->factory, err);
}

static sow_module *block(const sow__pretrained *model, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    sow_module *module = sow_module_new("GPT2Block", err);
    if (module == NULL || !add(module, "ln_1", layer_norm(model, err), err) ||
        !add(module, "attn", attention(model, false, err), err) ||
        !add(module, "ln_2", layer_norm(model, err), err) ||
        (fields->add_cross_attention &&
         (!add(module, "crossattention", attention(model, true, err), err) ||
          !add(module, "ln_cross_attn", layer_norm(model, err), err))) ||
        !add(module, "mlp", mlp(model, err), err)) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static sow_module *blocks(const sow__pretrained *model, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    sow_module *list = sow_module_new("ModuleList", err);
    for (int64_t i = 0; list != NULL && i < fields->n_layer; i++) {
        char name[SOW__INTEGER_SIZE];
        snprintf(name, sizeof name, "%" PRId64, i);
        if (!add(list, name, block(model, err), err)) {
            sow_module_free(list);
            return NULL;
        }
    }
    return list;
}

static sow_module *base_model(const sow__pretrained *model, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    const sow_factory *factory = &model->build->factory;
    const int64_t n_embd = fields->n_embd;
    sow_module *module = sow_module_new("GPT2Model", err);
    if (module == NULL ||
        !add(module, "wte",
             sow_embedding(fields->vocab_size, n_embd, SOW_NO_PADDING_IDX, factory, err), err) ||
        !add(module, "wpe",
             sow_embedding(fields->n_positions, n_embd, SOW_NO_PADDING_IDX, factory, err), err) ||
        !add(module, "h", blocks(model, err), err) ||
        !add(module, "ln_f", layer_norm(model, err), err) ||
        sow__transformers_post_init(model, module, err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

/* The head that chooses among answers; its class sets num_labels to 1. */
static sow_module *summary(const sow__pretrained *model, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    const int64_t out = fields->summary_proj_to_labels ? 1 : fields->n_embd;
    sow_module *module = sow_module_new("GPT2SequenceSummary", err);
    if (module != NULL && fields->summary_use_proj &&
        !add(module, "summary", sow_linear(fields->n_embd, out, true, &model->build->factory, err),
             err)) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

static sow_module *construct(const sow__pretrained *model, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    const gpt2_top *top = fields->top;
    const sow_factory *factory = &model->build->factory;
    if (!top->lm_head && top->head == NULL) {
        return base_model(model, err);
    }
    const int64_t n_labels = top->n_labels != 0 ? top->n_labels : fields->num_labels;
    sow_module *module = sow_module_new(top->name, err);
    if (module == NULL || !add(module, "transformer", base_model(model, err), err) ||
        (top->lm_head &&
         !add(module, "lm_head",
              sow_linear(fields->n_embd, fields->vocab_size, false, factory, err), err)) ||
        (top->summary && !add(module, "multiple_choice_head", summary(model, err), err)) ||
        (top->head != NULL &&
         !add(module, top->head, sow_linear(fields->n_embd, n_labels, top->head_bias, factory, err),
              err)) ||
        sow__transformers_post_init(model, module, err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

/* ---- initialisation ---- */

/* After its parts, an attention or MLP draws the weight of its c_proj again with a std that shrinks
 * with depth. The range of the config counts as it is here, 0 too. */
static sow_status init_weights(const sow__pretrained *model, sow_module *module, sow_error *err)
{
    const gpt2_fields *fields = model->fields;
    const double range = fields->initializer_range;
    sow_generator *generator = model->build->factory.generator;
    if (strcmp(module->type, "Conv1D") == 0) {
        const sow_status status =
            sow_guarded_normal(sow_module_tensor(module, "weight"), 0.0, range, generator, err);
        return status == SOW_OK ? sow_guarded_zeros(sow_module_tensor(module, "bias"), err)
                                : status;
    }
    if (strcmp(module->type, "GPT2Attention") == 0 || strcmp(module->type, "GPT2MLP") == 0) {
        const double std = range / sqrt((double)(2 * fields->n_layer));
        return sow_guarded_normal(sow_module_tensor(module, "c_proj.weight"), 0.0, std, generator,
                                  err);
    }
    return sow__transformers_base_init(module, range, generator, err);
}

static const sow__tie *ties(const void *user)
{
    static const sow__tie tied[] = {{"lm_head.weight", "transformer.wte.weight"}, {NULL, NULL}};
    const gpt2_fields *fields = user;
    return fields->top->lm_head && fields->tie_word_embeddings ? tied : NULL;
}

static sow_status build(sow__build *building, sow_error *err)
{
    static const char *const unused[] = {".attn.bias", ".attn.masked_bias", ".crossattention.bias",
                                         ".crossattention.masked_bias", NULL};
    static const sow__transformers arch = {
        .base_prefix = "transformer",
        .unused_endings = unused,
        .fields_bytes = sizeof(gpt2_fields),
        .read = read_fields,
        .construct = construct,
        .init_weights = init_weights,
        .ties = ties,
    };
    return sow__transformers_build(building, &arch, err);
}

const sow__family sow__gpt2 = {.kind = SOW__MODEL_TRANSFORMERS, .build = build};
