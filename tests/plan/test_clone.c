/* Whole stretches of a checkpoint may be shared by the file system instead of copied. Whether it
 * can is up to the folder of the test; the file must be the same either way.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "io/output.h"
#include <fcntl.h>
#include <sow/sow.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)4096)

static char folder[] = "/tmp/sow-clone-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static unsigned char *read_file(const char *path, size_t n_bytes)
{
    unsigned char *bytes = malloc(n_bytes + 1);
    FILE *file = fopen(path, "rb");
    assert_non_null(bytes);
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, n_bytes + 1, file), n_bytes);
    fclose(file);
    return bytes;
}

/* Either all bytes of the range are there, or the file is as if nothing had been asked. */
static void test_plan_clone__all_or_nothing(void **state)
{
    (void)state;
    enum { N = 4 * 4096 };
    static unsigned char bytes[N], zeros[N];
    for (size_t i = 0; i < N; i++) {
        bytes[i] = (unsigned char)(i * 7 + i / 256 + 1);
    }
    FILE *source = fopen(path_of("source"), "wb");
    assert_non_null(source);
    assert_int_equal(fwrite(bytes, 1, N, source), N);
    fclose(source);
    const int from = open(path_of("source"), O_RDONLY | O_CLOEXEC);
    assert_true(from >= 0);
    sow_error err;
    sow__output *output = sow__output_create(path_of("target"), N, NULL, &err);
    assert_non_null(output);
    assert_false(sow__output_clone(output, 1, from, 0, BLOCK));
    assert_false(sow__output_clone(output, 0, from, 0, 0));
    assert_false(sow__output_clone(output, N, from, 0, BLOCK));
    assert_false(sow__output_clone(output, 0, from, N, BLOCK));
    const bool is_cloned = sow__output_clone(output, BLOCK, from, 2 * BLOCK, BLOCK);
    assert_ok(sow__output_finish(output, &err), err);
    close(from);
    unsigned char *got = read_file(path_of("target"), N);
    assert_same_bits(got, zeros, BLOCK, 1);
    assert_same_bits(got + BLOCK, is_cloned ? bytes + 2 * BLOCK : zeros, BLOCK, 1);
    assert_same_bits(got + 2 * BLOCK, zeros, 2 * BLOCK, 1);
    free(got);
}

static sow_state_dict *make_state(sow_generator *generator, const char *const *names)
{
    sow_error err;
    sow_state_dict *state = sow_state_dict_new(&err);
    assert_non_null(state);
    for (; *names != NULL; names++) {
        sow_tensor *tensor = sow_empty(SOW_F32, 2, (const int64_t[]){512, 512}, SOW_DEFERRED, &err);
        assert_non_null(tensor);
        assert_ok(sow_normal(tensor, 0, 1, generator, &err), err);
        assert_ok(sow_state_dict_add(state, *names, tensor, &err), err);
        sow_tensor_free(tensor);
    }
    return state;
}

static void write_plan(sow_plan *plan, const char *path, size_t piece_bytes)
{
    sow_error err;
    const sow_run_options options = {.n_threads = 2, .piece_bytes = piece_bytes, .force = true};
    assert_ok(sow_plan_write(plan, path, &options, &err), err);
}

/* A checkpoint over which a second plan is run, with everything in it, or with all but one. */
static void copy_and_compare(const char *left_out)
{
    static const char *const names[] = {"a", "b", "c", "d", NULL};
    sow_error err;
    sow_generator *generator = sow_generator_new(&err);
    assert_non_null(generator);
    sow_state_dict *state = make_state(generator, names);
    sow_plan *plan = sow_plan_new(state, &err);
    assert_non_null(plan);
    write_plan(plan, path_of("first"), 0);
    sow_safetensors *file = sow_safetensors_open(path_of("first"), &err);
    assert_non_null(file);
    for (size_t i = 0; i < sow_plan_count(plan); i++) {
        const char *name = sow_plan_at(plan, i)->name;
        if (strcmp(name, left_out) != 0) {
            assert_ok(sow_plan_copy_from(plan, i, file, sow_safetensors_find(file, name), &err),
                      err);
        }
    }
    struct stat about;
    assert_int_equal(stat(path_of("first"), &about), 0);
    const size_t n_bytes = (size_t)about.st_size;
    unsigned char *expected = read_file(path_of("first"), n_bytes);
    static const size_t pieces[] = {0, BLOCK, 128 * BLOCK};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        write_plan(plan, path_of("second"), pieces[i]);
        unsigned char *got = read_file(path_of("second"), n_bytes);
        assert_same_bits(got, expected, n_bytes, 1);
        free(got);
    }
    free(expected);
    sow_safetensors_close(file);
    sow_plan_free(plan);
    sow_state_dict_free(state);
    sow_generator_free(generator);
}

static void test_plan_clone__a_copied_checkpoint_is_the_same(void **state)
{
    (void)state;
    copy_and_compare("");
    copy_and_compare("c");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"source", "target", "first", "second"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unlink(path_of(names[i]));
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_clone__all_or_nothing),
        cmocka_unit_test(test_plan_clone__a_copied_checkpoint_is_the_same),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
