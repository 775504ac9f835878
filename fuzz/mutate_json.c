/* Changes to a JSON text that leave it JSON.
 * SPDX-License-Identifier: Apache-2.0 */
#include "mutate_json.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* What often is a special case to somebody, a list. */
static const char special[] =
    "[null, true, false, 0, 1, -1, 2, 3, 4, 8, 16, 17, 255, 1.0, 0.0, 0.5, -0.5, 1e308, 1e-320,"
    " 2147483648, 4294967297, 9223372036854775807, -9223372036854775808,"
    " \"\", \"cpu\", \"meta\", \"weight\", \"*\", [], {}, [0], [1, 2], [[1, 2], [3, 4]],"
    " {\"_target_\": \"torch.nn.ReLU\"}, {\"_target_\": \"torch.nn.Linear\", \"_args_\": [2, 3]},"
    " {\"_target_\": \"hydra.utils.get_object\", \"path\": \"torch.float64\"},"
    " {\"_target_\": \"torch.ones\", \"_args_\": [3]}]";

/* splitmix32: small, and the same everywhere. */
static unsigned draw(unsigned *state, size_t n)
{
    unsigned x = *state += 0x9e3779b9u;
    x = (x ^ (x >> 16)) * 0x21f0aaadu;
    x = (x ^ (x >> 15)) * 0x735a2d97u;
    x ^= x >> 15;
    return n == 0 ? 0 : (unsigned)(x % n);
}

static json_t *parse(const char *text, size_t size)
{
    return json_loadb(text, size, JSON_DECODE_ANY, NULL);
}

/* ---- a value inside another ---- */

/* in NULL: the value is the whole text. key NULL: an item of a list. */
typedef struct spot {
    json_t *in;
    const char *key;
    size_t index;
    json_t *value;
} spot;

/* Takes every spot with the same chance: the n-th replaces the one before with chance 1/n. */
static void choose(spot here, unsigned *state, size_t *n_seen, spot *chosen)
{
    if (draw(state, ++*n_seen) == 0) {
        *chosen = here;
    }
    const char *key;
    json_t *value;
    size_t index;
    json_object_foreach(here.value, key, value)
    {
        choose((spot){here.value, key, 0, value}, state, n_seen, chosen);
    }
    json_array_foreach(here.value, index, value)
    {
        choose((spot){here.value, NULL, index, value}, state, n_seen, chosen);
    }
}

static spot any_spot(json_t *root, unsigned *state)
{
    const spot whole = {NULL, NULL, 0, root};
    spot chosen = whole;
    size_t n_seen = 0;
    choose(whole, state, &n_seen, &chosen);
    return chosen;
}

/* ---- changes; a value that is handed over is theirs ---- */

static void put(json_t **root, const spot *at, json_t *value)
{
    if (at->in == NULL) {
        json_decref(*root);
        *root = value;
    } else if (at->key == NULL) {
        json_array_set_new(at->in, at->index, value);
    } else {
        json_object_set_new(at->in, at->key, value);
    }
}

static void drop(const spot *at)
{
    if (at->in != NULL && at->key == NULL) {
        json_array_remove(at->in, at->index);
    } else if (at->in != NULL) {
        json_object_del(at->in, at->key);
    }
}

static void put_beside(json_t **root, const spot *at, const char *key, json_t *value)
{
    if (json_is_object(at->value)) {
        json_object_set_new(at->value, key, value);
    } else if (json_is_array(at->value)) {
        json_array_insert_new(at->value, 0, value);
    } else if (at->in != NULL && at->key == NULL) {
        json_array_insert_new(at->in, at->index, value);
    } else {
        put(root, at, value);
    }
}

/* Gives a member of an object another key, so that it also comes last. */
static void move(const spot *at, const char *key)
{
    if (at->key != NULL && key != NULL && strcmp(at->key, key) != 0) {
        json_t *value = json_incref(at->value);
        json_object_del(at->in, at->key);
        json_object_set_new(at->in, key, value);
    }
}

