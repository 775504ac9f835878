/* A checkpoint that lacks a layer: the model is built on meta, its tensors get memory as the file
 * is read, and only what the file lacked is initialised. Loaded weights cost no random numbers.
 *
 *     guarded_load PARTIAL FULL
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sow/sow.h>
#include <stdio.h>

/* Fails with the name of the first tensor that has no values. */
static sow_status check_complete(const sow_module *model, sow_error *err)
{
    sow_state_dict *missing = sow_module_list_missing(model, err);
    if (missing == NULL) {
        return err->status;
    }
    const bool is_complete = sow_state_dict_count(missing) == 0;
    if (!is_complete) {
        snprintf(err->message, sizeof err->message, "%s: neither loaded nor initialised",
                 sow_state_dict_name(missing, 0));
    }
    sow_state_dict_free(missing);
    return is_complete ? SOW_OK : SOW_ERROR_RUNTIME;
}

static void print_missing(const sow_load_report *report)
{
    const char *name;
    for (size_t i = 0; (name = sow_load_report_missing(report, i)); i++) {
        printf("missing: %s\n", name);
    }
}

/* What is still without memory gets it, without values; then every layer that was not loaded whole
 * is reset under a guard, which leaves loaded tensors as they are and draws nothing for them. */
static sow_status init_missing(sow_module *model, sow_generator *generator, sow_error *err)
{
    sow_status status = sow_module_to_empty_missing(model, SOW_CPU, err);
    if (status == SOW_OK) {
        status = sow_module_init_missing(model, generator, err);
    }
    printf("%llu words drawn\n", (unsigned long long)sow_generator_position(generator));
    return status == SOW_OK ? check_complete(model, err) : status;
}

static sow_status load(sow_module *model, const char *path, sow_generator *generator,
                       sow_error *err)
{
    sow_safetensors *file = sow_safetensors_open(path, err);
    if (file == NULL) {
        return err->status;
    }
    sow_load_report *report = NULL;
    sow_status status = sow_module_load_safetensors(
        model, file, &(sow_load_options){.not_strict = true}, &report, err);
    if (status == SOW_OK) {
        print_missing(report);
        status = init_missing(model, generator, err);
    }
    sow_load_report_free(report);
    sow_safetensors_close(file);
    return status;
}

static sow_status save(const sow_module *model, const char *path, sow_error *err)
{
    sow_state_dict *state = sow_module_state_dict(model, err);
    sow_plan *plan = state != NULL ? sow_plan_new(state, err) : NULL;
    sow_status status = plan != NULL
                            ? sow_plan_write(plan, path, &(sow_run_options){.force = true}, err)
                            : err->status;
    sow_plan_free(plan);
    sow_state_dict_free(state);
    return status;
}

/* Three layers on meta: shapes alone. A failed layer is NULL, which sow_sequential passes on. */
static sow_module *build(sow_error *err)
{
    static const char *const names[] = {"encoder", "act", "head"};
    const sow_factory meta = {.device = SOW_META};
    sow_module *const layers[] = {
        sow_linear(64, 128, true, &meta, err),
        sow_nn("torch.nn.ReLU", NULL, &meta, err),
        sow_linear(128, 10, true, &meta, err),
    };
    return sow_sequential(layers, names, 3, err);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: guarded_load PARTIAL FULL\n");
        return 2;
    }
    sow_error err = {.status = SOW_OK};
    sow_generator *generator = sow_generator_new(&err);
    sow_module *model = generator != NULL ? build(&err) : NULL;
    sow_status status = model != NULL ? sow_generator_manual_seed(generator, 42, &err) : err.status;
    if (status == SOW_OK) {
        status = load(model, argv[1], generator, &err);
    }
    if (status == SOW_OK) {
        status = save(model, argv[2], &err);
    }
    sow_module_free(model);
    sow_generator_free(generator);
    if (status != SOW_OK) {
        fprintf(stderr, "guarded_load: %s\n", err.message);
        return 1;
    }
    return 0;
}
