/* The table of classes against torch.nn's own: tools/make_nn_signatures.py.
 * SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include "nn/class.h"

#define VECTORS SOW_SOURCE_DIR "/tests/nn/vectors/signatures.txt"

/* One line of the file: name|reset|signature. */
typedef struct line {
    char text[1024];
    const char *name, *signature;
    bool has_reset;
} line;

static bool read_line(FILE *file, line *of)
{
    do {
        if (fgets(of->text, sizeof of->text, file) == NULL) {
            return false;
        }
    } while (of->text[0] == '#');
    of->text[strcspn(of->text, "\n")] = '\0';
    char *bar = strchr(of->text, '|');
    assert_non_null(bar);
    *bar = '\0';
    of->name = of->text;
    of->has_reset = bar[1] == '1';
    of->signature = bar + 3;
    return true;
}

static const char *signature_of(const char *name)
{
    const char *signature = NULL, *at;
    for (size_t i = 0; (at = sow_nn_class_at(i, &signature)) != NULL; i++) {
        if (strcmp(at, name) == 0) {
            return signature;
        }
    }
    return NULL;
}

static void test_nn_registry__every_class_has_the_signature_of_torch(void **state)
{
    (void)state;
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    size_t n_lines = 0, n_bad = 0;
    for (line of; read_line(file, &of); n_lines++) {
        const char *signature = signature_of(of.name);
        if (signature == NULL || strcmp(signature, of.signature) != 0) {
            print_error("%s: expected (%s), got (%s)\n", of.name, of.signature,
                        signature == NULL ? "no such class" : signature);
            n_bad++;
        }
    }
    fclose(file);
    assert_int_equal(n_bad, 0);
    size_t n_classes = 0;
    while (sow_nn_class_at(n_classes, NULL) != NULL) {
        n_classes++;
    }
    assert_int_equal(n_classes, n_lines);
}

static void test_nn_registry__reset_parameters_where_torch_has_it(void **state)
{
    (void)state;
    FILE *file = fopen(VECTORS, "r");
    assert_non_null(file);
    for (line of; read_line(file, &of);) {
        const sow__class *class = sow__class_find(of.name);
        if (class != NULL && (class->reset != NULL) != of.has_reset) {
            fail_msg("%s: reset_parameters expected %d", of.name, of.has_reset);
        }
    }
    fclose(file);
}

static void test_nn_registry__a_class_has_one_line(void **state)
{
    (void)state;
    const sow__class *class;
    for (size_t i = 0; (class = sow__class_at(i)) != NULL; i++) {
        assert_ptr_equal(sow__class_find(class->name), class);
    }
    assert_null(sow__class_find("Foo"));
    assert_null(sow__class_find(""));
}

static void test_nn_registry__paths_of_classes(void **state)
{
    (void)state;
    const sow__class *relu = sow__class_find("ReLU");
    assert_non_null(relu);
    assert_ptr_equal(sow__class_of_path("ReLU"), relu);
    assert_ptr_equal(sow__class_of_path("torch.nn.ReLU"), relu);
    assert_ptr_equal(sow__class_of_path("torch.nn.modules.ReLU"), relu);
    assert_ptr_equal(sow__class_of_path("torch.nn.modules.activation.ReLU"), relu);
    assert_null(sow__class_of_path("torch.ReLU"));
    assert_null(sow__class_of_path("torch.nn.functional.ReLU"));
    assert_null(sow__class_of_path("torch.nn.modules.a.b.ReLU"));
    assert_null(sow__class_of_path("torch.nn."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nn_registry__every_class_has_the_signature_of_torch),
        cmocka_unit_test(test_nn_registry__reset_parameters_where_torch_has_it),
        cmocka_unit_test(test_nn_registry__a_class_has_one_line),
        cmocka_unit_test(test_nn_registry__paths_of_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
