/* load_state_dict against torch's: tools/make_nn_load.py; loading from files.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "nn/state_dict.h"
#include <sow/init.h>
#include <sow/plan.h>
#include <sow/stats.h>
#include <unistd.h>

#define VECTORS SOW_SOURCE_DIR "/tests/nn/vectors/load.txt"
#define MOST_LINES 64

/* One case as the file has it: what to build, what to expect. */
typedef struct lines {
    char *items[MOST_LINES];
    size_t n_items;
} lines;

typedef struct load_case {
    char name[64];
    bool versioned, meta;
    sow_load_options options;
    sow_module *net;
    sow_state_dict *state;
    lines missing, unexpected, errors, warnings, values;
} load_case;

static void keep(lines *of, const char *text)
{
    assert_true(of->n_items < MOST_LINES);
    of->items[of->n_items++] = strdup(text);
}

static void drop(lines *of)
{
    for (size_t i = 0; i < of->n_items; i++) {
        free(of->items[i]);
    }
    of->n_items = 0;
}

/* ---- building ---- */

static sow_tensor *filled(const char *dtype_name, const char *shape, const char *value,
                          sow_device device)
{
    sow_error err;
    sow_dtype dtype;
    int64_t sizes[8];
    int n_dims = 0;
    assert_ok(sow_dtype_parse(dtype_name, &dtype, &err), err);
    for (const char *at = shape; strcmp(shape, "scalar") != 0 && *at != '\0';) {
        char *end;
        sizes[n_dims++] = strtoll(at, &end, 10);
        at = *end == ',' ? end + 1 : end;
    }
    sow_tensor *number = sow_empty(SOW_F64, n_dims, sizes, SOW_CPU, &err);
    sow_tensor *tensor =
        sow_empty(dtype, n_dims, sizes, strcmp(value, "meta") == 0 ? SOW_META : device, &err);
    assert_non_null(number);
    assert_non_null(tensor);
    for (int64_t i = 0; i < sow_tensor_numel(number); i++) {
        ((double *)sow_tensor_data(number))[i] = strtod(value, NULL);
    }
    if (sow_tensor_device(tensor) != SOW_META) {
        assert_ok(sow_tensor_copy(tensor, number, &err), err);
    }
    sow_tensor_free(number);
    return tensor;
}

static sow_status zero_out(sow_module *module, void *user, sow_error *err)
{
    (void)user;
    sow_state_dict *own = sow_module_named_parameters(module, NULL);
    for (size_t i = 0; own != NULL && i < sow_state_dict_count(own); i++) {
        assert_int_equal(sow_zeros(sow_state_dict_tensor(own, i), err), SOW_OK);
    }
    sow_state_dict_free(own);
    return SOW_OK;
}

static void add(load_case *of, char *words[5])
{
    sow_error err = {.status = SOW_OK};
    const sow_factory factory = {.device = of->meta ? SOW_META : SOW_CPU};
    char owner_path[64];
    snprintf(owner_path, sizeof owner_path, "%s", words[1]);
    char *dot = strrchr(owner_path, '.');
    const char *name = dot == NULL ? words[1] : words[1] + (dot - owner_path) + 1;
    owner_path[dot == NULL ? 0 : (size_t)(dot - owner_path)] = '\0';
    sow_module *owner = sow_module_get(of->net, owner_path);
    assert_non_null(owner);
    if (strcmp(words[0], "none") == 0) {
        assert_ok(sow_module_reserve_parameter(owner, name, &err), err);
    } else if (strcmp(words[0], "nochild") == 0) {
        assert_ok(sow_module_reserve_module(owner, name, &err), err);
    } else if (strcmp(words[0], "child") == 0) {
        assert_ok(sow_module_register_module(owner, name, sow_module_new("Net", &err), &err), err);
    } else if (strcmp(words[0], "nn") == 0) {
        assert_ok(sow_module_register_module(owner, name,
                                             sow_nn(words[2], words[3], &factory, &err), &err),
                  err);
        assert_ok(sow_module_apply(owner, zero_out, NULL, &err), err);
    } else if (strcmp(words[0], "param") == 0) {
        assert_ok(sow_module_register_parameter(
                      owner, name, filled(words[2], words[3], "0", factory.device), &err),
                  err);
    } else {
        assert_ok(sow_module_register_buffer(owner, name,
                                             filled(words[2], words[3], "0", factory.device),
                                             strcmp(words[0], "buffer") == 0, &err),
                  err);
    }
}

static void set_options(load_case *of, char *words[5])
{
    for (int i = 1; i < 5 && words[i] != NULL; i++) {
        of->options.not_strict |= strcmp(words[i], "not_strict") == 0;
        of->options.assign |= strcmp(words[i], "assign") == 0;
        of->versioned |= strcmp(words[i], "versioned") == 0;
        of->meta |= strcmp(words[i], "meta") == 0;
    }
}

