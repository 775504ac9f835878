/* Tensors by the module that they are below.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <stdlib.h>
#include <string.h>

static bool is_number(const char *part, size_t n)
{
    return n > 0 && strspn(part, "0123456789") >= n;
}

/* The layer of a stack ("transformer.h.3" of transformer.h.3.attn.c_proj.weight), else the first
 * module when it has modules of its own. A number right above the parameter is no group: a
 * Sequential would fall into pieces. */
size_t sow__group_prefix(const char *name)
{
    const char *last = strrchr(name, '.');
    if (last == NULL) {
        return 0;
    }
    size_t first_bytes = strcspn(name, "."), before = 0;
    for (const char *part = name; part < last;) {
        const size_t n = strcspn(part, ".");
        if (is_number(part, n)) {
            return part + n < last ? (size_t)(part - name) + n : before;
        }
        before = (size_t)(part - name) + n;
        part += n + 1;
    }
    return name + first_bytes < last ? first_bytes : 0;
}

static int by_prefix(const void *a, const void *b)
{
    const sow__member *x = a, *y = b;
    const size_t n = x->prefix_bytes < y->prefix_bytes ? x->prefix_bytes : y->prefix_bytes;
    const int order = memcmp(x->name, y->name, n);
    if (order != 0) {
        return order;
    }
    if (x->prefix_bytes != y->prefix_bytes) {
        return x->prefix_bytes < y->prefix_bytes ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_group(const void *a, const void *b)
{
    const sow__member *x = a, *y = b;
    if (x->group != y->group) {
        return x->group < y->group ? -1 : 1;
    }
    return x->index < y->index ? -1 : x->index > y->index;
}

sow__member *sow__group_members(const sow_plan *plan)
{
    const size_t n = sow_plan_count(plan);
    sow__member *members = calloc(n + 1, sizeof *members);
    if (members == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = sow_plan_at(plan, i)->name;
        members[i] = (sow__member){i, name, sow__group_prefix(name), 0};
    }
    qsort(members, n, sizeof *members, by_prefix);
    for (size_t i = 0; i < n; i++) {
        const bool joins =
            i > 0 && members[i].prefix_bytes == members[i - 1].prefix_bytes &&
            memcmp(members[i].name, members[i - 1].name, members[i].prefix_bytes) == 0;
        members[i].group = joins ? members[i - 1].group : members[i].index;
    }
    qsort(members, n, sizeof *members, by_group);
    return members;
}
