/* Gains, fans and the numbers of the fills, bit for bit against torch.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"
#include "init/registry.h"

static void assert_same_double(double got, const char *expected_text, const char *line)
{
    const double expected = strtod(expected_text, NULL);
    if (memcmp(&got, &expected, sizeof got) != 0) {
        fail_msg("%s: expected %s, got %a", line, expected_text, got);
    }
}

static void check_gain(char **fields)
{
    sow_error err;
    const double param = strtod(fields[2], NULL);
    double gain;
    assert_ok(sow_calculate_gain(fields[1],
                                 fields[2][0] == '-' && fields[2][1] == '\0' ? NULL : &param, &gain,
                                 &err),
              err);
    assert_same_double(gain, fields[3], fields[1]);
}

static void check_fans(char **fields)
{
    sow_error err;
    int64_t fan_in, fan_out;
    sow_tensor *tensor = make_tensor(SOW_F32, fields[1], SOW_META);
    assert_ok(sow_calculate_fans(tensor, &fan_in, &fan_out, &err), err);
    assert_int_equal(fan_in, strtoll(fields[2], NULL, 10));
    assert_int_equal(fan_out, strtoll(fields[3], NULL, 10));
    sow_tensor_free(tensor);
}

static void check_fill(char **fields)
{
    sow_error err;
    init_call call;
    read_call(fields[1], &call);
    sow_tensor *tensor = make_tensor(call.dtype, call.geometry, SOW_META);
    sow__resolution found = {.nothing = false};
    assert_ok(
        sow_initializer_find(call.forms->name)->resolve(tensor, &call.args, NULL, &found, &err),
        err);
    assert_false(found.nothing);
    const bool is_uniform = strcmp(fields[2], "uniform") == 0;
    assert_int_equal(found.fill.kind, is_uniform ? SOW__FILL_UNIFORM : SOW__FILL_NORMAL);
    assert_same_double(is_uniform ? found.fill.a : found.fill.mean, fields[3], fields[1]);
    assert_same_double(is_uniform ? found.fill.b : found.fill.std, fields[4], fields[1]);
    sow_tensor_free(tensor);
}

/* lecun_normal and default_flax_embed_init are calls of others: the bytes must be those. */
static void check_variance_scaling(char **fields)
{
    sow_error err;
    init_call call;
    read_call(fields[1], &call);
    /* In float64 a last bit of the deviation shows. */
    sow_tensor *got = make_tensor(SOW_F64, call.geometry, SOW_CPU);
    sow_tensor *expected = make_tensor(SOW_F64, call.geometry, SOW_CPU);
    sow_generator *g = make_generator(1), *h = make_generator(1);
    assert_ok(call.form(got, &call.args, g, &err), err);
    const double mean = strtod(fields[3], NULL), std = strtod(fields[4], NULL);
    if (strcmp(fields[2], "trunc_normal") == 0) {
        const double a = strtod(fields[5], NULL), b = strtod(fields[6], NULL);
        assert_ok(sow_trunc_normal(expected, mean, std, a, b, h, &err), err);
    } else {
        assert_ok(sow_normal(expected, mean, std, h, &err), err);
    }
    assert_same_tensor(got, expected);
    uint8_t state[SOW_GENERATOR_STATE_BYTES];
    get_state(h, state);
    assert_state(g, state);
    sow_tensor_free(got);
    sow_tensor_free(expected);
    sow_generator_free(g);
    sow_generator_free(h);
}

static void test_init_numbers__are_pytorch_s(void **state)
{
    (void)state;
    FILE *file = open_vectors("numbers.txt");
    char line[1024], *fields[8];
    int n_gains = 0, n_fans = 0, n_fills = 0;
    while (next_line(file, line, sizeof line)) {
        assert_true(split_line(line, fields, 8) >= 4);
        if (strcmp(fields[0], "gain") == 0) {
            check_gain(fields);
            n_gains++;
        } else if (strcmp(fields[0], "fans") == 0) {
            check_fans(fields);
            n_fans++;
        } else {
            if (strncmp(fields[1], "guarded.", 8) == 0) {
                check_variance_scaling(fields);
            } else {
                check_fill(fields);
            }
            n_fills++;
        }
    }
    fclose(file);
    assert_true(n_gains > 30 && n_fans >= 10 && n_fills > 200);
}

static void test_init_numbers__deferred_resolves_as_cpu(void **state)
{
    (void)state;
    sow_error err;
    for (size_t i = 0; i < N_INITIALIZERS; i++) {
        const sow_init_args args = usual_args(&forms[i]);
        sow_tensor *now = make_f32(forms[i].sizes);
        sow_tensor *later = make_tensor(SOW_F32, forms[i].sizes, SOW_DEFERRED);
        sow_generator *g = make_generator(5), *h = make_generator(5);
        assert_ok(sow_generator_manual_seed(sow_default_generator(), 6, &err), err);
        assert_ok(forms[i].plain(now, &args, g, &err), err);
        assert_ok(sow_generator_manual_seed(sow_default_generator(), 6, &err), err);
        assert_ok(forms[i].plain(later, &args, h, &err), err);
        uint8_t blob[SOW_GENERATOR_STATE_BYTES];
        get_state(g, blob);
        assert_state(h, blob);
        assert_null(sow_tensor_data(later));
        assert_ok(sow_tensor_materialize(later, 1, &err), err);
        assert_same_tensor(later, now);
        sow_tensor_free(now);
        sow_tensor_free(later);
        sow_generator_free(g);
        sow_generator_free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_numbers__are_pytorch_s),
        cmocka_unit_test(test_init_numbers__deferred_resolves_as_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
