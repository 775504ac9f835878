/* Long fills of cpu tensors on several threads: the bits and the generator are those of one thread.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"
#include <sow/sow.h>

enum { n_elements = (1 << 21) + 37 }; /* long enough for threads, and with a tail of its own */

static sow_status fill(int kind, sow_tensor *tensor, sow_generator *generator, sow_error *err)
{
    switch (kind) {
    case 0:
        return sow_uniform(tensor, -0.3, 0.7, generator, err);
    case 1:
        return sow_normal(tensor, 0.1, 0.37, generator, err);
    case 2:
        return sow_trunc_normal(tensor, 0.0, 1.0, -1.0, 1.0, generator, err);
    default:
        return sow_trunc_normal(tensor, 0.0, 1.0, 1.0, 2.0, generator, err);
    }
}

/* One fill and a few values after it, so that a cached normal that was left shows too. */
static void run(int n_threads, int kind, sow_dtype dtype, bool transposed, void *values,
                uint8_t *state)
{
    sow_error err;
    const int64_t sizes[2] = {3, n_elements / 3};
    sow_tensor *tensor = sow_empty(dtype, 2, sizes, SOW_CPU, &err);
    sow_tensor *view = transposed ? sow_tensor_transpose(tensor, 0, 1, &err) : tensor;
    sow_tensor *few = sow_empty(SOW_F32, 1, (const int64_t[]){3}, SOW_CPU, &err);
    sow_generator *generator = sow_generator_new(&err);
    assert_true(view != NULL && few != NULL && generator != NULL);
    assert_ok(sow_generator_manual_seed(generator, 42, &err), err);
    sow_set_num_threads(n_threads);
    assert_ok(fill(kind, view, generator, &err), err);
    assert_ok(sow_normal(few, 0.0, 1.0, generator, &err), err);
    sow_set_num_threads(0);
    memcpy(values, sow_tensor_data(tensor), sow_tensor_n_bytes(tensor));
    assert_ok(sow_generator_get_state(generator, state, &err), err);
    sow_generator_free(generator);
    sow_tensor_free(few);
    if (view != tensor) {
        sow_tensor_free(view);
    }
    sow_tensor_free(tensor);
}

static void test_fill_threads__bits_of_one_thread(void **state)
{
    (void)state;
    static const sow_dtype dtypes[] = {SOW_F32, SOW_BF16};
    uint8_t expected_state[SOW_GENERATOR_STATE_BYTES], got_state[SOW_GENERATOR_STATE_BYTES];
    float *expected = malloc(n_elements * sizeof *expected);
    float *got = malloc(n_elements * sizeof *got);
    assert_true(expected != NULL && got != NULL);
    for (int kind = 0; kind < 4; kind++) {
        for (int variant = 0; variant < 4; variant++) {
            sow_dtype dtype = dtypes[variant % 2];
            bool transposed = variant >= 2;
            size_t bytes = (size_t)sow_dtype_bits(dtype) / 8;
            run(1, kind, dtype, transposed, expected, expected_state);
            run(3, kind, dtype, transposed, got, got_state);
            assert_same_bits(got, expected, n_elements / 3 * 3, bytes);
            assert_same_bits(got_state, expected_state, sizeof got_state, 1);
        }
    }
    free(expected);
    free(got);
}

static void test_fill_threads__number_is_kept(void **state)
{
    (void)state;
    sow_set_num_threads(5);
    assert_int_equal(sow_get_num_threads(), 5);
    sow_set_num_threads(5000);
    assert_int_equal(sow_get_num_threads(), 1024);
    sow_set_num_threads(0);
    assert_true(sow_get_num_threads() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill_threads__bits_of_one_thread),
        cmocka_unit_test(test_fill_threads__number_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
