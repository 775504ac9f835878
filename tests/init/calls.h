/* Init calls as data: every form of every initializer behind one signature, calls read from text,
 * and the warnings that they gave.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_INIT_CALLS_H
#define SOW_TESTS_INIT_CALLS_H

#include "support.h"
#include <sow/deprecated.h>

/* ---- forms ---- */

typedef sow_status (*init_form)(sow_tensor *tensor, const sow_init_args *x, sow_generator *g,
                                sow_error *err);

/* The arguments of sow_X between the tensor and err, each with its comma. */
#define FORM(prefix, name, ...)                                                                    \
    static sow_status call_##prefix##name(sow_tensor *tensor, const sow_init_args *x,              \
                                          sow_generator *g, sow_error *err)                        \
    {                                                                                              \
        (void)x;                                                                                   \
        (void)g;                                                                                   \
        return sow_##prefix##name(tensor, __VA_ARGS__ err);                                        \
    }
#define TWO_FORMS(name, ...) FORM(, name, __VA_ARGS__) FORM(guarded_, name, __VA_ARGS__)
#define THREE_FORMS(name, ...) TWO_FORMS(name, __VA_ARGS__) FORM(deprecated_, name, __VA_ARGS__)

THREE_FORMS(uniform, x->a, x->b, g, )
THREE_FORMS(normal, x->mean, x->std, g, )
TWO_FORMS(trunc_normal, x->mean, x->std, x->a, x->b, g, )
THREE_FORMS(constant, x->val, )
TWO_FORMS(ones, )
TWO_FORMS(zeros, )
THREE_FORMS(eye, )
THREE_FORMS(dirac, x->groups, )
THREE_FORMS(xavier_uniform, x->gain, g, )
THREE_FORMS(xavier_normal, x->gain, g, )
THREE_FORMS(kaiming_uniform, x->a, x->mode, x->nonlinearity, g, )
THREE_FORMS(kaiming_normal, x->a, x->mode, x->nonlinearity, g, )
THREE_FORMS(orthogonal, x->gain, g, )
THREE_FORMS(sparse, x->sparsity, x->std, g, )
FORM(guarded_, lecun_normal, g, )
FORM(guarded_, default_flax_embed_init, g, )

#define N_INITIALIZERS 14

static const struct init_forms {
    const char *name;
    init_form plain, guarded, deprecated;
    bool draws;
    const char *sizes; /* a shape that it can fill */
} forms[] = {
    {"uniform", call_uniform, call_guarded_uniform, call_deprecated_uniform, true, "4,3"},
    {"normal", call_normal, call_guarded_normal, call_deprecated_normal, true, "4,3"},
    {"trunc_normal", call_trunc_normal, call_guarded_trunc_normal, NULL, true, "4,3"},
    {"constant", call_constant, call_guarded_constant, call_deprecated_constant, false, "4,3"},
    {"ones", call_ones, call_guarded_ones, NULL, false, "4,3"},
    {"zeros", call_zeros, call_guarded_zeros, NULL, false, "4,3"},
    {"eye", call_eye, call_guarded_eye, call_deprecated_eye, false, "4,3"},
    {"dirac", call_dirac, call_guarded_dirac, call_deprecated_dirac, false, "4,2,3"},
    {"xavier_uniform", call_xavier_uniform, call_guarded_xavier_uniform,
     call_deprecated_xavier_uniform, true, "4,3"},
    {"xavier_normal", call_xavier_normal, call_guarded_xavier_normal, call_deprecated_xavier_normal,
     true, "4,3"},
    {"kaiming_uniform", call_kaiming_uniform, call_guarded_kaiming_uniform,
     call_deprecated_kaiming_uniform, true, "4,3"},
    {"kaiming_normal", call_kaiming_normal, call_guarded_kaiming_normal,
     call_deprecated_kaiming_normal, true, "4,3"},
    {"orthogonal", call_orthogonal, call_guarded_orthogonal, call_deprecated_orthogonal, true,
     "4,3"},
    {"sparse", call_sparse, call_guarded_sparse, call_deprecated_sparse, true, "4,3"},
    /* These two are only guarded. */
    {"lecun_normal", NULL, call_guarded_lecun_normal, NULL, true, "4,3"},
    {"default_flax_embed_init", NULL, call_guarded_default_flax_embed_init, NULL, true, "4,3"},
};

#define N_FORMS (sizeof forms / sizeof forms[0])

/* The defaults, and a value for the arguments that have none. */
static inline sow_init_args usual_args(const struct init_forms *form)
{
    sow_init_args args = {0};
    const sow_initializer *initializer = sow_initializer_find(form->name);
    if (initializer != NULL) {
        sow_initializer_defaults(initializer, &args);
        args.val = 0.5;
        args.sparsity = 0.5;
    }
    return args;
}

/* ---- tensors ---- */

#define MAX_CALL_DIMS 8

static inline int read_numbers(const char *text, int64_t *numbers)
{
    int n = 0;
    for (const char *s = text; *s != '\0' && *s != ':' && *s != '-' && n < MAX_CALL_DIMS; n++) {
        char *end;
        numbers[n] = strtoll(s, &end, 10);
        s = *end == ',' ? end + 1 : end;
    }
    return n;
}

