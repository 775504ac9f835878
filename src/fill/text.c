/* A fill as a text for people.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fill/fill.h"

#include <stdio.h>

void sow__fill_text(const sow__fill *fill, char *text, size_t size)
{
    switch (fill->kind) {
    case SOW__FILL_CONSTANT:
        snprintf(text, size, "constant(%g)", fill->value);
        break;
    case SOW__FILL_UNIFORM:
        snprintf(text, size, "uniform(%.6g, %.6g)", fill->a, fill->b);
        break;
    case SOW__FILL_NORMAL:
        snprintf(text, size, "normal(%.6g, %.6g)", fill->mean, fill->std);
        break;
    case SOW__FILL_TRUNC_NORMAL:
        snprintf(text, size, "trunc_normal(%.6g, %.6g, %.6g, %.6g)", fill->mean, fill->std, fill->a,
                 fill->b);
        break;
    case SOW__FILL_EYE:
        snprintf(text, size, "eye");
        break;
    case SOW__FILL_DIRAC:
        snprintf(text, size, "dirac(%lld)", (long long)fill->groups);
        break;
    case SOW__FILL_ORTHOGONAL:
        snprintf(text, size, "orthogonal(%.6g)", fill->gain);
        break;
    case SOW__FILL_SPARSE:
        snprintf(text, size, "sparse(%.6g, %.6g)", fill->sparsity, fill->std);
        break;
    case SOW__FILL_MUL:
        snprintf(text, size, "mul(%.6g)", fill->value);
        break;
    case SOW__FILL_COPY:
        snprintf(text, size, "copy");
        break;
    }
}
