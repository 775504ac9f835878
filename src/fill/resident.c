/* Whether memory has pages behind it already.
 * SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* mincore */
#endif
#include "fill/draw.h"

#include <sys/mman.h>
#include <unistd.h>

#if defined(__linux__)
static bool has_page(const unsigned char *at)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char present = 0;
    void *begin = (void *)(at - (uintptr_t)at % page);
    return mincore(begin, page, &present) == 0 && (present & 1) != 0;
}

bool sow__memory_is_resident(const void *memory, size_t n_bytes)
{
    const unsigned char *at = memory;
    return n_bytes > 0 && has_page(at) && has_page(at + n_bytes / 2) && has_page(at + n_bytes - 1);
}
#else
bool sow__memory_is_resident(const void *memory, size_t n_bytes)
{
    (void)memory;
    (void)n_bytes;
    return false;
}
#endif
