/* The guard and no-init scopes of a thread, and what they mean for a tensor.
 * SPDX-License-Identifier: Apache-2.0 */
#include "init/init.h"

static _Thread_local unsigned guard_depth, no_init_depth;

bool sow__guard_is_open(void)
{
    return guard_depth > 0;
}

bool sow__init_leaves(const sow_tensor *tensor, bool guarded)
{
    return no_init_depth > 0 || ((guarded || guard_depth > 0) && sow_tensor_is_initialized(tensor));
}

void sow_guard_enter(void)
{
    guard_depth++;
}

/* A leave too many must not close a scope that another caller opens later. */
void sow_guard_leave(void)
{
    guard_depth -= guard_depth > 0;
}

void sow_no_init_enter(void)
{
    no_init_depth++;
}

void sow_no_init_leave(void)
{
    no_init_depth -= no_init_depth > 0;
}
