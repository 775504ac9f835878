/* An allocator that runs dry, for tests that compile a room's sources into themselves: define the
 * names that these use (malloc limited_malloc) before including them, undefine them after.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_TESTS_LIMITED_MEMORY_H
#define SOW_TESTS_LIMITED_MEMORY_H

#include "support.h"

static int n_granted = -1; /* allocations that will still succeed; below 0: all */

static inline bool is_granted(void)
{
    if (n_granted < 0) {
        return true;
    }
    return n_granted > 0 && n_granted-- > 0;
}

static inline void *limited_malloc(size_t n_bytes)
{
    return is_granted() ? malloc(n_bytes) : NULL;
}

static inline void *limited_calloc(size_t n, size_t n_bytes)
{
    return is_granted() ? calloc(n, n_bytes) : NULL;
}

static inline void *limited_realloc(void *old, size_t n_bytes)
{
    return is_granted() ? realloc(old, n_bytes) : NULL;
}

static inline void *limited_aligned_alloc(size_t alignment, size_t n_bytes)
{
    return is_granted() ? aligned_alloc(alignment, n_bytes) : NULL;
}

static inline char *limited_strdup(const char *text)
{
    return is_granted() ? strdup(text) : NULL;
}

#endif
