/* Module trees: parameters, buffers, submodules, state_dict, and the layers that the models need.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A module owns its submodules and keeps its tensors. A tree is used from one thread at a time. */
#ifndef SOW_NN_H
#define SOW_NN_H

#include <sow/generator.h>
#include <sow/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a list of named tensors
 * --------------------------------------------------------------------------- */

/* Names and tensors in order, as torch's state_dict. It keeps the tensors alive. */
typedef struct sow_state_dict sow_state_dict;

SOW_API sow_state_dict *sow_state_dict_new(sow_error *err);
/* NULL is fine. */
SOW_API void sow_state_dict_free(sow_state_dict *state);
/* Appends; the name is copied, the tensor stays the caller's too. SOW_ERROR_VALUE for a name that
 * is there. */
SOW_API sow_status sow_state_dict_add(sow_state_dict *state, const char *name, sow_tensor *tensor,
                                      sow_error *err);
SOW_API size_t sow_state_dict_count(const sow_state_dict *state);
/* Lent; index < count. */
SOW_API const char *sow_state_dict_name(const sow_state_dict *state, size_t index);
SOW_API sow_tensor *sow_state_dict_tensor(const sow_state_dict *state, size_t index);
/* The tensor of a name, lent; NULL when there is none. */
SOW_API sow_tensor *sow_state_dict_find(const sow_state_dict *state, const char *name);

/* ---- modules
 * ------------------------------------------------------------------------------------------- */

typedef struct sow_module sow_module;

/* An empty module; type is the class name ("Linear", "GPT2Block"), copied. */
SOW_API sow_module *sow_module_new(const char *type, sow_error *err);
/* Frees the module and everything below it. NULL is fine. */
SOW_API void sow_module_free(sow_module *module);
SOW_API const char *sow_module_type(const sow_module *module);

/* register_parameter / register_buffer: the module takes the caller's reference also on failure, so
 * that a constructor's result can be passed straight in. tensor NULL, a constructor that failed:
 * the status in err, SOW_ERROR_VALUE when err does not have one. Names: not empty, no dot, not
 * twice (SOW_ERROR_VALUE). */
SOW_API sow_status sow_module_register_parameter(sow_module *module, const char *name,
                                                 sow_tensor *tensor, sow_error *err);
SOW_API sow_status sow_module_register_buffer(sow_module *module, const char *name,
                                              sow_tensor *tensor, bool persistent, sow_error *err);
/* register_module: takes the child, also on failure; NULL as above. */
SOW_API sow_status sow_module_register_module(sow_module *module, const char *name,
                                              sow_module *child, sow_error *err);

/* Replaces a parameter by the tensor that another path of the tree has: one tensor under two names.
 * Paths are dotted, from this module; SOW_ERROR_NOT_FOUND. */
SOW_API sow_status sow_module_tie(sow_module *module, const char *target, const char *source,
                                  sow_error *err);

/* The parameter or buffer at a dotted path, the submodule at a dotted path ("" is the module
 * itself); lent, NULL when there is none. */
SOW_API sow_tensor *sow_module_tensor(const sow_module *module, const char *path);
SOW_API sow_module *sow_module_get(const sow_module *module, const char *path);

/* Children in registration order, lent; NULL past the end. */
SOW_API sow_module *sow_module_child(const sow_module *module, size_t index);
SOW_API const char *sow_module_child_name(const sow_module *module, size_t index);

/* module.state_dict(): own parameters, own persistent buffers, then the children's, in registration
 * order. The caller frees it. */
SOW_API sow_state_dict *sow_module_state_dict(const sow_module *module, sow_error *err);

/* module.apply(fn): children first, depth first, then the module itself. Stops at the first
 * failure. */
typedef sow_status (*sow_module_fn)(sow_module *module, void *user, sow_error *err);
SOW_API sow_status sow_module_apply(sow_module *module, sow_module_fn fn, void *user,
                                    sow_error *err);

/* ---- layers
 * -------------------------------------------------------------------------------------------- */

/* What every constructor takes, as torch's device= and dtype=. Zero is every default. */
typedef struct sow_factory {
    sow_device device;
    sow_dtype dtype;
    sow_generator *generator; /* NULL: the default generator */
} sow_factory;

/* torch.nn.Linear(in_features, out_features, bias): weight (out, in) kaiming_uniform(a = sqrt 5),
 * then bias U(-1/sqrt(in), 1/sqrt(in)). factory NULL: cpu, f32, the default generator. The caller
 * frees the module. */
SOW_API sow_module *sow_linear(int64_t in_features, int64_t out_features, bool bias,
                               const sow_factory *factory, sow_error *err);

/* torch.nn.Embedding(num_embeddings, embedding_dim, padding_idx): weight N(0, 1), row padding_idx
 * zero; SOW_NO_PADDING_IDX: none; a negative index counts from the end. SOW_ERROR_VALUE
 * "Padding_idx must be within num_embeddings". */
#define SOW_NO_PADDING_IDX INT64_MIN
SOW_API sow_module *sow_embedding(int64_t num_embeddings, int64_t embedding_dim,
                                  int64_t padding_idx, const sow_factory *factory, sow_error *err);

/* torch.nn.LayerNorm(dim, elementwise_affine, bias): weight ones, bias zeros. affine false: no
 * parameters. */
SOW_API sow_module *sow_layer_norm(int64_t dim, bool affine, bool bias, const sow_factory *factory,
                                   sow_error *err);

/* torch.nn.RMSNorm(dim, elementwise_affine): weight ones. */
SOW_API sow_module *sow_rms_norm(int64_t dim, bool affine, const sow_factory *factory,
                                 sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
