/* Initialising what a checkpoint has left in the tree of a description.
 * SPDX-License-Identifier: Apache-2.0 */
#include "models/description.h"

sow_status sow__description_fill(sow__description *description, sow_module *module, sow_error *err)
{
    sow_generator *generator = description->factory.generator;
    sow_status status = sow_module_init_missing(module, generator, err);
    sow_guard_enter();
    for (size_t i = 0; status == SOW_OK && i < description->n_undrawn; i++) {
        const sow__undrawn *undrawn = &description->undrawn[i];
        status = sow_initializer_apply(sow_initializer_find(undrawn->initializer), undrawn->tensor,
                                       NULL, generator, err);
    }
    sow_guard_leave();
    return status;
}
