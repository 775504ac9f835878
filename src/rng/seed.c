/* Seeds: read from a text, or got from the system.
 * SPDX-License-Identifier: Apache-2.0 */
#include "rng/seed.h"

#include "base/checked.h"
#include "base/error.h"
#include <errno.h>
#include <sow/generator.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define MAX_SHOWN 64 /* digits of a text in a message */

static sow_status overflow(const char *text, sow_error *err)
{
    return sow__fail(err, SOW_ERROR_VALUE, "seed %.*s%s: Overflow when unpacking long long",
                     MAX_SHOWN, text, strlen(text) > MAX_SHOWN ? "..." : "");
}

sow_status sow_seed_parse(const char *text, uint64_t *seed, sow_error *err)
{
    if (text == NULL) {
        return sow__fail(err, SOW_ERROR_VALUE, "seed: no text given");
    }
    bool negative = text[0] == '-';
    const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0') {
        return sow__fail(err, SOW_ERROR_VALUE, "seed '%.*s': not a whole number", MAX_SHOWN, text);
    }
    uint64_t value = 0;
    for (const char *d = digits; *d != '\0'; d++) {
        if (!sow__mul_u64(value, 10, &value) ||
            !sow__add_u64(value, (uint64_t)(*d - '0'), &value)) {
            return overflow(text, err);
        }
    }
    if (negative && value > (uint64_t)1 << 63) {
        return overflow(text, err);
    }
    *seed = negative ? 0 - value : value;
    return SOW_OK;
}

sow_status sow__seed_from_system(uint64_t *seed, sow_error *err)
{
    ssize_t n_bytes;
    do {
        n_bytes = getrandom(seed, sizeof *seed, 0);
    } while (n_bytes < 0 && errno == EINTR);
    if (n_bytes != (ssize_t)sizeof *seed) {
        return sow__fail(err, SOW_ERROR_IO, "the system gave no random seed: %s",
                         n_bytes < 0 ? strerror(errno) : "too few bytes");
    }
    return SOW_OK;
}

uint64_t sow__seed_at_start(void)
{
    uint64_t seed;
    if (sow__seed_from_system(&seed, NULL) == SOW_OK) {
        return seed;
    }
    struct timespec now = {0}, run = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_MONOTONIC, &run);
    seed = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return seed * 0x9E3779B97F4A7C15u ^ (uint64_t)run.tv_nsec << 32 ^ (uint64_t)(uintptr_t)&now;
}
