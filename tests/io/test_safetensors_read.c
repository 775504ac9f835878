/* The reader of safetensors: what it accepts, and for every refusal status, offset and message.
 * SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* mkdtemp */
#include "io/files.h"

#include <sow/safetensors.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

#define ENTRY(dtype, shape, begin, end)                                                            \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"
#define TWO_BYTES ENTRY("U8", "[2]", 0, 2)

/* A file at a path: the length (that of the header when it is -1), the header, zeros as data. */
static void write_safetensors(const char *path, const char *header, size_t header_bytes,
                              int64_t length, size_t data_bytes)
{
    uint64_t n = length < 0 ? header_bytes : (uint64_t)length;
    unsigned char *bytes = calloc(1, 8 + header_bytes + data_bytes + 1);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(n >> 8 * i);
    }
    memcpy(bytes + 8, header, header_bytes);
    write_file(path, bytes, 8 + header_bytes + data_bytes);
    free(bytes);
}

static sow_safetensors *open_text(char path[PATH_SIZE], const char *header, size_t data_bytes,
                                  sow_error *err)
{
    in_folder(path, "f.safetensors");
    write_safetensors(path, header, strlen(header), -1, data_bytes);
    return sow_safetensors_open(path, err);
}

static void assert_refused(const char *path, sow_status status, int64_t offset, const char *message)
{
    sow_error err = {SOW_OK, -2, ""};
    sow_safetensors *file = sow_safetensors_open(path, &err);
    char expected[SOW_ERROR_MESSAGE_SIZE];
    if (offset >= 0) {
        snprintf(expected, sizeof expected, "%s: byte %lld: %s", path, (long long)offset, message);
    } else {
        snprintf(expected, sizeof expected, "%s: %s", path, message);
    }
    if (file != NULL || err.status != status || err.offset != offset ||
        strcmp(err.message, expected) != 0) {
        fail_msg("expected %s at %lld: %s\n  got      %s at %lld: %s", sow_status_name(status),
                 (long long)offset, expected, file != NULL ? "a file" : sow_status_name(err.status),
                 (long long)err.offset, err.message);
    }
    assert_null(sow_safetensors_open(path, NULL));
}

/* ---- what is refused ---- */

typedef struct hostile {
    const char *header;
    size_t data_bytes;
    int64_t offset;
    const char *message;
} hostile;

static void assert_all_refused(const hostile *cases, size_t n, sow_status status)
{
    char path[PATH_SIZE];
    in_folder(path, "hostile.safetensors");
    for (size_t i = 0; i < n; i++) {
        write_safetensors(path, cases[i].header, strlen(cases[i].header), -1, cases[i].data_bytes);
        assert_refused(path, status, cases[i].offset, cases[i].message);
    }
}
#define assert_table_refused(cases)                                                                \
    assert_all_refused((cases), sizeof(cases) / sizeof *(cases), SOW_ERROR_CORRUPT)

