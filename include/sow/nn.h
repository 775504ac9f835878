/* torch.nn in C: module trees, state_dict and loading, skip_init, and every class by name.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A module holds its submodules and its tensors: it takes one holder of each that is registered.
 * Pointers that a function lends hold nothing. They are good until the tensor or submodule is
 * replaced (set_tensor, tie, registering or loading with assign over it, to_empty) or the last
 * module that has it is freed; sow_tensor_ref and sow_module_ref keep it beyond that.
 *
 * A tree, a state_dict and a load report are each used from one thread at a time. Trees and lists
 * that share a module or a tensor count as one: their holders are not counted atomically. */
#ifndef SOW_NN_H
#define SOW_NN_H

#include <sow/generator.h>
#include <sow/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a list of named tensors ---- */

/* Names and tensors in order, as torch's state_dict. It keeps the tensors alive. */
typedef struct sow_state_dict sow_state_dict;

/* An empty list; the caller frees it. */
SOW_API sow_state_dict *sow_state_dict_new(sow_error *err);
/* NULL is fine. */
SOW_API void sow_state_dict_free(sow_state_dict *state);
/* Appends; the name is copied, the tensor stays the caller's too: the list is one more holder.
 * SOW_ERROR_VALUE for a name that is there or NULL; tensor NULL returns the failure that err holds
 * of its constructor, or SOW_ERROR_VALUE. */
SOW_API sow_status sow_state_dict_add(sow_state_dict *state, const char *name, sow_tensor *tensor,
                                      sow_error *err);
SOW_API size_t sow_state_dict_count(const sow_state_dict *state);
/* Lent; NULL past the end. */
SOW_API const char *sow_state_dict_name(const sow_state_dict *state, size_t index);
SOW_API sow_tensor *sow_state_dict_tensor(const sow_state_dict *state, size_t index);
/* The tensor of a name, lent; NULL when there is none. */
SOW_API sow_tensor *sow_state_dict_find(const sow_state_dict *state, const char *name);

/* ---- modules ---- */

typedef struct sow_module sow_module;

/* An empty module; type is the class name ("Linear", "GPT2Block"), copied; SOW_ERROR_VALUE for
 * NULL. */
SOW_API sow_module *sow_module_new(const char *type, sow_error *err);
/* One more holder of the module, to register it at a second place or keep a lent one: returns
 * module. NULL gives NULL. */
SOW_API sow_module *sow_module_ref(sow_module *module);
/* Drops one holder; the last one frees the module and what it alone holds. NULL is fine. */
SOW_API void sow_module_free(sow_module *module);
/* The class name, lent. */
SOW_API const char *sow_module_type(const sow_module *module);

/* register_parameter / register_buffer: the module takes the caller's holder also on failure, so
 * that a constructor's result can be passed straight in; tensor NULL returns the failure that err
 * holds of that constructor, or SOW_ERROR_VALUE. A name that a parameter (buffer) has, reserved or
 * not, is given to the new one in the same place of the order; the old one is let go. Other names:
 * not empty, no dot, not that of a buffer (parameter) or child, and none that every module has in
 * PyTorch ("forward", "type"; "keys" of a ModuleDict): SOW_ERROR_VALUE, in the words of PyTorch's
 * KeyError. */
SOW_API sow_status sow_module_register_parameter(sow_module *module, const char *name,
                                                 sow_tensor *tensor, sow_error *err);
SOW_API sow_status sow_module_register_buffer(sow_module *module, const char *name,
                                              sow_tensor *tensor, bool persistent, sow_error *err);
/* register_module, add_module: takes the child, also on failure; a child of that name is replaced,
 * names as above. SOW_ERROR_VALUE when the child holds module, or when something would stand more
 * than 1000 levels below its root, near which Python's walks stop too. A module remembers the
 * deepest place that it ever had: what was taken out of a deep tree counts from there. */
SOW_API sow_status sow_module_register_module(sow_module *module, const char *name,
                                              sow_module *child, sow_error *err);

