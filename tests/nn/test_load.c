/* load_state_dict against torch (tests/nn/vectors/loading.txt): lists, texts, warnings, values,
 * ties; what is shared and guarded afterwards; loading from files.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/cases.h"

#include <sow/init.h>
#include <sow/plan.h>
#include <unistd.h>

static const char vectors[] = SOW_SOURCE_DIR "/tests/nn/vectors/loading.txt";

/* ---- trees and states from JSON ---- */

static void read_hex(const char *text, void *data, size_t n_bytes)
{
    assert_int_equal(strlen(text), 2 * n_bytes);
    for (size_t i = 0; i < n_bytes; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        ((unsigned char *)data)[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
}

/* [name, dtype, shape, hex]; no hex: on meta. */
static sow_tensor *read_tensor(const json_t *row, sow_device device)
{
    sow_error err;
    sow_dtype dtype;
    int64_t sizes[SOW_MAX_DIMS];
    const json_t *shape = json_array_get(row, 2);
    const char *hex = string_at(row, 3);
    const int n_dims = (int)json_array_size(shape);
    assert_true(n_dims <= SOW_MAX_DIMS);
    for (int i = 0; i < n_dims; i++) {
        sizes[i] = json_integer_value(json_array_get(shape, (size_t)i));
    }
    assert_ok(sow_dtype_parse(string_at(row, 1), &dtype, &err), err);
    sow_tensor *tensor = sow_empty(dtype, n_dims, sizes, hex == NULL ? SOW_META : device, &err);
    assert_non_null(tensor);
    if (sow_tensor_device(tensor) == SOW_CPU) {
        read_hex(hex, sow_tensor_data(tensor), sow_tensor_n_bytes(tensor));
    }
    return tensor;
}

static sow_module *read_tree(const json_t *tree);

static void read_slots(sow_module *module, const json_t *tree, sow_device device)
{
    sow_error err;
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(tree, "parameters"), i, row)
    {
        const char *name = string_at(row, 0);
        assert_ok(json_array_size(row) == 1
                      ? sow_module_reserve_parameter(module, name, &err)
                      : sow_module_register_parameter(module, name, read_tensor(row, device), &err),
                  err);
    }
    json_array_foreach(json_object_get(tree, "buffers"), i, row)
    {
        const char *name = string_at(row, 0);
        const bool persistent = json_is_true(json_array_get(row, json_array_size(row) - 1));
        assert_ok(json_array_size(row) == 1
                      ? sow_module_reserve_buffer(module, name, &err)
                      : sow_module_register_buffer(module, name, read_tensor(row, device),
                                                   persistent, &err),
                  err);
    }
}

static sow_module *read_tree(const json_t *tree)
{
    sow_error err;
    size_t i;
    const json_t *row;
    const sow_device device = strcmp(text_of(tree, "device"), "meta") == 0 ? SOW_META : SOW_CPU;
    sow_module *module = sow_module_new(text_of(tree, "type"), &err);
    assert_non_null(module);
    read_slots(module, tree, device);
    json_array_foreach(json_object_get(tree, "children"), i, row)
    {
        const char *name = string_at(row, 0);
        assert_ok(
            json_array_size(row) == 1
                ? sow_module_reserve_module(module, name, &err)
                : sow_module_register_module(module, name, read_tree(json_array_get(row, 1)), &err),
            err);
    }
    json_array_foreach(json_object_get(tree, "tie"), i, row)
    {
        assert_ok(sow_module_tie(module, string_at(row, 0), string_at(row, 1), &err), err);
    }
    return module;
}

/* A module by tree or by description; an empty one after reporting the failure. */
static built read_module(nn_case *of, const json_t *node, uint64_t seed, sow_device device)
{
    sow_error err;
    const json_t *description = json_object_get(node, "nn");
    built result = {NULL, NULL};
    if (description == NULL) {
        result.module = read_tree(node);
        return result;
    }
    const sow_factory factory = {.device = device, .generator = sow_default_generator()};
    assert_ok(sow_generator_manual_seed(factory.generator, seed, &err), err);
    result = build(description, &factory, &err);
    if (result.module == NULL) {
        case_fail(of, "build: %s", err.message);
    }
    return result;
}

/* The state of the module itself ("own"), of another one, which *keeper keeps alive, or a list of
 * tensors. NULL after reporting. */
static sow_state_dict *read_state(nn_case *of, const json_t *node, const sow_module *module,
                                  built *keeper)
{
    sow_error err;
    size_t i;
    const json_t *row;
    if (json_is_string(node)) {
        return module == NULL ? NULL : sow_module_state_dict(module, &err);
    }
    if (json_is_object(node)) {
        *keeper = read_module(of, node, 1, SOW_CPU);
        return keeper->module == NULL ? NULL : sow_module_state_dict(keeper->module, &err);
    }
    sow_state_dict *state = sow_state_dict_new(&err);
    assert_non_null(state);
    json_array_foreach(node, i, row)
    {
        sow_tensor *tensor = read_tensor(row, SOW_CPU);
        assert_ok(sow_state_dict_add(state, string_at(row, 0), tensor, &err), err);
        sow_tensor_free(tensor);
    }
    return state;
}

/* ---- comparing ---- */

static void check_list(nn_case *of, const char *what, const sow_load_report *report,
                       const char *(*at)(const sow_load_report *report, size_t index),
                       const json_t *expected)
{
    size_t n = 0;
    for (; at(report, n) != NULL; n++) {
        const char *text = string_at(expected, n);
        same_text(of, what, at(report, n), text == NULL ? "nothing" : text);
    }
    for (; n < json_array_size(expected); n++) {
        case_fail(of, "%s: no %s", what, string_at(expected, n));
    }
}

/* "Error(s) in loading state_dict for Net: line; line", cut to the size of a record. */
static void check_message(nn_case *of, const char *type, const sow_error *err, const json_t *lines)
{
    char text[16 * SOW_ERROR_MESSAGE_SIZE];
    int used = snprintf(text, sizeof text, "Error(s) in loading state_dict for %s: ", type);
    for (size_t i = 0; i < json_array_size(lines) && used < (int)sizeof text; i++) {
        const char *line = string_at(lines, i);
        const size_t n = strlen(line);
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%.*s", i > 0 ? "; " : "",
                         (int)(n - (line[n - 1] == ' ')), line);
    }
    same_text(of, "status", sow_status_exception(err->status), "RuntimeError");
    if (used < SOW_ERROR_MESSAGE_SIZE) {
        same_text(of, "message", err->message, text);
    } else if (strncmp(err->message, text, SOW_ERROR_MESSAGE_SIZE - 8) != 0) {
        same_text(of, "start of the message", err->message, text);
    }
}