static void test_io_safetensors_read__refuses_broken_json(void **state)
{
    (void)state;
    static const hostile cases[] = {
        {"", 0, 8, "expected '{' at the start of the header, got the end of the header"},
        {"  ", 0, 10, "expected '{' at the start of the header, got the end of the header"},
        {"null", 0, 8, "expected '{' at the start of the header, got 'n'"},
        {"[]", 0, 8, "expected '{' at the start of the header, got '['"},
        {"\xEF\xBB\xBF{}", 0, 8, "expected '{' at the start of the header, got 0xef"},
        {"{", 0, 9, "expected a string, got the end of the header"},
        {"{1:2}", 0, 9, "expected a string, got a number"},
        {"{,}", 0, 9, "expected a string, got no JSON value"},
        {"{\"a\"}", 0, 12, "expected ':' after a key, got '}'"},
        {"{\"a\" " TWO_BYTES "}", 2, 13, "expected ':' after a key, got '{'"},
        {"{\"a\":" TWO_BYTES, 2, 8 + 52, "expected ',' or '}', got the end of the header"},
        {"{\"a\":" TWO_BYTES ",}", 2, 8 + 53, "expected a string, got no JSON value"},
        {"{\"a\":" TWO_BYTES " \"b\":1}", 2, 8 + 53, "expected ',' or '}', got '\"'"},
        {"{}{}", 0, 10, "'{' follows the end of the JSON"},
        {"{} //", 0, 11, "'/' follows the end of the JSON"},
        {"{}\x01", 0, 10, "0x01 follows the end of the JSON"},
        {"{\"a", 0, 11, "the header ends inside a string"},
        {"{\"a\tb\":1}", 0, 11, "the header is not JSON"},
        {"{\"\\x\":1}", 0, 12, "the header is not JSON"},
        {"{\"\\ud800\":1}", 0, 17, "the header is not JSON"},
        {"{\"\xFF\":1}", 0, 10, "the header is not UTF-8 (0xff)"},
        {"{\"\xED\xA0\x80\":1}", 0, 10, "the header is not UTF-8 (0xed)"},
        {"{\"\xC0\x80\":1}", 0, 10, "the header is not UTF-8 (0xc0)"},
        {"{} \xE2\x82", 0, 11, "the header is not UTF-8 (0xe2)"},
        {"{\"a\":{\"shape\":[1 2]}}", 0, 25, "tensor \"a\": expected ',' or ']', got '2'"},
        {"{\"a\":{\"shape\":[01]}}", 0, 24, "tensor \"a\": the header is not JSON"},
        {"{\"a\":{\"dtype\" \"U8\"}}", 0, 22, "tensor \"a\": expected ':' after a key, got '\"'"},
    };
    assert_table_refused(cases);
}

static void test_io_safetensors_read__refuses_a_nul_byte(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "nul.safetensors");
    write_safetensors(path, "{}\0", 3, -1, 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 10, "0x00 follows the end of the JSON");
    write_safetensors(path, "{\"a\0b\":1}", 9, -1, 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 11, "the header is not JSON");
}

static void test_io_safetensors_read__refuses_wrong_entries(void **state)
{
    (void)state;
#define OFFSETS "\"data_offsets\":[0,2]"
#define HEAD "{\"a\":{\"dtype\":\"U8\",\"shape\":"
    static const hostile cases[] = {
        {"{\"a\":null}", 0, 9, "tensor \"a\": the entry must be an object, got null"},
        {"{\"a\":[\"U8\",[2],[0,2]]}", 2, 9,
         "tensor \"a\": the entry must be an object, got an array"},
        {"{\"a\":{}}", 0, 9, "tensor \"a\": no dtype"},
        {"{\"a\":{\"dtype\":\"U8\"," OFFSETS "}}", 2, 9, "tensor \"a\": no shape"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2]}}", 2, 9, "tensor \"a\": no data_offsets"},
        {"{\"a\":{\"dtype\":1,\"shape\":[2]," OFFSETS "}}", 2, 9,
         "tensor \"a\": dtype must be a string, got a number"},
        {"{\"a\":{\"dtype\":{\"U8\":null},\"shape\":[2]," OFFSETS "}}", 2, 9,
         "tensor \"a\": dtype must be a string, got an object"},
        {"{\"a\":{\"dtype\":\"U8\\u0000\",\"shape\":[2]," OFFSETS "}}", 2, 22,
         "tensor \"a\": a string holds NUL (\\u0000)"},
        {HEAD "null," OFFSETS "}}", 2, 9, "tensor \"a\": shape must be an array, got null"},
        {HEAD "2," OFFSETS "}}", 2, 9, "tensor \"a\": shape must be an array, got a number"},
        {HEAD "[-2]," OFFSETS "}}", 2, 9,
         "tensor \"a\": shape must hold whole numbers >= 0, got a negative number"},
        {HEAD "[-0]," OFFSETS "}}", 2, 9,
         "tensor \"a\": shape must hold whole numbers >= 0, got a negative number"},
        {HEAD "[2.0]," OFFSETS "}}", 2, 9,
         "tensor \"a\": shape must hold whole numbers >= 0, got a fraction or exponent"},
        {HEAD "[2e0]," OFFSETS "}}", 2, 9,
         "tensor \"a\": shape must hold whole numbers >= 0, got a fraction or exponent"},
        {HEAD "[\"2\"]," OFFSETS "}}", 2, 9,
         "tensor \"a\": shape must hold whole numbers >= 0, got a string"},
        {HEAD "[[2]]," OFFSETS "}}", 2, 9,
         "tensor \"a\": shape must hold whole numbers >= 0, got an array"},
        {HEAD "[true]," OFFSETS "}}", 2, 9,
         "tensor \"a\": shape must hold whole numbers >= 0, got a boolean"},
        {HEAD "[9223372036854775808]," OFFSETS "}}", 2, 9, "tensor \"a\": a number is too large"},
        {HEAD "[1e999]," OFFSETS "}}", 2, 9, "tensor \"a\": a number is too large"},
        {HEAD "[2],\"data_offsets\":[0]}}", 2, 9, "tensor \"a\": data_offsets must be two numbers"},
        {HEAD "[2],\"data_offsets\":[0,2,2]}}", 2, 9,
         "tensor \"a\": data_offsets must be two numbers"},
        {HEAD "[2],\"data_offsets\":{}}}", 2, 9,
         "tensor \"a\": data_offsets must be an array, got an object"},
        {HEAD "[2],\"data_offsets\":[-0,2]}}", 2, 9,
         "tensor \"a\": data_offsets must hold whole numbers >= 0, got a negative number"},
        {HEAD "[2],\"data_offsets\":[0,18446744073709551618]}}", 2, 9,
         "tensor \"a\": a number is too large"},
        {HEAD "[2],\"data_offsets\":[2,0]}}", 2, 9,
         "tensor \"a\": data_offsets end at 0, before they begin at 2"},
        {HEAD "[2],\"data_offsets\":[0,3]}}", 3, 9,
         "tensor \"a\": shape [2] of U8 needs 2 bytes, data_offsets hold 3"},
        {HEAD "[3]," OFFSETS "}}", 2, 9,
         "tensor \"a\": shape [3] of U8 needs 3 bytes, data_offsets hold 2"},
        {HEAD "[2]," OFFSETS ",\"x\":1}}", 2, 9, "tensor \"a\": unknown field \"x\""},
        {HEAD "[2]," OFFSETS ",\"\":1}}", 2, 9, "tensor \"a\": unknown field \"\""},
        {HEAD "[2]," OFFSETS ",\"dtype\":\"U8\"}}", 2, 9, "tensor \"a\": \"dtype\" is given twice"},
        {HEAD "[2]," OFFSETS ",\"sh\\u0061pe\":[2]}}", 2, 9,
         "tensor \"a\": \"shape\" is given twice"},
    };
    assert_table_refused(cases);
}

