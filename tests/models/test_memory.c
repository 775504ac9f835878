/* Every allocation of what all models share, refused in turn: an error and no leak.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The sources are compiled into this test with an allocator that runs dry; leaks show under the
 * address sanitizer. */
#include "limited_memory.h"

#include <sow/init.h>

#undef malloc
#undef calloc
#undef realloc
#undef strdup
#define malloc limited_malloc
#define calloc limited_calloc
#define realloc limited_realloc
#define strdup limited_strdup
#include "models/config.c"
#include "models/load.c"
#include "models/model.c"
#include "models/transformers.c"
#undef malloc
#undef calloc
#undef realloc
#undef strdup

#define GPT2                                                                                       \
    "{\"model_type\": \"gpt2\", \"n_embd\": 4, \"n_head\": 2, \"n_layer\": 2, \"vocab_size\": 5, " \
    "\"n_positions\": 3, \"architectures\": [\"GPT2LMHeadModel\"]}"
#define NATIVE "{\"d_model\": 4, \"d_head\": 2, \"n_layers\": 1, \"n_ctx\": 3, \"d_vocab\": 5}"

static bool some_find(void *user, const char *name, sow_dtype *dtype, int *n_dims,
                      const int64_t **sizes)
{
    static const int64_t size[] = {4};
    (void)user;
    *dtype = SOW_BF16;
    *n_dims = 1;
    *sizes = size;
    return strncmp(name, "ln_", 3) == 0 || strncmp(name, "extra", 5) == 0;
}

static bool some_equal(void *user, const char *a, const char *b)
{
    (void)user;
    return strcmp(a, b) == 0;
}

static const char *some_name(void *user, size_t index)
{
    static const char *const names[] = {"ln_f.weight", "extra.1", "extra.2", "ln_out.bias"};
    (void)user;
    return index < 4 ? names[index] : NULL;
}

/* Builds with 0, 1, 2... allocations until there are enough; each failure must say so. */
static void run_dry(const char *json, const sow_model_options *options)
{
    for (int n = 0;; n++) {
        assert_true(n < 10000);
        sow_error err = {.status = SOW_OK};
        n_granted = n;
        sow_model *model = sow_model_from_config(json, strlen(json), "config.json", options, &err);
        n_granted = -1;
        if (model != NULL) {
            assert_true(n > 3);
            sow_model_free(model);
            return;
        }
        if (err.status != SOW_ERROR_MEMORY) {
            fail_msg("%d granted: %s: %s", n, sow_status_name(err.status), err.message);
        }
    }
}

static void test_models_memory__every_allocation_may_fail(void **state)
{
    (void)state;
    const sow_checkpoint checkpoint = {NULL, some_find, some_equal, some_name};
    const sow_model_options scratch = {.names = "bridge", .has_dtype = true, .dtype = SOW_F16};
    const sow_model_options load = {.checkpoint = &checkpoint, .names = "bridge"};
    run_dry(GPT2, &scratch);
    run_dry(GPT2, &load);
    run_dry(NATIVE, &scratch);
    run_dry(NATIVE, &load);
}

/* The scopes that a failed build opened are closed. */
static void test_models_memory__scopes_are_closed(void **state)
{
    (void)state;
    sow_error err;
    const int64_t size = 1;
    sow_tensor *tensor = sow_empty(SOW_F32, 1, &size, SOW_CPU, &err);
    sow_tensor_set_initialized(tensor, true);
    assert_ok(sow_constant(tensor, 2.5, &err), err);
    assert_true(*(const float *)sow_tensor_data(tensor) == 2.5F);
    sow_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_memory__every_allocation_may_fail),
        cmocka_unit_test(test_models_memory__scopes_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
