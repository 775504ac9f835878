/* The writer of safetensors: the bytes of the reference, and what is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* mkdtemp */
#include "io/files.h"

#include <jansson.h>
#include <sow/safetensors.h>

/* ---- the files of the safetensors package ---- */

#define VECTORS SOW_SOURCE_DIR "/tests/io/vectors/"
#define MAX_TENSORS 64

typedef struct known {
    const char *file;
    size_t n_tensors, n_metadata;
    bool has_metadata;
    sow_safetensors_spec specs[MAX_TENSORS];
    unsigned char *data[MAX_TENSORS];
    size_t n_bytes[MAX_TENSORS];
    const char *metadata[2 * MAX_TENSORS];
} known;

static sow_dtype dtype_of(const char *name)
{
    for (int i = 0; i < SOW_N_DTYPES; i++) {
        const char *is = sow_safetensors_dtype_name((sow_dtype)i);
        if (is != NULL && strcmp(is, name) == 0) {
            return (sow_dtype)i;
        }
    }
    fail_msg("no dtype %s", name);
    return SOW_N_DTYPES;
}

static void known_tensor(known *k, const json_t *tensor)
{
    const json_t *shape = json_object_get(tensor, "shape");
    const char *hex = json_string_value(json_object_get(tensor, "data"));
    size_t n = k->n_tensors++;
    assert_true(n < MAX_TENSORS);
    int64_t *sizes = calloc(json_array_size(shape) + 1, sizeof *sizes);
    assert_non_null(sizes);
    for (size_t i = 0; i < json_array_size(shape); i++) {
        sizes[i] = json_integer_value(json_array_get(shape, i));
    }
    k->specs[n] = (sow_safetensors_spec){
        .name = json_string_value(json_object_get(tensor, "name")),
        .dtype = dtype_of(json_string_value(json_object_get(tensor, "dtype"))),
        .n_dims = (int)json_array_size(shape),
        .sizes = sizes};
    k->n_bytes[n] = strlen(hex) / 2;
    k->data[n] = malloc(k->n_bytes[n] + 1);
    assert_non_null(k->data[n]);
    for (size_t i = 0; i < k->n_bytes[n]; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        k->data[n][i] = (unsigned char)byte;
    }
}

static void known_load(known *k, json_t *a_case)
{
    *k = (known){.file = json_string_value(json_object_get(a_case, "file"))};
    json_t *metadata = json_object_get(a_case, "metadata"), *value;
    const char *key;
    k->has_metadata = json_is_object(metadata);
    json_object_foreach(metadata, key, value)
    {
        k->metadata[2 * k->n_metadata] = key;
        k->metadata[2 * k->n_metadata + 1] = json_string_value(value);
        k->n_metadata++;
    }
    const json_t *tensors = json_object_get(a_case, "tensors");
    for (size_t i = 0; i < json_array_size(tensors); i++) {
        known_tensor(k, json_array_get(tensors, i));
    }
}

static void known_free(known *k)
{
    for (size_t i = 0; i < k->n_tensors; i++) {
        free((void *)(uintptr_t)k->specs[i].sizes);
        free(k->data[i]);
    }
}

/* Calls check for every case of cases.json. */
static void for_each_known(void (*check)(const known *k))
{
    json_error_t why;
    json_t *root = json_load_file(VECTORS "cases.json", 0, &why);
    if (root == NULL) {
        fail_msg("cases.json:%d: %s", why.line, why.text);
    }
    const json_t *cases = json_object_get(root, "cases");
    assert_true(json_array_size(cases) > 10);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        known k;
        known_load(&k, json_array_get(cases, i));
        check(&k);
        known_free(&k);
    }
    json_decref(root);
}