static void test_io_safetensors_read__refuses_shapes_that_overflow(void **state)
{
    (void)state;
#define HUGE "4611686018427387904"
    static const hostile cases[] = {
        {HEAD "[" HUGE ",4],\"data_offsets\":[0,0]}}", 0, 9,
         "tensor \"a\": shape [" HUGE ", 4] of U8 overflows"},
        {HEAD "[0," HUGE ",4],\"data_offsets\":[0,0]}}", 0, 9,
         "tensor \"a\": shape [0, " HUGE ", 4] of U8 overflows"},
        {HEAD "[" HUGE ",4,0],\"data_offsets\":[0,0]}}", 0, 9,
         "tensor \"a\": shape [" HUGE ", 4, 0] of U8 overflows"},
        {HEAD "[" HUGE "],\"data_offsets\":[0,0]}}", 0, 9,
         "tensor \"a\": shape [" HUGE "] of U8 overflows"},
        {"{\"a\":" ENTRY("F4", "[3]", 0, 2) "}", 2, 9,
         "tensor \"a\": shape [3] of F4 does not fill whole bytes"},
        {"{\"a\":" ENTRY("F6_E2M3", "[2]", 0, 2) "}", 2, 9,
         "tensor \"a\": shape [2] of F6_E2M3 does not fill whole bytes"},
    };
    assert_table_refused(cases);
}

