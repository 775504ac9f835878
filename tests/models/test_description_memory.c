/* Every allocation while a description is read, refused in turn: an error and no leak.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The sources are compiled into this test with an allocator that runs dry; leaks show under the
 * address sanitizer. Where two of them use one name, one is renamed. */
#include "limited_memory.h"

#undef calloc
#undef realloc
#undef strdup
#define calloc limited_calloc
#define realloc limited_realloc
#define strdup limited_strdup
#include "models/description.c"
#define top rules_top
#include "models/description_rules.c"
#undef top
#include "models/description_call.c"
#define bind bind_wrapped
#include "models/description_norms.c"
#undef bind
#include "models/description_tensor.c"
#include "models/description_tree.c"
#include "models/description_value.c"
#include "nn/value.c"
#undef calloc
#undef realloc
#undef strdup

static bool no_find(void *user, const char *name, sow_dtype *dtype, int *n_dims,
                    const int64_t **sizes)
{
    static const int64_t size[] = {4};
    (void)user;
    *dtype = SOW_F32;
    *n_dims = 1;
    *sizes = size;
    return strcmp(name, "a.bias") == 0;
}

static bool no_equal(void *user, const char *a, const char *b)
{
    (void)user;
    return strcmp(a, b) == 0;
}

static const char *one_name(void *user, size_t index)
{
    (void)user;
    return index == 0 ? "a.bias" : NULL;
}

/* One of everything that keeps memory. */
#define EVERYTHING                                                                                 \
    "{\"_target_\": \"torch.nn.Sequential\", \"_args_\": [{\"_target_\": "                         \
    "\"collections.OrderedDict\", "                                                                \
    "\"a\": {\"_target_\": \"torch.nn.Linear\", \"_args_\": [3, 4], \"device\": \"cpu\"}, "        \
    "\"b\": {\"_target_\": \"torch.nn.ParameterList\", \"_args_\": [["                             \
    "{\"_target_\": \"torch.randn\", \"_args_\": [2]}, "                                           \
    "{\"_target_\": \"torch.nn.Parameter\", \"_args_\": [{\"_target_\": \"torch.tensor\", "        \
    "\"_args_\": [[1.5, 2]]}]}]]}, "                                                               \
    "\"c\": {\"_target_\": \"torch.nn.utils.parametrizations.weight_norm\", \"_args_\": "          \
    "[{\"_target_\": \"torch.nn.Linear\", \"_args_\": [2, 2], \"dtype\": {\"_target_\": "          \
    "\"hydra.utils.get_object\", \"path\": \"torch.float64\"}}]}, "                                \
    "\"d\": {\"_target_\": \"torch.nn.utils.skip_init\", \"_args_\": [{\"_target_\": "             \
    "\"hydra.utils.get_class\", \"path\": \"torch.nn.Linear\"}, 2, 2]}, "                          \
    "\"e\": {\"_target_\": \"torch.nn.Embedding.from_pretrained\", \"_args_\": [{\"_target_\": "   \
    "\"torch.ones\", \"_args_\": [2, 2]}]}}], "                                                    \
    "\"init\": [{\"match\": \"d.*\", \"normal\": {\"std\": 0.5}}]}"

/* Builds with 0, 1, 2... allocations until there are enough; each failure must say so. */
static void run_dry(const sow_checkpoint *checkpoint)
{
    static const char json[] = EVERYTHING;
    for (int n = 0;; n++) {
        assert_true(n < 10000);
        sow_error err = {.status = SOW_OK};
        const sow_model_options options = {.checkpoint = checkpoint};
        n_granted = n;
        sow_model *model = sow_model_from_config(json, strlen(json), "net.json", &options, &err);
        n_granted = -1;
        if (model != NULL) {
            assert_true(n > 30);
            sow_model_free(model);
            return;
        }
        if (err.status != SOW_ERROR_MEMORY) {
            fail_msg("%d granted: %s: %s", n, sow_status_name(err.status), err.message);
        }
    }
}

static void test_models_description_memory__every_allocation_may_fail(void **state)
{
    (void)state;
    const sow_checkpoint checkpoint = {NULL, no_find, no_equal, one_name};
    run_dry(NULL);
    run_dry(&checkpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_description_memory__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
