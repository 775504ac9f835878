/* Reading a JSON config: parsing, and typed getters that remember the first failure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_MODELS_CONFIG_H
#define SOW_MODELS_CONFIG_H

#include <jansson.h>
#include <sow/error.h>
#include <stdbool.h>

/* A parsed config and the state of reading it. After a failure every getter returns its fallback
 * and leaves err alone, so that a reader asks for all its fields and looks at status once. */
typedef struct sow__config {
    json_t *object;
    const char *label; /* names the file in messages */
    sow_status status;
    sow_error *err;
} sow__config;

/* Sizes beyond this are refused: products of two, times the small factors of an architecture, then
 * fit into 64 bits. */
#define SOW__CONFIG_MAX_SIZE INT32_MAX
/* A tree of more layers is refused. */
#define SOW__CONFIG_MAX_LAYERS 10000

/* Parses n_bytes of text, which must be one JSON object without a key given twice. Integers beyond
 * 64 bits are kept, as the digits they are. SOW_ERROR_CORRUPT with the offset. */
sow_status sow__config_open(sow__config *config, const char *json, size_t n_bytes,
                            const char *label, sow_error *err);
void sow__config_close(sow__config *config);

/* The value of a field; an alias (NULL: none) counts before the name when both are there, as in
 * transformers. NULL: neither is there. */
const json_t *sow__config_get(const sow__config *config, const char *name, const char *alias);

/* True when a field is there, null or not. */
bool sow__config_has(const sow__config *config, const char *name);

/* An integer in -SOW__CONFIG_MAX_SIZE..SOW__CONFIG_MAX_SIZE. Negative ones are let through for
 * PyTorch's own message where a tensor is made. */
int64_t sow__config_size(sow__config *config, const char *name, const char *alias,
                         int64_t fallback);
/* The same; null stands for when_null. */
int64_t sow__config_size_or_null(sow__config *config, const char *name, const char *alias,
                                 int64_t fallback, int64_t when_null);
/* The same, at most SOW__CONFIG_MAX_LAYERS. */
int64_t sow__config_layers(sow__config *config, const char *name, const char *alias,
                           int64_t fallback);
double sow__config_number(sow__config *config, const char *name, double fallback);
bool sow__config_bool(sow__config *config, const char *name, bool fallback);
/* A string, lent by the config; null is NULL. */
const char *sow__config_string(sow__config *config, const char *name, const char *fallback);

/* A number's text when the value is an integer of any size: `text` or the digits of a larger one,
 * lent by the value; NULL for another type. */
#define SOW__INTEGER_SIZE 24
const char *sow__config_integer_text(const json_t *value, char text[SOW__INTEGER_SIZE]);

/* Records "label: field: expected what, got value". */
void sow__config_expected(sow__config *config, const char *name, const char *what);

/* Records "label: " and a message, unless something failed before; returns the status. */
sow_status sow__config_fail(sow__config *config, sow_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Records a callee's failure, which filled config->err, under the label. */
sow_status sow__config_fail_within(sow__config *config, sow_status status);

#endif
