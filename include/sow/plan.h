/* Plans: which tensors are copied, which are filled, from where in the stream; and running them.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_PLAN_H
#define SOW_PLAN_H

#include <sow/nn.h>
#include <sow/safetensors.h>
#include <sow/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sow_plan sow_plan;

typedef enum sow_plan_action {
    SOW_PLAN_FILL = 0, /* recorded fills are run */
    SOW_PLAN_COPY,     /* bytes come from a checkpoint */
    SOW_PLAN_KEEP,     /* the tensor has its values in memory already */
} sow_plan_action;

/* What happens to one tensor. Everything is lent by the plan. */
typedef struct sow_plan_entry {
    const char *name;
    sow_dtype dtype;
    int n_dims;
    const int64_t *sizes;
    uint64_t n_bytes;
    sow_plan_action action;
    /* "kaiming_uniform"; several joined with " + "; for a copy the path of the file;
     * "nothing" where no fill is left, as for a tensor without elements. */
    const char *initializer;
    /* "uniform(-0.036, 0.036)"; for a copy the name there; "nothing" as above. */
    const char *fill;
    /* Expected of the numbers, of which a complex element is two, as in sow_stats: normal(0, 1) has
     * std 0.7071 there. What a constant becomes in an 8-bit float; otherwise in exact arithmetic.
     * NaN for a copy, without elements, or where it is not known in closed form. */
    double mean, std;
    bool draws;        /* false: seed and position say nothing */
    uint64_t seed;     /* of the stream, in full */
    uint64_t position; /* words from the seed to the first word of the last drawing fill */
    uint64_t n_words;  /* words that this fill draws */
    bool exact;        /* false: bits depend on LAPACK or the system's libm (docs/bits.md) */
} sow_plan_entry;

/* A plan for named tensors: recorded fills of deferred ones are run, cpu ones are written as they
 * are. Keeps the tensors alive. SOW_ERROR_RUNTIME for a meta tensor. The caller frees it. */
SOW_API sow_plan *sow_plan_new(const sow_state_dict *state, sow_error *err);
/* NULL is fine. */
SOW_API void sow_plan_free(sow_plan *plan);

/* Lets entry number index be copied from a tensor of an open file, which must stay open until the
 * plan has run; its recorded fills fall out. The entry takes the dtype of the file; the sizes must
 * be equal (SOW_ERROR_VALUE). */
SOW_API sow_status sow_plan_copy_from(sow_plan *plan, size_t index, const sow_safetensors *file,
                                      const sow_safetensors_tensor *tensor, sow_error *err);

SOW_API size_t sow_plan_count(const sow_plan *plan);
/* Entry number index in the order of the state_dict; NULL past the end. */
SOW_API const sow_plan_entry *sow_plan_at(const sow_plan *plan, size_t index);

/* Every tensor is filled or copied; else SOW_ERROR_RUNTIME names the first that is not.
 * sow_plan_write and sow_plan_run begin with it. */
SOW_API sow_status sow_plan_check(const sow_plan *plan, sow_error *err);

/* Figures about the values of every tensor of a plan, taken while a run has them at hand. */
typedef struct sow_statistics sow_statistics;

/* Zero is every default. */
typedef struct sow_run_options {
    int n_threads; /* 0: one per core */
    /* Rounded up to 4 KiB. Twice n_threads pieces are held; 0: 4 MiB, or less, down to 64 KiB, so
     * that all of them take no more than 16 MiB. */
    size_t piece_bytes;
    /* sow_plan_write: most bytes for values on their way; 0: no limit. Pieces get shorter, down to
     * 64 KiB (1 MiB with statistics), then fewer threads work. SOW_ERROR_LIMIT before anything is
     * written when not even that will do; it names a tensor that is made whole. The library itself
     * and what the plan says about each tensor come on top. */
    size_t memory_bytes;
    bool force;                  /* as in sow_safetensors_options */
    const char *const *metadata; /* as in sow_safetensors_options */
    /* Asked between pieces, from any thread; true stops the run with SOW_ERROR_CANCELLED. NULL:
     * never. */
    bool (*cancelled)(void *user);
    /* Told after pieces, from one thread at a time. NULL: not. */
    void (*progress)(void *user, uint64_t done_bytes, uint64_t all_bytes);
    void *user;
    /* Filled by the run; of this plan. Pieces are then whole MiB. NULL: nothing is counted, which
     * costs nothing. */
    sow_statistics *statistics;
} sow_run_options;

