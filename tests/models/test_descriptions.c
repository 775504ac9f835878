/* Descriptions against hydra and torch: trees, rules and checkpoints of tests/models/vectors/
 * descriptions.txt, and the failures of description_errors.txt.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/cases.h"

#include "models/description.h"

static void test_models_descriptions__known_answers(void **state)
{
    (void)state;
    run_case_file("descriptions.txt", NULL, NULL);
}

/* ---- failures ---- */

/* Reads a line without its end; false at the end of the file. */
static bool read_line(FILE *file, char *line, int size)
{
    if (fgets(line, size, file) == NULL) {
        return false;
    }
    assert_non_null(strchr(line, '\n'));
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* Where sow says it in its own words. */
static bool says_otherwise(const char *real, const char *got)
{
    static const char *const pairs[][2] = {
        {"ImportError ", "not in torch 2.13"},
        {"InstantiationException Error locating target", "Error locating target"},
        {"ValueError Located non-class", "Located non-class"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (strncmp(real, pairs[i][0], strlen(pairs[i][0])) == 0) {
            return strstr(got, pairs[i][1]) != NULL;
        }
    }
    return false;
}

/* "net.json: PATH: words", where an exception of Hydra's own may be any status. */
static bool is_expected(const sow_error *err, const char *path, const char *real)
{
    char start[600];
    snprintf(start, sizeof start, "net.json: %s: ", path);
    if (strncmp(err->message, start, strlen(start)) != 0) {
        return false;
    }
    const char *words = strchr(real, ' ') + 1, *got = err->message + strlen(start);
    /* a suggestion may follow Python's words */
    const size_t n_words = strlen(words);
    return (strncmp(got, words, n_words) == 0 &&
            (got[n_words] == '\0' || strncmp(got + n_words, " (did you mean ", 15) == 0)) ||
           says_otherwise(real, got);
}

static void test_models_descriptions__errors(void **state)
{
    (void)state;
    char path[512], real[2048], json[4096];
    FILE *file = fopen(SOW_SOURCE_DIR "/tests/models/vectors/description_errors.txt", "r");
    assert_non_null(file);
    int n_cases = 0, n_failures = 0;
    while (read_line(file, path, sizeof path)) {
        if (path[0] == '#') {
            continue;
        }
        assert_true(read_line(file, real, sizeof real) && read_line(file, json, sizeof json));
        sow_error err = {.status = SOW_OK};
        sow_model *model = sow_model_from_config(json, strlen(json), "net.json", NULL, &err);
        n_cases++;
        if (model != NULL || !is_expected(&err, path, real)) {
            print_error("%s\n  expected %s: %s\n  got      %s: %s\n", json, path, real,
                        model != NULL ? "a model" : sow_status_name(err.status), err.message);
            n_failures++;
        }
        sow_model_free(model);
    }
    fclose(file);
    assert_true(n_cases >= 40);
    assert_int_equal(n_failures, 0);
}

/* ---- what sow itself refuses ---- */

typedef struct refused {
    const char *json, *message;
} refused;

#define LINEAR "{\"_target_\": \"torch.nn.Linear\", \"_args_\": [3, 4]}"
#define RULED(rules)                                                                               \
    "{\"_target_\": \"torch.nn.Linear\", \"_args_\": [3, 4], \"init\": [" rules "]}"

static void assert_refused(const char *json, size_t n_bytes, const char *message)
{
    sow_error err = {.status = SOW_OK};
    sow_model *model = sow_model_from_config(json, n_bytes, "net.json", NULL, &err);
    if (model != NULL || strcmp(err.message, message) != 0) {
        fail_msg("%.300s\n  expected %s\n  got      %s", json, message,
                 model != NULL ? "a model" : err.message);
    }
}

static void assert_all_refused(const refused *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_refused(cases[i].json, strlen(cases[i].json), cases[i].message);
    }
}

static void test_models_descriptions__refused_rules(void **state)
{
    (void)state;
    static const refused cases[] = {
        {RULED("{\"match\": \"weight\"}"), "net.json: $.init[0]: names no initializer"},
        {RULED("{\"match\": \"weight\", \"ones\": {}}, {\"match\": \"x*\", \"ones\": {}}"),
         "net.json: $.init[1].match: matches no parameter"},
        {RULED("{\"match\": \"weight\", \"ones\": {}}, 3"),
         "net.json: $.init[1]: expected an object with \"match\""},
        {RULED("{\"match\": \"weight\", \"ones\": {}}, {\"zeros\": {}}"),
         "net.json: $.init[1]: expected an object with \"match\""},
        {RULED("{\"match\": 3, \"ones\": {}}"),
         "net.json: $.init[0].match: expected a pattern (a string)"},
        {RULED("{\"match\": [\"weight\", null], \"ones\": {}}"),
         "net.json: $.init[0].match[1]: expected a pattern (a string)"},
        {RULED("{\"match\": \"*\", \"exclude\": {}, \"ones\": {}}"),
         "net.json: $.init[0].exclude: expected a pattern (a string)"},
        {RULED("{\"match\": \"*\", \"exclude\": \"*\", \"ones\": {}}"),
         "net.json: $.init[0].match: matches no parameter"},
        {RULED("{\"match\": [], \"ones\": {}}"), "net.json: $.init[0].match: matches no parameter"},
        {RULED("{\"match\": \"weight\", \"kaimming\": {}}"),
         "net.json: $.init[0].kaimming: no initializer \"kaimming\"; a rule has \"match\", "
         "\"exclude\" and one initializer"},
        {RULED("{\"match\": \"weight\", \"kaiming_norml\": {}}"),
         "net.json: $.init[0].kaiming_norml: no initializer \"kaiming_norml\" (did you mean "
         "kaiming_normal?)"},
        {RULED("{\"match\": \"weight\", \"ones\": {}, \"comment\": \"x\"}"),
         "net.json: $.init[0].comment: no initializer \"comment\"; a rule has \"match\", "
         "\"exclude\" and one initializer"},
        {RULED("{\"match\": \"weight\", \"ones\": {}, \"exlude\": \"x\"}"),
         "net.json: $.init[0].exlude: no initializer \"exlude\" (did you mean exclude?)"},
        {RULED("{\"mach\": \"*\", \"ones\": {}}"),
         "net.json: $.init[0]: expected an object with \"match\""},
        {RULED("{\"match\": \"weight\", \"normal\": {\"std\": \"0.02\"}}"),
         "net.json: $.init[0].normal.std: normal: std must be a number, got \"0.02\""},
        {RULED("{\"match\": \"weight\", \"kaiming_normal\": {\"mode\": 3}}"),
         "net.json: $.init[0].kaiming_normal.mode: kaiming_normal: mode must be a string, got 3"},
        {RULED("{\"match\": \"weight\", \"ones\": {}, \"zeros\": {}}"),
         "net.json: $.init[0].zeros: a rule has one initializer, this one has ones already"},
        {RULED("{\"match\": \"weight\", \"ones\": 1}"),
         "net.json: $.init[0].ones: expected an object of arguments"},
        {RULED("{\"match\": \"weight\", \"normal\": {\"sdt\": 1}}"),
         "net.json: $.init[0].normal.sdt: normal has no argument \"sdt\": it takes mean, std"},
        {RULED("{\"match\": \"weight\", \"normal\": {\"std\": \"wide\"}}"),
         "net.json: $.init[0].normal.std: normal: std must be a number, got \"wide\""},
        {RULED("{\"match\": \"weight\", \"normal\": {\"std\": null}}"),
         "net.json: $.init[0].normal.std: expected a number or a string"},
        {RULED("{\"match\": \"weight\", \"constant\": {}}"),
         "net.json: $.init[0].constant: constant: val must be given"},
        {RULED("{\"match\": \"*\", \"xavier_uniform\": {}}"),
         "net.json: $.init[0]: bias: Fan in and fan out can not be computed for tensor with fewer "
         "than 2 dimensions"},
        {RULED("{\"match\": \"weight\", \"normal\": {\"std\": -1}}"),
         "net.json: $.init[0]: weight: normal expects std >= 0.0, but found std -1"},
        {"{\"_target_\": \"torch.nn.BatchNorm1d\", \"_args_\": [3], "
         "\"init\": [{\"match\": \"running_*\", \"ones\": {}}]}",
         "net.json: $.init[0].match: matches no parameter"},
        {"{\"_target_\": \"torch.nn.Linear\", \"_args_\": [3, 4], \"init\": [3]}",
         "net.json: $.init[0]: expected an object with \"match\""},
    };
    assert_all_refused(cases, sizeof cases / sizeof cases[0]);
}

static void test_models_descriptions__refused_values(void **state)
{
    (void)state;
    static const refused cases[] = {
        {"{\"_target_\": 3}", "net.json: $: Expected a callable target, got a value of type 'int'"},
        {"{\"_target_\": \"torch.nn.functional.celu celu_\"}",
         "net.json: $: Error locating target 'torch.nn.functional.celu celu_': not in torch 2.13, "
         "or none that a description may use"},
        {"{\"_target_\": null}",
         "net.json: $: Expected a callable target, got a value of type 'NoneType'"},
        {"{\"_target_\": \"torch.nn.Linear\", \"_args_\": [\"${n}\", 3]}",
         "net.json: $._args_[0]: interpolation (\"${...}\") is not supported"},
        {"{\"_target_\": \"torch.nn.Linear\", \"in_features\": \"?"
         "??\"}",
         "net.json: $.in_features: Missing mandatory value"},
        {"{\"_target_\": \"torch.nn.Linear\", \"_args_\": [99999999999999999999, 3]}",
         "net.json: $._args_[0]: Overflow when unpacking long long"},
        {"{\"_target_\": \"torch.zeros\", \"_args_\": [3]}",
         "net.json: $: the description makes a value of type Tensor, not a module"},
        {"{\"_target_\": \"torch.nn.Linear\", \"_partial_\": true}",
         "net.json: $: the description makes a value of type type, not a module"},
        {"{\"_target_\": \"torch.nn.functional.relu\", \"_args_\": [3]}",
         "net.json: $: torch.nn.functional.relu computes, which a description does not; "
         "hydra.utils.get_object hands it over"},
        {"{\"_target_\": \"torch.nn.Linear\", \"_args_\": [3, 4], \"device\": \"cuda\"}",
         "net.json: $: a description is built on the device \"cpu\" or \"meta\", got \"cuda\""},
        {"{\"_target_\": \"torch.nn.Sequential\", \"_args_\": [" LINEAR
         ", {\"_target_\": \"torch.nn.Linear\", \"_args_\": [4, 2], \"device\": \"meta\"}]}",
         "net.json: $._args_[1]: 1.weight is on the device meta, and a file needs values"},
        {"{\"_target_\": \"torch.nn.LazyLinear\", \"_args_\": [3]}",
         "net.json: $: Attempted to use an uninitialized parameter: weight belongs to a lazy "
         "module "
         "whose shape is not known yet"},
        {"{\"_target_\": \"torch.nn.ReLU\", \"_target_\": \"torch.nn.ELU\"}",
         "net.json: not JSON: line 1, column 40: duplicate object key near '\"_target_\"'"},
    };
    assert_all_refused(cases, sizeof cases / sizeof cases[0]);
}

/* ---- limits ---- */

/* "start", item repeated n times with commas between, "end"; the caller frees it. */
static char *repeated(const char *start, const char *item, size_t n, const char *end)
{
    const size_t n_item = strlen(item);
    char *json = malloc(strlen(start) + n * (n_item + 1) + strlen(end) + 1);
    assert_non_null(json);
    char *at = json + sprintf(json, "%s", start);
    for (size_t i = 0; i < n; i++) {
        at += sprintf(at, "%s%s", i == 0 ? "" : ",", item);
    }
    strcpy(at, end);
    return json;
}

static void assert_repeated_refused(const char *start, const char *item, size_t n, const char *end,
                                    const char *message)
{
    char *json = repeated(start, item, n, end);
    assert_refused(json, strlen(json), message);
    free(json);
}

#define SEQUENTIAL "{\"_target_\": \"torch.nn.Sequential\", \"_args_\": ["
#define RELU "{\"_target_\": \"torch.nn.ReLU\"}"

static void test_models_descriptions__limits(void **state)
{
    (void)state;
    assert_repeated_refused(SEQUENTIAL, RELU, 20000, "]}",
                            "net.json: $._args_[19999]: more than 20000 targets");
    assert_repeated_refused(SEQUENTIAL, "0", 1000000, "]}",
                            "net.json: $._args_[999998]: more than 1000000 values");
    char *deep = malloc(70 * sizeof SEQUENTIAL + 400);
    assert_non_null(deep);
    char *at = deep;
    for (int i = 0; i < 70; i++) {
        at += sprintf(at, "%s", SEQUENTIAL);
    }
    for (int i = 0; i < 70; i++) {
        at += sprintf(at, "]}");
    }
    sow_error err;
    assert_null(sow_model_from_config(deep, strlen(deep), "net.json", NULL, &err));
    assert_non_null(strstr(err.message, "]: more than 128 lists and objects inside each other"));
    assert_int_equal(strncmp(err.message, "net.json: $...", 14), 0);
    free(deep);
    static const refused cases[] = {
        {"{\"_target_\": \"torch.nn.LSTM\", \"_args_\": [3, 4, 2000000000]}",
         "net.json: $: num_layers=2000000000 would make more than 400000 modules and tensors"},
        {"{\"_target_\": \"torch.nn.TransformerEncoder\", \"num_layers\": 500, \"encoder_layer\": "
         "{\"_target_\": \"torch.nn.TransformerEncoder\", \"num_layers\": 500, "
         "\"encoder_layer\": " LINEAR "}}",
         "net.json: $: num_layers=500 would make more than 400000 modules and tensors"},
        {"{\"_target_\": \"torch.nn.utils.spectral_norm\", \"_args_\": [{\"_target_\": "
         "\"torch.nn.Linear\", \"_args_\": [100000, 100000]}]}",
         "net.json: $: spectral_norm(): a description computes at most 268435456 elements while it "
         "is built"},
        {"{\"_target_\": \"torch.nn.Linear\", \"_args_\": [100000, 100000], \"init\": [{\"match\": "
         "\"weight\", \"trunc_normal\": {}}]}",
         "net.json: $.init[0]: weight: too many elements for trunc_normal"},
    };
    assert_all_refused(cases, sizeof cases / sizeof cases[0]);
}

static void test_models_descriptions__limit_of_keys_and_patterns(void **state)
{
    (void)state;
    char key[258], json[600];
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    snprintf(json, sizeof json,
             "{\"_target_\": \"torch.nn.ModuleDict\", \"_args_\": [{\"%s\": 1}]}", key);
    assert_refused(json, strlen(json), "net.json: $._args_[0]: a key has more than 256 bytes");
    snprintf(json, sizeof json,
             "{\"_target_\": \"torch.nn.ReLU\", \"init\": [{\"match\": \"%s\", \"ones\": {}}]}",
             key);
    assert_refused(json, strlen(json),
                   "net.json: $.init[0].match: a pattern has at most 256 bytes");
}

/* ---- what decided ---- */

static void test_models_descriptions__decided_by(void **state)
{
    (void)state;
    static const char json[] = SEQUENTIAL LINEAR
        ", {\"_target_\": \"torch.nn.TransformerEncoder\", \"num_layers\": 1, "
        "\"encoder_layer\": {\"_target_\": \"torch.nn.PReLU\"}}], "
        "\"init\": [{\"match\": \"0.*\", \"ones\": {}}, {\"match\": \"0.bias\", \"zeros\": {}}]}";
    static const char *const expected[] = {"$.init[0] ones", "$.init[1] zeros",
                                           "torch.nn.PReLU $._args_[1].encoder_layer"};
    sow_error err;
    sow_model *model = sow_model_from_config(json, strlen(json), "net.json", NULL, &err);
    if (model == NULL) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(sow_state_dict_count(sow_model_state_dict(model)), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(sow_model_decided_by(model, i), expected[i]);
    }
    assert_string_equal(sow_model_arch(model), "Sequential");
    assert_string_equal(sow_model_profile(model), "torch-nn-2.13");
    assert_null(sow_model_metadata(model, 0, NULL));
    sow_model_free(model);
}

static void test_models_descriptions__options(void **state)
{
    (void)state;
    sow_error err;
    const sow_model_options arch = {.arch = "Linear"};
    const sow_model_options dtype = {.has_dtype = true, .dtype = SOW_I64};
    assert_null(sow_model_from_config(LINEAR, strlen(LINEAR), "n", &arch, &err));
    assert_string_equal(err.message,
                        "n: arch: a description (\"_target_\") says itself what to build");
    assert_null(sow_model_from_config(LINEAR, strlen(LINEAR), "n", &dtype, &err));
    assert_string_equal(err.message, "n: dtype: only floating-point types are supported as the "
                                     "default type, got i64");
}

static void test_models_descriptions__suggestions(void **state)
{
    (void)state;
#define UNKNOWN(path, hint)                                                                        \
    {                                                                                              \
        "{\"_target_\": \"" path "\"}",                                                            \
            "net.json: $: Error locating target '" path "': not in torch "                         \
            "2.13, or none that a description may use" hint                                        \
    }
    static const refused cases[] = {
        UNKNOWN("torch.nn.Liner", " (did you mean torch.nn.Linear?)"),
        UNKNOWN("nn.Linear", " (did you mean torch.nn.Linear?)"),
        UNKNOWN("nn.Cov2d", " (did you mean torch.nn.Conv2d?)"),
        UNKNOWN("Linear", " (did you mean torch.nn.Linear?)"),
        UNKNOWN("torch.skip_init", " (did you mean torch.nn.utils.skip_init?)"),
        UNKNOWN("torch.zeroes", " (did you mean torch.zeros?)"),
        UNKNOWN("torch.nn.Banana", ""),
        UNKNOWN("rch.nn.Liner", ""),
        UNKNOWN("os.system", ""),
        UNKNOWN("", ""),
        {"{\"_target_\": \"torch.nn.Linear\", \"in_feature\": 3, \"out_features\": 2}",
         "net.json: $.in_feature: Linear.__init__() got an unexpected keyword argument "
         "'in_feature' (did you mean in_features?)"},
        {"{\"_target_\": \"torch.nn.Linear\", \"_args_\": [3, 4], \"colour\": 3}",
         "net.json: $.colour: Linear.__init__() got an unexpected keyword argument 'colour'"},
        {"{\"_target_\": \"hydra.utils.get_class\", \"path\": \"torch.nn.Liner\"}",
         "net.json: $: Error loading 'torch.nn.Liner': not in torch 2.13, or none that a "
         "description may use (did you mean torch.nn.Linear?)"},
    };
    assert_all_refused(cases, sizeof cases / sizeof cases[0]);
}

/* Every target that is listed is one. */
static void test_models_descriptions__targets(void **state)
{
    (void)state;
    const char *path, *signature = "";
    size_t n_classes = 0, n_functions = 0;
    for (size_t i = 0; (path = sow_model_target_at(i, &signature)) != NULL; i++) {
        char json[160];
        sow_error err = {.status = SOW_OK};
        snprintf(json, sizeof json, "{\"_target_\": \"%s\"}", path);
        sow_model *model = sow_model_from_config(json, strlen(json), "net.json", NULL, &err);
        assert_true(model != NULL || strstr(err.message, "locating") == NULL);
        assert_true(signature == NULL || n_functions == 0);
        n_classes += signature != NULL;
        n_functions += signature == NULL;
        sow_model_free(model);
    }
    assert_true(n_classes > 100 && n_functions > 20);
    assert_non_null(sow_model_target_at(0, NULL));
}

/* Limits on the work for patterns count what a set costs, closed or not. */
static void test_models_descriptions__sets_of_patterns_cost_their_length(void **state)
{
    (void)state;
    char closed[260], open[260];
    memset(closed, 'b', sizeof closed);
    memset(open, 'b', sizeof open);
    memcpy(closed, "*[", 2);
    memcpy(open, "*[", 2);
    memcpy(closed + 200, "]", 2);
    open[200] = '\0';
    size_t steps = 10000;
    assert_false(sow__glob_match(closed, "xxxxxxxxxx", &steps));
    assert_in_range(steps, 1, 10000 - 10 * 199);
    steps = 10000;
    assert_false(sow__glob_match(open, "xxxxxxxxxx", &steps));
    assert_in_range(steps, 1, 10000 - 10 * 199);
    steps = 100;
    assert_false(sow__glob_match("*[ab]", "xxxxxxxxxa", &(size_t){10}));
    assert_true(sow__glob_match("*[ab]", "xxxxxxxxxa", &steps));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_descriptions__known_answers),
        cmocka_unit_test(test_models_descriptions__errors),
        cmocka_unit_test(test_models_descriptions__refused_rules),
        cmocka_unit_test(test_models_descriptions__refused_values),
        cmocka_unit_test(test_models_descriptions__limits),
        cmocka_unit_test(test_models_descriptions__limit_of_keys_and_patterns),
        cmocka_unit_test(test_models_descriptions__decided_by),
        cmocka_unit_test(test_models_descriptions__options),
        cmocka_unit_test(test_models_descriptions__suggestions),
        cmocka_unit_test(test_models_descriptions__targets),
        cmocka_unit_test(test_models_descriptions__sets_of_patterns_cost_their_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
