/* Everything of sow in one include.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_H
#define SOW_H

#include <sow/deprecated.h>
#include <sow/dtype.h>
#include <sow/error.h>
#include <sow/export.h>
#include <sow/generator.h>
#include <sow/init.h>
#include <sow/models.h>
#include <sow/nearest.h>
#include <sow/nn.h>
#include <sow/parametrize.h>
#include <sow/plan.h>
#include <sow/report.h>
#include <sow/safetensors.h>
#include <sow/stats.h>
#include <sow/tensor.h>

#endif
