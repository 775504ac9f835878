/* A model's file is the same for every size of the pieces and every number of threads.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <sow/sow.h>
#include <unistd.h>

static const char config[] =
    "{\"model_type\": \"gpt2\", \"architectures\": [\"GPT2LMHeadModel\"], \"n_embd\": 48,"
    " \"n_head\": 2, \"n_layer\": 2, \"n_positions\": 16, \"vocab_size\": 1001}";

/* Writes the model to path. */
static void write_model(const char *path, int n_threads, size_t piece_bytes)
{
    sow_error err;
    sow_generator *generator = sow_generator_new(&err);
    assert_non_null(generator);
    assert_ok(sow_generator_manual_seed(generator, 42, &err), err);
    const sow_model_options options = {.generator = generator};
    sow_model *model =
        sow_model_from_config(config, sizeof config - 1, "config.json", &options, &err);
    assert_non_null(model);
    sow_plan *plan = sow_plan_new(sow_model_state_dict(model), &err);
    assert_non_null(plan);
    const sow_run_options run = {.n_threads = n_threads, .piece_bytes = piece_bytes, .force = true};
    assert_ok(sow_plan_write(plan, path, &run, &err), err);
    sow_plan_free(plan);
    sow_model_free(model);
    sow_generator_free(generator);
}

static unsigned char *read_file(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *n_bytes = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*n_bytes);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n_bytes, file), *n_bytes);
    fclose(file);
    return bytes;
}

static void test_cli_pieces__do_not_change_the_file(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 64, 4096, 100003, 1 << 20};
    char path[64];
    snprintf(path, sizeof path, "pieces-%ld.safetensors", (long)getpid());
    size_t n_expected, n_got;
    write_model(path, 1, 0);
    unsigned char *expected = read_file(path, &n_expected);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        for (int n_threads = 1; n_threads <= 3; n_threads++) {
            write_model(path, n_threads, pieces[i]);
            unsigned char *got = read_file(path, &n_got);
            assert_int_equal(n_got, n_expected);
            assert_same_bits(got, expected, n_got, 1);
            free(got);
        }
    }
    free(expected);
    remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cli_pieces__do_not_change_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
