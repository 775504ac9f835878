/* What became of the tensors of --from and of the model.
 * SPDX-License-Identifier: Apache-2.0 */
#include "from.h"

#include <inttypes.h>
#include <stdlib.h>

#define SHOWN_NAMES 10

typedef enum way { LOADED, INITIALISED, UNEXPECTED, MISMATCHED, N_WAYS } way;

static const char *const way_names[N_WAYS] = {"loaded", "initialised", "unexpected", "mismatched"};

static bool went(const cli_model *model, size_t index, way which)
{
    const sow_load_state state = sow_model_load_state(model->model, index, NULL);
    switch (which) {
    case LOADED:
        return state == SOW_LOAD_LOADED;
    case INITIALISED:
        return state != SOW_LOAD_LOADED;
    default:
        return state == SOW_LOAD_MISMATCHED;
    }
}

/* The next name that went a way from *index on; NULL when there is none. */
static const char *next_name(const cli_model *model, way which, size_t *index)
{
    if (which == UNEXPECTED) {
        return sow_model_unexpected(model->model, (*index)++);
    }
    while (*index < sow_plan_count(model->plan)) {
        const size_t i = (*index)++;
        if (went(model, i, which)) {
            return sow_plan_at(model->plan, i)->name;
        }
    }
    return NULL;
}

static void put_names(FILE *out, const cli_model *model, way which)
{
    size_t n = 0, index = 0;
    while (next_name(model, which, &index) != NULL) {
        n++;
    }
    fprintf(out, "%s %zu", way_names[which], n);
    const char *name;
    index = 0;
    for (size_t i = 0; i < SHOWN_NAMES && (name = next_name(model, which, &index)) != NULL; i++) {
        fputs(i > 0 ? ", " : ": ", out);
        cli_put(out, name);
    }
    if (n > SHOWN_NAMES) {
        fprintf(out, " and %zu more", n - SHOWN_NAMES);
    }
    fputc('\n', out);
}

void cli_from_put(FILE *out, const cli_model *model)
{
    for (way which = LOADED; which < N_WAYS && model->checkpoint.n_files > 0; which++) {
        put_names(out, model, which);
    }
}

void cli_from_json(json_t **object, const cli_model *model)
{
    if (model->checkpoint.n_files == 0) {
        return;
    }
    json_t *report = json_object();
    json_t *files = json_array();
    for (size_t i = 0; i < model->checkpoint.n_files; i++) {
        cli_json_push(&files, cli_json_text(sow_safetensors_path(model->checkpoint.files[i])));
    }
    cli_json_set(&report, "files", files);
    for (way which = LOADED; which < N_WAYS; which++) {
        json_t *names = json_array();
        const char *name;
        for (size_t index = 0; (name = next_name(model, which, &index)) != NULL;) {
            cli_json_push(&names, cli_json_text(name));
        }
        cli_json_set(&report, way_names[which], names);
    }
    cli_json_set(object, "from", report);
}

/* ---- a file that is of no use ---- */

int cli_from_warn(const cli_model *model)
{
    const cli_checkpoint *checkpoint = &model->checkpoint;
    bool *used = calloc(checkpoint->n_files + 1, sizeof *used);
    if (used == NULL) {
        return cli_fail_memory();
    }
    for (size_t i = 0; i < sow_plan_count(model->plan); i++) {
        const char *source = NULL;
        const sow_safetensors *file = NULL;
        sow_model_load_state(model->model, i, &source);
        if (source != NULL && cli_checkpoint_find(checkpoint, source, &file) != NULL) {
            for (size_t k = 0; k < checkpoint->n_files; k++) {
                used[k] |= checkpoint->files[k] == file;
            }
        }
    }
    for (size_t k = 0; k < checkpoint->n_files; k++) {
        if (!used[k]) {
            cli_warn("%s: none of its tensors (%zu) is in the model",
                     sow_safetensors_path(checkpoint->files[k]),
                     sow_safetensors_count(checkpoint->files[k]));
        }
    }
    free(used);
    return CLI_GO_ON;
}