/* register_parameter(name, None) and so on: the name is new, or loses what it had, and keeps its
 * place in the order; it is in no list, and a key of that name is unexpected when loading. Names as
 * above. A buffer put in a reserved place by sow_module_set_tensor is persistent; registering says
 * whether. */
SOW_API sow_status sow_module_reserve_parameter(sow_module *module, const char *name,
                                                sow_error *err);
SOW_API sow_status sow_module_reserve_buffer(sow_module *module, const char *name, sow_error *err);
SOW_API sow_status sow_module_reserve_module(sow_module *module, const char *name, sow_error *err);

/* module.name = tensor: puts a tensor (taken, also on failure) or None in the place of the
 * parameter or buffer at a dotted path, which may be a reserved one. tensor NULL is None unless err
 * holds a failure: then it is that constructor's, which is returned, and nothing changes; so err,
 * if not NULL, begins as zeros. SOW_ERROR_NOT_FOUND. */
SOW_API sow_status sow_module_set_tensor(sow_module *module, const char *path, sow_tensor *tensor,
                                         sow_error *err);

/* Replaces a parameter by the tensor that another path of the tree has: one tensor under two names.
 * Paths are dotted, from this module; SOW_ERROR_NOT_FOUND. */
SOW_API sow_status sow_module_tie(sow_module *module, const char *target, const char *source,
                                  sow_error *err);

/* The parameter or buffer at a dotted path, the submodule at a dotted path ("" is the module
 * itself); lent, NULL when there is none. */
SOW_API sow_tensor *sow_module_tensor(const sow_module *module, const char *path);
SOW_API sow_module *sow_module_get(const sow_module *module, const char *path);

/* Children in registration order, reserved names left out, a child registered twice given twice;
 * lent; NULL past the end. */
SOW_API sow_module *sow_module_child(const sow_module *module, size_t index);
SOW_API const char *sow_module_child_name(const sow_module *module, size_t index);

/* ---- walks ---- */

/* module.state_dict(): own parameters, own persistent buffers, then the children's, in registration
 * order; a tied tensor under each of its names. The entries are tensors of their own over the
 * module's values, as torch's are detached: what is written to or recorded on one of the two is
 * seen on the other, and so is their initialized flag, until the module's tensor is replaced
 * (sow_module_to_empty, sow_module_set_tensor, a load with assign), which leaves the entry with
 * what was there. For the module's own tensors ask sow_module_tensor or the lists below.
 * SOW_ERROR_VALUE for a lazy module that has not got its shape yet; SOW_ERROR_MEMORY. The caller
 * frees it. */
SOW_API sow_state_dict *sow_module_state_dict(const sow_module *module, sow_error *err);

/* named_parameters() and named_buffers(), persistent or not: the module's own tensors in the order
 * of state_dict, each once, under its first name. The caller frees the list. */
SOW_API sow_state_dict *sow_module_named_parameters(const sow_module *module, sow_error *err);
SOW_API sow_state_dict *sow_module_named_buffers(const sow_module *module, sow_error *err);

/* named_modules(): the module itself (name ""), then the children, depth first, each module once
 * under its first name, which is lent for the call. Stops at the first failure. */
typedef sow_status (*sow_named_module_fn)(const char *name, sow_module *module, void *user,
                                          sow_error *err);
SOW_API sow_status sow_module_named_modules(sow_module *module, sow_named_module_fn fn, void *user,
                                            sow_error *err);

/* module.apply(fn): children first, depth first, then the module itself. A module that two parents
 * share is visited once for each of them. Stops at the first failure. */
typedef sow_status (*sow_module_fn)(sow_module *module, void *user, sow_error *err);
SOW_API sow_status sow_module_apply(sow_module *module, sow_module_fn fn, void *user,
                                    sow_error *err);

/* ---- values ---- */

/* Initialises a module's own tensors, not those of its children, unless its class does. */
typedef sow_status (*sow_module_reset_fn)(sow_module *module, sow_generator *generator,
                                          sow_error *err);
/* Gives a module reset_parameters, in the place of its class's; NULL takes it away. */
SOW_API void sow_module_set_reset(sow_module *module, sow_module_reset_fn reset);

