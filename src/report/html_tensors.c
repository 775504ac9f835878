/* The tensors on the page: groups that fold, a table in each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include "base/dtype.h"
#include "base/error.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Groups are unfolded from the start when all of them together are short. */
#define OPEN_TENSORS 60

struct group {
    const sow__member *members;
    size_t n_members;
    uint64_t n_elements, n_wrong;
};

static struct group group_at(const sow_report *report, const sow__member *members, size_t n_left)
{
    struct group group = {.members = members};
    for (; group.n_members < n_left && members[group.n_members].group == members[0].group;
         group.n_members++) {
        sow__told told;
        sow__report_tell(report, members[group.n_members].index, &told);
        group.n_elements += sow__report_numel(told.entry);
        group.n_wrong += (uint64_t)sow__told_n_wrong(&told);
    }
    return group;
}

static void put_prefix(sow__text *text, const sow__member *first)
{
    if (first->prefix_bytes == 0) {
        sow__put(text, "Top level");
        return;
    }
    /* No name that is valid UTF-8 is cut within a character: it ends before a dot. */
    char *prefix = strndup(first->name, first->prefix_bytes);
    sow__put(text, "<code>");
    sow__put_html_cut(text, prefix != NULL ? prefix : "...");
    sow__put(text, "</code>");
    free(prefix);
}

static void put_summary(sow__text *text, const struct group *group, bool open)
{
    sow__putf(text, "<details class=\"group\"%s><summary><b>", open ? " open" : "");
    put_prefix(text, group->members);
    sow__put(text, "</b><span class=\"soft\">");
    sow__put_grouped(text, group->n_members);
    sow__put(text, group->n_members == 1 ? " tensor, " : " tensors, ");
    sow__put_grouped(text, group->n_elements);
    sow__put(text, group->n_elements == 1 ? " element</span>" : " elements</span>");
    if (group->n_wrong > 0) {
        sow__putf(text, "<span class=\"flag\">%" PRIu64 " %s</span>", group->n_wrong,
                  group->n_wrong == 1 ? "thing looks wrong" : "things look wrong");
    }
    sow__put(text, "</summary>\n");
}

/* Roles are written out: a narrow window lays rows out as cards, and an element that is no longer
 * displayed as part of a table is not read as one. */
static void put_table_head(sow__text *text)
{
    static const char *const columns[] = {
        "\">Tensor",  "\">Values",   " n\">Mean", " n\">Std", " n\">Least, greatest",
        " n\">Zeros", "\">Histogram"};
    sow__put(text, "<table role=\"table\"><colgroup><col class=\"cn\"><col class=\"co\">"
                   "<col class=\"cm\"><col class=\"cm\"><col class=\"cm\"><col class=\"cz\">"
                   "<col class=\"ch\"></colgroup>\n"
                   "<thead role=\"rowgroup\"><tr role=\"row\">");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        sow__putf(text, "<th role=\"columnheader\" scope=\"col\" class=\"%s</th>", columns[i]);
    }
    sow__put(text, "</tr></thead>\n<tbody role=\"rowgroup\">\n");
}

static void put_group(sow__text *text, const sow_report *report, const struct group *group,
                      bool open)
{
    put_summary(text, group, open || group->n_wrong > 0);
    put_table_head(text);
    const size_t prefix = group->members[0].prefix_bytes;
    for (size_t i = 0; i < group->n_members; i++) {
        sow__told told;
        sow__report_tell(report, group->members[i].index, &told);
        sow__html_row(text, &told, prefix > 0 ? prefix + 1 : 0);
    }
    sow__put(text, "</tbody></table></details>\n");
}

static void put_legend(sow__text *text, const sow_plan *plan)
{
    bool has_complex = false;
    for (size_t i = 0; i < sow_plan_count(plan); i++) {
        has_complex = has_complex || sow__dtype_is_complex(sow_plan_at(plan, i)->dtype);
    }
    sow__put(text,
             "<p class=\"soft legend\"><span><i class=\"key\"></i> values as counted</span> "
             "<span><i class=\"key c\"></i> what the initializer promises</span> "
             "<span><i class=\"key o\"></i> values beyond the range, at its ends</span> "
             "<span>s.e.: standard errors between measured and expected; up to 5 are taken for "
             "chance</span>");
    sow__put(text, has_complex ? " <span>a complex element is two numbers</span></p>\n" : "</p>\n");
}

sow_status sow__html_tensors(sow__text *text, const sow_report *report, sow_error *err)
{
    const size_t n = sow_plan_count(report->plan);
    sow__put(text, "<h2>Tensors</h2>\n");
    if (n == 0) {
        sow__put(text, "<p>There are none.</p>\n");
        return SOW_OK;
    }
    sow__member *members = sow__group_members(report->plan);
    if (members == NULL) {
        return sow__fail_memory(err, n * sizeof *members);
    }
    put_legend(text, report->plan);
    for (size_t i = 0; i < n;) {
        const struct group group = group_at(report, members + i, n - i);
        put_group(text, report, &group, n <= OPEN_TENSORS);
        i += group.n_members;
    }
    free(members);
    return SOW_OK;
}
