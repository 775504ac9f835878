/* Numbers as text against Python.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "vectors.h"

#include <inttypes.h>
#include <locale.h>

static void check_repr(const char *bits, const char *expected)
{
    char text[SOW__REPR_SIZE];
    uint64_t pattern = strtoull(bits, NULL, 16);
    double value, again;
    memcpy(&value, &pattern, sizeof value);
    assert_ptr_equal(sow__repr_double(value, text), text);
    if (strcmp(text, expected) != 0) {
        fail_msg("%s: expected %s, got %s", bits, expected, text);
    }
    assert_true(sow__parse_double(text, &again));
    if (value == value) {
        assert_same_bits(&again, &value, 1, sizeof value);
    }
}

static void check_float(const char *text, const char *bits)
{
    double value = 0.0;
    uint64_t expected = strtoull(bits, NULL, 16), got;
    assert_true(sow__parse_double(text, &value));
    memcpy(&got, &value, sizeof got);
    if (got != expected) {
        fail_msg("%s: expected %016" PRIX64 ", got %016" PRIX64, text, expected, got);
    }
}

static void check_line(char *words[4])
{
    if (strcmp(words[0], "repr") == 0) {
        check_repr(words[1], words[2]);
    } else {
        check_float(words[1], words[2]);
    }
}

static void test_base_text__numbers_are_those_of_python(void **unused)
{
    (void)unused;
    each_vector("repr", check_line);
}

/* A program may have set a locale with a decimal comma; skipping none: "C" is always there. */
static void test_base_text__the_locale_does_not_matter(void **unused)
{
    (void)unused;
    const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C.UTF-8", "C"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (setlocale(LC_ALL, names[i]) != NULL) {
            double value = 0.0;
            char text[SOW__REPR_SIZE];
            assert_string_equal(sow__repr_double(-1234.5, text), "-1234.5");
            assert_true(sow__parse_double("0.25", &value));
            assert_true(value == 0.25);
            assert_false(sow__parse_double("0,25", &value));
        }
    }
    setlocale(LC_ALL, "C");
}

static void test_base_text__other_texts_are_no_numbers(void **unused)
{
    (void)unused;
    const char *const texts[] = {"",     " ",     " 1",   "1 ",      "1\n",   "\t1",  "abc", "1.5x",
                                 "0x10", "0X1p3", "1e",   "e5",      "--1",   "+",    "-",   ".",
                                 "1,5",  "1_0",   "inff", "nan(12)", "nan()", "1.2.3"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double value = 7.0;
        if (sow__parse_double(texts[i], &value) || value != 7.0) {
            fail_msg("'%s' was read as %g", texts[i], value);
        }
    }
}

static void test_base_text__whole_numbers(void **unused)
{
    (void)unused;
    const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"+5", 5},
                {"-7", -7},
                {"0012", 12},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    const char *const bad[] = {"",
                               " 1",
                               "1 ",
                               "1.0",
                               "0x1",
                               "abc",
                               "-",
                               "+",
                               "1e3",
                               "--1",
                               "1\n",
                               "9223372036854775808",
                               "-9223372036854775809"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t value = 99;
        assert_true(sow__parse_i64(good[i].text, &value));
        assert_int_equal(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t value = 99;
        if (sow__parse_i64(bad[i], &value) || value != 99) {
            fail_msg("'%s' was read as %" PRId64, bad[i], value);
        }
    }
}

/* The end of the text is one more wrong byte: nothing behind it is read. */
static void test_base_text__utf8_lengths(void **unused)
{
    (void)unused;
    const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"", 1},
        {"a", 1},
        {"\x7F", 1},
        {"\xC2\x80", 2},
        {"\xDF\xBF", 2},
        {"\xE0\xA0\x80", 3},
        {"\xED\x9F\xBF", 3},
        {"\xEE\x80\x80", 3},
        {"\xEF\xBF\xBF", 3},
        {"\xF0\x90\x80\x80", 4},
        {"\xF4\x8F\xBF\xBF", 4},
        {"\x80", 0},
        {"\xC1\xBF", 0},
        {"\xC2", 0},
        {"\xE0\x9F\xBF", 0},
        {"\xE1\x80", 0},
        {"\xED\xA0\x80", 0},
        {"\xF0\x8F\xBF\xBF", 0},
        {"\xF1\x80\x80", 0},
        {"\xF4\x90\x80\x80", 0},
        {"\xF5\x80\x80\x80", 0},
        {"\xFF", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = strdup(cases[i].text); /* so that reading too far is seen by the sanitizer */
        assert_int_equal(sow__utf8_length((unsigned char *)copy), cases[i].length);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_text__numbers_are_those_of_python),
        cmocka_unit_test(test_base_text__the_locale_does_not_matter),
        cmocka_unit_test(test_base_text__other_texts_are_no_numbers),
        cmocka_unit_test(test_base_text__whole_numbers),
        cmocka_unit_test(test_base_text__utf8_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
