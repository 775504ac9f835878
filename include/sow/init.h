/* torch.nn.init in C: the initializers, their guarded forms, gains, fans, scopes and string keys.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What all initializers share:
 *  - They write the tensor in place, in the element order and with the bits of PyTorch for the
 *    generator's dialect, and leave the generator where PyTorch would leave it. The bits depend on
 *    the arguments, the dtype, the shape and strides, and the generator's state; on nothing else.
 *  - Any strides; dtypes f32 f64 f16 bf16 c64 c128 (constant, ones, zeros, eye and dirac also the
 *    integer types and bool).
 *  - generator NULL is sow_default_generator().
 *  - A meta tensor is left alone and nothing is drawn; on a deferred tensor the fill is recorded
 *    and the generator moves as if it had been drawn.
 *  - On failure nothing is written or drawn, except where PyTorch itself fails half way: orthogonal
 *    on a 16-bit or complex tensor and trunc_normal on a complex one have drawn their first
 *    numbers. Messages are PyTorch's.
 *  - Distinct tensors and generators may be used from distinct threads. */
#ifndef SOW_INIT_H
#define SOW_INIT_H

#include <sow/generator.h>
#include <sow/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the fourteen initializers ---- */

/* torch.nn.init.uniform_(t, a, b): U[a, b). PyTorch's defaults are a = 0, b = 1. */
SOW_API sow_status sow_uniform(sow_tensor *tensor, double a, double b, sow_generator *generator,
                               sow_error *err);

/* torch.nn.init.normal_(t, mean, std): N(mean, std^2), std >= 0. Defaults 0, 1. */
SOW_API sow_status sow_normal(sow_tensor *tensor, double mean, double std, sow_generator *generator,
                              sow_error *err);

/* torch.nn.init.trunc_normal_(t, mean, std, a, b): N(mean, std^2) cut to the absolute bounds [a,
 * b]. Defaults 0, 1, -2, 2. torch-2.12 and later: rejection; torch-2.11: inverse of the
 * distribution function. Warns when mean is more than 2 std outside [a, b]. On a deferred tensor
 * rounds are drawn as far as needed to know how many there are. */
SOW_API sow_status sow_trunc_normal(sow_tensor *tensor, double mean, double std, double a, double b,
                                    sow_generator *generator, sow_error *err);

/* torch.nn.init.constant_(t, val). SOW_ERROR_RUNTIME when val does not fit the dtype. */
SOW_API sow_status sow_constant(sow_tensor *tensor, double val, sow_error *err);

/* torch.nn.init.ones_(t). */
SOW_API sow_status sow_ones(sow_tensor *tensor, sow_error *err);

/* torch.nn.init.zeros_(t). */
SOW_API sow_status sow_zeros(sow_tensor *tensor, sow_error *err);

/* torch.nn.init.eye_(t): ones on the main diagonal of a 2-D tensor, zero elsewhere. */
SOW_API sow_status sow_eye(sow_tensor *tensor, sow_error *err);

/* torch.nn.init.dirac_(t, groups): identity-preserving convolution of a 3-, 4- or 5-D tensor.
 * Default groups 1. */
SOW_API sow_status sow_dirac(sow_tensor *tensor, int64_t groups, sow_error *err);

/* torch.nn.init.xavier_uniform_(t, gain): U(-a, a), a = gain * sqrt(6 / (fan_in + fan_out)) (Glorot
 * & Bengio 2010). Default gain 1. */
SOW_API sow_status sow_xavier_uniform(sow_tensor *tensor, double gain, sow_generator *generator,
                                      sow_error *err);

/* torch.nn.init.xavier_normal_(t, gain): std = gain * sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio
 * 2010). */
SOW_API sow_status sow_xavier_normal(sow_tensor *tensor, double gain, sow_generator *generator,
                                     sow_error *err);

/* torch.nn.init.kaiming_uniform_(t, a, mode, nonlinearity): U(-b, b), b = gain * sqrt(3 / fan) (He
 * et al. 2015). a is the slope of leaky_relu, default 0. mode: "fan_in" or "fan_out" in any case,
 * NULL: "fan_in". nonlinearity: a name of sow_calculate_gain, NULL: "leaky_relu". A tensor without
 * elements is a no-op with a warning. */
SOW_API sow_status sow_kaiming_uniform(sow_tensor *tensor, double a, const char *mode,
                                       const char *nonlinearity, sow_generator *generator,
                                       sow_error *err);

/* torch.nn.init.kaiming_normal_: like sow_kaiming_uniform, but N(0, std^2),
 * std = gain / sqrt(fan). */
SOW_API sow_status sow_kaiming_normal(sow_tensor *tensor, double a, const char *mode,
                                      const char *nonlinearity, sow_generator *generator,
                                      sow_error *err);

