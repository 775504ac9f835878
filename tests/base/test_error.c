/* The error record, its text, and warnings.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "support.h"

static void test_base_error__every_status_has_names(void **unused)
{
    (void)unused;
#define SOW_X(symbol, value, exception, text)                                                      \
    assert_int_equal(symbol, value);                                                               \
    assert_string_equal(sow_status_name(symbol), #symbol);                                         \
    assert_string_equal(sow_status_text(symbol), text);                                            \
    assert_string_equal(sow_status_exception(symbol), exception);
    SOW_STATUS_MAP(SOW_X)
#undef SOW_X
    const sow_status none[] = {(sow_status)15, (sow_status)-1, (sow_status)1000};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_string_equal(sow_status_name(none[i]), "?");
        assert_string_equal(sow_status_text(none[i]), "unknown status");
        assert_string_equal(sow_status_exception(none[i]), "");
    }
}

static void test_base_error__fills_the_record(void **unused)
{
    (void)unused;
    sow_error err;
    memset(&err, 0xAA, sizeof err);
    assert_int_equal(sow__fail(&err, SOW_ERROR_VALUE, "fan_in must be > 0, got %d", 0),
                     SOW_ERROR_VALUE);
    assert_int_equal(err.status, SOW_ERROR_VALUE);
    assert_int_equal(err.offset, -1);
    assert_string_equal(err.message, "fan_in must be > 0, got 0");
    assert_int_equal(sow__fail_at(&err, SOW_ERROR_CORRUPT, INT64_MAX, "%s", "x"),
                     SOW_ERROR_CORRUPT);
    assert_int_equal(err.status, SOW_ERROR_CORRUPT);
    assert_true(err.offset == INT64_MAX);
    assert_string_equal(err.message, "x");
    assert_int_equal(sow__fail_memory(&err, 4096), SOW_ERROR_MEMORY);
    assert_int_equal(err.offset, -1);
    assert_string_equal(err.message, "out of memory: 4096 bytes could not be had");
}

static void test_base_error__a_record_is_not_needed(void **unused)
{
    (void)unused;
    assert_int_equal(sow__fail(NULL, SOW_ERROR_INDEX, "%s", "x"), SOW_ERROR_INDEX);
    assert_int_equal(sow__fail_within(NULL, "layer %d", 3), SOW_ERROR_INDEX);
    assert_int_equal(sow__fail_at(NULL, SOW_ERROR_IO, 3, "%s", "x"), SOW_ERROR_IO);
    assert_int_equal(sow__fail_within(NULL, "layer %d", 3), SOW_ERROR_IO);
    assert_int_equal(sow__fail_memory(NULL, 1), SOW_ERROR_MEMORY);
    assert_int_equal(sow__fail_within(NULL, "layer %d", 3), SOW_ERROR_MEMORY);
}

static void test_base_error__text_is_one_clean_line(void **unused)
{
    (void)unused;
    const struct {
        const char *text, *message;
    } cases[] = {
        {"", ""},
        {"a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"},
        {"\x01\x1f\x7f \x1b[31m", "\\x01\\x1f\\x7f \\x1b[31m"},
        /* whole characters of 2, 3 and 4 bytes, first and last of each length */
        {"\xC2\xA0\xDF\xBF", "\xC2\xA0\xDF\xBF"},
        {"\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF",
         "\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"},
        {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
        /* C1 controls */
        {"\xC2\x80\xC2\x9F", "\\xc2\\x80\\xc2\\x9f"},
        /* lone, overlong, surrogate, too high, cut short */
        {"\x80\xBF", "\\x80\\xbf"},
        {"\xC0\x80\xC1\xBF", "\\xc0\\x80\\xc1\\xbf"},
        {"\xE0\x9F\xBF", "\\xe0\\x9f\\xbf"},
        {"\xF0\x8F\xBF\xBF", "\\xf0\\x8f\\xbf\\xbf"},
        {"\xED\xA0\x80", "\\xed\\xa0\\x80"},
        {"\xED\xBF\xBF", "\\xed\\xbf\\xbf"},
        {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"\xF5\x80\x80\x80\xFF", "\\xf5\\x80\\x80\\x80\\xff"},
        {"\xC3", "\\xc3"},
        {"\xE2\x82", "\\xe2\\x82"},
        {"\xE2\x82x", "\\xe2\\x82x"},
        {"\xF0\x9F\x98", "\\xf0\\x9f\\x98"},
        {"\xC3\xC3\xA4", "\\xc3\xC3\xA4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sow_error err;
        sow__fail(&err, SOW_ERROR_VALUE, "%s", cases[i].text);
        assert_string_equal(err.message, cases[i].message);
    }
}

