/* torch.nn.init's old names without the trailing underscore. Each gives the warning handler
 * SOW_WARNING_DEPRECATED "`nn.init.X` is now deprecated in favor of `nn.init.X_`." and then does
 * what sow_X does.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_DEPRECATED_H
#define SOW_DEPRECATED_H

#include <sow/init.h>

#ifdef __cplusplus
extern "C" {
#endif

SOW_API sow_status sow_deprecated_uniform(sow_tensor *tensor, double a, double b,
                                          sow_generator *generator, sow_error *err);
SOW_API sow_status sow_deprecated_normal(sow_tensor *tensor, double mean, double std,
                                         sow_generator *generator, sow_error *err);
SOW_API sow_status sow_deprecated_constant(sow_tensor *tensor, double val, sow_error *err);
SOW_API sow_status sow_deprecated_eye(sow_tensor *tensor, sow_error *err);
SOW_API sow_status sow_deprecated_dirac(sow_tensor *tensor, int64_t groups, sow_error *err);
SOW_API sow_status sow_deprecated_xavier_uniform(sow_tensor *tensor, double gain,
                                                 sow_generator *generator, sow_error *err);
SOW_API sow_status sow_deprecated_xavier_normal(sow_tensor *tensor, double gain,
                                                sow_generator *generator, sow_error *err);
SOW_API sow_status sow_deprecated_kaiming_uniform(sow_tensor *tensor, double a, const char *mode,
                                                  const char *nonlinearity,
                                                  sow_generator *generator, sow_error *err);
SOW_API sow_status sow_deprecated_kaiming_normal(sow_tensor *tensor, double a, const char *mode,
                                                 const char *nonlinearity, sow_generator *generator,
                                                 sow_error *err);
SOW_API sow_status sow_deprecated_orthogonal(sow_tensor *tensor, double gain,
                                             sow_generator *generator, sow_error *err);
SOW_API sow_status sow_deprecated_sparse(sow_tensor *tensor, double sparsity, double std,
                                         sow_generator *generator, sow_error *err);

#ifdef __cplusplus
}
#endif
#endif
