/* Setters of option values: text in, checked value out, or one line that names option and value.
 * SPDX-License-Identifier: Apache-2.0 */
#include "options.h"
#include "output.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS 1024

static int fail_value(const char *option, const char *text, const char *why)
{
    return cli_fail(CLI_USAGE, "--%s '%s': %s", option, text, why);
}

void cli_list_free(cli_list *list)
{
    free(list->items);
    *list = (cli_list){0};
}

int cli_set_switch(void *target, const char *option, const char *text)
{
    (void)option;
    (void)text;
    *(bool *)target = true;
    return CLI_GO_ON;
}

int cli_set_text(void *target, const char *option, const char *text)
{
    if (text[0] == '\0') {
        return fail_value(option, text, "must not be empty");
    }
    *(const char **)target = text;
    return CLI_GO_ON;
}

int cli_set_list(void *target, const char *option, const char *text)
{
    cli_list *list = target;
    if (text[0] == '\0') {
        return fail_value(option, text, "must not be empty");
    }
    const char **items = realloc(list->items, (list->n_items + 1) * sizeof *items);
    if (items == NULL) {
        return cli_fail_memory();
    }
    list->items = items;
    list->items[list->n_items++] = text;
    return CLI_GO_ON;
}

int cli_set_seed(void *target, const char *option, const char *text)
{
    cli_seed *seed = target;
    if (sow_seed_parse(text, &seed->value, NULL) != SOW_OK) {
        return fail_value(option, text, "must be a whole number from -2^63 to 2^64-1");
    }
    seed->given = true;
    return CLI_GO_ON;
}

int cli_set_dtype(void *target, const char *option, const char *text)
{
    cli_dtype *dtype = target;
    if (sow_dtype_parse(text, &dtype->value, NULL) != SOW_OK || dtype->value > SOW_C128) {
        return fail_value(option, text, "must be one of f32, f64, f16, bf16, c64, c128");
    }
    dtype->given = true;
    return CLI_GO_ON;
}

int cli_set_dialect(void *target, const char *option, const char *text)
{
    sow_error err;
    if (sow_dialect_parse(text, target, &err) != SOW_OK) {
        return cli_fail(CLI_USAGE, "--%s: %s", option, err.message);
    }
    return CLI_GO_ON;
}

int cli_set_profile(void *target, const char *option, const char *text)
{
    sow_nearest nearest = {0};
    const char *name;
    for (size_t i = 0; (name = sow_model_profile_at(i)) != NULL; i++) {
        if (strcmp(name, text) == 0) {
            *(const char **)target = text;
            return CLI_GO_ON;
        }
        sow_nearest_try(&nearest, text, name);
    }
    if (nearest.word != NULL) {
        return cli_fail(CLI_USAGE, "--%s '%s': no such profile (did you mean %s?)", option, text,
                        nearest.word);
    }
    return fail_value(option, text, "no such profile (`sow help profiles` lists them)");
}

int cli_set_names(void *target, const char *option, const char *text)
{
    if (strcmp(text, "native") != 0 && strcmp(text, "bridge") != 0) {
        return fail_value(option, text, "must be native or bridge");
    }
    *(const char **)target = text;
    return CLI_GO_ON;
}

/* A whole number with an optional K, M, G or T, which count by 1024. */
int cli_set_memory(void *target, const char *option, const char *text)
{
    static const char units[] = "KMGT";
    char *end;
    errno = 0;
    const unsigned long long n = strtoull(text, &end, 10);
    const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
    const int shift = unit != NULL ? 10 * (int)(unit - units + 1) : 0;
    if (text[0] < '0' || text[0] > '9' || errno != 0 || n == 0 || n > SIZE_MAX >> shift ||
        *(end + (unit != NULL)) != '\0') {
        return fail_value(option, text, "must be bytes, or a number with K, M, G or T as in 64M");
    }
    *(size_t *)target = (size_t)n << shift;
    return CLI_GO_ON;
}

int cli_set_threads(void *target, const char *option, const char *text)
{
    const size_t n_digits = strspn(text, "0123456789");
    const long n = n_digits > 0 && n_digits < 6 && text[n_digits] == '\0' ? atol(text) : 0;
    if (n < 1 || n > MAX_THREADS) {
        return fail_value(option, text, "must be a number from 1 to 1024");
    }
    *(int *)target = (int)n;
    return CLI_GO_ON;
}