/* n bytes, then last. */
static const char *long_text(int n, const char *last)
{
    static char text[4 * SOW_ERROR_MESSAGE_SIZE];
    memset(text, 'a', (size_t)n);
    strcpy(text + n, last);
    return text;
}

static void expect_cut(int n, const char *last, int n_kept, const char *end)
{
    sow_error err;
    sow__fail(&err, SOW_ERROR_VALUE, "%s", long_text(n, last));
    assert_int_equal(strspn(err.message, "a"), n_kept);
    assert_string_equal(err.message + n_kept, end);
}

static void test_base_error__long_text_is_cut(void **unused)
{
    (void)unused;
    expect_cut(1023, "", 1023, "");
    expect_cut(1024, "", 1020, "...");
    expect_cut(3000, "", 1020, "...");
    /* Nothing is cut in two: neither characters nor escapes. */
    expect_cut(1021, "\xC3\xA4", 1021, "\xC3\xA4");
    expect_cut(1022, "\xC3\xA4", 1020, "...");
    expect_cut(1018,
               "\xC3\xA4\xC3\xA4"
               "b",
               1018,
               "\xC3\xA4\xC3\xA4"
               "b");
    expect_cut(1018, "\xC3\xA4\xC3\xA4\xC3\xA4", 1018, "\xC3\xA4...");
    expect_cut(1019, "\xF0\x9F\x98\x80", 1019, "\xF0\x9F\x98\x80");
    expect_cut(1019,
               "\xF0\x9F\x98\x80"
               "b",
               1019, "...");
    expect_cut(1017, "\n\n", 1017, "...");
    expect_cut(1016, "\n\n", 1016, "\\x0a...");
}

static void test_base_error__prefix(void **unused)
{
    (void)unused;
    sow_error err;
    sow__fail_at(&err, SOW_ERROR_CORRUPT, 77, "broken");
    assert_int_equal(sow__fail_within(&err, "%s.%d", "layer", 3), SOW_ERROR_CORRUPT);
    assert_int_equal(err.status, SOW_ERROR_CORRUPT);
    assert_int_equal(err.offset, 77);
    assert_string_equal(err.message, "layer.3: broken");
    sow__fail_within(&err, "a\nb");
    assert_string_equal(err.message, "a\\x0ab: layer.3: broken");

    sow__fail(&err, SOW_ERROR_VALUE, "%s", long_text(1015, ""));
    sow__fail_within(&err, "prefix");
    assert_int_equal(strlen(err.message), 1023);
    assert_memory_equal(err.message, "prefix: aaa", 11);
    sow__fail_within(&err, "x");
    assert_int_equal(strlen(err.message), 1023);
    assert_memory_equal(err.message, "x: prefix: aaa", 14);
    assert_string_equal(err.message + 1019, "a...");
    sow__fail_within(&err, "%s", long_text(2000, ""));
    assert_int_equal(strspn(err.message, "a"), 1020);
    assert_string_equal(err.message + 1020, "...");
}

/* ---- warnings ---- */

static struct {
    int n;
    sow_warning kind;
    char message[SOW_ERROR_MESSAGE_SIZE];
} seen;

static void see(sow_warning kind, const char *message, void *user)
{
    assert_ptr_equal(user, &seen);
    seen.n++;
    seen.kind = kind;
    snprintf(seen.message, sizeof seen.message, "%s", message);
}

static void test_base_error__warnings_reach_the_handler(void **unused)
{
    (void)unused;
    sow__warn(SOW_WARNING_USER, "nobody listens");
    sow_set_warning_handler(see, &seen);
    sow__warn(SOW_WARNING_DEPRECATED, "`%s`\n", "old");
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.kind, SOW_WARNING_DEPRECATED);
    assert_string_equal(seen.message, "`old`\\x0a");
    sow__warn(SOW_WARNING_USER, "%s", long_text(3000, ""));
    assert_int_equal(seen.n, 2);
    assert_int_equal(strlen(seen.message), 1023);
    sow_set_warning_handler(NULL, NULL);
    sow__warn(SOW_WARNING_USER, "nobody listens");
    assert_int_equal(seen.n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_error__every_status_has_names),
        cmocka_unit_test(test_base_error__fills_the_record),
        cmocka_unit_test(test_base_error__a_record_is_not_needed),
        cmocka_unit_test(test_base_error__text_is_one_clean_line),
        cmocka_unit_test(test_base_error__long_text_is_cut),
        cmocka_unit_test(test_base_error__prefix),
        cmocka_unit_test(test_base_error__warnings_reach_the_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