/* Geometry is SIZES[:STRIDES], "-" for a scalar. The bytes of a cpu tensor are set to 0xA5. */
static inline sow_tensor *make_tensor(sow_dtype dtype, const char *geometry, sow_device device)
{
    int64_t sizes[MAX_CALL_DIMS], strides[MAX_CALL_DIMS];
    const int n_dims = read_numbers(geometry, sizes);
    const char *colon = strchr(geometry, ':');
    sow_error err;
    sow_tensor *tensor;
    if (colon != NULL) {
        read_numbers(colon + 1, strides);
        tensor = sow_empty_strided(dtype, n_dims, sizes, strides, device, &err);
    } else {
        tensor = sow_empty(dtype, n_dims, sizes, device, &err);
    }
    if (tensor == NULL) {
        fail_msg("%s: %s", geometry, err.message);
    }
    if (colon == NULL && sow_tensor_data(tensor) != NULL) {
        memset(sow_tensor_data(tensor), 0xA5, sow_tensor_n_bytes(tensor));
    }
    return tensor;
}

static inline sow_tensor *make_f32(const char *geometry)
{
    return make_tensor(SOW_F32, geometry, SOW_CPU);
}

static inline sow_generator *make_generator(uint64_t seed)
{
    sow_error err;
    sow_generator *generator = sow_generator_new(&err);
    assert_non_null(generator);
    assert_ok(sow_generator_manual_seed(generator, seed, &err), err);
    return generator;
}

static inline void get_state(sow_generator *generator, uint8_t state[SOW_GENERATOR_STATE_BYTES])
{
    sow_error err;
    assert_ok(sow_generator_get_state(generator, state, &err), err);
}

static inline void assert_state(sow_generator *generator,
                                const uint8_t expected[SOW_GENERATOR_STATE_BYTES])
{
    uint8_t state[SOW_GENERATOR_STATE_BYTES];
    get_state(generator, state);
    assert_same_bits(state, expected, SOW_GENERATOR_STATE_BYTES, 1);
}

/* True when every byte is still what make_tensor wrote. */
static inline bool is_untouched(const sow_tensor *tensor)
{
    const unsigned char *bytes = sow_tensor_data(tensor);
    for (size_t i = 0; bytes != NULL && i < sow_tensor_n_bytes(tensor); i++) {
        if (bytes[i] != 0xA5) {
            return false;
        }
    }
    return true;
}

static inline void assert_same_tensor(const sow_tensor *got, const sow_tensor *expected)
{
    const size_t n = (size_t)sow_tensor_numel(expected);
    assert_int_equal(sow_tensor_numel(got), sow_tensor_numel(expected));
    assert_int_equal(sow_tensor_dtype(got), sow_tensor_dtype(expected));
    if (n > 0) {
        assert_same_bits(sow_tensor_data(got), sow_tensor_data(expected), n,
                         sow_tensor_n_bytes(expected) / n);
    }
}

/* ---- calls read from text ---- */

typedef struct init_call {
    char text[512]; /* cut into words; args lends from it */
    const struct init_forms *forms;
    init_form form;
    sow_dtype dtype;
    sow_device device;
    const char *geometry;
    sow_init_args args;
} init_call;

static inline const struct init_forms *find_forms(const char *name)
{
    for (size_t i = 0; i < N_FORMS; i++) {
        if (strcmp(forms[i].name, name) == 0) {
            return &forms[i];
        }
    }
    return NULL;
}

/* "[guarded.|deprecated.]NAME DTYPE DEVICE GEOMETRY [ARGUMENT=VALUE ...]" */
static inline void read_call(const char *text, init_call *call)
{
    sow_error err;
    snprintf(call->text, sizeof call->text, "%s", text);
    char *rest, *word = strtok_r(call->text, " ", &rest);
    const char *dot = strchr(word, '.');
    call->forms = find_forms(dot != NULL ? dot + 1 : word);
    if (call->forms == NULL) {
        fail_msg("%s: no such initializer", text);
    }
    call->form = dot == NULL      ? call->forms->plain
                 : word[0] == 'g' ? call->forms->guarded
                                  : call->forms->deprecated;
    assert_non_null(call->form);
    assert_ok(sow_dtype_parse(strtok_r(NULL, " ", &rest), &call->dtype, &err), err);
    call->device = strcmp(strtok_r(NULL, " ", &rest), "meta") == 0 ? SOW_META : SOW_CPU;
    call->geometry = strtok_r(NULL, " ", &rest);
    call->args = usual_args(call->forms);
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        char *value = strchr(word, '=');
        *value = '\0';
        assert_ok(sow_initializer_set(sow_initializer_find(call->forms->name), &call->args, word,
                                      value + 1, &err),
                  err);
    }
}

/* ---- vectors ---- */

/* The next line of a file of vectors that is not a comment, without its end; false at the end. */
static inline bool next_line(FILE *file, char *line, size_t size)
{
    while (fgets(line, (int)size, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#') {
            return true;
        }
    }
    return false;
}

static inline FILE *open_vectors(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/init/vectors/%s", SOW_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("%s cannot be opened", path);
    }
    return file;
}

/* Cuts a line at its tabs; returns how many fields there are. */
static inline int split_line(char *line, char **fields, int max_fields)
{
    int n = 0;
    for (char *s = line; s != NULL && n < max_fields; n++) {
        fields[n] = s;
        s = strchr(s, '\t');
        if (s != NULL) {
            *s++ = '\0';
        }
    }
    return n;
}

/* ---- warnings ---- */

/* What the handler got since it was cleared, each as "FutureWarning: text" and a tab before it. */
static char warned[4096];

static inline void record_warning(sow_warning kind, const char *message, void *user)
{
    (void)user;
    const size_t used = strlen(warned);
    snprintf(warned + used, sizeof warned - used, "\t%s: %s",
             kind == SOW_WARNING_DEPRECATED ? "FutureWarning" : "UserWarning", message);
}

static inline void watch_warnings(void)
{
    warned[0] = '\0';
    sow_set_warning_handler(record_warning, NULL);
}

#endif