static void give(load_case *of, char *words[5])
{
    sow_error err;
    sow_tensor *tensor = filled(words[2], words[3], words[4], SOW_CPU);
    assert_ok(sow_state_dict_add(of->state, words[1], tensor, &err), err);
    sow_tensor_free(tensor);
}

static void read_fact(load_case *of, char *line)
{
    char *words[5] = {NULL}, *rest = NULL;
    int n = 0;
    for (char *word = strtok_r(line, " ", &rest); word != NULL && n < 5;
         word = strtok_r(NULL, " ", &rest)) {
        words[n++] = word;
    }
    if (strcmp(words[0], "options") == 0) {
        set_options(of, words);
    } else if (strcmp(words[0], "give") == 0) {
        give(of, words);
    } else {
        add(of, words);
    }
}

/* The next case of the file; false at its end. */
static bool read_case(FILE *file, load_case *of)
{
    char line[2048];
    *of = (load_case){.net = NULL};
    while (fgets(line, sizeof line, file) != NULL && strcmp(line, "end\n") != 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "case ", 5) == 0) {
            snprintf(of->name, sizeof of->name, "%.63s", line + 5);
            of->net = sow_module_new("Net", NULL);
            of->state = sow_state_dict_new(NULL);
        } else if (strncmp(line, "  value ", 8) == 0) {
            keep(&of->values, line + 8);
        } else if (strncmp(line, "missing ", 8) == 0) {
            keep(&of->missing, line + 8);
        } else if (strncmp(line, "unexpected ", 11) == 0) {
            keep(&of->unexpected, line + 11);
        } else if (strncmp(line, "error ", 6) == 0) {
            keep(&of->errors, line + 6);
        } else if (strncmp(line, "warn ", 5) == 0) {
            keep(&of->warnings, line + 5);
        } else if (line[0] != '#') {
            read_fact(of, line);
        }
    }
    if (of->versioned) {
        sow__state_dict_set_versioned(of->state);
    }
    return of->net != NULL;
}

static void end_case(load_case *of)
{
    sow_module_free(of->net);
    sow_state_dict_free(of->state);
    drop(&of->missing);
    drop(&of->unexpected);
    drop(&of->errors);
    drop(&of->warnings);
    drop(&of->values);
}

/* ---- comparing ---- */

static void assert_list(const load_case *of, const char *what, const lines *expected,
                        const char *(*at)(const sow_load_report *report, size_t index),
                        const sow_load_report *report)
{
    for (size_t i = 0; i <= expected->n_items; i++) {
        const char *want = i < expected->n_items ? expected->items[i] : "(end)";
        const char *got = at(report, i) == NULL ? "(end)" : at(report, i);
        if (strcmp(want, got) != 0) {
            fail_msg("%s: %s %zu\n  expected %s\n  got      %s", of->name, what, i, want, got);
        }
    }
}

static void assert_value(const load_case *of, const char *line)
{
    char path[64], dtype[8], value[40];
    assert_int_equal(sscanf(line, "%63s %7s %39s", path, dtype, value), 3);
    const sow_tensor *tensor = sow_module_tensor(of->net, path);
    assert_non_null(tensor);
    if (strcmp(sow_dtype_name(sow_tensor_dtype(tensor)), dtype) != 0) {
        fail_msg("%s: %s expected %s", of->name, path, dtype);
    }
    if (strcmp(value, "meta") == 0) {
        assert_int_equal(sow_tensor_device(tensor), SOW_META);
        return;
    }
    double numbers[16];
    const size_t n = (size_t)sow_tensor_numel(tensor);
    assert_int_equal(sow_tensor_device(tensor), SOW_CPU);
    assert_int_equal(
        sow_values_as_f64(numbers, sow_tensor_dtype(tensor), sow_tensor_data(tensor), n, NULL),
        SOW_OK);
    for (size_t i = 0; i < n; i++) {
        if (numbers[i] != strtod(value, NULL)) {
            fail_msg("%s: %s[%zu] expected %s, got %.17g", of->name, path, i, value, numbers[i]);
        }
    }
}

static void count_warning(sow_warning kind, const char *message, void *user)
{
    (void)kind;
    keep(user, message);
}

