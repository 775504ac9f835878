/* torch.nn.RNNCell, GRUCell, LSTMCell and RNNCellBase.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/family.h"

/* What reset_parameters needs. */
typedef struct sow__rnn_cell {
    int64_t hidden_size;
} sow__rnn_cell;

sow_status sow__reset_rnn_cell(sow_module *module, sow_generator *generator, sow_error *err)
{
    const sow__rnn_cell *cell = module->state.bytes;
    return sow__reset_recurrent(module, cell->hidden_size, generator, err);
}

typedef struct cell_sizes {
    sow__value input_size, hidden_size, num_chunks; /* lent */
} cell_sizes;

/* shapes of weight_ih and weight_hh. */
static sow_status read_shapes(const cell_sizes *sizes, sow__shape shapes[2], sow_error *err)
{
    sow__value rows;
    sow_status status = sow__value_multiply(&sizes->num_chunks, &sizes->hidden_size, &rows, err);
    for (int i = 0; status == SOW_OK && i < 2; i++) {
        const sow__value items[2] = {rows, i == 0 ? sizes->input_size : sizes->hidden_size};
        status = sow__shape_of_items(2, items, &shapes[i], err);
    }
    return status;
}

static sow_status build(sow_module *module, const cell_sizes *sizes, bool bias,
                        const sow_factory *factory, sow_error *err)
{
    static const char *const names[4] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    sow__shape shapes[2];
    sow_status status = read_shapes(sizes, shapes, err);
    sow__rnn_cell *cell =
        status == SOW_OK ? sow__module_new_state(module, sizeof *cell, err) : NULL;
    if (cell == NULL) {
        return status == SOW_OK ? SOW_ERROR_MEMORY : status;
    }
    cell->hidden_size = sow__value_int(&sizes->hidden_size);
    for (int i = 0; status == SOW_OK && i < 4; i++) {
        sow__shape shape = shapes[i % 2];
        shape.n_dims = i < 2 ? 2 : 1;
        status = sow__module_add_or_reserve(module, names[i], i < 2 || bias, &shape, factory, err);
    }
    return status == SOW_OK ? sow__reset_rnn_cell(module, factory->generator, err) : status;
}

sow_module *sow__construct_rnn_cell(const sow__class *of, sow__args *args, sow_error *err)
{
    const cell_sizes sizes = {
        .input_size = *sow__args_get(args, "input_size"),
        .hidden_size = *sow__args_get(args, "hidden_size"),
        .num_chunks =
            of->variant > 0 ? sow__value_of_int(of->variant) : *sow__args_get(args, "num_chunks"),
    };
    sow_module *module = sow__module_of(of, err);
    return module == NULL
               ? NULL
               : sow__module_finish(module, build(module, &sizes, sow__args_truth(args, "bias"),
                                                  &args->factory, err));
}

static sow_module *make(const char *name, const int64_t sizes[3], bool bias,
                        const sow_factory *factory, sow_error *err)
{
    const cell_sizes typed = {.input_size = sow__value_of_int(sizes[0]),
                              .hidden_size = sow__value_of_int(sizes[1]),
                              .num_chunks = sow__value_of_int(sizes[2])};
    sow_module *module = sow__module_named(name, err);
    return module == NULL
               ? NULL
               : sow__module_finish(
                     module, build(module, &typed, bias, sow__factory_or_default(factory), err));
}

sow_module *sow_rnn_cell(int64_t input_size, int64_t hidden_size, bool bias,
                         const sow_factory *factory, sow_error *err)
{
    return make("RNNCell", (int64_t[]){input_size, hidden_size, 1}, bias, factory, err);
}

sow_module *sow_gru_cell(int64_t input_size, int64_t hidden_size, bool bias,
                         const sow_factory *factory, sow_error *err)
{
    return make("GRUCell", (int64_t[]){input_size, hidden_size, 3}, bias, factory, err);
}

sow_module *sow_lstm_cell(int64_t input_size, int64_t hidden_size, bool bias,
                          const sow_factory *factory, sow_error *err)
{
    return make("LSTMCell", (int64_t[]){input_size, hidden_size, 4}, bias, factory, err);
}