static void test_io_safetensors_read__refuses_names_given_twice(void **state)
{
    (void)state;
    static const hostile cases[] = {
        {"{\"a\":" TWO_BYTES ",\"a\":" TWO_BYTES "}", 2, 8 + 53, "tensor \"a\" is given twice"},
        {"{\"a\":" TWO_BYTES ",\"\\u0061\":" TWO_BYTES "}", 2, 8 + 53,
         "tensor \"a\" is given twice"},
        {"{\"a\":" TWO_BYTES ",\"b\":" ENTRY("U8", "[0]", 2, 2) ",\"a\":" TWO_BYTES "}", 2, 8 + 105,
         "tensor \"a\" is given twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, 8 + 19, "__metadata__ is given twice"},
        {"{\"__metadata__\":{},\"__metadat\\u0061__\":{}}", 0, 8 + 19,
         "__metadata__ is given twice"},
        {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"1\"}}", 0, 8 + 25,
         "__metadata__: \"k\" is given twice"},
        {"{\"__metadata__\":{\"k\":\"1\",\"\\u006b\":\"2\"}}", 0, 8 + 25,
         "__metadata__: \"k\" is given twice"},
        {"{\"a\\u0000b\":" TWO_BYTES "}", 2, 9, "a string holds NUL (\\u0000)"},
    };
    assert_table_refused(cases);
}

static void test_io_safetensors_read__refuses_wrong_metadata(void **state)
{
    (void)state;
    static const hostile cases[] = {
        {"{\"__metadata__\":null}", 0, 9, "__metadata__ must be an object, got null"},
        {"{\"__metadata__\":[]}", 0, 9, "__metadata__ must be an object, got an array"},
        {"{\"__metadata__\":" TWO_BYTES "}", 2, 8 + 30,
         "__metadata__: the value of \"shape\" must be a string, got an array"},
        {"{\"__metadata__\":{\"k\":1}}", 0, 25,
         "__metadata__: the value of \"k\" must be a string, got a number"},
        {"{\"__metadata__\":{\"k\":null}}", 0, 25,
         "__metadata__: the value of \"k\" must be a string, got null"},
        {"{\"__metadata__\":{\"k\\u0000\":\"v\"}}", 0, 25, "a string holds NUL (\\u0000)"},
        {"{\"__metadata__\":{\"k\":\"v\\u0000\"}}", 0, 29, "a string holds NUL (\\u0000)"},
        {"{\"__metadata__\":{\"k\":\"v\"}", 0, 8 + 25,
         "expected ',' or '}', got the end of the header"},
    };
    assert_table_refused(cases);
}

static void test_io_safetensors_read__refuses_holes_and_overlaps(void **state)
{
    (void)state;
#define ONE(begin, end) ENTRY("U8", "[1]", begin, end)
    static const hostile cases[] = {
        {"{\"a\":" ONE(1, 2) "}", 2, 9, "tensor \"a\": its data begin at 1, those before end at 0"},
        {"{\"a\":" ONE(0, 1) ",\"b\":" ONE(2, 3) "}", 3, 8 + 53,
         "tensor \"b\": its data begin at 2, those before end at 1"},
        {"{\"a\":" ONE(0, 1) ",\"b\":" ONE(0, 1) "}", 1, 8 + 53,
         "tensor \"b\": its data begin at 0, those before end at 1"},
        {"{\"a\":" TWO_BYTES ",\"b\":" ENTRY("U8", "[2]", 1, 3) "}", 3, 8 + 53,
         "tensor \"b\": its data begin at 1, those before end at 2"},
        {"{\"z\":" ENTRY("U8", "[0]", 1, 1) ",\"a\":" TWO_BYTES "}", 2, 9,
         "tensor \"z\": its data begin at 1, those before end at 2"},
        {"{\"a\":" TWO_BYTES "}", 1, 8 + 53 + 1, "the file ends, but its data go on to byte 63"},
        {"{\"a\":" TWO_BYTES "}", 3, 8 + 53 + 2, "the data end, but the file goes on to byte 64"},
        {"{}", 1, 10, "the data end, but the file goes on to byte 11"},
        {"{\"a\":" ENTRY("U8", "[9223372036854775]", 0, 9223372036854775) "}", 2, 8 + 85,
         "the file ends, but its data go on to byte 9223372036854866"},
    };
    assert_table_refused(cases);
}

static void test_io_safetensors_read__names_an_unknown_dtype_apart(void **state)
{
    (void)state;
    static const hostile cases[] = {
        {"{\"a\":" ENTRY("U3", "[8]", 0, 3) "}", 3, 9, "tensor \"a\": unknown dtype \"U3\""},
        {"{\"a\":" ENTRY("f32", "[1]", 0, 4) "}", 4, 9, "tensor \"a\": unknown dtype \"f32\""},
        {"{\"a\":" ENTRY("", "[1]", 0, 4) "}", 4, 9, "tensor \"a\": unknown dtype \"\""},
        {"{\"a\":" ENTRY("C128", "[1]", 0, 16) "}", 16, 9, "tensor \"a\": unknown dtype \"C128\""},
    };
    assert_all_refused(cases, sizeof cases / sizeof *cases, SOW_ERROR_UNSUPPORTED);
}

static void test_io_safetensors_read__checks_the_length_before_it_believes_it(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "length.safetensors");
    write_file(path, "", 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 0, "0 bytes are too few for a safetensors file");
    write_file(path, "1234567", 7);
    assert_refused(path, SOW_ERROR_CORRUPT, 0, "7 bytes are too few for a safetensors file");
    write_safetensors(path, "{}", 2, 3, 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 0, "a header of 3 bytes in a file of 10");
    write_safetensors(path, "{}", 2, 100000000, 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 0, "a header of 100000000 bytes in a file of 10");
    write_safetensors(path, "{}", 2, 100000001, 0);
    assert_refused(
        path, SOW_ERROR_CORRUPT, 0,
        "not a safetensors file: a header of 100000001 bytes, at most 100000000 are allowed");
    write_safetensors(path, "{}", 2, INT64_MAX, 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 0,
                   "not a safetensors file: a header of 9223372036854775807 bytes, at most "
                   "100000000 are allowed");
    static const char kinds[][9] = {"PK\3\4\0\0\x08\x08", "\x80\2\x8a\nl\xfc\x9c\x46"};
    write_file(path, kinds[0], 8);
    assert_refused(
        path, SOW_ERROR_CORRUPT, 0,
        "not a safetensors file: a zip archive or pickled checkpoint, which is not read");
    write_file(path, kinds[1], 8);
    assert_refused(path, SOW_ERROR_CORRUPT, 0,
                   "not a safetensors file: a pickled checkpoint, which is not read");
    write_file(path, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}", 10);
    assert_refused(path, SOW_ERROR_CORRUPT, 0,
                   "not a safetensors file: a header of 18446744073709551615 bytes, at most "
                   "100000000 are allowed");
}

