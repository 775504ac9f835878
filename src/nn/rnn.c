/* torch.nn.RNN, GRU, LSTM and RNNBase.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/text.h"
#include "nn/family.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What reset_parameters needs. */
typedef struct sow__rnn {
    int64_t hidden_size;
} sow__rnn;

sow_status sow__reset_rnn(sow_module *module, sow_generator *generator, sow_error *err)
{
    const sow__rnn *rnn = module->state.bytes;
    return sow__reset_recurrent(module, rnn->hidden_size, generator, err);
}

/* ---- the checks of RNNBase, in its order ---- */

static const sow__value zero = {.kind = SOW__VALUE_INT, .integer = 0};

/* What float(text) takes, but for underscores between digits. */
static bool is_float_text(const char *text)
{
    static const char space[] = " \t\n\r\f\v";
    char trimmed[128];
    double ignored;
    text += strspn(text, space);
    size_t n_text = strlen(text);
    while (n_text > 0 && strchr(space, text[n_text - 1]) != NULL) {
        n_text--;
    }
    if (n_text >= sizeof trimmed) {
        return false;
    }
    memcpy(trimmed, text, n_text);
    trimmed[n_text] = '\0';
    return sow__parse_double(trimmed, &ignored);
}

/* float(dropout) comes first, so that a text that is a number fails later than one that is not. */
static sow_status check_dropout(const sow__value *dropout, sow_error *err)
{
    if (dropout->kind == SOW__VALUE_STRING && !is_float_text(dropout->text)) {
        char text[256];
        return sow__fail(err, SOW_ERROR_VALUE, "could not convert string to float: %s",
                         sow__value_repr(dropout, text, sizeof text));
    }
    if (dropout->kind != SOW__VALUE_STRING && !sow__value_is_number(dropout)) {
        return sow__fail(err, SOW_ERROR_TYPE,
                         "float() argument must be a string or a real number, not '%s'",
                         sow__value_type_name(dropout));
    }
    const bool is_plain = dropout->kind == SOW__VALUE_INT || dropout->kind == SOW__VALUE_FLOAT;
    if (!is_plain || !(sow__value_number(dropout) >= 0 && sow__value_number(dropout) <= 1)) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "dropout should be a number in range [0, 1] representing the probability "
                         "of an element being zeroed");
    }
    return SOW_OK;
}

static void warn_of_dropout(const sow__value *dropout, const sow__value *num_layers)
{
    if (sow__value_number(dropout) > 0 && sow__value_is_number(num_layers) &&
        sow__value_number(num_layers) == 1) {
        char text[2][64];
        sow__warn(SOW_WARNING_USER,
                  "dropout option adds dropout after all but last recurrent layer, so non-zero "
                  "dropout expects num_layers greater than 1, but got dropout=%s and num_layers=%s",
                  sow__value_repr(dropout, text[0], sizeof text[0]),
                  sow__value_repr(num_layers, text[1], sizeof text[1]));
    }
}

static sow_status check_bool(sow__args *args, const char *name, sow_error *err)
{
    const sow__value *value = sow__args_get(args, name);
    return value->kind == SOW__VALUE_BOOL
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_TYPE, "%s should be of type bool, got: %s", name,
                           value->kind == SOW__VALUE_DTYPE ? "dtype" : sow__value_type_name(value));
}

static sow_status check_size(sow__args *args, const char *name, sow_error *err)
{
    const sow__value *value = sow__args_get(args, name);
    if (!sow__value_is_int(value)) {
        return sow__fail(err, SOW_ERROR_TYPE, "%s should be of type int, got: %s", name,
                         sow__value_type_name(value));
    }
    return sow__value_int(value) > 0
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_VALUE, "%s must be greater than zero", name);
}

static sow_status check_num_layers(const sow__value *num_layers, sow_error *err)
{
    int order = 0;
    const sow_status status = sow__value_compare(num_layers, "<=", &zero, &order, err);
    return status == SOW_OK && order <= 0
               ? sow__fail(err, SOW_ERROR_VALUE, "num_layers must be greater than zero")
               : status;
}

static sow_status check_proj_size(const sow__value *proj_size, const sow__value *hidden_size,
                                  sow_error *err)
{
    int order = 0;
    sow_status status = sow__value_compare(proj_size, "<", &zero, &order, err);
    if (status == SOW_OK && order == -1) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "proj_size should be a positive integer or zero to disable projections");
    }
    if (status == SOW_OK) {
        status = sow__value_compare(proj_size, ">=", hidden_size, &order, err);
    }
    return status == SOW_OK && (order == 0 || order == 1)
               ? sow__fail(err, SOW_ERROR_VALUE, "proj_size has to be smaller than hidden_size")
               : status;
}