static void write_known(const known *k, const char *path)
{
    sow_error err;
    const sow_safetensors_options options = {.metadata = k->has_metadata ? k->metadata : NULL,
                                             .force = true};
    sow_safetensors_writer *writer =
        sow_safetensors_create(path, k->specs, k->n_tensors, &options, &err);
    if (writer == NULL) {
        fail_msg("%s: %s", k->file, err.message);
    }
    assert_false(sow_safetensors_writer_is_sequential(writer));
    for (size_t i = 0; i < k->n_tensors; i++) {
        size_t half = k->n_bytes[i] / 2; /* the second half first */
        assert_ok(sow_safetensors_write(writer, i, half, k->data[i] + half, k->n_bytes[i] - half,
                                        NULL, NULL, &err),
                  err);
        assert_ok(sow_safetensors_write(writer, i, 0, k->data[i], half, NULL, NULL, &err), err);
    }
    assert_ok(sow_safetensors_finish(writer, &err), err);
}

static void check_same_bytes(const known *k)
{
    char path[PATH_SIZE], golden[PATH_SIZE];
    snprintf(golden, sizeof golden, "%s%s", VECTORS, k->file);
    write_known(k, in_folder(path, "out.safetensors"));
    size_t n_bytes;
    unsigned char *bytes = read_file(golden, &n_bytes);
    assert_file_is(path, bytes, n_bytes);
    free(bytes);
}

static void test_io_safetensors_write__gives_the_bytes_of_the_reference(void **state)
{
    (void)state;
    for_each_known(check_same_bytes);
}

static void check_read(const known *k)
{
    char golden[PATH_SIZE];
    snprintf(golden, sizeof golden, "%s%s", VECTORS, k->file);
    sow_error err;
    sow_safetensors *file = sow_safetensors_open(golden, &err);
    if (file == NULL) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(sow_safetensors_count(file), k->n_tensors);
    for (size_t i = 0; i < k->n_tensors; i++) {
        const sow_safetensors_tensor *tensor = sow_safetensors_find(file, k->specs[i].name);
        assert_non_null(tensor);
        assert_int_equal(tensor->dtype, k->specs[i].dtype);
        assert_int_equal(tensor->n_dims, k->specs[i].n_dims);
        assert_same_bits(tensor->sizes, k->specs[i].sizes, (size_t)tensor->n_dims, 8);
        assert_int_equal(tensor->end - tensor->begin, k->n_bytes[i]);
        unsigned char *data = malloc(k->n_bytes[i] + 1);
        assert_non_null(data);
        assert_ok(sow_safetensors_read(file, tensor, 0, data, k->n_bytes[i], &err), err);
        assert_same_bits(data, k->data[i], k->n_bytes[i], 1);
        free(data);
    }
    for (size_t i = 0; i < k->n_metadata; i++) {
        const char *value;
        assert_string_equal(sow_safetensors_metadata(file, i, &value), k->metadata[2 * i]);
        assert_string_equal(value, k->metadata[2 * i + 1]);
    }
    assert_null(sow_safetensors_metadata(file, k->n_metadata, NULL));
    sow_safetensors_close(file);
}

static void test_io_safetensors_write__reference_files_are_read(void **state)
{
    (void)state;
    for_each_known(check_read);
}

/* ---- what the package can not show ---- */

static void test_io_safetensors_write__sorts_metadata(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "metadata.safetensors");
    const char *const metadata[] = {"b", "2", "a", "1", "B", "3", "", "", NULL};
    const sow_safetensors_options options = {.metadata = metadata};
    sow_error err;
    sow_safetensors_writer *writer = sow_safetensors_create(path, NULL, 0, &options, &err);
    assert_non_null(writer);
    assert_ok(sow_safetensors_finish(writer, &err), err);
    static const char expected[] = "\x30\0\0\0\0\0\0\0{\"__metadata__\":{\"\":\"\",\"B\":\"3\","
                                   "\"a\":\"1\",\"b\":\"2\"}}";
    assert_file_is(path, expected, sizeof expected - 1);
}