static void test_io_safetensors_read__is_not_blown_up_by_depth(void **state)
{
    (void)state;
    enum { N = 1000000 };
    char path[PATH_SIZE];
    in_folder(path, "deep.safetensors");
    char *text = malloc(N + 1);
    assert_non_null(text);
    memset(text, '[', N);
    write_safetensors(path, text, N, -1, 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 8, "expected '{' at the start of the header, got '['");
    memcpy(text, "{\"a\":", 5);
    write_safetensors(path, text, N, -1, 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 9,
                   "tensor \"a\": the entry must be an object, got an array");
    for (int i = 0; i + 5 <= N; i += 5) {
        memcpy(text + i, "{\"a\":", 5);
    }
    write_safetensors(path, text, N, -1, 0);
    assert_refused(path, SOW_ERROR_CORRUPT, 9, "tensor \"a\": unknown field \"a\"");
    free(text);
}

static void test_io_safetensors_read__cuts_a_long_name_in_its_messages(void **state)
{
    (void)state;
    char path[PATH_SIZE], header[2048], message[512];
    in_folder(path, "long.safetensors");
    char name[601];
    for (int i = 0; i < 600; i += 2) {
        memcpy(name + i, "\xC3\xA4", 2);
    }
    name[600] = '\0';
    snprintf(header, sizeof header, "{\"x%s\":null}", name);
    write_safetensors(path, header, strlen(header), -1, 0);
    snprintf(message, sizeof message,
             "tensor \"x%.136s...\": the entry must be an object, got null", name);
    assert_refused(path, SOW_ERROR_CORRUPT, 9, message);
}

/* ---- what is accepted ---- */

