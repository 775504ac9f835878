/* The table of initializers: one const struct each, from registry.def.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_INIT_REGISTRY_H
#define SOW_INIT_REGISTRY_H

#include "init/init.h"

typedef struct sow__init_arg {
    const char *name;
    const char *fallback; /* the default as text; NULL: must be given */
} sow__init_arg;

struct sow_initializer {
    const char *name;
    const char *summary;
    bool overridable;          /* honours the tensor's own hook */
    const sow__init_arg *args; /* up to one without a name */
    /* Makes PyTorch's checks in its order and fills *out; draws nothing. */
    sow_status (*resolve)(const sow_tensor *tensor, const sow_init_args *args,
                          const sow_generator *generator, sow__resolution *out, sow_error *err);
};

/* What an argument of an initializer is, by name. */
typedef enum sow__arg_type { SOW__ARG_UNKNOWN, SOW__ARG_NUMBER, SOW__ARG_TEXT } sow__arg_type;
sow__arg_type sow__init_arg_type(const sow_initializer *initializer, const char *name);

#define SOW__INITIALIZER(name, summary, overridable, arguments)                                    \
    extern const sow_initializer sow__init_##name;                                                 \
    sow_status sow__resolve_##name(const sow_tensor *tensor, const sow_init_args *args,            \
                                   const sow_generator *generator, sow__resolution *out,           \
                                   sow_error *err);
#include "init/registry.def"
#undef SOW__INITIALIZER

#endif
