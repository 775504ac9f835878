/* libFuzzer target: any bytes as a description or another config. It builds or fails cleanly, the
 * same way twice, and what is built can be planned. Most inputs are made from others as JSON.
 *
 * Built and run by tools/fuzz.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#include "mutate_json.h"

#include <sow/models.h>
#include <sow/plan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *out, size_t max_size, unsigned seed);

static void check(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "broken promise: %s\n", what);
        abort();
    }
}

/* A checkpoint that has every tensor whose name has an even length, in one shape. */
static bool find(void *user, const char *name, sow_dtype *dtype, int *n_dims, const int64_t **sizes)
{
    static const int64_t sizes_of_one[] = {4, 3};
    (void)user;
    *dtype = SOW_F32;
    *n_dims = 2;
    *sizes = sizes_of_one;
    return strlen(name) % 2 == 0;
}

static bool equal(void *user, const char *a, const char *b)
{
    (void)user;
    return strcmp(a, b) == 0;
}

static const char *name(void *user, size_t index)
{
    (void)user;
    return index == 0 ? "0.weight" : NULL;
}

/* Every tensor is named once, of a description with where it comes from; a plan can be made or says
 * why not. */
static void check_model(const sow_model *model)
{
    sow_error err = {SOW_OK, -1, ""};
    const sow_state_dict *state = sow_model_state_dict(model);
    const bool decided = sow_model_decided_by(model, 0) != NULL; /* of a description */
    for (size_t i = 0; i < sow_state_dict_count(state); i++) {
        const char *entry = sow_state_dict_name(state, i);
        check(sow_state_dict_find(state, entry) == sow_state_dict_tensor(state, i),
              "a name finds its tensor");
        check((sow_model_decided_by(model, i) != NULL) == decided,
              "all are somebody's, or none is");
    }
    sow_plan *plan = sow_plan_new(state, &err);
    check(plan != NULL || err.message[0] != '\0', "a plan or a reason");
    if (plan != NULL && sow_plan_check(plan, &err) != SOW_OK) {
        check(err.message[0] != '\0', "a reason");
    }
    sow_plan_free(plan);
}

/* The text of a failure, or the position of the generator. */
static uint64_t build(const uint8_t *data, size_t size, const sow_checkpoint *checkpoint,
                      char message[SOW_ERROR_MESSAGE_SIZE])
{
    sow_error err = {SOW_OK, -1, ""};
    sow_generator *generator = sow_generator_new(&err);
    check(generator != NULL && sow_generator_manual_seed(generator, 1, &err) == SOW_OK, "memory");
    const sow_model_options options = {
        .generator = generator, .checkpoint = checkpoint, .ignore_mismatched = true};
    sow_model *model = sow_model_from_config((const char *)data, size, "f", &options, &err);
    message[0] = '\0';
    if (model != NULL) {
        check_model(model);
    } else {
        check(err.status != SOW_OK, "a status");
        check(strncmp(err.message, "f: ", 3) == 0 || err.status == SOW_ERROR_MEMORY,
              "a message that names the file");
        snprintf(message, SOW_ERROR_MESSAGE_SIZE, "%s", err.message);
    }
    const uint64_t position = sow_generator_position(generator);
    sow_model_free(model);
    sow_generator_free(generator);
    return position;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const sow_checkpoint checkpoint = {NULL, find, equal, name};
    char first[SOW_ERROR_MESSAGE_SIZE], second[SOW_ERROR_MESSAGE_SIZE];
    const uint64_t position = build(data, size, NULL, first);
    check(build(data, size, NULL, second) == position, "the same numbers twice");
    check(strcmp(first, second) == 0, "the same words twice");
    build(data, size, &checkpoint, first);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return mutate_json(data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size, const uint8_t *second,
                                 size_t second_size, uint8_t *out, size_t max_size, unsigned seed)
{
    return cross_json(first, first_size, second, second_size, out, max_size, seed);
}
