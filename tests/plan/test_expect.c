/* What a plan expects of the numbers of a tensor, from the fills on its tape.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "plan/mixture.h"
#include <math.h>
#include <sow/sow.h>

struct planned {
    sow_state_dict *state;
    sow_plan *plan;
};

static sow_tensor *add(struct planned *p, const char *name, sow_dtype dtype, int64_t rows,
                       int64_t cols)
{
    sow_error err;
    const int64_t sizes[] = {rows, cols};
    sow_tensor *tensor = sow_empty(dtype, 2, sizes, SOW_DEFERRED, &err);
    assert_non_null(tensor);
    assert_ok(sow_state_dict_add(p->state, name, tensor, &err), err);
    sow_tensor_free(tensor);
    return tensor;
}

static void begin(struct planned *p)
{
    sow_error err;
    *p = (struct planned){.state = sow_state_dict_new(&err)};
    assert_non_null(p->state);
}

static void plan(struct planned *p)
{
    sow_error err;
    p->plan = sow_plan_new(p->state, &err);
    assert_non_null(p->plan);
}

static void end(struct planned *p)
{
    sow_plan_free(p->plan);
    sow_state_dict_free(p->state);
}

static void assert_expects(const struct planned *p, size_t index, double mean, double std)
{
    const sow_plan_entry *entry = sow_plan_at(p->plan, index);
    if (fabs(entry->mean - mean) > 1e-15 || fabs(entry->std - std) > 1e-15) {
        fail_msg("%s: expected %.17g and %.17g, got %.17g and %.17g", entry->name, mean, std,
                 entry->mean, entry->std);
    }
}

static void assert_unknown(const struct planned *p, size_t index)
{
    assert_true(isnan(sow_plan_at(p->plan, index)->mean));
    assert_true(isnan(sow_plan_at(p->plan, index)->std));
}

/* In PyTorch a complex normal value has the mean in both of its numbers and half of the variance in
 * each; a constant has no imaginary part; uniform values fill both. */
static void test_plan_expect__complex_elements_are_two_numbers(void **state)
{
    (void)state;
    sow_error err;
    struct planned p;
    begin(&p);
    assert_ok(sow_normal(add(&p, "normal", SOW_C64, 30, 20), 3, 2, NULL, &err), err);
    assert_ok(sow_uniform(add(&p, "uniform", SOW_C64, 30, 20), 1, 3, NULL, &err), err);
    assert_ok(sow_constant(add(&p, "constant", SOW_C64, 30, 20), 3, &err), err);
    assert_ok(sow_zeros(add(&p, "zeros", SOW_C64, 30, 20), &err), err);
    assert_ok(sow_eye(add(&p, "eye", SOW_C64, 10, 20), &err), err);
    assert_ok(sow_sparse(add(&p, "sparse", SOW_C64, 10, 20), 0.25, 2, NULL, &err), err);
    plan(&p);
    assert_expects(&p, 0, 3, sqrt(2));
    assert_expects(&p, 1, 2, 2 / sqrt(12));
    assert_expects(&p, 2, 1.5, 1.5);
    assert_expects(&p, 3, 0, 0);
    assert_expects(&p, 4, 1.0 / 40, sqrt(1.0 / 40 * 39.0 / 40));
    assert_expects(&p, 5, 0, sqrt(0.7 * 2));
    end(&p);
}

/* A constant is what the type has for it. e8m0 has neither 0 nor a sign. */
static void test_plan_expect__8_bit_floats(void **state)
{
    (void)state;
    sow_error err;
    struct planned p;
    begin(&p);
    assert_ok(sow_constant(add(&p, "e4m3", SOW_F8_E4M3, 2, 3), 0.3, &err), err);
    assert_ok(sow_zeros(add(&p, "zeros", SOW_F8_E8M0, 2, 3), &err), err);
    assert_ok(sow_constant(add(&p, "e8m0", SOW_F8_E8M0, 2, 3), 1000, &err), err);
    assert_ok(sow_ones(add(&p, "ones", SOW_F8_E5M2FNUZ, 2, 3), &err), err);
    plan(&p);
    assert_expects(&p, 0, 0.3125, 0);
    assert_true(sow_plan_at(p.plan, 1)->mean == 0x1p-127 && sow_plan_at(p.plan, 1)->std == 0);
    assert_expects(&p, 2, 1024, 0);
    assert_expects(&p, 3, 1, 0);
    end(&p);
}

static void test_plan_expect__copies_of_another_type(void **state)
{
    (void)state;
    sow_error err;
    struct planned p;
    begin(&p);
    sow_tensor *wide = add(&p, "wide", SOW_F32, 2, 3), *drawn = add(&p, "drawn", SOW_F32, 2, 3);
    assert_ok(sow_constant(wide, 0.3, &err), err);
    assert_ok(sow_normal(drawn, 0, 1, NULL, &err), err);
    assert_ok(sow_tensor_copy(add(&p, "copy", SOW_F8_E4M3, 2, 3), wide, &err), err);
    assert_ok(sow_tensor_copy(add(&p, "rounded", SOW_F8_E4M3, 2, 3), drawn, &err), err);
    assert_ok(sow_tensor_copy(add(&p, "half", SOW_F16, 2, 3), drawn, &err), err);
    assert_ok(sow_tensor_copy(add(&p, "complex", SOW_C64, 2, 3), drawn, &err), err);
    plan(&p);
    assert_expects(&p, 2, 0.3125, 0);
    assert_unknown(&p, 3);
    assert_expects(&p, 4, 0, 1);
    assert_unknown(&p, 5);
    end(&p);
}