static void test_io_safetensors_write__six_bit_types_round_trip(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "f6.safetensors");
    const sow_safetensors_spec specs[] = {
        {"e2m3", SOW_F6_E2M3, 1, (const int64_t[]){4}},
        {"bool", SOW_BOOL, 0, NULL},
        {"e3m2", SOW_F6_E3M2, 2, (const int64_t[]){2, 4}},
        {"f4", SOW_F4, 1, (const int64_t[]){2}},
    };
    static const size_t n_bytes[] = {3, 1, 6, 1}, order[] = {2, 0, 3, 1};
    sow_error err;
    sow_safetensors_writer *writer = sow_safetensors_create(path, specs, 4, NULL, &err);
    assert_non_null(writer);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(sow_safetensors_writer_order(writer, i), order[i]);
        assert_ok(sow_safetensors_write(writer, i, 0, "abcdef", n_bytes[i], NULL, NULL, &err), err);
    }
    assert_int_equal(sow_safetensors_writer_order(writer, 4), SIZE_MAX);
    uint64_t expected_bytes = sow_safetensors_writer_n_bytes(writer);
    assert_ok(sow_safetensors_finish(writer, &err), err);
    sow_safetensors *file = sow_safetensors_open(path, &err);
    assert_non_null(file);
    assert_int_equal(sow_safetensors_n_bytes(file), expected_bytes);
    for (size_t i = 0; i < 4; i++) {
        char got[8] = "";
        const sow_safetensors_tensor *tensor = sow_safetensors_at(file, i);
        assert_string_equal(tensor->name, specs[order[i]].name);
        assert_int_equal(tensor->dtype, specs[order[i]].dtype);
        assert_int_equal(tensor->end - tensor->begin, n_bytes[order[i]]);
        assert_ok(sow_safetensors_read(file, tensor, 0, got, n_bytes[order[i]], &err), err);
        assert_memory_equal(got, "abcdef", n_bytes[order[i]]);
    }
    sow_safetensors_close(file);
}

static void test_io_safetensors_write__names_every_dtype_of_the_format(void **state)
{
    (void)state;
    assert_string_equal(sow_safetensors_dtype_name(SOW_F32), "F32");
    assert_string_equal(sow_safetensors_dtype_name(SOW_BF16), "BF16");
    assert_string_equal(sow_safetensors_dtype_name(SOW_F8_E4M3), "F8_E4M3");
    assert_null(sow_safetensors_dtype_name(SOW_C128));
    assert_null(sow_safetensors_dtype_name(SOW_N_DTYPES));
}

/* ---- what is refused ---- */

static void assert_not_created(const sow_safetensors_spec *specs, size_t n_specs,
                               const char *const *metadata, sow_status status, const char *message)
{
    char path[PATH_SIZE];
    in_folder(path, "refused.safetensors");
    const sow_safetensors_options options = {.metadata = metadata};
    sow_error err = {SOW_OK, 0, ""};
    assert_null(sow_safetensors_create(path, specs, n_specs, &options, &err));
    assert_string_equal(err.message, message);
    assert_int_equal(err.status, status);
    assert_null(sow_safetensors_create(path, specs, n_specs, &options, NULL));
    assert_int_equal(count_files(folder), 0);
}

