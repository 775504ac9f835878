/* What PyTorch's kernels refuse, in their order and words.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/draw.h"

#include "base/dtype.h"
#include "base/error.h"
#include "base/text.h"
#include "kern/float8.h"
#include <float.h>
#include <math.h>
#include <string.h>

/* Largest finite value of a float type. */
static double dtype_max(sow_dtype real)
{
    switch (real) {
    case SOW_F64:
        return DBL_MAX;
    case SOW_F16:
        return 65504.0;
    case SOW_BF16:
        return 0x1.FEp127;
    default:
        return FLT_MAX;
    }
}

static const char *cpp_name(sow_dtype dtype)
{
    return sow__dtype_info_of(dtype)->cpp_name;
}

/* "Float" in std::numeric_limits<Float>. */
static const char *limits_name(sow_dtype real)
{
    return sow__dtype_scalar_name(real);
}

static sow_status not_implemented(sow_error *err, const char *kernel, sow_dtype dtype)
{
    return sow__fail(err, SOW_ERROR_UNSUPPORTED, "\"%s\" not implemented for '%s'", kernel,
                     sow__dtype_scalar_name(dtype));
}

static sow_status check_uniform(double a, double b, const sow_tensor *view, sow_error *err)
{
    sow_dtype dtype = view->storage->dtype, real = sow__dtype_real(dtype);
    if (view->storage->device == SOW_META || (sow__dtype_is_complex(dtype) && view->numel == 0)) {
        return SOW_OK;
    }
    if (!sow__dtype_is_float(real)) {
        return not_implemented(err, "check_uniform_bounds", dtype);
    }
    double max = dtype_max(real);
    if (!(a >= -max && a <= max)) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "from is out of bounds for %s", cpp_name(real));
    }
    if (!(b >= -max && b <= max)) {
        return sow__fail(err, SOW_ERROR_RUNTIME, "to is out of bounds for %s", cpp_name(real));
    }
    if (a > b) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "uniform_ expects to return a [from, to) range, but found from=%g > to=%g",
                         a, b);
    }
    if (!(b - a <= max)) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "uniform_ expects to-from <= std::numeric_limits<%s>::max(), but found "
                         "to=%g and from=%g "
                         "which result in to-from to exceed the limit",
                         limits_name(real), b, a);
    }
    return sow__check_written_once(view, err);
}

static sow_status check_normal(double std, const sow_tensor *view, sow_error *err)
{
    sow_dtype dtype = view->storage->dtype;
    bool is_meta = view->storage->device == SOW_META;
    if (!(std >= 0.0)) {
        char text[SOW__REPR_SIZE];
        if (is_meta) {
            return sow__fail(err, SOW_ERROR_RUNTIME, "normal expects std >= 0.0, but found std %s",
                             sow__repr_double(std, text));
        }
        return sow__fail(err, SOW_ERROR_RUNTIME, "normal expects std >= 0.0, but found std %g",
                         std);
    }
    bool is_drawable = sow__dtype_is_float(sow__dtype_real(dtype));
    if (is_meta) {
        return is_drawable || sow__dtype_is_float8(dtype)
                   ? SOW_OK
                   : sow__fail(err, SOW_ERROR_RUNTIME,
                               "expected a floating-point or complex dtype, but got dtype=torch.%s",
                               sow_dtype_torch_name(dtype));
    }
    if (view->numel == 0) {
        return SOW_OK;
    }
    return is_drawable ? sow__check_written_once(view, err)
                       : not_implemented(err, "normal_kernel_cpu", dtype);
}

/* What the first draw refuses: the normal one's or the proposals' checks. */
static sow_status check_trunc_normal(const sow__fill *fill, const sow_tensor *view,
                                     sow_dialect dialect, sow_error *err)
{
    if (view->storage->device == SOW_META) {
        return SOW_OK;
    }
    if (dialect == SOW_TORCH_2_11) {
        return check_uniform(2 * sow__trunc_cdf(fill, fill->a) - 1,
                             2 * sow__trunc_cdf(fill, fill->b) - 1, view, err);
    }
    return sow__trunc_is_normal(fill) ? check_normal(fill->std, view, err)
                                      : check_uniform(fill->a, fill->b, view, err);
}

/* Infinities convert to every float type; what is finite must stay so. */
static bool converts(double value, sow_dtype dtype)
{
    return !isfinite(value) || fabs(value) <= dtype_max(dtype);
}