/* Gives a module zeroed bytes of its own, for what its reset_parameters has to know (a standard
 * deviation, a flag); of any module, whatever its class keeps for itself. They are aligned for
 * every type, freed with the module, and copied byte for byte where PyTorch copies a module
 * (sow_transformer_encoder): a pointer in them is not followed, and has to outlive every copy.
 * Lent; NULL on failure: SOW_ERROR_VALUE for n_bytes 0 or a module that has data, SOW_ERROR_MEMORY.
 */
SOW_API void *sow_module_new_data(sow_module *module, size_t n_bytes, sow_error *err);
/* Those bytes, lent; NULL when there are none. */
SOW_API void *sow_module_data(const sow_module *module);

/* module.reset_parameters(): after the same seed the values that the constructor gave, for every
 * class that has it. generator NULL: the default generator. SOW_ERROR_NOT_FOUND
 * "'MultiheadAttention' object has no attribute 'reset_parameters'". */
SOW_API sow_status sow_module_reset_parameters(sow_module *module, sow_generator *generator,
                                               sow_error *err);

/* module.to_empty(device=device): every parameter and buffer of the tree gets new memory without
 * values (or none, for SOW_META and SOW_DEFERRED); recorded fills and initialized flags go. Dtype,
 * shape and strides of dense tensors stay. Tied parameters become separate tensors when they leave
 * or reach the meta device, else they stay tied; shared buffers always become separate, as in
 * PyTorch. SOW_ERROR_VALUE for a lazy module. On failure tensors that were replaced stay so. */
SOW_API sow_status sow_module_to_empty(sow_module *module, sow_device device, sow_error *err);

/* Zero is every default. */
typedef struct sow_load_options {
    bool not_strict; /* strict=False: missing and unexpected keys are no failure */
    /* A new tensor over the memory of the loaded one takes the place of the module's: its dtype and
     * device win, and its initialized flag is its own. One for each name: what was tied shares
     * memory, but is one tensor no longer. */
    bool assign;
} sow_load_options;

/* What a load found; all texts are lent by the report. */
typedef struct sow_load_report sow_load_report;

/* module.load_state_dict(state, strict, assign). Copying converts the dtype; a deferred tensor gets
 * memory; a meta tensor stays as it is, with PyTorch's warning. What was loaded is flagged
 * initialized; a deferred tensor of the state that has no recorded values is a failure of that
 * tensor. SOW_ERROR_RUNTIME "Error(s) in loading state_dict for Net: Missing key(s) in
 * state_dict: ...; Unexpected key(s) in state_dict: ...; size mismatch for ..." - after everything
 * that could be loaded has been; a size mismatch fails also with not_strict. *report (report may be
 * NULL) gets the lists, also in that case, and is the caller's; it is NULL on any other failure.
 * options NULL: the defaults. sow_module_load_safetensors (sow/plan.h) does the same from a file.
 */
SOW_API sow_status sow_module_load_state_dict(sow_module *module, const sow_state_dict *state,
                                              const sow_load_options *options,
                                              sow_load_report **report, sow_error *err);

/* Keys in PyTorch's order: missing ones as the module has them, unexpected ones as the state has
 * them. The errors are the lines after "Error(s) in loading state_dict", whole, where a message has
 * no more than its first 1023 bytes. NULL past the end and for report NULL. */
SOW_API const char *sow_load_report_missing(const sow_load_report *report, size_t index);
SOW_API const char *sow_load_report_unexpected(const sow_load_report *report, size_t index);
SOW_API const char *sow_load_report_error(const sow_load_report *report, size_t index);
/* NULL is fine. */
SOW_API void sow_load_report_free(sow_load_report *report);

/* ---- completing a load ---- */

/* The tensors of a tree that were neither loaded nor initialised, in the order of state_dict,
 * buffers that are not persistent too, each once under its first name: not flagged initialized, and
 * on meta, or deferred without fills that cover every element, or on the cpu and neither filled nor
 * copied to, not even in part, since the memory was made. What was written through sow_tensor_data
 * is not seen: say so with sow_tensor_set_initialized. A module is complete when the list is empty.
 * SOW_ERROR_VALUE for a lazy module; SOW_ERROR_MEMORY. The caller frees the list. */