/* Which names are one tensor, among all pairs. */
static void check_same(nn_case *of, const sow_module *module, const json_t *pairs)
{
    sow_error err;
    size_t i, n_same = 0;
    const json_t *pair;
    json_array_foreach(pairs, i, pair)
    {
        const sow_tensor *a = sow_module_tensor(module, string_at(pair, 0));
        if (a == NULL || a != sow_module_tensor(module, string_at(pair, 1))) {
            case_fail(of, "%s and %s are not one tensor", string_at(pair, 0), string_at(pair, 1));
        }
    }
    sow_state_dict *state = sow_module_state_dict(module, &err);
    assert_non_null(state);
    for (size_t a = 0; a < sow_state_dict_count(state); a++) {
        for (size_t b = a + 1; b < sow_state_dict_count(state); b++) {
            n_same += sow_module_tensor(module, sow_state_dict_name(state, a)) ==
                      sow_module_tensor(module, sow_state_dict_name(state, b));
        }
    }
    sow_state_dict_free(state);
    if (n_same != json_array_size(pairs)) {
        case_fail(of, "%zu pairs are one tensor, expected %zu", n_same, json_array_size(pairs));
    }
}

static void check_load(nn_case *of, sow_module *module, const sow_state_dict *state)
{
    heard all = {.n_texts = 0};
    sow_error err = {.status = SOW_OK};
    sow_load_report *report = NULL;
    const json_t *row = of->row, *lines = json_object_get(row, "lines");
    const sow_load_options options = {.not_strict = json_is_false(json_object_get(row, "strict")),
                                      .assign = json_is_true(json_object_get(row, "assign"))};
    listen_to(&all);
    const sow_status status = sow_module_load_state_dict(module, state, &options, &report, &err);
    check_warnings(of, &all, json_object_get(row, "warnings"));
    if (report == NULL) {
        case_fail(of, "no report: %s", err.message);
        return;
    }
    if (json_is_null(lines) != (status == SOW_OK)) {
        case_fail(of, "%s: %s", sow_status_name(status), status == SOW_OK ? "" : err.message);
    } else if (status != SOW_OK) {
        check_message(of, sow_module_type(module), &err, lines);
    }
    check_list(of, "error", report, sow_load_report_error, lines);
    check_list(of, "missing", report, sow_load_report_missing, json_object_get(row, "missing"));
    check_list(of, "unexpected", report, sow_load_report_unexpected,
               json_object_get(row, "unexpected"));
    sow_load_report_free(report);
    check_tensors(of, module, json_object_get(row, "after"), true);
    check_same(of, module, json_object_get(row, "same"));
}

