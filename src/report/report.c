/* Reports: what is told of the whole, and where it goes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

#include "base/error.h"
#include "io/buffer.h"
#include "io/output.h"
#include "plan/statistics.h"
#include <string.h>

uint64_t sow__report_numel(const sow_plan_entry *entry)
{
    uint64_t numel = 1;
    for (int i = 0; i < entry->n_dims; i++) {
        numel *= (uint64_t)entry->sizes[i];
    }
    return numel;
}

static void add_tensor(const sow__told *told, sow__report_totals *totals)
{
    uint64_t *const counts[] = {&totals->n_initialised, &totals->n_loaded, &totals->n_in_memory};
    totals->n_tensors++;
    totals->n_elements += sow__report_numel(told->entry);
    totals->n_bytes += told->entry->n_bytes;
    ++*counts[told->entry->action];
    totals->n_mismatched += strcmp(told->state, "mismatched") == 0;
    totals->n_wrong += (uint64_t)sow__told_n_wrong(told);
    totals->n_notes += (uint64_t)(told->n_findings - sow__told_n_wrong(told));
}

void sow__report_sum(const sow_report *report, sow__report_totals *totals)
{
    *totals = (sow__report_totals){0};
    for (size_t i = 0; i < sow_plan_count(report->plan); i++) {
        sow__told told;
        sow__report_tell(report, i, &told);
        add_tensor(&told, totals);
    }
    for (size_t i = 0; i < report->n_files; i++) {
        sow__told_file file;
        sow__report_tell_file(report, i, &file);
        totals->n_notes += file.n_loaded == 0;
    }
    while (report->model != NULL &&
           sow_model_unexpected(report->model, totals->n_unexpected) != NULL) {
        totals->n_unexpected++;
    }
}

size_t sow__report_seeds(const sow_report *report, uint64_t *seeds, size_t n_most)
{
    size_t n = 0;
    const sow_plan_entry *entry;
    for (size_t i = 0; (entry = sow_plan_at(report->plan, i)) != NULL; i++) {
        bool is_new = entry->draws;
        for (size_t k = 0; is_new && k < n; k++) {
            is_new = seeds[k] != entry->seed;
        }
        if (is_new && n < n_most) {
            seeds[n++] = entry->seed;
        }
    }
    return n;
}

sow_status sow__report_check(const sow_report *report, sow_error *err)
{
    if (!sow__statistics_are_of(report->statistics, report->plan)) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "the statistics of a report must be of a run of its plan");
    }
    return SOW_OK;
}

sow_status sow_report_write(const sow_report *report, sow_report_format format,
                            sow_report_sink sink, void *user, sow_error *err)
{
    sow_status status = sow__report_check(report, err);
    if (status != SOW_OK) {
        return status;
    }
    sow__text text = {.sink = sink, .user = user};
    if (format == SOW_REPORT_JSON) {
        sow__report_json(report, &text);
    } else {
        status = sow__report_html(report, &text, err);
    }
    if (status != SOW_OK) {
        return status;
    }
    sow__text_flush(&text);
    return text.stopped ? sow__fail(err, SOW_ERROR_CANCELLED, "the report was stopped") : SOW_OK;
}

/* ---- into a file ---- */

struct collected {
    sow__buffer buffer;
    sow_error err;
};

static bool collect(void *user, const char *text, size_t n_bytes)
{
    struct collected *to = user;
    return sow__buffer_append(&to->buffer, text, n_bytes, &to->err) == SOW_OK;
}

static sow_status save(const char *path, bool force, const sow__buffer *buffer, sow_error *err)
{
    const sow__output_options options = {.force = force};
    sow_error local;
    err = err != NULL ? err : &local;
    sow__output *output = sow__output_create(path, buffer->n_bytes, &options, err);
    if (output == NULL) {
        return err->status;
    }
    const sow_status status =
        sow__output_write(output, 0, buffer->data, buffer->n_bytes, NULL, err);
    if (status != SOW_OK) {
        sow__output_abandon(output);
        return status;
    }
    return sow__output_finish(output, err);
}

sow_status sow_report_save(const sow_report *report, sow_report_format format, const char *path,
                           bool force, sow_error *err)
{
    struct collected to = {{0}, {0}};
    sow_status status = sow_report_write(report, format, collect, &to, err);
    if (status == SOW_ERROR_CANCELLED) {
        status = sow__fail(err, to.err.status, "%s: %s", path, to.err.message);
    }
    if (status == SOW_OK) {
        status = save(path, force, &to.buffer, err);
    }
    sow__buffer_free(&to.buffer);
    return status;
}

size_t sow_report_count_findings(const sow_report *report)
{
    sow__report_totals totals;
    if (sow__report_check(report, NULL) != SOW_OK) {
        return SIZE_MAX;
    }
    sow__report_sum(report, &totals);
    return (size_t)totals.n_wrong;
}