/* Runs the plan into a safetensors file; "-" is standard output. Needs memory for n_threads pieces,
 * whatever the size of the model, except for tensors filled by orthogonal, sparse or through
 * strided views, which are made whole, one at a time per thread. The file's bytes do not depend on
 * n_threads, piece_bytes or memory_bytes. options NULL: the defaults. */
SOW_API sow_status sow_plan_write(const sow_plan *plan, const char *path,
                                  const sow_run_options *options, sow_error *err);

/* Runs the plan into memory: every deferred tensor of it becomes a cpu tensor with its values. When
 * it fails, tensors that it came to have theirs, and the one at which it failed is as after a
 * failed sow_module_load_safetensors. Statistics are taken from each tensor once it is whole.
 * SOW_ERROR_UNSUPPORTED when an entry is copied from a file into a tensor of another dtype. */
SOW_API sow_status sow_plan_run(const sow_plan *plan, const sow_run_options *options,
                                sow_error *err);

/* ---- statistics ---- */

/* Bins of a histogram at most. */
#define SOW_HISTOGRAM_BINS 41

/* Finite numbers by value, in bins of one width. Number x lies in bin floor((x - from) * (n_bins /
 * (to - from))), computed in double; x = to lies in the last one. */
typedef struct sow_histogram {
    double from, to;
    int n_bins; /* 0: there is no histogram */
    uint64_t counts[SOW_HISTOGRAM_BINS];
    uint64_t below, above; /* x < from, x > to */
} sow_histogram;

/* Figures of one tensor. They do not depend on threads or pieces: values is merged in order from
 * the parts that lie between multiples of 1 MiB in the file (in the tensor, when the run is into
 * memory). The range of the histogram is settled before the values are counted: the bounds of a
 * uniform fill; else expected mean plus and minus four times the expected std, within the bounds of
 * a truncated fill; where these are not known, the same with the mean and std of the finite numbers
 * among the first 64 KiB, no further than the least and the greatest of them, and with bins of
 * whole numbers for integers. Values that are all the same are in the middle bin. */
typedef struct sow_tensor_statistics {
    bool known;       /* false: values of the type cannot be read as numbers (sow_stats_can_read),
                         or no run has succeeded yet */
    sow_stats values; /* a complex element counts as two numbers */
    sow_histogram histogram; /* none for a tensor without elements */
} sow_tensor_statistics;

/* For one run of the plan at a time; a later run begins anew. The plan must stay. The caller frees
 * it. */
SOW_API sow_statistics *sow_statistics_new(const sow_plan *plan, sow_error *err);
SOW_API void sow_statistics_free(sow_statistics *statistics);
/* Of entry number index; NULL past the end. Lent. Not while the run is at work. */
SOW_API const sow_tensor_statistics *sow_statistics_at(const sow_statistics *statistics,
                                                       size_t index);

/* What the recorded stream costs and what was saved. */
typedef struct sow_plan_totals {
    uint64_t n_tensors, n_bytes;
    uint64_t n_recorded; /* fills recorded on these tensors */
    uint64_t n_fills;    /* fills that run */
    uint64_t n_drawn;    /* words that the fills that run draw */
} sow_plan_totals;

SOW_API void sow_plan_get_totals(const sow_plan *plan, sow_plan_totals *totals);

/* sow_module_load_state_dict from an open file, one tensor at a time: values are read straight into
 * the module's memory, and a meta or deferred tensor gets memory when it is read (its recorded
 * fills are dropped), so that a module need not be made before it is loaded. A read that fails
 * gives its own status and no report. What was loaded by then stays loaded. The tensor that was
 * being read is on meta or deferred with its record, as it was; one on the cpu is overwritten in
 * part, and so neither it nor what shares its storage is flagged initialized any more, and
 * sow_module_list_missing names it. The tensors after it are as they were. */
SOW_API sow_status sow_module_load_safetensors(sow_module *module, const sow_safetensors *file,
                                               const sow_load_options *options,
                                               sow_load_report **report, sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