SOW_API sow_state_dict *sow_module_list_missing(const sow_module *module, sow_error *err);

/* sow_module_to_empty for what a load has left: parameters and buffers, persistent or not, that are
 * on meta, or deferred with nothing recorded, and not flagged initialized. All others stay as they
 * are, and ties stay ties: a tied tensor that was loaded under one of its names is loaded. device:
 * SOW_CPU or SOW_DEFERRED, else SOW_ERROR_VALUE; SOW_ERROR_VALUE for a lazy module. On failure
 * tensors that got memory keep it. */
SOW_API sow_status sow_module_to_empty_missing(sow_module *module, sow_device device,
                                               sow_error *err);

/* Initialises what is not flagged initialized: reset_parameters, in the order of sow_module_apply
 * and under a guard, of every module with such a tensor of its own; of a MultiheadAttention or
 * Transformer, which have it below them or their own, the _reset_parameters that PyTorch keeps
 * private. Nothing is written or drawn for a flagged tensor. What has no such function, or is left
 * out by it, stays as it is: sow_module_list_missing names it. A lazy module is passed over, as its
 * reset_parameters is: it has no shape yet. generator NULL: the default generator. Stops at the
 * first failure of a reset; what was initialised by then stays. */
SOW_API sow_status sow_module_init_missing(sow_module *module, sow_generator *generator,
                                           sow_error *err);

/* ---- classes of torch.nn ---- */

/* What every constructor takes, as torch's device= and dtype=. Zero is every default. */
typedef struct sow_factory {
    sow_device device;
    sow_dtype dtype;
    sow_generator *generator; /* NULL: the default generator */
} sow_factory;

/* Builds a module as torch.nn.X(...) does, with the same draws and failures. target: "Conv2d" or
 * "torch.nn.Conv2d" (SOW_ERROR_NOT_FOUND; SOW_ERROR_VALUE for NULL). json_args: NULL, the
 * positional arguments "[3, 8, 5]", or the keyword arguments "{\"in_channels\": 3, ...}";
 * {"_args_": [3, 8], "bias": false} is both; "device" and "dtype" are names ("meta", "float64").
 * Wrong arguments give SOW_ERROR_TYPE in Python's words. factory (NULL: cpu, f32, the default
 * generator) is what device and dtype are when the arguments do not say. The caller frees the
 * module. */
SOW_API sow_module *sow_nn(const char *target, const char *json_args, const sow_factory *factory,
                           sow_error *err);

/* torch.nn.utils.skip_init(torch.nn.X, ..., device=device): builds on meta, so that nothing is
 * drawn or written, then to_empty. "device" in json_args goes before the parameter, "dtype" is
 * given there alone. SOW_ERROR_RUNTIME "Module must support a 'device' arg to skip initialization"
 * for a class whose signature has no device: containers, losses, LSTM, GRU, RNN. */
SOW_API sow_module *sow_skip_init(const char *target, const char *json_args, sow_device device,
                                  sow_error *err);

/* Names of the classes that sow_nn builds, in alphabetical order; NULL past the end. *signature
 * (may be NULL) is PyTorch's. Static text. */
SOW_API const char *sow_nn_class_at(size_t index, const char **signature);

/* ---- constructors with C arguments ---- */

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

/* torch.nn.EmbeddingBag(num_embeddings, embedding_dim, padding_idx=padding_idx):
 * as sow_embedding. */
SOW_API sow_module *sow_embedding_bag(int64_t num_embeddings, int64_t embedding_dim,
                                      int64_t padding_idx, const sow_factory *factory,
                                      sow_error *err);

/* torch.nn.Bilinear: weight (out, in1, in2) and bias U(-1/sqrt(in1), 1/sqrt(in1)). SOW_ERROR_VALUE
 * for in1_features 0. */
SOW_API sow_module *sow_bilinear(int64_t in1_features, int64_t in2_features, int64_t out_features,
                                 bool bias, const sow_factory *factory, sow_error *err);

/* What convolutions have besides channels and kernel. Stride, padding and dilation change no
 * weights and are not asked for. Zero is every default. */