static void run_case(load_case *of)
{
    sow_error err = {.status = SOW_OK};
    sow_load_report *report = NULL;
    lines warned = {.n_items = 0};
    sow_set_warning_handler(count_warning, &warned);
    const sow_status status =
        sow_module_load_state_dict(of->net, of->state, &of->options, &report, &err);
    sow_set_warning_handler(NULL, NULL);
    const sow_status expected = of->errors.n_items > 0 ? SOW_ERROR_RUNTIME : SOW_OK;
    if (status != expected || report == NULL) {
        fail_msg("%s: expected %s, got %s: %s", of->name, sow_status_name(expected),
                 sow_status_name(status), err.message);
    }
    assert_list(of, "missing", &of->missing, sow_load_report_missing, report);
    assert_list(of, "unexpected", &of->unexpected, sow_load_report_unexpected, report);
    assert_list(of, "error", &of->errors, sow_load_report_error, report);
    assert_int_equal(warned.n_items, of->warnings.n_items);
    for (size_t i = 0; i < warned.n_items; i++) {
        assert_string_equal(warned.items[i], of->warnings.items[i]);
    }
    for (size_t i = 0; i < of->values.n_items; i++) {
        assert_value(of, of->values.items[i]);
    }
    drop(&warned);
    sow_load_report_free(report);
}

static void test_nn_load__does_what_torch_does(void **state)
{
    (void)state;
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    size_t n_cases = 0;
    for (load_case of; read_case(file, &of); n_cases++) {
        run_case(&of);
        end_case(&of);
    }
    fclose(file);
    assert_true(n_cases >= 25);
}

/* ---- what torch has no words for ---- */

static sow_module *net_of(sow_device device, uint64_t seed)
{
    sow_error err = {.status = SOW_OK};
    sow_generator *g = sow_generator_new(&err);
    assert_ok(sow_generator_manual_seed(g, seed, &err), err);
    const sow_factory factory = {.device = device, .generator = g};
    sow_module *net = sow_module_new("Net", &err);
    assert_ok(sow_module_register_module(net, "fc", sow_linear(70, 50, true, &factory, &err), &err),
              err);
    assert_ok(
        sow_module_register_module(net, "head", sow_linear(70, 50, false, &factory, &err), &err),
        err);
    assert_ok(sow_module_tie(net, "head.weight", "fc.weight", &err), err);
    sow_generator_free(g);
    return net;
}

static void assert_same_values(const sow_module *net, const sow_module *expected)
{
    sow_state_dict *want = sow_module_state_dict(expected, NULL);
    for (size_t i = 0; i < sow_state_dict_count(want); i++) {
        const sow_tensor *tensor = sow_module_tensor(net, sow_state_dict_name(want, i));
        const sow_tensor *source = sow_state_dict_tensor(want, i);
        assert_int_equal(sow_tensor_device(tensor), SOW_CPU);
        assert_same_bits(sow_tensor_data(tensor), sow_tensor_data(source),
                         (size_t)sow_tensor_numel(source), sizeof(float));
        assert_true(sow_tensor_is_initialized(tensor));
    }
    sow_state_dict_free(want);
}

static void test_nn_load__deferred_tensors_get_memory_and_stay_tied(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = net_of(SOW_CPU, 1), *net = net_of(SOW_DEFERRED, 2);
    sow_state_dict *values = sow_module_state_dict(from, &err);
    assert_ok(sow_module_load_state_dict(net, values, NULL, NULL, &err), err);
    assert_same_values(net, from);
    assert_ptr_equal(sow_module_tensor(net, "head.weight"), sow_module_tensor(net, "fc.weight"));
    sow_state_dict_free(values);
    sow_module_free(net);
    sow_module_free(from);
}

static void test_nn_load__a_loaded_tensor_is_guarded(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = net_of(SOW_CPU, 1), *net = net_of(SOW_CPU, 2);
    sow_state_dict *values = sow_module_state_dict(from, &err);
    assert_ok(sow_module_load_state_dict(net, values, NULL, NULL, &err), err);
    assert_ok(sow_guarded_zeros(sow_module_tensor(net, "fc.weight"), &err), err);
    assert_same_values(net, from);
    sow_state_dict_free(values);
    sow_module_free(net);
    sow_module_free(from);
}

static void test_nn_load__assigned_tensors_are_shared(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = net_of(SOW_CPU, 1), *net = net_of(SOW_META, 2);
    sow_state_dict *values = sow_module_state_dict(from, &err);
    const sow_load_options assign = {.assign = true};
    assert_ok(sow_module_load_state_dict(net, values, &assign, NULL, &err), err);
    assert_ptr_equal(sow_module_tensor(net, "fc.weight"), sow_module_tensor(from, "fc.weight"));
    sow_state_dict_free(values);
    sow_module_free(from);
    assert_true(sow_tensor_numel(sow_module_tensor(net, "fc.weight")) == 3500);
    sow_module_free(net);
}