/* torch.nn.init.orthogonal_(t, gain): a (semi-)orthogonal matrix, dims after the first flattened
 * (Saxe et al. 2013), by LAPACK's QR of a normal matrix. The normal matrix has PyTorch's bits; the
 * last bits of the result are those of the LAPACK at hand. Default gain 1. */
SOW_API sow_status sow_orthogonal(sow_tensor *tensor, double gain, sow_generator *generator,
                                  sow_error *err);

/* torch.nn.init.sparse_(t, sparsity, std): N(0, std^2) with a share of each column of a 2-D tensor
 * set to zero (Martens 2010). Default std 0.01. As in PyTorch, which rows become zero is drawn from
 * the default generator even when one is given. */
SOW_API sow_status sow_sparse(sow_tensor *tensor, double sparsity, double std,
                              sow_generator *generator, sow_error *err);

/* ---- gain and fans ---- */

/* torch.nn.init.calculate_gain: linear, conv1d..3d, conv_transpose1d..3d, sigmoid, tanh, relu,
 * leaky_relu, selu (case counts). param: the slope of leaky_relu, NULL: 0.01; not looked at for the
 * others. Writes *gain on success. */
SOW_API sow_status sow_calculate_gain(const char *nonlinearity, const double *param, double *gain,
                                      sow_error *err);

/* torch.nn.init._calculate_fan_in_and_fan_out: for a shape (out, in, rest...) fan_in = in *
 * prod(rest), fan_out = out * prod(rest). SOW_ERROR_VALUE for fewer than 2 dims. Either pointer may
 * be NULL. */
SOW_API sow_status sow_calculate_fans(const sow_tensor *tensor, int64_t *fan_in, int64_t *fan_out,
                                      sow_error *err);

/* ---- the guard ---- */

/* transformers.initialization: like the functions without "guarded", but an initialized tensor is
 * left as it is, whatever the other arguments, and nothing is drawn. */
SOW_API sow_status sow_guarded_uniform(sow_tensor *tensor, double a, double b,
                                       sow_generator *generator, sow_error *err);
SOW_API sow_status sow_guarded_normal(sow_tensor *tensor, double mean, double std,
                                      sow_generator *generator, sow_error *err);
SOW_API sow_status sow_guarded_trunc_normal(sow_tensor *tensor, double mean, double std, double a,
                                            double b, sow_generator *generator, sow_error *err);
SOW_API sow_status sow_guarded_constant(sow_tensor *tensor, double val, sow_error *err);
SOW_API sow_status sow_guarded_ones(sow_tensor *tensor, sow_error *err);
SOW_API sow_status sow_guarded_zeros(sow_tensor *tensor, sow_error *err);
SOW_API sow_status sow_guarded_eye(sow_tensor *tensor, sow_error *err);
SOW_API sow_status sow_guarded_dirac(sow_tensor *tensor, int64_t groups, sow_error *err);
SOW_API sow_status sow_guarded_xavier_uniform(sow_tensor *tensor, double gain,
                                              sow_generator *generator, sow_error *err);
SOW_API sow_status sow_guarded_xavier_normal(sow_tensor *tensor, double gain,
                                             sow_generator *generator, sow_error *err);
SOW_API sow_status sow_guarded_kaiming_uniform(sow_tensor *tensor, double a, const char *mode,
                                               const char *nonlinearity, sow_generator *generator,
                                               sow_error *err);
SOW_API sow_status sow_guarded_kaiming_normal(sow_tensor *tensor, double a, const char *mode,
                                              const char *nonlinearity, sow_generator *generator,
                                              sow_error *err);
/* As transformers does it: 16-bit tensors are made in float32 and rounded. */
SOW_API sow_status sow_guarded_orthogonal(sow_tensor *tensor, double gain, sow_generator *generator,
                                          sow_error *err);
SOW_API sow_status sow_guarded_sparse(sow_tensor *tensor, double sparsity, double std,
                                      sow_generator *generator, sow_error *err);
/* sow_tensor_copy unless target is initialized. */
SOW_API sow_status sow_guarded_copy(sow_tensor *target, const sow_tensor *source, sow_error *err);
/* transformers.initialization.lecun_normal_: trunc_normal, variance 1/fan_in
 * (LeCun et al. 1998). */
SOW_API sow_status sow_guarded_lecun_normal(sow_tensor *tensor, sow_generator *generator,
                                            sow_error *err);
/* transformers.initialization.default_flax_embed_init_: normal, variance 1/fan_in. */
SOW_API sow_status sow_guarded_default_flax_embed_init(sow_tensor *tensor, sow_generator *generator,
                                                       sow_error *err);

/* Opens a scope of this thread in which every init function of the library, module constructors
 * included, is guarded. Scopes nest; each enter needs one leave. */