static void run(nn_case *of, void *user)
{
    built keeper = {NULL, NULL};
    const sow_device *device = user;
    built module = read_module(of, json_object_get(of->row, "module"), 0, *device);
    sow_state_dict *state =
        read_state(of, json_object_get(of->row, "state"), module.module, &keeper);
    if (module.module != NULL && state != NULL) {
        check_load(of, module.module, state);
    }
    sow_state_dict_free(state);
    built_free(&keeper);
    built_free(&module);
}

static void test_nn_load__as_torch_does(void **state)
{
    (void)state;
    for_each_case(vectors, 618, run, &(sow_device){SOW_CPU});
}

static void test_nn_load__into_deferred_modules(void **state)
{
    (void)state;
    for_each_case(vectors, 618, run, &(sow_device){SOW_DEFERRED});
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

static void test_nn_load__assigned_tensors_share_memory(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = net_of(SOW_CPU, 1), *net = net_of(SOW_META, 2);
    sow_state_dict *values = sow_module_state_dict(from, &err);
    const sow_load_options assign = {.assign = true};
    sow_tensor *hidden = sow_empty(SOW_F32, 1, &(int64_t){1}, SOW_META, &err);
    assert_ok(sow_module_register_buffer(net, "hidden", hidden, false, &err), err);
    assert_ok(sow_module_load_state_dict(net, values, &assign, NULL, &err), err);
    assert_ptr_equal(sow_tensor_data(sow_module_tensor(net, "fc.weight")),
                     sow_tensor_data(sow_module_tensor(from, "fc.weight")));
    assert_int_equal(sow_tensor_device(sow_module_tensor(net, "hidden")), SOW_META);
    sow_state_dict_free(values);
    sow_module_free(from);
    assert_true(sow_tensor_numel(sow_module_tensor(net, "fc.weight")) == 3500);
    sow_module_free(net);
}

/* What was not loaded is not flagged, and what happens to one module's tensor leaves the other's.
 */
static void test_nn_load__assigned_tensors_belong_to_one_module(void **state)
{
    (void)state;
    sow_error err;
    sow_module *from = net_of(SOW_CPU, 1), *same = net_of(SOW_CPU, 1), *net = net_of(SOW_META, 2);
    sow_state_dict *values = sow_module_state_dict(from, &err);
    const sow_load_options assign = {.assign = true};
    assert_ok(sow_module_load_state_dict(net, values, &assign, NULL, &err), err);
    sow_state_dict_free(values);
    sow_tensor *theirs = sow_module_tensor(from, "fc.weight");
    sow_tensor *ours = sow_module_tensor(net, "fc.weight");
    assert_true(sow_tensor_is_initialized(ours));
    assert_false(sow_tensor_is_initialized(theirs));
    sow_tensor_set_initialized(ours, false);
    assert_false(sow_tensor_is_initialized(ours));
    assert_ok(sow_module_to_empty(net, SOW_CPU, &err), err);
    assert_ok(sow_constant(sow_module_tensor(net, "fc.weight"), 7.0, &err), err);
    const sow_tensor *expected = sow_module_tensor(same, "fc.weight");
    assert_same_bits(sow_tensor_data(theirs), sow_tensor_data(expected), 3500, sizeof(float));
    sow_module_free(net);
    sow_module_free(same);
    sow_module_free(from);
}

/* A deferred source that nobody filled has nothing to load; the target may still be filled. */
static void test_nn_load__a_source_without_values_is_refused(void **state)
{
    (void)state;
    sow_error err;
    sow_state_dict *values = sow_state_dict_new(&err);
    sow_tensor *bare = sow_empty(SOW_F32, 1, &(int64_t){50}, SOW_DEFERRED, &err);
    assert_ok(sow_state_dict_add(values, "fc.bias", bare, &err), err);
    static const sow_device devices[] = {SOW_CPU, SOW_DEFERRED};
    for (int i = 0; i < 4; i++) {
        sow_module *net = net_of(devices[i % 2], 1);
        const sow_load_options options = {.not_strict = true, .assign = i >= 2};
        assert_fails(sow_module_load_state_dict(net, values, &options, NULL, &err),
                     SOW_ERROR_RUNTIME, err,
                     "Error(s) in loading state_dict for Net: While copying the parameter named "
                     "\"fc.bias\", whose dimensions in the model are torch.Size([50]) and whose "
                     "dimensions in the checkpoint are torch.Size([50]), an exception occurred : "
                     "('neither loaded nor initialised',).");
        assert_false(sow_tensor_is_initialized(sow_module_tensor(net, "fc.bias")));
        assert_false(sow_tensor_is_initialized(bare));
        sow_module_free(net);
    }
    sow_tensor_free(bare);
    sow_state_dict_free(values);
}

static void test_nn_load__the_message_is_one_line(void **state)
{
    (void)state;
    sow_error err;
    sow_module *net = net_of(SOW_META, 1);
    sow_state_dict *values = sow_state_dict_new(&err);
    sow_tensor *tensor = sow_empty(SOW_F32, 1, &(int64_t){2}, SOW_CPU, &err);
    assert_non_null(tensor);
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

/* Several elements of the parameter are one. */
static void test_nn_load__an_expanded_parameter_is_refused(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    const int64_t sizes[2] = {2, 3}, strides[2] = {0, 1};
    sow_module *from = sow_module_new("Net", &err);
    sow_tensor *values = sow_empty(SOW_F32, 2, sizes, SOW_CPU, &err);
    assert_ok(sow_ones(values, &err), err);
    assert_ok(sow_module_register_parameter(from, "w", values, &err), err);
    sow_state_dict *list = sow_module_state_dict(from, &err);
    sow_safetensors *file = file_of(from);
    for (int i = 0; i < 2; i++) {
        sow_module *net = sow_module_new("Net", &err);
        sow_tensor *row = sow_empty(SOW_F32, 1, &sizes[1], SOW_CPU, &err);
        assert_ok(sow_zeros(row, &err), err);
        sow_tensor *rows = sow_tensor_as_strided(row, 2, sizes, strides, 0, &err);
        assert_ok(sow_module_register_parameter(net, "w", rows, &err), err);
        assert_fails(i == 0 ? sow_module_load_state_dict(net, list, NULL, NULL, &err)
                            : sow_module_load_safetensors(net, file, NULL, NULL, &err),
                     SOW_ERROR_RUNTIME, err,
                     "Error(s) in loading state_dict for Net: While copying the parameter named "
                     "\"w\", whose dimensions in the model are torch.Size([2, 3]) and whose "
                     "dimensions in the checkpoint are torch.Size([2, 3]), an exception occurred : "
                     "('unsupported operation: more than one element of the written-to tensor "
                     "refers to a single memory location. Please clone() the tensor before "
                     "performing the operation.',).");
        assert_true(*(const float *)sow_tensor_data(row) == 0);
        assert_false(sow_tensor_is_initialized(rows));
        sow_tensor_free(row);
        sow_module_free(net);
    }
    sow_safetensors_close(file);
    unlink(PATH);
    sow_state_dict_free(list);
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

/* ---- files that can not be read to their end ---- */

/* The file of a net, cut behind its header, within the first tensor that the net reads. */
static sow_safetensors *cut_file(void)
{
    sow_module *from = net_of(SOW_CPU, 1);
    sow_safetensors *file = file_of(from);
    assert_int_equal(truncate(PATH, 2000), 0);
    sow_module_free(from);
    return file;
}

static void load_fails(sow_module *net, bool assign)
{
    sow_error err;
    sow_safetensors *file = cut_file();
    sow_load_report *report = NULL;
    const sow_load_options options = {.assign = assign};
    assert_int_equal(sow_module_load_safetensors(net, file, &options, &report, &err), SOW_ERROR_IO);
    assert_null(report);
    sow_safetensors_close(file);
    unlink(PATH);
}

static void test_nn_load__a_read_that_fails_leaves_meta(void **state)
{
    (void)state;
    for (int assign = 0; assign < 2; assign++) {
        sow_module *net = net_of(SOW_META, 2);
        load_fails(net, assign == 1);
        const sow_tensor *weight = sow_module_tensor(net, "fc.weight");
        assert_int_equal(sow_tensor_device(weight), SOW_META);
        assert_false(sow_tensor_is_initialized(weight));
        sow_module_free(net);
    }
}

/* The tensors of both nets have the same values. */
static void assert_same_weights(const sow_module *net, const sow_module *expected)
{
    const sow_tensor *a = sow_module_tensor(net, "fc.weight");
    const sow_tensor *b = sow_module_tensor(expected, "fc.weight");
    assert_same_bits(sow_tensor_data(a), sow_tensor_data(b), 3500, sizeof(float));
}

static void test_nn_load__a_read_that_fails_leaves_the_record(void **state)
{
    (void)state;
    sow_error err;
    sow_module *net = net_of(SOW_DEFERRED, 2), *expected = net_of(SOW_CPU, 2);
    load_fails(net, false);
    sow_tensor *weight = sow_module_tensor(net, "fc.weight");
    assert_int_equal(sow_tensor_device(weight), SOW_DEFERRED);
    assert_ok(sow_tensor_materialize(weight, 1, &err), err);
    assert_same_weights(net, expected);
    sow_module_free(expected);
    sow_module_free(net);
}

/* What is half overwritten can not pass for loaded; assign has not touched it. */
static void test_nn_load__a_read_that_fails_takes_the_flag(void **state)
{
    (void)state;
    sow_error err;
    for (int assign = 0; assign < 2; assign++) {
        sow_module *net = net_of(SOW_CPU, 2), *expected = net_of(SOW_CPU, 2);
        sow_tensor *weight = sow_module_tensor(net, "fc.weight");
        sow_tensor *row = sow_tensor_select(weight, 0, 49, &err);
        sow_tensor_set_initialized(weight, true);
        sow_tensor_set_initialized(sow_module_tensor(net, "fc.bias"), true);
        load_fails(net, assign == 1);
        assert_int_equal(sow_tensor_is_initialized(weight), assign);
        assert_int_equal(sow_tensor_is_initialized(row), assign);
        assert_true(sow_tensor_is_initialized(sow_module_tensor(net, "fc.bias")));
        sow_state_dict *missing = sow_module_list_missing(net, &err);
        assert_int_equal(sow_state_dict_count(missing), 1 - assign);
        if (assign == 1) {
            assert_same_weights(net, expected);
        } else {
            assert_ptr_equal(sow_state_dict_find(missing, "fc.weight"), weight);
        }
        sow_state_dict_free(missing);
        sow_tensor_free(row);
        sow_module_free(expected);
        sow_module_free(net);
    }
}

/* The file's weight into a view of more, in another type: read to the end, and not. */
static void test_nn_load__a_deferred_view_is_all_or_nothing(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    for (int cut = 0; cut < 2; cut++) {
        sow_module *from = net_of(SOW_CPU, 1), *fc = sow_module_new("Net", &err);
        sow_module *net = sow_module_new("Net", &err);
        sow_tensor *base = sow_empty(SOW_BF16, 2, (const int64_t[]){60, 70}, SOW_DEFERRED, &err);
        assert_ok(sow_constant(base, 3.0, &err), err);
        assert_ok(sow_module_register_parameter(fc, "weight",
                                                sow_tensor_slice(base, 0, 0, 50, 1, &err), &err),
                  err);
        assert_ok(sow_module_register_module(net, "fc", fc, &err), err);
        sow_safetensors *file = cut == 1 ? cut_file() : file_of(from);
        const sow_load_options options = {.not_strict = true};
        assert_int_equal(sow_module_load_safetensors(net, file, &options, NULL, &err),
                         cut == 1 ? SOW_ERROR_IO : SOW_OK);
        assert_int_equal(sow_tensor_device(base), cut == 1 ? SOW_DEFERRED : SOW_CPU);
        assert_int_equal(sow_tensor_is_initialized(sow_module_tensor(net, "fc.weight")), cut == 0);
        sow_tensor *expected = sow_empty(SOW_BF16, 2, (const int64_t[]){60, 70}, SOW_CPU, &err);
        sow_tensor *part = sow_tensor_slice(expected, 0, 0, 50, 1, &err);
        assert_ok(sow_constant(expected, 3.0, &err), err);
        if (cut == 0) {
            assert_ok(sow_tensor_copy(part, sow_module_tensor(from, "fc.weight"), &err), err);
        }
        assert_ok(sow_tensor_materialize(base, 1, &err), err);
        assert_same_bits(sow_tensor_data(base), sow_tensor_data(expected), 4200, 2);
        sow_safetensors_close(file);
        unlink(PATH);
        sow_tensor_free(part);
        sow_tensor_free(expected);
        sow_tensor_free(base);
        sow_module_free(net);
        sow_module_free(from);
    }
}

/* Dense with other strides: the memory that was read into becomes the tensor's. */
static void test_nn_load__a_transposed_meta_tensor_keeps_its_strides(void **state)
{
    (void)state;
    sow_error err = {.status = SOW_OK};
    const int64_t sizes[2] = {50, 70}, strides[2] = {1, 50};
    sow_module *from = net_of(SOW_CPU, 1), *net = net_of(SOW_CPU, 2);
    sow_tensor *weight = sow_empty_strided(SOW_F32, 2, sizes, strides, SOW_META, &err);
    assert_ok(sow_module_set_tensor(net, "fc.weight", weight, &err), err);
    sow_safetensors *file = file_of(from);
    assert_ok(sow_module_load_safetensors(net, file, NULL, NULL, &err), err);
    sow_tensor *expected = sow_empty_strided(SOW_F32, 2, sizes, strides, SOW_CPU, &err);
    assert_ok(sow_tensor_copy(expected, sow_module_tensor(from, "fc.weight"), &err), err);
    assert_int_equal(sow_tensor_strides(weight)[1], 50);
    assert_same_bits(sow_tensor_data(weight), sow_tensor_data(expected), 3500, sizeof(float));
    sow_safetensors_close(file);
    unlink(PATH);
    sow_tensor_free(expected);
    sow_module_free(net);
    sow_module_free(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_load__as_torch_does),
        cmocka_unit_test(test_nn_load__into_deferred_modules),
        cmocka_unit_test(test_nn_load__deferred_tensors_get_memory_and_stay_tied),
        cmocka_unit_test(test_nn_load__a_loaded_tensor_is_guarded),
        cmocka_unit_test(test_nn_load__assigned_tensors_share_memory),
        cmocka_unit_test(test_nn_load__assigned_tensors_belong_to_one_module),
        cmocka_unit_test(test_nn_load__a_source_without_values_is_refused),
        cmocka_unit_test(test_nn_load__the_message_is_one_line),
        cmocka_unit_test(test_nn_load__a_file_fills_any_device),
        cmocka_unit_test(test_nn_load__an_expanded_parameter_is_refused),
        cmocka_unit_test(test_nn_load__a_file_is_converted),
        cmocka_unit_test(test_nn_load__a_read_that_fails_leaves_meta),
        cmocka_unit_test(test_nn_load__a_read_that_fails_leaves_the_record),
        cmocka_unit_test(test_nn_load__a_read_that_fails_takes_the_flag),
        cmocka_unit_test(test_nn_load__a_deferred_view_is_all_or_nothing),
        cmocka_unit_test(test_nn_load__a_transposed_meta_tensor_keeps_its_strides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
