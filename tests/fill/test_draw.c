/* Draws in pieces: any cut gives the bits of the whole, and the words add up.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/dtype.h"
#include "fill/draw.h"
#include "support.h"

static sow__fill fill_of(sow__fill_kind kind)
{
    return (sow__fill){.kind = kind,
                       .initializer = "test",
                       .a = -0.3,
                       .b = 0.7,
                       .mean = 0.1,
                       .std = kind == SOW__FILL_NORMAL ? 0.37 : 0.5};
}

/* A contiguous or a transposed tensor of about n elements, without memory. */
static sow_tensor *shape_of(sow_dtype dtype, int64_t n, bool transposed)
{
    sow_error err;
    int64_t sizes[2] = {transposed ? 3 : 1, transposed ? n / 3 + 1 : n};
    sow_tensor *tensor = sow_empty(dtype, 2, sizes, SOW_META, &err);
    assert_non_null(tensor);
    if (!transposed) {
        return tensor;
    }
    sow_tensor *view = sow_tensor_transpose(tensor, 0, 1, &err);
    sow_tensor_free(tensor);
    assert_non_null(view);
    return view;
}

static void run_piece(const sow__fill *fill, const sow_tensor *view, const sow__place *place,
                      sow__cursor *cursor, int64_t first, int64_t count, void *out)
{
    sow_error err;
    sow__fill_source source = {.place = place, .cursor = cursor};
    assert_ok(sow__fill_piece(fill, view, &source, first, count, out, &err), err);
}

/* Computes the view in pieces of the given size, last piece first, and compares with the whole. */
static void check_cut(const sow__fill *fill, const sow_tensor *view, const sow__place *place,
                      int64_t piece)
{
    size_t bytes = sow__dtype_bytes(view->storage->dtype), n_bytes = (size_t)view->numel * bytes;
    unsigned char *whole = malloc(n_bytes + 1), *cut = malloc(n_bytes + 1);
    assert_true(whole != NULL && cut != NULL);
    sow__cursor cursor;
    sow__cursor_open(&cursor, place->stream);
    run_piece(fill, view, place, &cursor, 0, view->numel, whole);
    for (int64_t first = (view->numel - 1) / piece * piece; first >= 0; first -= piece) {
        int64_t count = view->numel - first < piece ? view->numel - first : piece;
        run_piece(fill, view, place, &cursor, first, count, cut + (size_t)first * bytes);
    }
    sow__cursor_close(&cursor);
    assert_same_bits(cut, whole, (size_t)view->numel, bytes);
    free(whole);
    free(cut);
}

static void test_fill_draw__any_cut_gives_the_whole(void **state)
{
    (void)state;
    static const sow_dtype dtypes[] = {SOW_F32, SOW_F64, SOW_F16, SOW_BF16, SOW_C64, SOW_C128};
    static const int64_t sizes[] = {1, 2, 7, 15, 16, 17, 31, 40, 100, 1003},
                         pieces[] = {1, 3, 16, 50};
    static const sow__fill_kind kinds[] = {SOW__FILL_UNIFORM, SOW__FILL_NORMAL,
                                           SOW__FILL_TRUNC_NORMAL};
    sow__stream *stream = sow__stream_from_seed(42);
    sow__place place = {.stream = stream, .position = 5};
    for (int k = 0; k < 3; k++) {
        for (int d = 0; d < (kinds[k] == SOW__FILL_TRUNC_NORMAL ? 4 : 6); d++) {
            for (int s = 0; s < 10; s++) {
                for (int variant = 0; variant < 4; variant++) {
                    sow__fill fill = fill_of(kinds[k]);
                    sow_tensor *view = shape_of(dtypes[d], sizes[s], variant & 1);
                    place.cached = (sow__cached_normal){.valid = variant & 2, .at = 1};
                    for (int dialect = 0; dialect < SOW_N_DIALECTS; dialect++) {
                        place.dialect = (sow_dialect)dialect;
                        check_cut(&fill, view, &place, pieces[(s + variant) % 4]);
                    }
                    sow_tensor_free(view);
                }
            }
        }
    }
    sow__stream_unref(stream);
}

/* Beyond what a reader lends at a time, with pieces that begin anywhere. */
static void test_fill_draw__any_cut_of_many_gives_the_whole(void **state)
{
    (void)state;
    static const sow_dtype dtypes[] = {SOW_F32, SOW_F64, SOW_BF16};
    static const int64_t sizes[] = {40000, 40007}, pieces[] = {4096, 2501, 40001};
    static const sow__fill_kind kinds[] = {SOW__FILL_UNIFORM, SOW__FILL_NORMAL,
                                           SOW__FILL_TRUNC_NORMAL};
    sow__stream *stream = sow__stream_from_seed(43);
    sow__place place = {.stream = stream, .position = 77};
    for (int k = 0; k < 3; k++) {
        sow__fill fill = fill_of(kinds[k]);
        for (int d = 0; d < 3; d++) {
            for (int s = 0; s < 2; s++) {
                sow_tensor *view = shape_of(dtypes[d], sizes[s], false);
                for (int p = 0; p < 3; p++) {
                    check_cut(&fill, view, &place, pieces[p]);
                }
                sow_tensor_free(view);
            }
        }
    }
    sow__stream_unref(stream);
}

