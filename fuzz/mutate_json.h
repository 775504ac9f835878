/* Changes to a JSON text that leave it JSON, for fuzz targets that read JSON.
 *
 * Changed bytes rarely get past a JSON reader, and then nothing behind it is tried.
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FUZZ_MUTATE_JSON_H
#define FUZZ_MUTATE_JSON_H

#include <stddef.h>
#include <stdint.h>

/* Changes a value, a key or the order of one object or list; the bytes of a text that is no JSON,
 * and now and then those of one that is. Returns the new size; the same seed gives the same change.
 */
size_t mutate_json(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Writes the first text with a value or a member of the second somewhere in it. Returns the size, 0
 * when one of them is no JSON. */
size_t cross_json(const uint8_t *first, size_t first_size, const uint8_t *second,
                  size_t second_size, uint8_t *out, size_t max_size, unsigned seed);

#endif
