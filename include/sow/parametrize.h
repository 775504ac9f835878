/* torch.nn.utils: weight norm, spectral norm and orthogonal weights in C.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each replaces the tensor NAME of a module by what it is computed from, under PyTorch's names.
 * What is computed from values (norms, singular vectors, orthogonal factors) is computed at once:
 * of a deferred tensor the values are made for the calculation alone, which takes the memory of
 * that one tensor, and the tensor stays deferred. When a deferred tensor has no recorded values,
 * what is computed from it is deferred without values, too. On a meta tensor nothing is computed or
 * drawn.
 *
 * Real types only: SOW_ERROR_UNSUPPORTED for a complex tensor and for a second parametrization of
 * one tensor. SOW_ERROR_NOT_FOUND where PyTorch has an AttributeError or KeyError. On failure the
 * module is as it was, unless memory ran out or a new name is taken already. Messages are PyTorch's
 * with the class for the module's repr. Afterwards the module has no reset_parameters. */
#ifndef SOW_PARAMETRIZE_H
#define SOW_PARAMETRIZE_H

#include <sow/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Stands for dim=None. */
#define SOW_NO_DIM (-1)

/* torch.nn.utils.parametrizations.weight_norm(module, name, dim): NAME becomes
 * parametrizations.NAME.original0, the norm over every dim but dim, and original1, the tensor
 * itself. SOW_NO_DIM, which is also dim -1 in PyTorch: one norm over all. Draws nothing.
 * SOW_ERROR_INDEX "Dimension out of range (expected to be in range of [-2, 1], but got 9)". */
SOW_API sow_status sow_parametrize_weight_norm(sow_module *module, const char *name, int dim,
                                               sow_error *err);

/* Start from SOW_SPECTRAL_NORM_OPTIONS_INIT. */
typedef struct sow_spectral_norm_options {
    int64_t n_power_iterations;
    double eps;
    const int *dim; /* NULL, for None: 1 for transposed convolutions, else 0 */
} sow_spectral_norm_options;

#define SOW_SPECTRAL_NORM_OPTIONS_INIT                                                             \
    {                                                                                              \
        1, 1e-12, NULL                                                                             \
    }

/* torch.nn.utils.parametrizations.spectral_norm(module, name, ...) of a module in training mode:
 * parametrizations.NAME.original is the tensor; buffers 0._u and 0._v are drawn from N(0, 1),
 * normalised, and led 15 + n_power_iterations steps towards the first singular vectors (Miyato et
 * al. 2018). A tensor of one dim draws nothing and has no buffers. The bits of _u and _v are not
 * PyTorch's (docs/bits.md); what is drawn is. options NULL: the defaults; generator NULL: the
 * default one. */
SOW_API sow_status sow_parametrize_spectral_norm(sow_module *module, const char *name,
                                                 const sow_spectral_norm_options *options,
                                                 sow_generator *generator, sow_error *err);

/* torch.nn.utils.parametrizations.orthogonal(module, name, orthogonal_map, use_trivialization):
 * parametrizations.NAME.original becomes -1 on the diagonal and 0 elsewhere, buffer 0.base the
 * orthogonal factor of the tensor, completed by drawn columns to a square. Without trivialization
 * there is no base, and original holds Householder vectors ("householder") or the tensor itself.
 * orthogonal_map: "matrix_exp", "cayley" or "householder"; NULL, for None: "matrix_exp" for square
 * matrices, else "householder". A 16-bit tensor stays as it is, as in PyTorch, whose QR does not
 * take it. The bits are LAPACK's. */
SOW_API sow_status sow_parametrize_orthogonal(sow_module *module, const char *name,
                                              const char *orthogonal_map, bool use_trivialization,
                                              sow_generator *generator, sow_error *err);

/* torch.nn.utils.weight_norm(module, name, dim), which is deprecated and warns so: like
 * sow_parametrize_weight_norm, but the names are NAME_g and NAME_v, of parameters alone, and 8-bit
 * floats are refused. PyTorch computes the tensor from them, so the module cannot be copied: a
 * TransformerEncoder of it fails with SOW_ERROR_RUNTIME. */
SOW_API sow_status sow_weight_norm(sow_module *module, const char *name, int dim, sow_error *err);

/* torch.nn.utils.spectral_norm(module, name, ...): like sow_parametrize_spectral_norm, but
 * NAME_orig and the buffers NAME_u and NAME_v, which are drawn and normalised only, with PyTorch's
 * bits. A tensor of one dim is a matrix of one column. */
SOW_API sow_status sow_spectral_norm(sow_module *module, const char *name,
                                     const sow_spectral_norm_options *options,
                                     sow_generator *generator, sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