static void test_io_safetensors_read__accepts_spaces_around_the_json(void **state)
{
    (void)state;
    static const char *const headers[] = {"{}", "  {}", "\n\t\r {}", "{}   ", " { } \n"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char path[PATH_SIZE];
        sow_error err;
        sow_safetensors *file = open_text(path, headers[i], 0, &err);
        assert_non_null(file);
        assert_int_equal(sow_safetensors_count(file), 0);
        assert_null(sow_safetensors_at(file, 0));
        assert_null(sow_safetensors_find(file, ""));
        assert_null(sow_safetensors_metadata(file, 0, NULL));
        assert_string_equal(sow_safetensors_path(file), path);
        assert_int_equal(sow_safetensors_n_bytes(file), 8 + strlen(headers[i]));
        sow_safetensors_close(file);
    }
}

static void test_io_safetensors_read__accepts_fields_in_any_order_and_escaped(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    sow_error err;
    sow_safetensors *file = open_text(
        path,
        "{ \"\\u0061\\ud83d\\ude00\" : {\"data_offsets\" : [ 0 , 2 ] ,\n\"sh\\u0061pe\":[ 1,2 ],"
        "\"dtype\":\"\\u00558\"} }",
        2, &err);
    assert_non_null(file);
    const sow_safetensors_tensor *tensor = sow_safetensors_find(file, "a\xF0\x9F\x98\x80");
    assert_non_null(tensor);
    assert_int_equal(tensor->dtype, SOW_U8);
    assert_int_equal(tensor->n_dims, 2);
    assert_int_equal(tensor->sizes[0], 1);
    assert_int_equal(tensor->sizes[1], 2);
    assert_int_equal(tensor->end, sow_safetensors_n_bytes(file));
    assert_int_equal(tensor->end - tensor->begin, 2);
    sow_safetensors_close(file);
}

static void test_io_safetensors_read__accepts_zero_size_tensors_anywhere(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    sow_error err;
    sow_safetensors *file = open_text(
        path,
        "{\"end\":" ENTRY("F64", "[4,0]", 4, 4) ",\"b\":" ENTRY(
            "U8", "[2]", 2, 4) ",\"middle\":" ENTRY("I32", "[0,9223372036854775]", 2,
                                                    2) ",\"\":" TWO_BYTES
                                                       ",\"start\":" ENTRY("BOOL", "[0]", 0, 0) "}",
        4, &err);
    assert_non_null(file);
    static const char *const order[] = {"start", "", "middle", "b", "end"};
    assert_int_equal(sow_safetensors_count(file), 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(sow_safetensors_at(file, i)->name, order[i]);
        assert_ptr_equal(sow_safetensors_find(file, order[i]), sow_safetensors_at(file, i));
    }
    assert_null(sow_safetensors_find(file, "star"));
    assert_null(sow_safetensors_find(file, "zzz"));
    sow_safetensors_close(file);
}

static void test_io_safetensors_read__accepts_types_that_fill_whole_bytes_together(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    sow_error err;
    sow_safetensors *file =
        open_text(path,
                  "{\"a\":" ENTRY("F4", "[3,2]", 0, 3) ",\"b\":" ENTRY(
                      "F6_E2M3", "[4]", 3, 6) ",\"c\":" ENTRY("F6_E3M2", "[4,0]", 6, 6) "}",
                  6, &err);
    assert_non_null(file);
    assert_int_equal(sow_safetensors_find(file, "a")->dtype, SOW_F4);
    assert_int_equal(sow_safetensors_find(file, "b")->dtype, SOW_F6_E2M3);
    assert_int_equal(sow_safetensors_find(file, "c")->dtype, SOW_F6_E3M2);
    sow_safetensors_close(file);
}

static void test_io_safetensors_read__sorts_metadata_by_key(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    sow_error err;
    sow_safetensors *file =
        open_text(path, "{\"__metadata__\":{\"b\":\"2\",\"\":\"\",\"B\":\"3\"}}", 0, &err);
    assert_non_null(file);
    static const char *const expected[][2] = {{"", ""}, {"B", "3"}, {"b", "2"}};
    for (size_t i = 0; i < 3; i++) {
        const char *value = NULL;
        assert_string_equal(sow_safetensors_metadata(file, i, &value), expected[i][0]);
        assert_string_equal(value, expected[i][1]);
    }
    assert_null(sow_safetensors_metadata(file, 3, NULL));
    sow_safetensors_close(file);
}

/* ---- reading data ---- */

