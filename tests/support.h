/* What every test program includes: cmocka and comparisons that show expected, got and where.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_SUPPORT_H
#define SOW_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sow/error.h>

/* A call that must succeed; shows the error's text when it does not. */
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        sow_status status_ = (call);                                                               \
        if (status_ != SOW_OK) {                                                                   \
            fail_msg("%s: %s: %s", #call, sow_status_name(status_), (err).message);                \
        }                                                                                          \
    } while (0)

/* A call that must fail with a status and exactly this message. */
#define assert_fails(call, expected_status, err, expected_message)                                 \
    do {                                                                                           \
        (err).status = SOW_OK;                                                                     \
        (err).message[0] = '\0';                                                                   \
        sow_status status_ = (call);                                                               \
        if (status_ != (expected_status) || (err).status != (expected_status) ||                   \
            strcmp((err).message, (expected_message)) != 0) {                                      \
            fail_msg("%s\n  expected %s: %s\n  got      %s: %s", #call,                            \
                     sow_status_name(expected_status), (expected_message),                         \
                     sow_status_name(status_), (err).message);                                     \
        }                                                                                          \
    } while (0)

/* n elements of element_bytes each must be the same bits; shows the first that is not. */
#define assert_same_bits(got, expected, n, element_bytes)                                          \
    assert_same_bits_at((got), (expected), (n), (element_bytes), __FILE__, __LINE__)

static inline void assert_same_bits_at(const void *got, const void *expected, size_t n,
                                       size_t element_bytes, const char *file, int line)
{
    const unsigned char *g = got, *e = expected;
    for (size_t i = 0; i < n; i++, g += element_bytes, e += element_bytes) {
        if (memcmp(g, e, element_bytes) != 0) {
            print_error("element %zu of %zu: expected ", i, n);
            for (size_t k = element_bytes; k-- > 0;) {
                print_error("%02X", e[k]);
            }
            print_error(", got ");
            for (size_t k = element_bytes; k-- > 0;) {
                print_error("%02X", g[k]);
            }
            print_error("\n");
            _fail(file, line);
        }
    }
}

#endif