static sow_status check_mode(const sow__value *mode, int64_t *n_gates, sow_error *err)
{
    static const struct {
        const char *mode;
        int n_gates;
    } modes[] = {{"LSTM", 4}, {"GRU", 3}, {"RNN_TANH", 1}, {"RNN_RELU", 1}};
    if (mode->kind != SOW__VALUE_STRING) {
        return sow__fail(err, SOW_ERROR_TYPE, "can only concatenate str (not \"%s\") to str",
                         sow__value_type_name(mode));
    }
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(mode->text, modes[i].mode) == 0) {
            *n_gates = modes[i].n_gates;
            return SOW_OK;
        }
    }
    return sow__fail(err, SOW_ERROR_VALUE, "Unrecognized RNN mode: %s", mode->text);
}

static sow_status check(sow__args *args, int64_t *n_gates, sow_error *err)
{
    const sow__value *dropout = sow__args_get(args, "dropout");
    const sow__value *num_layers = sow__args_get(args, "num_layers");
    sow_status status = check_dropout(dropout, err);
    if (status == SOW_OK) {
        warn_of_dropout(dropout, num_layers);
        status = check_bool(args, "bias", err);
    }
    if (status == SOW_OK) {
        status = check_bool(args, "batch_first", err);
    }
    if (status == SOW_OK) {
        status = check_size(args, "input_size", err);
    }
    if (status == SOW_OK) {
        status = check_size(args, "hidden_size", err);
    }
    if (status == SOW_OK) {
        status = check_num_layers(num_layers, err);
    }
    if (status == SOW_OK) {
        status = check_proj_size(sow__args_get(args, "proj_size"),
                                 sow__args_get(args, "hidden_size"), err);
    }
    if (status == SOW_OK) {
        status = check_mode(sow__args_get(args, "mode"), n_gates, err);
    }
    if (status == SOW_OK && !sow__value_is_int(num_layers)) {
        return sow__fail(err, SOW_ERROR_TYPE, "'%s' object cannot be interpreted as an integer",
                         sow__value_type_name(num_layers));
    }
    return status;
}

/* ---- parameters ---- */

typedef struct rnn_sizes {
    sow__value input_size, hidden_size, rows, recurrent, layer_input; /* lent */
    bool has_projection, bias;
    int64_t num_layers;
    int n_directions;
} rnn_sizes;

/* A number that is no int comes this far as a projection. */
static sow_status read_sizes(sow__args *args, int64_t n_gates, rnn_sizes *sizes, sow_error *err)
{
    const sow__value *proj_size = sow__args_get(args, "proj_size");
    const sow__value gates = sow__value_of_int(n_gates);
    sizes->input_size = *sow__args_get(args, "input_size");
    sizes->hidden_size = *sow__args_get(args, "hidden_size");
    sizes->has_projection = sow__value_number(proj_size) > 0;
    sizes->recurrent = sizes->has_projection ? *proj_size : sizes->hidden_size;
    sizes->bias = sow__args_truth(args, "bias");
    sizes->num_layers = sow__value_int(sow__args_get(args, "num_layers"));
    sizes->n_directions = sow__args_truth(args, "bidirectional") ? 2 : 1;
    const sow__value directions = sow__value_of_int(sizes->n_directions);
    const sow_status status = sow__value_multiply(&gates, &sizes->hidden_size, &sizes->rows, err);
    return status == SOW_OK
               ? sow__value_multiply(&sizes->recurrent, &directions, &sizes->layer_input, err)
               : status;
}

/* columns NULL: one dim. */
static sow_status add(sow_module *module, const char *name, const sow__value *rows,
                      const sow__value *columns, const sow_factory *factory, sow_error *err)
{
    const sow__value items[2] = {*rows, columns != NULL ? *columns : *rows};
    sow__shape shape;
    const sow_status status = sow__shape_of_items(columns != NULL ? 2 : 1, items, &shape, err);
    return status == SOW_OK
               ? sow__module_add_parameter(module, name, shape.n_dims, shape.sizes, factory, err)
               : status;
}