static json_t *wrapped(json_t *value, unsigned *state)
{
    switch (draw(state, 3)) {
    case 0:
        return json_pack("[o]", value);
    case 1:
        return json_pack("{s:s, s:[o]}", "_target_", "torch.nn.Sequential", "_args_", value);
    default:
        return json_pack("{s:s, s:o}", "_target_", "collections.OrderedDict", "a", value);
    }
}

static json_t *number_near(const json_t *value, unsigned *state)
{
    const json_int_t by = (json_int_t)draw(state, 5) - 2;
    if (json_is_integer(value)) {
        return json_integer((json_int_t)((uint64_t)json_integer_value(value) + (uint64_t)by));
    }
    return json_is_real(value) ? json_real(json_real_value(value) * 0.5 + (double)by) : NULL;
}

/* The bytes of a text changed; NULL for other values and when what comes out is no UTF-8. */
static json_t *text_near(const json_t *value)
{
    uint8_t bytes[256];
    const size_t size = json_string_length(value);
    if (!json_is_string(value) || size > sizeof bytes / 2) {
        return NULL;
    }
    memcpy(bytes, json_string_value(value), size);
    return json_stringn((const char *)bytes, LLVMFuzzerMutate(bytes, size, sizeof bytes));
}

static json_t *some_special(unsigned *state)
{
    json_t *all = parse(special, sizeof special - 1);
    json_t *value = json_incref(json_array_get(all, draw(state, json_array_size(all))));
    json_decref(all);
    return value;
}

static void change(json_t **root, unsigned *state)
{
    const spot at = any_spot(*root, state), other = any_spot(*root, state);
    json_t *near = NULL;
    switch (draw(state, 8)) {
    case 0:
        put(root, &at, some_special(state));
        break;
    case 1:
        put(root, &at, json_deep_copy(other.value));
        break;
    case 2:
        put_beside(root, &at, other.key == NULL ? "_args_" : other.key,
                   json_deep_copy(other.value));
        break;
    case 3:
        drop(&at);
        break;
    case 4:
        move(&at, other.key);
        break;
    case 5:
        put(root, &at, wrapped(json_deep_copy(at.value), state));
        break;
    case 6:
        near = text_near(at.value);
        put(root, &at, near != NULL ? near : some_special(state));
        break;
    default:
        near = number_near(at.value, state);
        put(root, &at, near != NULL ? near : some_special(state));
    }
}

/* ---- whole texts ---- */

/* 0 when it does not fit. */
static size_t write_json(const json_t *root, uint8_t *out, size_t max_size)
{
    const size_t size = json_dumpb(root, (char *)out, max_size, JSON_ENCODE_ANY);
    return size > max_size ? 0 : size;
}

size_t mutate_json(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    unsigned state = seed;
    json_t *root = draw(&state, 8) == 0 ? NULL : parse((const char *)data, size);
    if (root == NULL) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (unsigned n = 1 + draw(&state, 3); n > 0; n--) {
        change(&root, &state);
    }
    const size_t new_size = write_json(root, data, max_size);
    json_decref(root);
    return new_size == 0 ? LLVMFuzzerMutate(data, size, max_size) : new_size;
}

size_t cross_json(const uint8_t *first, size_t first_size, const uint8_t *second,
                  size_t second_size, uint8_t *out, size_t max_size, unsigned seed)
{
    unsigned state = seed;
    size_t size = 0;
    json_t *into = parse((const char *)first, first_size);
    json_t *from = parse((const char *)second, second_size);
    if (into != NULL && from != NULL) {
        const spot at = any_spot(into, &state), taken = any_spot(from, &state);
        if (draw(&state, 2) == 0) {
            put(&into, &at, json_incref(taken.value));
        } else {
            put_beside(&into, &at, taken.key == NULL ? "_args_" : taken.key,
                       json_incref(taken.value));
        }
        size = write_json(into, out, max_size);
    }
    json_decref(into);
    json_decref(from);
    return size;
}
