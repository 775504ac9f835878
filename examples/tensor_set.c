/* Builds a small set of tensors without memory for their values, then fills them in parallel,
 * straight into a safetensors file.
 *
 *     tensor_set FILE
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include <sow/sow.h>
#include <stdio.h>

/* A deferred tensor in the set; the set keeps it, the caller may fill it. NULL on failure. */
static sow_tensor *add(sow_state_dict *set, const char *name, int n_dims, const int64_t *sizes,
                       sow_error *err)
{
    sow_tensor *tensor = sow_empty(SOW_BF16, n_dims, sizes, SOW_DEFERRED, err);
    if (tensor != NULL && sow_state_dict_add(set, name, tensor, err) != SOW_OK) {
        sow_tensor_free(tensor);
        return NULL;
    }
    sow_tensor_free(tensor);
    return tensor == NULL ? NULL : sow_state_dict_find(set, name);
}

/* The calls draw in this order, as they would in PyTorch; nothing is computed yet. */
static sow_status build(sow_state_dict *set, sow_generator *g, sow_error *err)
{
    sow_tensor *embed = add(set, "embed.weight", 2, (int64_t[]){32000, 512}, err);
    sow_tensor *up = add(set, "mlp.up.weight", 2, (int64_t[]){2048, 512}, err);
    sow_tensor *down = add(set, "mlp.down.weight", 2, (int64_t[]){512, 2048}, err);
    sow_tensor *scale = add(set, "norm.weight", 1, (int64_t[]){512}, err);
    if (embed == NULL || up == NULL || down == NULL || scale == NULL) {
        return err->status;
    }
    sow_status status = sow_normal(embed, 0.0, 0.02, g, err);
    if (status == SOW_OK) {
        status = sow_kaiming_normal(up, 0.0, "fan_in", "relu", g, err);
    }
    if (status == SOW_OK) {
        status = sow_trunc_normal(down, 0.0, 0.02, -0.04, 0.04, g, err);
    }
    return status == SOW_OK ? sow_ones(scale, err) : status;
}

static sow_status write_set(const sow_state_dict *set, const char *path, sow_error *err)
{
    sow_plan *plan = sow_plan_new(set, err);
    if (plan == NULL) {
        return err->status;
    }
    for (size_t i = 0; i < sow_plan_count(plan); i++) {
        const sow_plan_entry *entry = sow_plan_at(plan, i);
        printf("%-16s %s\n", entry->name, entry->fill);
    }
    sow_status status = sow_plan_write(plan, path, &(sow_run_options){.force = true}, err);
    sow_plan_free(plan);
    return status;
}

int main(int argc, char **argv)
{
    sow_error err = {.status = SOW_OK};
    if (argc != 2) {
        fprintf(stderr, "usage: tensor_set FILE\n");
        return 2;
    }
    sow_generator *g = sow_generator_new(&err);
    sow_state_dict *set = sow_state_dict_new(&err);
    if (g != NULL && set != NULL && sow_generator_manual_seed(g, 42, &err) == SOW_OK &&
        build(set, g, &err) == SOW_OK) {
        write_set(set, argv[1], &err);
    }
    sow_state_dict_free(set);
    sow_generator_free(g);
    if (err.status != SOW_OK) {
        fprintf(stderr, "tensor_set: %s\n", err.message);
        return 1;
    }
    return 0;
}