typedef struct sow_conv_options {
    int64_t groups; /* 0: 1 */
    bool no_bias;
} sow_conv_options;

/* torch.nn.Conv1d, Conv2d, Conv3d: weight (out, in / groups, kernel...) kaiming_uniform(a = sqrt
 * 5), then bias U(-1/sqrt(fan_in), 1/sqrt(fan_in)). kernel_size has as many numbers as the name
 * says. SOW_ERROR_VALUE "groups must be a positive integer", "in_channels must be divisible by
 * groups", "out_channels must be divisible by groups". options NULL: the defaults. */
SOW_API sow_module *sow_conv1d(int64_t in_channels, int64_t out_channels,
                               const int64_t *kernel_size, const sow_conv_options *options,
                               const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_conv2d(int64_t in_channels, int64_t out_channels,
                               const int64_t *kernel_size, const sow_conv_options *options,
                               const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_conv3d(int64_t in_channels, int64_t out_channels,
                               const int64_t *kernel_size, const sow_conv_options *options,
                               const sow_factory *factory, sow_error *err);

/* torch.nn.ConvTranspose1d, ConvTranspose2d, ConvTranspose3d: like the above, but weight (in, out /
 * groups, kernel...), whose fan_in is counted on the output side. */
SOW_API sow_module *sow_conv_transpose1d(int64_t in_channels, int64_t out_channels,
                                         const int64_t *kernel_size,
                                         const sow_conv_options *options,
                                         const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_conv_transpose2d(int64_t in_channels, int64_t out_channels,
                                         const int64_t *kernel_size,
                                         const sow_conv_options *options,
                                         const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_conv_transpose3d(int64_t in_channels, int64_t out_channels,
                                         const int64_t *kernel_size,
                                         const sow_conv_options *options,
                                         const sow_factory *factory, sow_error *err);

/* Zero is every default. */
typedef struct sow_batch_norm_options {
    bool no_affine;        /* neither weight nor bias */
    bool no_bias;          /* weight alone */
    bool no_running_stats; /* no buffers */
} sow_batch_norm_options;

/* torch.nn.BatchNorm1d, BatchNorm2d, BatchNorm3d: weight ones, bias zeros; buffers running_mean
 * zeros and running_var ones in the factory's dtype, num_batches_tracked 0 in int64. Nothing is
 * drawn. options NULL: the defaults. */
SOW_API sow_module *sow_batch_norm1d(int64_t num_features, const sow_batch_norm_options *options,
                                     const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_batch_norm2d(int64_t num_features, const sow_batch_norm_options *options,
                                     const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_batch_norm3d(int64_t num_features, const sow_batch_norm_options *options,
                                     const sow_factory *factory, sow_error *err);

/* Zero is every default. */
typedef struct sow_instance_norm_options {
    bool affine;
    bool no_bias; /* with affine: weight alone */
    bool track_running_stats;
} sow_instance_norm_options;

/* torch.nn.InstanceNorm1d, InstanceNorm2d, InstanceNorm3d: like the batch norms, but without any
 * tensor by default. options NULL: the defaults. */
SOW_API sow_module *sow_instance_norm1d(int64_t num_features,
                                        const sow_instance_norm_options *options,
                                        const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_instance_norm2d(int64_t num_features,
                                        const sow_instance_norm_options *options,
                                        const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_instance_norm3d(int64_t num_features,
                                        const sow_instance_norm_options *options,
                                        const sow_factory *factory, sow_error *err);

/* torch.nn.LayerNorm(dim, elementwise_affine, bias): weight ones, bias zeros. affine false: no
 * parameters. sow_layer_norm_nd: a normalized_shape of n_dims sizes (0: a scalar, sizes may be
 * NULL). */
SOW_API sow_module *sow_layer_norm(int64_t dim, bool affine, bool bias, const sow_factory *factory,
                                   sow_error *err);
SOW_API sow_module *sow_layer_norm_nd(int n_dims, const int64_t *normalized_shape, bool affine,
                                      bool bias, const sow_factory *factory, sow_error *err);

/* torch.nn.RMSNorm(dim, elementwise_affine): weight ones. */
SOW_API sow_module *sow_rms_norm(int64_t dim, bool affine, const sow_factory *factory,
                                 sow_error *err);
SOW_API sow_module *sow_rms_norm_nd(int n_dims, const int64_t *normalized_shape, bool affine,
                                    const sow_factory *factory, sow_error *err);

/* torch.nn.GroupNorm(num_groups, num_channels, affine, bias): weight ones, bias zeros.
 * SOW_ERROR_VALUE "num_channels (5) must be divisible by num_groups (2)",
 * SOW_ERROR_ZERO_DIVISION. */
SOW_API sow_module *sow_group_norm(int64_t num_groups, int64_t num_channels, bool affine, bool bias,
                                   const sow_factory *factory, sow_error *err);

/* torch.nn.PReLU(num_parameters, init): weight constant(init). PyTorch's defaults are 1, 0.25. */
SOW_API sow_module *sow_prelu(int64_t num_parameters, double init, const sow_factory *factory,
                              sow_error *err);

/* Zero is every default. */
typedef struct sow_rnn_options {
    int64_t num_layers; /* 0: 1 */
    bool no_bias;
    bool bidirectional;
    int64_t proj_size; /* of LSTM alone */
} sow_rnn_options;

/* torch.nn.RNN, GRU, LSTM: for each layer and direction weight_ih, weight_hh, bias_ih, bias_hh (and
 * weight_hr with proj_size), all U(-1/sqrt(hidden_size), 1/sqrt(hidden_size)) in this order.
 * SOW_ERROR_VALUE in PyTorch's words for sizes that are not greater than zero and a proj_size out
 * of range. options NULL: the defaults. */
SOW_API sow_module *sow_rnn(int64_t input_size, int64_t hidden_size, const sow_rnn_options *options,
                            const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_gru(int64_t input_size, int64_t hidden_size, const sow_rnn_options *options,
                            const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_lstm(int64_t input_size, int64_t hidden_size,
                             const sow_rnn_options *options, const sow_factory *factory,
                             sow_error *err);

/* torch.nn.RNNCell, GRUCell, LSTMCell: weight_ih, weight_hh, bias_ih, bias_hh, drawn as above. */
SOW_API sow_module *sow_rnn_cell(int64_t input_size, int64_t hidden_size, bool bias,
                                 const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_gru_cell(int64_t input_size, int64_t hidden_size, bool bias,
                                 const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_lstm_cell(int64_t input_size, int64_t hidden_size, bool bias,
                                  const sow_factory *factory, sow_error *err);

typedef struct sow_adaptive_log_softmax_options {
    const int64_t *cutoffs; /* n_cutoffs numbers, 1..64 of them, rising, from 1 to n_classes - 1 */
    size_t n_cutoffs;
    double div_value; /* 0: 4 */
    bool head_bias;
} sow_adaptive_log_softmax_options;

/* torch.nn.AdaptiveLogSoftmaxWithLoss: Linears head, then tail.0.0, tail.0.1, tail.1.0...; those of
 * the tail without bias. SOW_ERROR_VALUE for cutoffs that do not rise, and for options NULL, as
 * there are none by default. */
SOW_API sow_module *
sow_adaptive_log_softmax_with_loss(int64_t in_features, int64_t n_classes,
                                   const sow_adaptive_log_softmax_options *options,
                                   const sow_factory *factory, sow_error *err);

/* ---- attention and transformers ---- */

/* Stands for kdim=None and vdim=None: as wide as embed_dim. */
#define SOW_EMBED_DIM INT64_MIN

/* Start from SOW_MULTIHEAD_ATTENTION_OPTIONS_INIT. */
typedef struct sow_multihead_attention_options {
    bool bias;
    bool add_bias_kv;
    int64_t kdim, vdim;
} sow_multihead_attention_options;

#define SOW_MULTIHEAD_ATTENTION_OPTIONS_INIT                                                       \
    {                                                                                              \
        true, false, SOW_EMBED_DIM, SOW_EMBED_DIM                                                  \
    }

/* torch.nn.MultiheadAttention: out_proj draws as a Linear, then in_proj_weight (or q_proj_weight,
 * k_proj_weight and v_proj_weight when kdim or vdim differ) xavier_uniform, biases zero, bias_k and
 * bias_v xavier_normal. SOW_ERROR_VALUE "embed_dim must be divisible by num_heads" and for numbers
 * that are not greater than 0. options NULL: the defaults; factory as in sow_linear. */
SOW_API sow_module *sow_multihead_attention(int64_t embed_dim, int64_t num_heads,
                                            const sow_multihead_attention_options *options,
                                            const sow_factory *factory, sow_error *err);

/* Start from SOW_TRANSFORMER_OPTIONS_INIT. The modules are taken by the constructor, also on
 * failure. */
typedef struct sow_transformer_options {
    int64_t num_encoder_layers, num_decoder_layers; /* of sow_transformer alone */
    int64_t dim_feedforward;
    double dropout;
    bool bias;
    sow_module *activation; /* NULL: a function, which has no state */
    /* Of sow_transformer alone; NULL: PyTorch's stacks. */
    sow_module *custom_encoder, *custom_decoder;
} sow_transformer_options;

#define SOW_TRANSFORMER_OPTIONS_INIT                                                               \
    {                                                                                              \
        6, 6, 2048, 0.1, true, NULL, NULL, NULL                                                    \
    }

/* torch.nn.TransformerEncoderLayer and TransformerDecoderLayer: attention (the decoder's two), then
 * linear1 and linear2 draw; the norms are ones and zeros. SOW_ERROR_VALUE for a dropout outside 0
 * to 1 and as sow_multihead_attention. options NULL: the defaults. */
SOW_API sow_module *sow_transformer_encoder_layer(int64_t d_model, int64_t nhead,
                                                  const sow_transformer_options *options,
                                                  const sow_factory *factory, sow_error *err);
SOW_API sow_module *sow_transformer_decoder_layer(int64_t d_model, int64_t nhead,
                                                  const sow_transformer_options *options,
                                                  const sow_factory *factory, sow_error *err);

/* torch.nn.TransformerEncoder and TransformerDecoder: num_layers copies of the layer, which all
 * start equal, then the norm (NULL: none). Takes both, also on failure; draws nothing. A layer that
 * is NULL returns the failure that err holds of its constructor. */
SOW_API sow_module *sow_transformer_encoder(sow_module *encoder_layer, int64_t num_layers,
                                            sow_module *norm, sow_error *err);
SOW_API sow_module *sow_transformer_decoder(sow_module *decoder_layer, int64_t num_layers,
                                            sow_module *norm, sow_error *err);

/* torch.nn.Transformer: one encoder layer is drawn and copied, then one decoder layer, then every
 * parameter of more than one dim is drawn again, xavier_uniform. Failures as of the layers; options
 * NULL: the defaults. */
SOW_API sow_module *sow_transformer(int64_t d_model, int64_t nhead,
                                    const sow_transformer_options *options,
                                    const sow_factory *factory, sow_error *err);

/* ---- containers ---- */

/* torch.nn.Sequential, ModuleList, ModuleDict, ParameterList and ParameterDict of n elements, in
 * the order given. names NULL: "0", "1"... All elements are taken, also on failure; a NULL among
 * them returns the failure that err holds of its constructor. SOW_ERROR_VALUE for a name that
 * PyTorch refuses ("attribute 'keys' already exists"), SOW_ERROR_RUNTIME for a parameter of an
 * integer type. Draw nothing. */
SOW_API sow_module *sow_sequential(sow_module *const *modules, const char *const *names,
                                   size_t n_modules, sow_error *err);
SOW_API sow_module *sow_module_list(sow_module *const *modules, size_t n_modules, sow_error *err);
SOW_API sow_module *sow_module_dict(sow_module *const *modules, const char *const *names,
                                    size_t n_modules, sow_error *err);
SOW_API sow_module *sow_parameter_list(sow_tensor *const *parameters, size_t n_parameters,
                                       sow_error *err);
SOW_API sow_module *sow_parameter_dict(sow_tensor *const *parameters, const char *const *names,
                                       size_t n_parameters, sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