static void test_nn_load__the_message_is_one_line(void **state)
{
    (void)state;
    sow_error err;
    sow_module *net = net_of(SOW_META, 1);
    sow_state_dict *values = sow_state_dict_new(&err);
    sow_tensor *tensor = filled("f32", "2", "1", SOW_CPU);
    assert_ok(sow_state_dict_add(values, "x", tensor, &err), err);
    assert_ok(sow_state_dict_add(values, "fc.bias", tensor, &err), err);
    assert_fails(sow_module_load_state_dict(net, values, NULL, NULL, &err), SOW_ERROR_RUNTIME, err,
                 "Error(s) in loading state_dict for Net: Missing key(s) in state_dict: "
                 "\"fc.weight\", \"head.weight\".; Unexpected key(s) in state_dict: \"x\".; size "
                 "mismatch for fc.bias: copying a param with shape torch.Size([2]) from "
                 "checkpoint, the shape in current model is torch.Size([50]).");
    sow_tensor_free(tensor);
    sow_state_dict_free(values);
    sow_module_free(net);
}

/* ---- files ---- */

#define PATH "nn_test_load.safetensors"

static sow_safetensors *file_of(const sow_module *net)
{
    sow_error err;
    sow_state_dict *values = sow_module_state_dict(net, &err);
    sow_plan *plan = sow_plan_new(values, &err);
    assert_non_null(plan);
    assert_ok(sow_plan_write(plan, PATH, &(sow_run_options){.force = true}, &err), err);
    sow_plan_free(plan);
    sow_state_dict_free(values);
    sow_safetensors *file = sow_safetensors_open(PATH, &err);
    assert_non_null(file);
    return file;
}

static void test_nn_load__a_file_fills_any_device(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = net_of(SOW_CPU, 1);
    sow_safetensors *file = file_of(from);
    const sow_device devices[] = {SOW_CPU, SOW_META, SOW_DEFERRED};
    for (int i = 0; i < 6; i++) {
        sow_module *net = net_of(devices[i % 3], 2);
        const sow_load_options options = {.assign = i >= 3};
        assert_ok(sow_module_load_safetensors(net, file, &options, NULL, &err), err);
        assert_same_values(net, from);
        const bool tied =
            sow_module_tensor(net, "head.weight") == sow_module_tensor(net, "fc.weight");
        assert_int_equal(tied, i < 3);
        sow_module_free(net);
    }
    sow_safetensors_close(file);
    unlink(PATH);
    sow_module_free(from);
}

/* A target of another dtype and with other strides goes through the buffer, in several pieces. */
static void test_nn_load__a_file_is_converted(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    const int64_t sizes[2] = {300, 400}, strides[2] = {1, 300};
    sow_module *from = sow_module_new("Net", &err), *net = sow_module_new("Net", &err);
    sow_tensor *plain = sow_empty(SOW_F32, 2, sizes, SOW_CPU, &err);
    sow_tensor *expected = sow_empty_strided(SOW_BF16, 2, sizes, strides, SOW_CPU, &err);
    assert_ok(sow_normal(plain, 0.0, 1.0, NULL, &err), err);
    assert_ok(sow_tensor_copy(expected, plain, &err), err);
    assert_ok(sow_module_register_parameter(from, "w", plain, &err), err);
    assert_ok(sow_module_register_parameter(
                  net, "w", sow_empty_strided(SOW_BF16, 2, sizes, strides, SOW_CPU, &err), &err),
              err);
    sow_safetensors *file = file_of(from);
    assert_ok(sow_module_load_safetensors(net, file, NULL, NULL, &err), err);
    assert_same_bits(sow_tensor_data(sow_module_tensor(net, "w")), sow_tensor_data(expected),
                     300 * 400, 2);
    sow_safetensors_close(file);
    unlink(PATH);
    sow_tensor_free(expected);
    sow_module_free(net);
    sow_module_free(from);
}

static void test_nn_load__a_file_that_got_shorter_is_an_io_error(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = net_of(SOW_CPU, 1), *net = net_of(SOW_META, 2);
    sow_safetensors *file = file_of(from);
    sow_load_report *report = NULL;
    assert_int_equal(truncate(PATH, 2000), 0);
    assert_int_equal(sow_module_load_safetensors(net, file, NULL, &report, &err), SOW_ERROR_IO);
    assert_null(report);
    sow_safetensors_close(file);
    unlink(PATH);
    sow_module_free(net);
    sow_module_free(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_load__does_what_torch_does),
        cmocka_unit_test(test_nn_load__deferred_tensors_get_memory_and_stay_tied),
        cmocka_unit_test(test_nn_load__a_loaded_tensor_is_guarded),
        cmocka_unit_test(test_nn_load__assigned_tensors_are_shared),
        cmocka_unit_test(test_nn_load__the_message_is_one_line),
        cmocka_unit_test(test_nn_load__a_file_fills_any_device),
        cmocka_unit_test(test_nn_load__a_file_is_converted),
        cmocka_unit_test(test_nn_load__a_file_that_got_shorter_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
