/* torch.nn.Embedding and what EmbeddingBag has in common with it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/embedding.h"

#include "base/dtype.h"
#include "base/error.h"

#include <inttypes.h>

static const sow__embedding_kind embedding = {"Embedding",
                                              "Padding_idx must be within num_embeddings"};

/* ---- reset_parameters ---- */

static sow_status zero_padding_row(const sow_module *module, sow_error *err)
{
    if (module->padding_idx == SOW_NO_PADDING_IDX) {
        return SOW_OK;
    }
    const sow_tensor *weight = sow__module_own_tensor(module, "weight");
    if (sow_tensor_sizes(weight)[0] <= module->padding_idx) {
        return sow__fail(err, SOW_ERROR_INDEX,
                         "index %" PRId64 " is out of bounds for dimension 0 with size %" PRId64,
                         module->padding_idx, sow_tensor_sizes(weight)[0]);
    }
    sow_error own = {.status = SOW_OK};
    sow_error *why = err == NULL ? &own : err;
    sow_tensor *row = sow_tensor_select(weight, 0, module->padding_idx, why);
    if (row == NULL) {
        return why->status;
    }
    const sow_status status = sow__tensor_fill(row, 0.0, err);
    sow_tensor_free(row);
    return status;
}

sow_status sow__reset_embedding(sow_module *module, sow_generator *generator, sow_error *err)
{
    const sow_status status =
        sow_normal(sow__module_own_tensor(module, "weight"), 0.0, 1.0, generator, err);
    return status == SOW_OK ? zero_padding_row(module, err) : status;
}

/* ---- padding_idx ---- */

/* PyTorch checks every index but 0, which fails later when there is no row. */
static sow_status check_range(const sow__value *index, const sow__value *n_rows,
                              const char *message, sow_error *err)
{
    const double at = sow__value_number(index);
    if (at < 0 && !sow__value_is_number(n_rows)) {
        return sow__fail(err, SOW_ERROR_TYPE, "bad operand type for unary -: '%s'",
                         sow__value_type_name(n_rows));
    }
    int order = -1;
    const sow_status status =
        at > 0 ? sow__value_compare(index, ">=", n_rows, &order, err) : SOW_OK;
    if (status == SOW_OK &&
        (at > 0 ? order == 0 || order == 1 : at < 0 && at < -sow__value_number(n_rows))) {
        return sow__fail(err, SOW_ERROR_VALUE, "%s", message);
    }
    return status;
}

/* The row that is zeroed, or SOW_NO_PADDING_IDX: a bool selects a copy. */
static sow_status read_padding_idx(const sow__value *index, const sow__value *n_rows,
                                   const char *message, int64_t *row, sow_error *err)
{
    *row = SOW_NO_PADDING_IDX;
    if (index->kind == SOW__VALUE_NONE) {
        return SOW_OK;
    }
    if (!sow__value_is_number(index)) {
        const sow__value zero = sow__value_of_int(0);
        int order;
        return sow__value_compare(index, ">", &zero, &order, err);
    }
    const sow_status status = check_range(index, n_rows, message, err);
    if (status == SOW_OK && index->kind == SOW__VALUE_INT) {
        *row = index->integer < 0 && sow__value_is_int(n_rows)
                   ? index->integer + sow__value_int(n_rows)
                   : index->integer;
    }
    return status;
}

/* ---- constructors ---- */

static sow_status build(sow_module *module, const int64_t sizes[2], const sow_factory *factory,
                        sow_error *err)
{
    const sow_status status = sow__module_add_parameter(module, "weight", 2, sizes, factory, err);
    return status == SOW_OK ? sow__reset_embedding(module, factory->generator, err) : status;
}

static bool is_shape_of(const sow_tensor *weight, const sow__value *rows, const sow__value *columns)
{
    const int64_t *sizes = sow_tensor_sizes(weight);
    return sow_tensor_n_dims(weight) == 2 && sow__value_is_number(rows) &&
           sow__value_is_number(columns) && sow__value_number(rows) == (double)sizes[0] &&
           sow__value_number(columns) == (double)sizes[1];
}

