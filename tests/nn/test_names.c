/* Arrays of named items: short ones, those with a table, items taken out, memory that runs out.
 * SPDX-License-Identifier: Apache-2.0 */
#include "limited_memory.h"

#define calloc limited_calloc
#define realloc limited_realloc
#define strdup limited_strdup
#include "nn/names.c"
#undef calloc
#undef realloc
#undef strdup

typedef struct item {
    char *name;
    int value;
} item;

/* Of which some are the beginnings of others. */
static size_t name_of(int value, char name[16])
{
    return (size_t)snprintf(name, 16, "%d", value);
}

static item *add(sow__names *names, sow__array *array, int value, sow_error *err)
{
    char name[16];
    name_of(value, name);
    item *added = sow__names_append(names, array, name, err);
    if (added != NULL) {
        assert_int_equal(added->value, 0);
        added->value = value;
    }
    return added;
}

static const item *find(const sow__names *names, const sow__array *array, int value)
{
    char name[16];
    const size_t n_name = name_of(value, name);
    return sow__names_find(names, array, name, n_name);
}

/* Just the values from first to last are there. */
static void check_all(const sow__names *names, const sow__array *array, int first, int last)
{
    for (int value = first; value <= last; value++) {
        const item *found = find(names, array, value);
        assert_non_null(found);
        assert_int_equal(found->value, value);
    }
    assert_null(find(names, array, first - 1));
    assert_null(find(names, array, last + 1));
    assert_null(sow__names_find(names, array, "", 0));
}

static void take_first(sow__array *array)
{
    item *items = array->items;
    free(items[0].name);
    memmove(items, items + 1, --array->n_items * sizeof *items);
}

static void clear(sow__names *names, sow__array *array)
{
    while (array->n_items > 0) {
        free(((item *)array->items)[--array->n_items].name);
    }
    free(array->items);
    sow__names_clear(names);
}

static void test_nn_names__finds_what_was_added(void **state)
{
    (void)state;
    sow_error err;
    sow__names names = {0};
    sow__array array = {.item_bytes = sizeof(item)};
    for (int n = 1; n <= 300; n++) {
        assert_null(find(&names, &array, n));
        assert_non_null(add(&names, &array, n, &err));
        check_all(&names, &array, 1, n);
    }
    assert_ptr_equal(sow__names_find(&names, &array, "12.weight", 2), find(&names, &array, 12));
    clear(&names, &array);
}

/* Every length before, and every number of items that are gone when the next comes. */
static void test_nn_names__items_may_be_taken_out(void **state)
{
    (void)state;
    sow_error err;
    for (int n = 1; n <= 70; n++) {
        for (int n_taken = 1; n_taken <= n; n_taken++) {
            sow__names names = {0};
            sow__array array = {.item_bytes = sizeof(item)};
            for (int value = 1; value <= n; value++) {
                assert_non_null(add(&names, &array, value, &err));
            }
            for (int i = 0; i < n_taken; i++) {
                take_first(&array);
            }
            for (int value = n + 1; value <= n + n_taken + 1; value++) {
                check_all(&names, &array, n_taken + 1, value - 1);
                assert_non_null(add(&names, &array, value, &err));
            }
            check_all(&names, &array, n_taken + 1, n + n_taken + 1);
            clear(&names, &array);
        }
    }
}

static void test_nn_names__without_memory_all_is_as_it_was(void **state)
{
    (void)state;
    sow_error err;
    sow__names names = {0};
    sow__array array = {.item_bytes = sizeof(item)};
    int n_refused = 0;
    for (int value = 1; value <= 200; value++) {
        for (n_granted = 0;; n_refused++) {
            const int n_tried = n_granted;
            if (add(&names, &array, value, &err) != NULL) {
                break;
            }
            assert_int_equal(err.status, SOW_ERROR_MEMORY);
            n_granted = n_tried + 1;
            check_all(&names, &array, 1, value - 1);
        }
        n_granted = -1;
        check_all(&names, &array, 1, value);
    }
    assert_true(n_refused > 200); /* copies of names, and what grew */
    clear(&names, &array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_names__finds_what_was_added),
        cmocka_unit_test(test_nn_names__items_may_be_taken_out),
        cmocka_unit_test(test_nn_names__without_memory_all_is_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
