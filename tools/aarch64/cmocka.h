/* The few names of cmocka that tests/kern use, for processors that have no cmocka package at hand.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TOOLS_CMOCKA_H
#define SOW_TOOLS_CMOCKA_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};

#define cmocka_unit_test(function)                                                                 \
    {                                                                                              \
#function, function                                                                        \
    }
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    run_tests((tests), sizeof(tests) / sizeof *(tests))

#define print_error(...) fprintf(stderr, __VA_ARGS__)
#define _fail(file, line) fail_at((file), (line))
#define fail_msg(...) (print_error(__VA_ARGS__), print_error("\n"), fail_at(__FILE__, __LINE__))

#define assert_true(condition)                                                                     \
    ((condition) ? (void)0 : (print_error("%s\n", #condition), fail_at(__FILE__, __LINE__)))
#define assert_false(condition) assert_true(!(condition))
#define assert_null(pointer) assert_true((pointer) == NULL)
#define assert_non_null(pointer) assert_true((pointer) != NULL)
#define assert_ptr_equal(a, b) assert_true((const void *)(a) == (const void *)(b))
#define assert_int_equal(a, b) assert_true((uint64_t)(a) == (uint64_t)(b))
#define assert_in_range(value, low, high) assert_true((value) >= (low) && (value) <= (high))
#define assert_string_equal(a, b) assert_true(strcmp((a), (b)) == 0)
#define assert_memory_equal(a, b, size) assert_true(memcmp((a), (b), (size)) == 0)

static inline void fail_at(const char *file, int line)
{
    print_error("%s:%d: failed\n", file, line);
    exit(1);
}

static inline int run_tests(const struct CMUnitTest *tests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        printf("%s\n", tests[i].name);
        fflush(stdout);
        tests[i].run(NULL);
    }
    return 0;
}

#endif
