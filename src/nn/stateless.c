/* Classes that have neither parameters nor children: activations, pooling, padding, most losses.
 * SPDX-License-Identifier: Apache-2.0 */
#include "nn/class.h"

#include "base/error.h"

#include <string.h>

sow_module *sow__construct_stateless(const sow__class *of, sow__args *args, sow_error *err)
{
    /* What has no __init__ of its own gets Module's, which takes anything and then refuses it.
     * Identity alone means it. */
    const bool takes_anything = strcmp(of->name, "Identity") == 0;
    if (!takes_anything && args->keywords.n_items > 0) {
        sow__fail(err, SOW_ERROR_TYPE, "%s.__init__() got an unexpected keyword argument '%s'",
                  of->name, args->keywords.keys[0]);
        return NULL;
    }
    if (!takes_anything && args->rest.n_items > 0) {
        sow__fail(err, SOW_ERROR_TYPE,
                  "%s.__init__() takes 1 positional argument but %zu were given", of->name,
                  args->rest.n_items + 1);
        return NULL;
    }
    return sow__module_of(of, err);
}