static void test_io_safetensors_read__reads_pieces_and_no_more(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "data.safetensors");
    const char *header = "{\"a\":" TWO_BYTES ",\"b\":" ENTRY("U8", "[4]", 2, 6) "}";
    unsigned char bytes[256] = {(unsigned char)strlen(header)};
    memcpy(bytes + 8, header, strlen(header));
    memcpy(bytes + 8 + strlen(header), "ABcdef", 6);
    write_file(path, bytes, 8 + strlen(header) + 6);
    sow_error err;
    sow_safetensors *file = sow_safetensors_open(path, &err);
    assert_non_null(file);
    const sow_safetensors_tensor *b = sow_safetensors_find(file, "b");
    char got[8] = "";
    assert_ok(sow_safetensors_read(file, b, 0, got, 4, &err), err);
    assert_memory_equal(got, "cdef", 4);
    assert_ok(sow_safetensors_read(file, b, 1, got, 2, &err), err);
    assert_memory_equal(got, "de", 2);
    assert_ok(sow_safetensors_read(file, b, 4, got, 0, &err), err);
    char message[SOW_ERROR_MESSAGE_SIZE];
    snprintf(message, sizeof message, "%s: tensor \"b\": 2 bytes from 3 leave its 4 bytes", path);
    assert_fails(sow_safetensors_read(file, b, 3, got, 2, &err), SOW_ERROR_VALUE, err, message);
    snprintf(message, sizeof message,
             "%s: tensor \"b\": 1 bytes from 18446744073709551615 leave its 4 bytes", path);
    assert_fails(sow_safetensors_read(file, b, UINT64_MAX, got, 1, &err), SOW_ERROR_VALUE, err,
                 message);
    sow_safetensors_close(file);
}

static void test_io_safetensors_read__says_when_the_file_got_shorter(void **state)
{
    (void)state;
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE], got[2];
    sow_error err;
    sow_safetensors *file = open_text(path, "{\"a\":" TWO_BYTES "}", 2, &err);
    assert_non_null(file);
    assert_int_equal(truncate(path, 62), 0);
    snprintf(message, sizeof message,
             "%s: byte 62: the file ends here, it had 63 bytes when it was opened", path);
    assert_fails(sow_safetensors_read(file, sow_safetensors_at(file, 0), 0, got, 2, &err),
                 SOW_ERROR_IO, err, message);
    assert_int_equal(err.offset, 62);
    sow_safetensors_close(file);
}

/* ---- what is no file ---- */