/* One direction of one layer: suffix is "l0" or "l0_reverse". */
static sow_status add_layer(sow_module *module, const rnn_sizes *sizes, const sow__value *input,
                            const char *suffix, const sow_factory *factory, sow_error *err)
{
    const struct {
        const char *prefix;
        const sow__value *rows, *columns;
        bool present;
    } parameters[] = {
        {"weight_ih", &sizes->rows, input, true},
        {"weight_hh", &sizes->rows, &sizes->recurrent, true},
        {"bias_ih", &sizes->rows, NULL, sizes->bias},
        {"bias_hh", &sizes->rows, NULL, sizes->bias},
        {"weight_hr", &sizes->recurrent, &sizes->hidden_size, sizes->has_projection},
    };
    sow_status status = SOW_OK;
    for (size_t i = 0; status == SOW_OK && i < sizeof parameters / sizeof parameters[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s_%s", parameters[i].prefix, suffix);
        if (parameters[i].present) {
            status = add(module, name, parameters[i].rows, parameters[i].columns, factory, err);
        }
    }
    return status;
}

static sow_status build(sow_module *module, const rnn_sizes *sizes, const sow_factory *factory,
                        sow_error *err)
{
    sow__rnn *rnn = sow__module_new_state(module, sizeof *rnn, err);
    if (rnn == NULL) {
        return SOW_ERROR_MEMORY;
    }
    rnn->hidden_size = sow__value_int(&sizes->hidden_size);
    sow_status status = SOW_OK;
    for (int64_t layer = 0; status == SOW_OK && layer < sizes->num_layers; layer++) {
        const sow__value *input = layer == 0 ? &sizes->input_size : &sizes->layer_input;
        for (int direction = 0; status == SOW_OK && direction < sizes->n_directions; direction++) {
            char suffix[40];
            snprintf(suffix, sizeof suffix, "l%" PRId64 "%s", layer,
                     direction == 1 ? "_reverse" : "");
            status = add_layer(module, sizes, input, suffix, factory, err);
        }
    }
    return status == SOW_OK ? sow__reset_rnn(module, factory->generator, err) : status;
}

/* args: of RNNBase. */
static sow_module *construct_base(const sow__class *of, sow__args *args, sow_error *err)
{
    int64_t n_gates = 0;
    rnn_sizes sizes;
    if (check(args, &n_gates, err) != SOW_OK || read_sizes(args, n_gates, &sizes, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    return module == NULL ? NULL
                          : sow__module_finish(module, build(module, &sizes, &args->factory, err));
}

/* ---- RNN, GRU and LSTM: take anything and pass it on ---- */

static int find_key(const sow__value *dict, const char *key)
{
    for (size_t i = 0; i < dict->n_items; i++) {
        if (strcmp(dict->keys[i], key) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Takes item at out of a list or dict. */
static sow__value pop(sow__value *from, int at)
{
    const sow__value item = from->items[at];
    const size_t n_after = from->n_items - (size_t)at - 1;
    memmove(&from->items[at], &from->items[at + 1], n_after * sizeof item);
    if (from->keys != NULL) {
        free(from->keys[at]);
        memmove(&from->keys[at], &from->keys[at + 1], n_after * sizeof from->keys[0]);
    }
    from->n_items--;
    return item;
}

/* RNN's fourth positional argument, else its keyword. */
static sow_status take_nonlinearity(sow__args *args, const char **mode, sow_error *err)
{
    const int key = find_key(&args->keywords, "nonlinearity");
    *mode = "RNN_TANH";
    if (args->rest.n_items <= 3 && key < 0) {
        return SOW_OK;
    }
    sow__value value = args->rest.n_items > 3 ? pop(&args->rest, 3) : pop(&args->keywords, key);
    const bool is_text = value.kind == SOW__VALUE_STRING;
    sow_status status = SOW_OK;
    if (is_text && strcmp(value.text, "relu") == 0) {
        *mode = "RNN_RELU";
    } else if (!is_text || strcmp(value.text, "tanh") != 0) {
        char text[256];
        status = sow__fail(err, SOW_ERROR_VALUE,
                           "Unknown nonlinearity '%s'. Select from 'tanh' or 'relu'.",
                           sow__value_str(&value, text, sizeof text));
    }
    sow__value_clear(&value);
    return status;
}

/* [mode, *rest]: takes what is in rest. */
static sow_status prepend_mode(const char *mode, sow__value *rest, sow__value *positional,
                               sow_error *err)
{
    *positional = (sow__value){.kind = SOW__VALUE_LIST};
    positional->items = calloc(rest->n_items + 1, sizeof *positional->items);
    char *text = strdup(mode);
    if (positional->items == NULL || text == NULL) {
        free(positional->items);
        free(text);
        *positional = (sow__value){.kind = SOW__VALUE_NONE};
        return sow__fail_memory(err, (rest->n_items + 1) * sizeof *positional->items);
    }
    positional->n_items = rest->n_items + 1;
    positional->items[0] = (sow__value){.kind = SOW__VALUE_STRING, .text = text};
    for (size_t i = 0; i < rest->n_items; i++) {
        positional->items[i + 1] = rest->items[i];
        rest->items[i] = (sow__value){.kind = SOW__VALUE_NONE};
    }
    return SOW_OK;
}

static sow_module *construct_named(const sow__class *of, sow__args *args, sow_error *err)
{
    const char *mode = of->name;
    if (strcmp(mode, "LSTM") != 0 && find_key(&args->keywords, "proj_size") >= 0) {
        sow__fail(err, SOW_ERROR_VALUE,
                  "proj_size argument is only supported for LSTM, not RNN or GRU");
        return NULL;
    }
    sow__value positional;
    if ((strcmp(mode, "RNN") == 0 && take_nonlinearity(args, &mode, err) != SOW_OK) ||
        prepend_mode(mode, &args->rest, &positional, err) != SOW_OK) {
        return NULL;
    }
    sow__args base;
    if (sow__args_bind(&base, "RNNBase", sow__class_find("RNNBase")->signature, &positional,
                       &args->keywords, &args->factory, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = construct_base(of, &base, err);
    if (module != NULL && sow__args_check_truth(&base, err) != SOW_OK) {
        sow_module_free(module);
        module = NULL;
    }
    sow__args_clear(&base);
    return module;
}

sow_module *sow__construct_rnn(const sow__class *of, sow__args *args, sow_error *err)
{
    return strcmp(of->name, "RNNBase") == 0 ? construct_base(of, args, err)
                                            : construct_named(of, args, err);
}

/* ---- with C arguments ---- */

static sow_status check_typed(const char *name, const int64_t sizes[2],
                              const sow_rnn_options *options, sow_error *err)
{
    static const char *const names[2] = {"input_size", "hidden_size"};
    const bool is_lstm = strcmp(name, "LSTM") == 0;
    if (options->proj_size != 0 && !is_lstm) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "proj_size argument is only supported for LSTM, not RNN or GRU");
    }
    for (int i = 0; i < 2; i++) {
        if (sizes[i] <= 0) {
            return sow__fail(err, SOW_ERROR_VALUE, "%s must be greater than zero", names[i]);
        }
    }
    if (options->num_layers < 0) {
        return sow__fail(err, SOW_ERROR_VALUE, "num_layers must be greater than zero");
    }
    const sow__value proj_size = sow__value_of_int(options->proj_size);
    const sow__value hidden_size = sow__value_of_int(sizes[1]);
    return check_proj_size(&proj_size, &hidden_size, err);
}

static sow_module *make(const char *name, int64_t n_gates, const int64_t sizes[2],
                        const sow_rnn_options *options, const sow_factory *factory, sow_error *err)
{
    static const sow_rnn_options defaults = {.num_layers = 0};
    const sow_rnn_options *chosen = options == NULL ? &defaults : options;
    const sow__value gates = sow__value_of_int(n_gates);
    rnn_sizes typed = {.input_size = sow__value_of_int(sizes[0]),
                       .hidden_size = sow__value_of_int(sizes[1]),
                       .has_projection = chosen->proj_size > 0,
                       .bias = !chosen->no_bias,
                       .num_layers = chosen->num_layers == 0 ? 1 : chosen->num_layers,
                       .n_directions = chosen->bidirectional ? 2 : 1};
    typed.recurrent =
        typed.has_projection ? sow__value_of_int(chosen->proj_size) : typed.hidden_size;
    const sow__value directions = sow__value_of_int(typed.n_directions);
    if (check_typed(name, sizes, chosen, err) != SOW_OK ||
        sow__value_multiply(&gates, &typed.hidden_size, &typed.rows, err) != SOW_OK ||
        sow__value_multiply(&typed.recurrent, &directions, &typed.layer_input, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_named(name, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module,
                                    build(module, &typed, sow__factory_or_default(factory), err));
}

sow_module *sow_rnn(int64_t input_size, int64_t hidden_size, const sow_rnn_options *options,
                    const sow_factory *factory, sow_error *err)
{
    return make("RNN", 1, (int64_t[]){input_size, hidden_size}, options, factory, err);
}

sow_module *sow_gru(int64_t input_size, int64_t hidden_size, const sow_rnn_options *options,
                    const sow_factory *factory, sow_error *err)
{
    return make("GRU", 3, (int64_t[]){input_size, hidden_size}, options, factory, err);
}

sow_module *sow_lstm(int64_t input_size, int64_t hidden_size, const sow_rnn_options *options,
                     const sow_factory *factory, sow_error *err)
{
    return make("LSTM", 4, (int64_t[]){input_size, hidden_size}, options, factory, err);
}