sow_status sow__trunc_check_drawn(const sow__fill *fill, const sow_tensor *view,
                                  sow_dialect dialect, sow_error *err)
{
    sow_dtype dtype = view->storage->dtype;
    if (sow__dtype_is_complex(dtype)) {
        return not_implemented(err,
                               dialect == SOW_TORCH_2_11    ? "erfinv_vml_cpu"
                               : sow__trunc_is_normal(fill) ? "lt_cpu"
                                                            : "gt_cpu",
                               dtype);
    }
    if (dialect == SOW_TORCH_2_11 && (!converts(fill->a, dtype) || !converts(fill->b, dtype))) {
        return sow__fail(err, SOW_ERROR_RUNTIME,
                         "value cannot be converted to type %s without overflow", cpp_name(dtype));
    }
    return SOW_OK;
}

/* Of the 8-bit floats one type has infinities. */
static bool converts_to_f8(double value, sow_dtype dtype)
{
    double least, most;
    sow__f8_limits(dtype, &least, &most);
    return isnan(value) || (isinf(value) && dtype == SOW_F8_E5M2) ||
           (value >= least && value <= most);
}

/* fill_ converts its number with a check, but not for one element of a narrow float, which becomes
 * what is beyond its largest number; whole numbers are cut towards zero. */
static sow_status check_constant(const sow__fill *fill, const sow_tensor *view, sow_error *err)
{
    const sow__dtype_info *info = sow__dtype_info_of(view->storage->dtype);
    sow_dtype real = sow__dtype_real(view->storage->dtype);
    const double value = fill->value;
    bool fits = true;
    if (info->kind == SOW__CLASS_OPAQUE) {
        return not_implemented(err, "fill_cpu", view->storage->dtype);
    }
    if (sow__dtype_is_float(real)) {
        fits = converts(value, real) || (info->bits == 16 && view->numel == 1);
    } else if (info->kind == SOW__CLASS_FLOAT8) {
        /* of an integer, e8m0 takes the size alone: 0 and negative ones too */
        fits = converts_to_f8(value, real) || view->numel == 1 ||
               (fill->is_integer && real == SOW_F8_E8M0);
    } else {
        fits = fill->is_integer ? sow__integer_fits(fill->integer, real)
                                : sow__double_fits(value, real);
    }
    return fits
               ? SOW_OK
               : sow__fail(err, SOW_ERROR_RUNTIME,
                           "value cannot be converted to type %s without overflow", info->cpp_name);
}

/* zeros_ is zero_, which converts nothing: it also empties e8m0, which has no 0. */
static bool is_zeros(const sow__fill *fill, const sow_tensor *tensor)
{
    return sow__dtype_is_float8(tensor->storage->dtype) && strcmp(fill->initializer, "zeros") == 0;
}

static sow_status check_mul(const sow_tensor *view, sow_error *err)
{
    return sow__dtype_is_float(view->storage->dtype)
               ? SOW_OK
               : not_implemented(err, "mul_cpu", view->storage->dtype);
}

/* The random matrix of orthogonal is a new tensor, so a strided target does not matter to it. */
static sow_status check_orthogonal(const sow_tensor *view, sow_error *err)
{
    if (view->storage->device == SOW_META || view->numel == 0) {
        return SOW_OK;
    }
    sow_dtype dtype = view->storage->dtype;
    return sow__dtype_is_float(sow__dtype_real(dtype))
               ? SOW_OK
               : not_implemented(err, "normal_kernel_cpu", dtype);
}

sow_status sow__fill_check(const sow__fill *fill, const sow_tensor *tensor, sow_dialect dialect,
                           sow_error *err)
{
    switch (fill->kind) {
    case SOW__FILL_UNIFORM:
        return check_uniform(fill->a, fill->b, tensor, err);
    case SOW__FILL_NORMAL:
        return check_normal(fill->std, tensor, err);
    case SOW__FILL_SPARSE:
        return tensor->storage->device == SOW_META ? SOW_OK : check_normal(fill->std, tensor, err);
    case SOW__FILL_TRUNC_NORMAL:
        return check_trunc_normal(fill, tensor, dialect, err);
    case SOW__FILL_CONSTANT:
        return tensor->storage->device == SOW_META || is_zeros(fill, tensor)
                   ? SOW_OK
                   : check_constant(fill, tensor, err);
    case SOW__FILL_EYE:
    case SOW__FILL_DIRAC:
        return check_constant(&(sow__fill){.value = 1.0}, tensor, err);
    case SOW__FILL_ORTHOGONAL:
        return check_orthogonal(tensor, err);
    case SOW__FILL_MUL:
        return check_mul(tensor, err);
    case SOW__FILL_COPY:
        break;
    }
    return SOW_OK;
}
