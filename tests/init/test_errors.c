/* Every error and warning of torch.nn.init, against what PyTorch says.
 * SPDX-License-Identifier: Apache-2.0 */
#include "calls.h"
#include <math.h>

/* "RuntimeError: text" or "ok", and the warnings after tabs, as the vectors spell them. */
static void describe(sow_status status, const sow_error *err, char *said, size_t size)
{
    if (status == SOW_OK) {
        snprintf(said, size, "ok%s", warned);
    } else {
        snprintf(said, size, "%s: %s%s", sow_status_exception(status), err->message, warned);
    }
}

static bool assert_said(const char *call, const char *device, const char *said,
                        const char *expected)
{
    if (strcmp(said, expected) != 0) {
        print_error("%s (%s)\n  expected %s\n  got      %s\n", call, device, expected, said);
        return false;
    }
    return true;
}

/* orthogonal draws its matrix before it finds that there is no QR for the type, or that the tensor
 * can not be seen as a matrix. */
static bool fails_half_way(const char *said)
{
    return strstr(said, "geqrf_cpu") != NULL || strstr(said, "torch.sign") != NULL ||
           strstr(said, "view size") != NULL || strstr(said, "lt_cpu") != NULL ||
           strstr(said, "gt_cpu") != NULL;
}

static bool run_initializer(const char *text, sow_device device, const char *expected)
{
    init_call call;
    read_call(text, &call);
    sow_tensor *tensor =
        make_tensor(call.dtype, call.geometry, call.device == SOW_META ? SOW_META : device);
    sow_generator *generator = make_generator(0);
    sow_error err = {SOW_OK, -1, ""};
    watch_warnings();
    const sow_status status = call.form(tensor, &call.args, generator, &err);
    char said[4096];
    describe(status, &err, said, sizeof said);
    bool good = assert_said(text, sow_device_name(sow_tensor_device(tensor)), said, expected);
    if (err.status != status) {
        print_error("%s: the record's status differs\n", text);
        good = false;
    }
    const bool drew = sow_generator_position(generator) > 0;
    const bool is_strided = strchr(text, ':') != NULL;
    if (status != SOW_OK &&
        (drew != fails_half_way(said) || (!is_strided && !is_untouched(tensor)))) {
        print_error("%s: failed, but %s\n", text, drew ? "drew" : "wrote, or drew nothing");
        good = false;
    }
    if (call.device == SOW_META && drew) {
        print_error("%s: drew for a meta tensor\n", text);
        good = false;
    }
    sow_generator_free(generator);
    sow_tensor_free(tensor);
    return good;
}

static bool run_gain(const char *text, const char *expected)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", text);
    char *name = strstr(copy, "nonlinearity=") + strlen("nonlinearity=");
    char *slope = strstr(name, " a=");
    double param = 0.0, gain;
    if (slope != NULL) {
        *slope = '\0';
        param = strtod(slope + strlen(" a="), NULL);
    }
    sow_error err;
    char said[4096];
    watch_warnings();
    describe(sow_calculate_gain(name, slope != NULL ? &param : NULL, &gain, &err), &err, said,
             sizeof said);
    return assert_said(text, "-", said, expected);
}

static bool run_fans(const char *text, const char *expected)
{
    char word[64];
    sscanf(text, "%*s %*s %*s %63s", word);
    sow_tensor *tensor =
        make_tensor(SOW_F32, word, strstr(text, " meta ") != NULL ? SOW_META : SOW_CPU);
    sow_error err;
    char said[4096];
    watch_warnings();
    describe(sow_calculate_fans(tensor, NULL, NULL, &err), &err, said, sizeof said);
    sow_tensor_free(tensor);
    return assert_said(text, "-", said, expected);
}