static void test_io_safetensors_read__refuses_what_is_no_regular_file(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    assert_refused(in_folder(path, "missing"), SOW_ERROR_IO, -1, "No such file or directory");
    assert_refused(folder, SOW_ERROR_IO, -1, "is a folder, a regular file is needed");
    assert_refused("/dev/null", SOW_ERROR_IO, -1,
                   "is a character device, a regular file is needed");
    in_folder(path, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(10); /* a reader that waits for a writer ends the test */
    assert_refused(path, SOW_ERROR_IO, -1, "is a FIFO, a regular file is needed");
    alarm(0);
    in_folder(path, "loop");
    assert_int_equal(symlink("loop", path), 0);
    assert_refused(path, SOW_ERROR_IO, -1, "Too many levels of symbolic links");
    sow_error err;
    assert_null(sow_safetensors_open(NULL, &err));
    assert_int_equal(err.status, SOW_ERROR_VALUE);
    assert_string_equal(err.message, "safetensors: no path given");
}

/* ---- size ---- */

/* Runs in a child with 1 GiB of address space: 0 when all is well. */
static int inspect_sparse(const char *path)
{
    const struct rlimit limit = {1 << 30, 1 << 30};
    if (!IS_SANITIZED && setrlimit(RLIMIT_AS, &limit) != 0) {
        return 2;
    }
    sow_error err;
    sow_safetensors *file = sow_safetensors_open(path, &err);
    if (file == NULL) {
        return 3;
    }
    const sow_safetensors_tensor *tensor = sow_safetensors_find(file, "big");
    char byte = 1;
    uint64_t last = tensor->end - tensor->begin - 1;
    bool is_good = sow_safetensors_read(file, tensor, last, &byte, 1, &err) == SOW_OK && byte == 0;
    sow_safetensors_close(file);
    return is_good ? 0 : 4;
}

static void test_io_safetensors_read__needs_memory_for_the_header_alone(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "sparse.safetensors");
    const char *header = "{\"big\":" ENTRY("F32", "[25000,1000000]", 0, 100000000000) "}";
    write_safetensors(path, header, strlen(header), -1, 0);
    assert_int_equal(truncate(path, (off_t)(8 + strlen(header) + 100000000000)), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(inspect_sparse(path));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* The longest header there may be, of as many tensors as go in, then one byte more. */
static void test_io_safetensors_read__takes_the_longest_header(void **state)
{
    (void)state;
    enum { LIMIT = 100000000 };
    char path[PATH_SIZE], name[24];
    in_folder(path, "longest.safetensors");
    char *text = malloc(LIMIT + 2);
    assert_non_null(text);
    size_t used = 1, n_tensors = 0;
    text[0] = '{';
    while (used < LIMIT - 100) {
        used += (size_t)sprintf(text + used, "%s\"%zx\":", n_tensors > 0 ? "," : "", n_tensors);
        used += (size_t)sprintf(text + used,
                                "{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[%zu,%zu]}",
                                n_tensors, n_tensors + 1);
        n_tensors++;
    }
    text[used++] = '}';
    memset(text + used, ' ', LIMIT + 1 - used);
    write_safetensors(path, text, LIMIT, -1, n_tensors);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    sow_error err;
    sow_safetensors *file = sow_safetensors_open(path, &err);
    assert_non_null(file);
    assert_int_equal(sow_safetensors_count(file), n_tensors);
    for (size_t i = 0; i < n_tensors; i++) {
        snprintf(name, sizeof name, "%zx", i);
        assert_ptr_equal(sow_safetensors_find(file, name), sow_safetensors_at(file, i));
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    sow_safetensors_close(file);
    print_message("%zu tensors opened and found in %.2f s\n", n_tensors,
                  (double)(after.tv_sec - before.tv_sec) +
                      (double)(after.tv_nsec - before.tv_nsec) * 1e-9);
    assert_true(after.tv_sec - before.tv_sec < 120); /* quadratic work would take hours */
    write_safetensors(path, text, LIMIT + 1, -1, n_tensors);
    assert_refused(
        path, SOW_ERROR_CORRUPT, 0,
        "not a safetensors file: a header of 100000001 bytes, at most 100000000 are allowed");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_io_safetensors_read__refuses_broken_json),
        cmocka_unit_test(test_io_safetensors_read__refuses_a_nul_byte),
        cmocka_unit_test(test_io_safetensors_read__refuses_wrong_entries),
        cmocka_unit_test(test_io_safetensors_read__refuses_shapes_that_overflow),
        cmocka_unit_test(test_io_safetensors_read__refuses_names_given_twice),
        cmocka_unit_test(test_io_safetensors_read__refuses_wrong_metadata),
        cmocka_unit_test(test_io_safetensors_read__refuses_holes_and_overlaps),
        cmocka_unit_test(test_io_safetensors_read__names_an_unknown_dtype_apart),
        cmocka_unit_test(test_io_safetensors_read__checks_the_length_before_it_believes_it),
        cmocka_unit_test(test_io_safetensors_read__is_not_blown_up_by_depth),
        cmocka_unit_test(test_io_safetensors_read__cuts_a_long_name_in_its_messages),
        cmocka_unit_test(test_io_safetensors_read__accepts_spaces_around_the_json),
        cmocka_unit_test(test_io_safetensors_read__accepts_fields_in_any_order_and_escaped),
        cmocka_unit_test(test_io_safetensors_read__accepts_zero_size_tensors_anywhere),
        cmocka_unit_test(test_io_safetensors_read__accepts_types_that_fill_whole_bytes_together),
        cmocka_unit_test(test_io_safetensors_read__sorts_metadata_by_key),
        cmocka_unit_test(test_io_safetensors_read__reads_pieces_and_no_more),
        cmocka_unit_test(test_io_safetensors_read__says_when_the_file_got_shorter),
        cmocka_unit_test(test_io_safetensors_read__refuses_what_is_no_regular_file),
        cmocka_unit_test(test_io_safetensors_read__needs_memory_for_the_header_alone),
        cmocka_unit_test(test_io_safetensors_read__takes_the_longest_header),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
