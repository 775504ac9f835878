/* XXH3-128 as the vector files write it.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_HASH_H
#define SOW_TESTS_HASH_H

#include "support.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <inttypes.h>

enum { HASH_SIZE = 33 };

static inline void hash_text(const void *data, size_t n_bytes, char text[HASH_SIZE])
{
    const XXH128_hash_t hash = XXH3_128bits(n_bytes == 0 ? "" : data, n_bytes);
    snprintf(text, HASH_SIZE, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
             (uint64_t)hash.low64);
}

#endif
