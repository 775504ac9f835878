/* A module of one's own, as in PyTorch's tutorial on skip_init: two parameters, two layers, a
 * buffer. It takes a device and hands it on, and touches its parameters through init functions
 * alone; so it can be built on meta, where nothing is drawn, and given memory later.
 *
 *     my_module FILE
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <sow/sow.h>
#include <stdio.h>

/* What reset_parameters has to know; kept with the module. */
typedef struct my_data {
    double bound; /* of param2 */
} my_data;

/* The own tensors; the layers reset their own. */
static sow_status reset_parameters(sow_module *module, sow_generator *generator, sow_error *err)
{
    sow_status status = sow_kaiming_uniform(sow_module_tensor(module, "param1"), sqrt(5.0),
                                            "fan_in", "leaky_relu", generator, err);
    if (status != SOW_OK) {
        return status;
    }
    const my_data *data = sow_module_data(module);
    return sow_uniform(sow_module_tensor(module, "param2"), -data->bound, data->bound, generator,
                       err);
}

/* Registers an own tensor of shape (rows, cols), or (rows) when cols is 0. */
static sow_status add_tensor(sow_module *module, const char *name, int64_t rows, int64_t cols,
                             const sow_factory *factory, sow_error *err)
{
    const int64_t sizes[2] = {rows, cols};
    sow_tensor *tensor = sow_empty(factory->dtype, cols > 0 ? 2 : 1, sizes, factory->device, err);
    return sow_module_register_parameter(module, name, tensor, err);
}

static sow_status add_buffer(sow_module *module, int64_t size, const sow_factory *factory,
                             sow_error *err)
{
    sow_tensor *ones = sow_empty(factory->dtype, 1, &size, factory->device, err);
    if (ones != NULL && sow_ones(ones, err) != SOW_OK) {
        sow_tensor_free(ones);
        return err->status;
    }
    return sow_module_register_buffer(module, "some_buffer", ones, true, err);
}

/* A failed layer is NULL, which sow_sequential passes on. */
static sow_module *two_layers(int64_t size, const sow_factory *factory, sow_error *err)
{
    sow_module *const layers[] = {
        sow_linear(size, 2 * size, true, factory, err),
        sow_linear(2 * size, size, true, factory, err),
    };
    return sow_sequential(layers, NULL, 2, err);
}

static sow_status build(sow_module *module, int64_t a, int64_t b, const sow_factory *factory,
                        sow_error *err)
{
    sow_status status = add_tensor(module, "param1", a, b, factory, err);
    if (status == SOW_OK) {
        status = add_tensor(module, "param2", b, 0, factory, err);
    }
    if (status == SOW_OK) {
        status = reset_parameters(module, factory->generator, err);
    }
    if (status == SOW_OK) {
        status =
            sow_module_register_module(module, "fc", sow_linear(a, b, true, factory, err), err);
    }
    if (status == SOW_OK) {
        status = sow_module_register_module(module, "mlp", two_layers(b, factory, err), err);
    }
    return status == SOW_OK ? add_buffer(module, b, factory, err) : status;
}

static sow_module *my_module(int64_t a, int64_t b, const sow_factory *factory, sow_error *err)
{
    sow_module *module = sow_module_new("MyModule", err);
    if (module == NULL) {
        return NULL;
    }
    my_data *data = sow_module_new_data(module, sizeof *data, err);
    if (data == NULL) {
        sow_module_free(module);
        return NULL;
    }
    data->bound = 0.1;
    sow_module_set_reset(module, reset_parameters);
    if (build(module, a, b, factory, err) != SOW_OK) {
        sow_module_free(module);
        return NULL;
    }
    return module;
}

/* Writes a module's state_dict, computing what was recorded. */
static sow_status save(const sow_module *module, const char *path, sow_error *err)
{
    sow_state_dict *state = sow_module_state_dict(module, err);
    sow_plan *plan = state != NULL ? sow_plan_new(state, err) : NULL;
    sow_status status = plan != NULL
                            ? sow_plan_write(plan, path, &(sow_run_options){.force = true}, err)
                            : err->status;
    sow_plan_free(plan);
    sow_state_dict_free(state);
    return status;
}

/* torch.nn.utils.skip_init(MyModule, 10, 5): built on meta, then given memory without values. */
static sow_status skip_init(sow_generator *generator, sow_error *err)
{
    const sow_factory meta = {.device = SOW_META, .generator = generator};
    sow_module *module = my_module(10, 5, &meta, err);
    if (module == NULL) {
        return err->status;
    }
    printf("on meta: %llu words drawn\n", (unsigned long long)sow_generator_position(generator));
    sow_status status = sow_module_to_empty(module, SOW_CPU, err);
    sow_module_free(module);
    return status;
}

int main(int argc, char **argv)
{
    sow_error err = {.status = SOW_OK};
    sow_generator *generator = sow_generator_new(&err);
    if (argc != 2 || generator == NULL) {
        fprintf(stderr, "usage: my_module FILE\n");
        sow_generator_free(generator);
        return 2;
    }
    sow_status status = sow_generator_manual_seed(generator, 42, &err);
    if (status == SOW_OK) {
        status = skip_init(generator, &err);
    }
    const sow_factory deferred = {.device = SOW_DEFERRED, .generator = generator};
    sow_module *module = status == SOW_OK ? my_module(10, 5, &deferred, &err) : NULL;
    if (module != NULL) {
        printf("deferred: %llu words recorded\n",
               (unsigned long long)sow_generator_position(generator));
    }
    status = module != NULL ? save(module, argv[1], &err) : err.status;
    sow_module_free(module);
    sow_generator_free(generator);
    if (status != SOW_OK) {
        fprintf(stderr, "my_module: %s\n", err.message);
        return 1;
    }
    return 0;
}