static void test_init_errors__are_pytorch_s(void **state)
{
    (void)state;
    FILE *file = open_vectors("errors.txt");
    char line[4096];
    int n_lines = 0, n_bad = 0;
    while (next_line(file, line, sizeof line)) {
        char *expected = strchr(line, '\t');
        assert_non_null(expected);
        *expected++ = '\0';
        if (strncmp(line, "calculate_gain ", 15) == 0) {
            n_bad += !run_gain(line, expected);
        } else if (strncmp(line, "calculate_fans ", 15) == 0) {
            n_bad += !run_fans(line, expected);
        } else {
            n_bad += !run_initializer(line, SOW_CPU, expected);
            n_bad += !run_initializer(line, SOW_DEFERRED, expected);
        }
        n_lines++;
    }
    fclose(file);
    assert_true(n_lines > 300);
    assert_int_equal(n_bad, 0);
}

static void test_init_errors__a_null_tensor_is_refused_by_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMS; i++) {
        const sow_init_args args = usual_args(&forms[i]);
        const init_form all[] = {forms[i].plain, forms[i].guarded, forms[i].deprecated};
        char message[128];
        snprintf(message, sizeof message, "%s: tensor is NULL", forms[i].name);
        for (size_t k = 0; k < 3; k++) {
            sow_error err;
            if (all[k] != NULL) {
                assert_fails(all[k](NULL, &args, NULL, &err), SOW_ERROR_TYPE, err, message);
                assert_int_equal(all[k](NULL, &args, NULL, NULL), SOW_ERROR_TYPE);
            }
        }
    }
    sow_error err;
    sow_tensor *tensor = make_f32("2");
    assert_fails(sow_guarded_copy(NULL, tensor, &err), SOW_ERROR_TYPE, err, "copy: target is NULL");
    assert_fails(sow_guarded_copy(tensor, NULL, &err), SOW_ERROR_TYPE, err, "copy: source is NULL");
    assert_fails(sow_calculate_fans(NULL, NULL, NULL, &err), SOW_ERROR_TYPE, err,
                 "calculate_fans: tensor is NULL");
    double gain;
    assert_fails(sow_calculate_gain(NULL, NULL, &gain, &err), SOW_ERROR_VALUE, err,
                 "Unsupported nonlinearity None");
    sow_tensor_free(tensor);
}

/* What torch-2.11 does not return from early on meta. */
static void test_init_errors__torch_2_11_checks_meta_tensors_further(void **state)
{
    (void)state;
    sow_error err;
    sow_generator *generator = make_generator(0);
    assert_ok(sow_generator_set_dialect(generator, SOW_TORCH_2_11, &err), err);
    sow_tensor *tensor = make_tensor(SOW_F32, "3,3", SOW_META);
    watch_warnings();
    assert_fails(sow_trunc_normal(tensor, 5.0, 0.0, -2.0, 2.0, generator, &err),
                 SOW_ERROR_ZERO_DIVISION, err, "float division by zero");
    assert_non_null(strstr(warned, "mean is more than 2 std from [a, b]"));
    assert_fails(sow_sparse(tensor, (double)NAN, 0.01, generator, &err), SOW_ERROR_VALUE, err,
                 "cannot convert float NaN to integer");
    assert_ok(sow_trunc_normal(tensor, 0.0, 1e-300, 1.0, 2.0, generator, &err), err);
    sow_tensor_free(tensor);
    sow_generator_free(generator);
}

static void test_init_errors__fans_that_do_not_fit_are_an_overflow(void **state)
{
    (void)state;
    sow_error err;
    const int64_t sizes[] = {0, INT64_C(1) << 31, INT64_C(1) << 31, INT64_C(1) << 31};
    const int64_t strides[] = {0, 0, 0, 0};
    sow_tensor *tensor = sow_empty_strided(SOW_F32, 4, sizes, strides, SOW_META, &err);
    assert_non_null(tensor);
    assert_fails(sow_xavier_normal(tensor, 1.0, NULL, &err), SOW_ERROR_OVERFLOW, err,
                 "fan_in or fan_out does not fit 64 bits");
    sow_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_errors__are_pytorch_s),
        cmocka_unit_test(test_init_errors__a_null_tensor_is_refused_by_every_form),
        cmocka_unit_test(test_init_errors__torch_2_11_checks_meta_tensors_further),
        cmocka_unit_test(test_init_errors__fans_that_do_not_fit_are_an_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
