/* The names of the dialects.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <sow/generator.h>
#include <string.h>

static const char *const names[SOW_N_DIALECTS] = {
#define X(symbol, name) [symbol] = (name),
#include "rng/dialect.def"
#undef X
};

/* The names once more, for messages. */
static const char all_names[] =
#define X(symbol, name) " " name
#include "rng/dialect.def"
#undef X
    ;

const char *sow_dialect_name(sow_dialect dialect)
{
    return (unsigned)dialect < SOW_N_DIALECTS ? names[dialect] : NULL;
}

sow_status sow_dialect_parse(const char *name, sow_dialect *dialect, sow_error *err)
{
    if (name == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "dialect: no name given; one of:%s", all_names);
    }
    for (int i = 0; i < SOW_N_DIALECTS; i++) {
        if (strcmp(name, names[i]) == 0) {
            *dialect = (sow_dialect)i;
            return SOW_OK;
        }
    }
    return sow__fail(err, SOW_ERROR_VALUE, "unknown dialect '%.64s'; one of:%s", name, all_names);
}