/* Rows written over, one after the other: beyond a number of parts the moments still hold. */
static void test_plan_expect__many_fills_over_each_other(void **state)
{
    (void)state;
    sow_error err;
    struct planned p;
    double mean = 0, square = 4;
    begin(&p);
    sow_tensor *table = add(&p, "table", SOW_F32, 100, 4);
    assert_ok(sow_normal(table, 0, 2, NULL, &err), err);
    for (int i = 0; i < 20; i++) {
        sow_tensor *row = sow_tensor_select(table, 0, i, &err);
        assert_non_null(row);
        assert_ok(sow_constant(row, i, &err), err);
        sow_tensor_free(row);
        mean = 0.99 * mean + 0.01 * i;
        square = 0.99 * square + 0.01 * i * i;
    }
    assert_ok(sow_ones(add(&p, "none", SOW_F32, 0, 4), &err), err);
    plan(&p);
    const sow_plan_entry *entry = sow_plan_at(p.plan, 0);
    assert_true(fabs(entry->mean - mean) < 1e-14);
    assert_true(fabs(entry->std - sqrt(square - mean * mean)) < 1e-14);
    sow__mixture mixture;
    sow__entry_mixture(&p.plan->entries[0], &mixture);
    assert_true(mixture.n_parts <= SOW__MAX_PARTS);
    assert_true(sow__mixture_share(&mixture, -INFINITY, INFINITY) == 0.0);
    assert_unknown(&p, 1);
    end(&p);
}

/* Of some rows of a tensor that are not all alike nothing is known. */
static void test_plan_expect__views(void **state)
{
    (void)state;
    sow_error err;
    struct planned p;
    begin(&p);
    sow_tensor *eye = add(&p, "eye", SOW_F32, 4, 4), *drawn = add(&p, "drawn", SOW_F32, 4, 4);
    assert_ok(sow_eye(eye, &err), err);
    assert_ok(sow_normal(drawn, 0, 0.02, NULL, &err), err);
    sow_tensor *of_eye = sow_tensor_select(eye, 0, 1, &err);
    sow_tensor *of_drawn = sow_tensor_select(drawn, 0, 1, &err);
    assert_ok(sow_state_dict_add(p.state, "of eye", of_eye, &err), err);
    assert_ok(sow_state_dict_add(p.state, "of drawn", of_drawn, &err), err);
    plan(&p);
    assert_expects(&p, 0, 0.25, sqrt(0.25 * 0.75));
    assert_unknown(&p, 2);
    assert_expects(&p, 3, 0, 0.02);
    sow_tensor_free(of_eye);
    sow_tensor_free(of_drawn);
    end(&p);
}

/* Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions, 13.10.1, for symmetric bounds:
 * the variance is 1 - 2 b phi(b) / (2 Phi(b) - 1). */
static void test_plan_expect__truncated(void **state)
{
    (void)state;
    sow_error err;
    struct planned p;
    const double phi = exp(-0.5) / sqrt(2 * acos(-1.0)), mass = erf(1 / sqrt(2.0));
    begin(&p);
    assert_ok(sow_trunc_normal(add(&p, "cut", SOW_F32, 4, 4), 5, 3, 2, 8, NULL, &err), err);
    assert_ok(sow_trunc_normal(add(&p, "half", SOW_F32, 4, 4), 0, 1, 0, INFINITY, NULL, &err), err);
    assert_ok(sow_trunc_normal(add(&p, "wide", SOW_F32, 4, 4), 0, 0.02, -2, 2, NULL, &err), err);
    assert_ok(sow_trunc_normal(add(&p, "thin", SOW_F32, 2, 2), 0, 1, 1, 1.0000000001, NULL, &err),
              err);
    plan(&p);
    assert_expects(&p, 0, 5, 3 * sqrt(1 - 2 * phi / mass));
    assert_expects(&p, 1, sqrt(2 / acos(-1.0)), sqrt(1 - 2 / acos(-1.0)));
    assert_expects(&p, 2, 0, 0.02);
    const double thin =
        sow_plan_at(p.plan, 3)->std; /* the square of it is rounded, perhaps below 0 */
    assert_true(thin >= 0 && thin < 1e-6);
    end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_expect__complex_elements_are_two_numbers),
        cmocka_unit_test(test_plan_expect__8_bit_floats),
        cmocka_unit_test(test_plan_expect__copies_of_another_type),
        cmocka_unit_test(test_plan_expect__many_fills_over_each_other),
        cmocka_unit_test(test_plan_expect__views),
        cmocka_unit_test(test_plan_expect__truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