/* The position after a draw is where the next reader would be: one draw of n + m equals draws of n
 * and of m where the stream allows it. */
static void test_fill_draw__uniform_goes_on_where_the_last_ended(void **state)
{
    (void)state;
    sow__stream *stream = sow__stream_from_seed(7);
    sow__place place = {.stream = stream};
    sow__fill fill = fill_of(SOW__FILL_UNIFORM);
    sow_tensor *all = shape_of(SOW_F64, 1000, false), *half = shape_of(SOW_F64, 500, false);
    double whole[1000], parts[1000];
    sow__cursor cursor;
    sow__cursor_open(&cursor, stream);
    run_piece(&fill, all, &place, &cursor, 0, 1000, whole);
    run_piece(&fill, half, &place, &cursor, 0, 500, parts);
    sow__draw draw = sow__draw_of(&fill, half, &place);
    sow__place next = sow__draw_after(&draw);
    assert_int_equal(next.position, 1000);
    run_piece(&fill, half, &next, &cursor, 0, 500, parts + 500);
    assert_same_bits(parts, whole, 1000, sizeof *whole);
    sow__cursor_close(&cursor);
    sow_tensor_free(all);
    sow_tensor_free(half);
    sow__stream_unref(stream);
}

/* Words of normal fills: facts of torch 2.13, checked against its generator in the known answers
 * too. */
static void test_fill_draw__normal_words(void **state)
{
    (void)state;
    static const struct {
        sow_dtype dtype;
        sow_dialect dialect;
        int64_t n;
        bool cached;
        uint64_t words;
        bool leaves_cached;
    } cases[] = {
        {SOW_F32, SOW_TORCH_2_13, 0, true, 0, true},
        {SOW_F32, SOW_TORCH_2_13, 1, false, 4, true},
        {SOW_F32, SOW_TORCH_2_13, 1, true, 0, false},
        {SOW_F32, SOW_TORCH_2_13, 15, false, 32, true},
        {SOW_F32, SOW_TORCH_2_13, 15, true, 28, false},
        {SOW_F32, SOW_TORCH_2_13, 16, true, 16, true},
        {SOW_F32, SOW_TORCH_2_13, 17, false, 33, false},
        {SOW_F64, SOW_TORCH_2_13, 17, false, 66, false},
        {SOW_BF16, SOW_TORCH_2_13, 17, false, 32, false},
        {SOW_BF16, SOW_TORCH_2_12, 33, false, 48, false},
        {SOW_BF16, SOW_TORCH_2_11, 17, false, 33, false},
        {SOW_C64, SOW_TORCH_2_13, 8, false, 16, false},
        {SOW_C64, SOW_TORCH_2_13, 7, false, 28, false},
    };
    sow__stream *stream = sow__stream_from_seed(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sow__place place = {.stream = stream,
                            .position = 100,
                            .dialect = cases[i].dialect,
                            .cached = {.valid = cases[i].cached, .known = true, .value = 0.5}};
        sow__fill fill = fill_of(SOW__FILL_NORMAL);
        sow_tensor *view = shape_of(cases[i].dtype, cases[i].n, false);
        sow__draw draw = sow__draw_of(&fill, view, &place);
        sow__place after = sow__draw_after(&draw);
        assert_int_equal(after.position - 100, cases[i].words);
        assert_int_equal(after.cached.valid, cases[i].leaves_cached);
        sow_tensor_free(view);
    }
    sow__stream_unref(stream);
}

static void test_fill_draw__trunc_normal_wide_bounds_never_reject(void **state)
{
    (void)state;
    sow__stream *stream = sow__stream_from_seed(0);
    sow__place place = {.stream = stream};
    sow__fill fill = {.kind = SOW__FILL_TRUNC_NORMAL, .std = 0.02, .a = -2, .b = 2};
    sow_tensor *view = shape_of(SOW_F32, 100, false);
    sow__draw draw = sow__draw_of(&fill, view, &place);
    assert_true(sow__trunc_never_rejects(&draw));
    fill.a = -0.1;
    draw = sow__draw_of(&fill, view, &place);
    assert_false(sow__trunc_never_rejects(&draw));
    sow_tensor_free(view);
    sow__stream_unref(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill_draw__any_cut_gives_the_whole),
        cmocka_unit_test(test_fill_draw__any_cut_of_many_gives_the_whole),
        cmocka_unit_test(test_fill_draw__uniform_goes_on_where_the_last_ended),
        cmocka_unit_test(test_fill_draw__normal_words),
        cmocka_unit_test(test_fill_draw__trunc_normal_wide_bounds_never_reject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