SOW_API void sow_guard_enter(void);
SOW_API void sow_guard_leave(void);

/* Opens a scope of this thread in which every init function of the library does nothing and draws
 * nothing. */
SOW_API void sow_no_init_enter(void);
SOW_API void sow_no_init_leave(void);

/* ---- a weight and its bias by string key ---- */

/* For every field 0 is not the default; start from SOW_INIT_OPTIONS_INIT. */
typedef struct sow_init_options {
    double mean;
    double std;
    double scale;         /* upper end of "uniform", value of "constant" */
    int64_t groups;       /* of "dirac" */
    double trunc_clip[2]; /* absolute bounds of "trunc_normal" */
} sow_init_options;

#define SOW_INIT_OPTIONS_INIT                                                                      \
    {                                                                                              \
        0.0, 0.01, 0.02, 1,                                                                        \
        {                                                                                          \
            -2.0, 2.0                                                                              \
        }                                                                                          \
    }

/* Fills weight, then bias (NULL: none), by one of sow_init_key(0...): orthogonal, normal,
 * biased_normal, uniform, kaiming_uniform, kaiming_normal, xavier_uniform, xavier_normal,
 * trunc_normal, dirac, constant, zeros, ones. options NULL: the defaults. A meta weight: nothing is
 * done to either. SOW_ERROR_VALUE "Unexpected initialization: X" for another key. docs/init-keys.md
 * says what each key gives the bias. */
SOW_API sow_status sow_init(sow_tensor *weight, sow_tensor *bias, const char *key,
                            const sow_init_options *options, sow_generator *generator,
                            sow_error *err);

/* The name of key number index; NULL from 13 on. */
SOW_API const char *sow_init_key(size_t index);

/* Checks a key that came from a user's text; the message lists all keys. */
SOW_API sow_status sow_init_key_check(const char *key, sow_error *err);

/* ---- override hook ---- */

/* An init call as the hook of a tensor sees it. */
typedef struct sow_init_call {
    const char *initializer;         /* "uniform", "normal", "constant" or "kaiming_uniform" */
    double a, b;                     /* uniform's bounds; a: kaiming_uniform's slope */
    double mean, std;                /* normal */
    double val;                      /* constant */
    const char *mode, *nonlinearity; /* kaiming_uniform, not NULL then */
    sow_generator *generator;        /* as given; NULL: the default one */
} sow_init_call;

/* Takes over an init call; what it returns is the result of the call. */
typedef sow_status (*sow_init_override)(sow_tensor *tensor, const sow_init_call *call, void *user,
                                        sow_error *err);

/* Gives a tensor its own handler for uniform, normal, constant and kaiming_uniform, the four that
 * honour __torch_function__ in PyTorch; NULL takes it away. The guard and the no-init scope come
 * first. Views do not inherit it. */
SOW_API void sow_tensor_set_init_override(sow_tensor *tensor, sow_init_override override,
                                          void *user);

/* ---- initializers by name ---- */

/* Arguments of every initializer under their PyTorch names; each looks at its own. */
typedef struct sow_init_args {
    double a, b, mean, std, gain, val, sparsity;
    int64_t groups;
    const char *mode, *nonlinearity; /* lent until the call returns */
} sow_init_args;

typedef struct sow_initializer sow_initializer;

/* Finds an initializer by PyTorch's name without the trailing underscore; NULL when there
 * is none. */
SOW_API const sow_initializer *sow_initializer_find(const char *name);
/* Initializer number index in the registry's order, NULL past the end. */
SOW_API const sow_initializer *sow_initializer_at(size_t index);
/* The name that finds it. */
SOW_API const char *sow_initializer_name(const sow_initializer *initializer);
/* One line for help and docs. */
SOW_API const char *sow_initializer_summary(const sow_initializer *initializer);
/* The name of argument number index, NULL past the end; *fallback (may be NULL) gets the default as
 * text, NULL for an argument that must be given. */
SOW_API const char *sow_initializer_arg(const sow_initializer *initializer, size_t index,
                                        const char **fallback);
/* Every argument at its default (sparsity NaN, as it has none). */
SOW_API void sow_initializer_defaults(const sow_initializer *initializer, sow_init_args *args);
/* Sets one argument from text; "inf" is a number, "1e400", which no double can hold, is none.
 * SOW_ERROR_VALUE names the argument and the value, or lists the arguments there are. */
SOW_API sow_status sow_initializer_set(const sow_initializer *initializer, sow_init_args *args,
                                       const char *name, const char *text, sow_error *err);
/* Runs it; args NULL: the defaults. */
SOW_API sow_status sow_initializer_apply(const sow_initializer *initializer, sow_tensor *tensor,
                                         const sow_init_args *args, sow_generator *generator,
                                         sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