/* A given weight is neither drawn nor gets a zero row. */
static sow_status adopt(sow_module *module, sow__args *args, bool is_frozen, sow_error *err)
{
    sow__value *weight = sow__args_get(args, "_weight");
    if (weight->kind != SOW__VALUE_TENSOR) {
        return sow__fail(err, SOW_ERROR_TYPE, "'%s' object has no attribute 'shape'",
                         sow__value_type_name(weight));
    }
    if (!is_shape_of(weight->tensor, sow__args_get(args, "num_embeddings"),
                     sow__args_get(args, "embedding_dim"))) {
        return sow__fail(err, SOW_ERROR_VALUE,
                         "Shape of weight does not match num_embeddings and embedding_dim");
    }
    const sow_status status =
        is_frozen ? SOW_OK : sow__dtype_check_gradients(sow_tensor_dtype(weight->tensor), err);
    if (status != SOW_OK) {
        return status;
    }
    return sow_module_register_parameter(module, "weight", sow__value_take_tensor(weight), err);
}

static sow_status build_from_args(sow_module *module, sow__args *args, bool is_frozen,
                                  sow_error *err)
{
    if (sow__args_get(args, "_weight")->kind != SOW__VALUE_NONE) {
        return adopt(module, args, is_frozen, err);
    }
    int64_t sizes[2];
    sow_status status = sow__args_shape(
        args, 2, (const char *const[]){"num_embeddings", "embedding_dim"}, sizes, err);
    if (status == SOW_OK) {
        status = build(module, sizes, &args->factory, err);
    }
    if (status == SOW_OK && sow__args_get(args, "padding_idx")->kind == SOW__VALUE_FLOAT) {
        return sow__fail(err, SOW_ERROR_INDEX,
                         "only integers, slices (`:`), ellipsis (`...`), None and long or byte "
                         "Variables are valid indices (got float)");
    }
    return status;
}

sow_module *sow__embedding_construct(const sow__embedding_kind *kind, const sow__class *of,
                                     sow__args *args, bool is_frozen, sow_error *err)
{
    int64_t padding_idx;
    if (read_padding_idx(sow__args_get(args, "padding_idx"), sow__args_get(args, "num_embeddings"),
                         kind->out_of_range, &padding_idx, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_of(of, err);
    if (module == NULL) {
        return NULL;
    }
    module->padding_idx = padding_idx;
    return sow__module_finish(module, build_from_args(module, args, is_frozen, err));
}

sow_module *sow__construct_embedding(const sow__class *of, sow__args *args, sow_error *err)
{
    return sow__embedding_construct(&embedding, of, args, sow__args_truth(args, "_freeze"), err);
}

sow_module *sow__embedding_make(const sow__embedding_kind *kind, const int64_t sizes[2],
                                int64_t padding_idx, const sow_factory *factory, sow_error *err)
{
    const sow__value none = {.kind = SOW__VALUE_NONE};
    const sow__value index =
        padding_idx == SOW_NO_PADDING_IDX ? none : sow__value_of_int(padding_idx);
    const sow__value n_rows = sow__value_of_int(sizes[0]);
    int64_t row;
    if (read_padding_idx(&index, &n_rows, kind->out_of_range, &row, err) != SOW_OK) {
        return NULL;
    }
    sow_module *module = sow__module_named(kind->name, err);
    if (module == NULL) {
        return NULL;
    }
    module->padding_idx = row;
    return sow__module_finish(module, build(module, sizes, sow__factory_or_default(factory), err));
}

sow_module *sow_embedding(int64_t num_embeddings, int64_t embedding_dim, int64_t padding_idx,
                          const sow_factory *factory, sow_error *err)
{
    return sow__embedding_make(&embedding, (int64_t[]){num_embeddings, embedding_dim}, padding_idx,
                               factory, err);
}