static void test_io_safetensors_write__refuses_what_the_format_can_not_hold(void **state)
{
    (void)state;
    static const int64_t huge[] = {INT64_MAX, 2, 0}, minus[] = {3, -1}, three[] = {3},
                         half[] = {INT64_MAX / 8 / 2 + 1};
    static const struct {
        sow_safetensors_spec spec;
        sow_status status;
        const char *message;
    } cases[] = {
        {{NULL, SOW_F32, 0, NULL}, SOW_ERROR_VALUE, "safetensors: tensor number 0 has no name"},
        {{"__metadata__", SOW_F32, 0, NULL},
         SOW_ERROR_VALUE,
         "safetensors: a tensor can not be named \"__metadata__\", the format uses it"},
        {{"a\xFF", SOW_F32, 0, NULL},
         SOW_ERROR_VALUE,
         "safetensors: tensor name \"a\\xff\" is not UTF-8"},
        {{"\xED\xA0\x80", SOW_F32, 0, NULL},
         SOW_ERROR_VALUE,
         "safetensors: tensor name \"\\xed\\xa0\\x80\" is not UTF-8"},
        {{"a", SOW_C128, 0, NULL},
         SOW_ERROR_UNSUPPORTED,
         "safetensors: tensor \"a\": the format has no dtype complex128"},
        {{"a", SOW_N_DTYPES, 0, NULL},
         SOW_ERROR_UNSUPPORTED,
         "safetensors: tensor \"a\": the format has no dtype of that number"},
        {{"a", SOW_F32, -1, NULL},
         SOW_ERROR_VALUE,
         "safetensors: tensor \"a\": -1 dims and no sizes"},
        {{"a", SOW_F32, 1, NULL},
         SOW_ERROR_VALUE,
         "safetensors: tensor \"a\": 1 dims and no sizes"},
        {{"a", SOW_F32, 2, minus},
         SOW_ERROR_VALUE,
         "safetensors: tensor \"a\": size 1 is negative: -1"},
        {{"a", SOW_F32, 3, huge},
         SOW_ERROR_OVERFLOW,
         "safetensors: tensor \"a\": shape [9223372036854775807, 2, 0] of F32 overflows"},
        {{"a", SOW_F4, 1, three},
         SOW_ERROR_VALUE,
         "safetensors: tensor \"a\": shape [3] of F4 does not fill whole bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_not_created(&cases[i].spec, 1, NULL, cases[i].status, cases[i].message);
    }
    char names[20][4];
    sow_safetensors_spec many[20];
    for (int i = 0; i < 20; i++) {
        snprintf(names[i], sizeof names[i], "%d", i);
        many[i] = (sow_safetensors_spec){names[i], SOW_U8, 1, half};
    }
    assert_not_created(many, 20, NULL, SOW_ERROR_OVERFLOW,
                       "safetensors: the tensors together are too large for a file");
}

static void test_io_safetensors_write__refuses_names_given_twice(void **state)
{
    (void)state;
    const sow_safetensors_spec specs[] = {
        {"a", SOW_F32, 0, NULL}, {"b", SOW_F32, 0, NULL}, {"a", SOW_U8, 0, NULL}};
    assert_not_created(specs, 3, NULL, SOW_ERROR_VALUE, "safetensors: tensor \"a\" is given twice");
    const char *const twice[] = {"k", "1", "l", "2", "k", "3", NULL};
    assert_not_created(specs, 1, twice, SOW_ERROR_VALUE,
                       "safetensors: metadata key \"k\" is given twice");
    const char *const odd[] = {"k", "1", "l", NULL};
    assert_not_created(specs, 1, odd, SOW_ERROR_VALUE,
                       "safetensors: metadata key \"l\" has no value");
    const char *const bad_key[] = {"\xC0\x80", "1", NULL};
    assert_not_created(specs, 1, bad_key, SOW_ERROR_VALUE,
                       "safetensors: metadata key \"\\xc0\\x80\" is not UTF-8");
    const char *const bad_value[] = {"k", "\xFE", NULL};
    assert_not_created(specs, 1, bad_value, SOW_ERROR_VALUE,
                       "safetensors: metadata value \"\\xfe\" is not UTF-8");
    sow_error err;
    assert_null(sow_safetensors_create(NULL, specs, 1, NULL, &err));
    assert_string_equal(err.message, "safetensors: no path given");
}

/* The header of one tensor with a name of n characters: 51 bytes more. */
static void test_io_safetensors_write__keeps_the_limit_of_the_header(void **state)
{
    (void)state;
    enum { LIMIT = 100000000, FRAME = 51 };
    char path[PATH_SIZE];
    in_folder(path, "limit.safetensors");
    char *name = malloc(LIMIT + 1);
    assert_non_null(name);
    memset(name, 'n', LIMIT);
    name[LIMIT - FRAME] = '\0';
    const sow_safetensors_spec spec = {name, SOW_U8, 0, NULL};
    sow_error err;
    sow_safetensors_writer *writer = sow_safetensors_create(path, &spec, 1, NULL, &err);
    assert_non_null(writer);
    assert_int_equal(sow_safetensors_writer_n_bytes(writer), 8 + LIMIT + 1);
    assert_ok(sow_safetensors_write(writer, 0, 0, "x", 1, NULL, NULL, &err), err);
    assert_ok(sow_safetensors_finish(writer, &err), err);
    sow_safetensors *file = sow_safetensors_open(path, &err);
    assert_non_null(file);
    assert_non_null(sow_safetensors_find(file, name));
    sow_safetensors_close(file);
    unlink(path);
    name[LIMIT - FRAME] = 'n';
    name[LIMIT - FRAME + 1] = '\0';
    assert_not_created(&spec, 1, NULL, SOW_ERROR_VALUE,
                       "safetensors: the header needs 100000008 bytes, at most 100000000 are "
                       "allowed");
    free(name);
}

static void test_io_safetensors_write__keeps_pieces_inside_their_tensor(void **state)
{
    (void)state;
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    in_folder(path, "pieces.safetensors");
    const sow_safetensors_spec specs[] = {{"a", SOW_U8, 1, (const int64_t[]){4}},
                                          {"b", SOW_U8, 1, (const int64_t[]){4}}};
    sow_error err;
    sow_safetensors_writer *writer = sow_safetensors_create(path, specs, 2, NULL, &err);
    assert_non_null(writer);
    snprintf(message, sizeof message, "%s: tensor number 0: 2 bytes from 3 leave its 4 bytes",
             path);
    assert_fails(sow_safetensors_write(writer, 0, 3, "xy", 2, NULL, NULL, &err), SOW_ERROR_VALUE,
                 err, message);
    snprintf(message, sizeof message,
             "%s: tensor number 0: 1 bytes from 18446744073709551615 leave its 4 bytes", path);
    assert_fails(sow_safetensors_write(writer, 0, UINT64_MAX, "x", 1, NULL, NULL, &err),
                 SOW_ERROR_VALUE, err, message);
    snprintf(message, sizeof message, "%s: tensor number 2 of 2", path);
    assert_fails(sow_safetensors_write(writer, 2, 0, "x", 1, NULL, NULL, &err), SOW_ERROR_INDEX,
                 err, message);
    assert_ok(sow_safetensors_write(writer, 0, 0, "abcd", 4, NULL, NULL, &err), err);
    assert_ok(sow_safetensors_write(writer, 1, 0, "efg", 3, NULL, NULL, &err), err);
    snprintf(message, sizeof message, "%s: only 7 of 8 bytes of data written", path);
    assert_fails(sow_safetensors_finish(writer, &err), SOW_ERROR_RUNTIME, err, message);
    assert_int_equal(count_files(folder), 0);
}

static void test_io_safetensors_write__abandon_leaves_nothing(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "abandoned.safetensors");
    const sow_safetensors_spec spec = {"a", SOW_U8, 1, (const int64_t[]){4}};
    sow_error err;
    sow_safetensors_writer *writer = sow_safetensors_create(path, &spec, 1, NULL, &err);
    assert_non_null(writer);
    assert_ok(sow_safetensors_write(writer, 0, 0, "abcd", 4, NULL, NULL, &err), err);
    sow_safetensors_abandon(writer);
    sow_safetensors_abandon(NULL);
    assert_int_equal(count_files(folder), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(test_io_safetensors_write__##name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(gives_the_bytes_of_the_reference),
        TEST(reference_files_are_read),
        TEST(sorts_metadata),
        TEST(six_bit_types_round_trip),
        TEST(names_every_dtype_of_the_format),
        TEST(refuses_what_the_format_can_not_hold),
        TEST(refuses_names_given_twice),
        TEST(keeps_the_limit_of_the_header),
        TEST(keeps_pieces_inside_their_tensor),
        TEST(abandon_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
