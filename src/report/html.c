/* A report as a page: head, what looks wrong, then the tensors, module by module. It needs no
 * script and nothing from elsewhere.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

void sow__html_name(sow__text *text, const char *shown, const char *whole)
{
    if (!sow__is_long(shown)) {
        sow__put(text, "<code>");
        sow__put_html_name(text, shown);
        sow__put(text, "</code>");
        return;
    }
    sow__put(text, "<details class=\"whole\"><summary><code>");
    sow__put_html_cut(text, shown);
    sow__put(text, "</code></summary><code>");
    sow__put_html_name(text, whole);
    sow__put(text, "</code></details>");
}

sow_status sow__report_html(const sow_report *report, sow__text *text, sow_error *err)
{
    sow__report_totals totals;
    sow__report_sum(report, &totals);
    sow__put(text, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'unsafe-inline'\">\n<title>");
    sow__put_html(text, report->title != NULL ? report->title : "Initial weights");
    sow__put(text, "</title>\n<style>\n");
    sow__put(text, sow__html_style);
    sow__put(text, "</style>\n</head>\n<body>\n");
    sow__html_head(text, report, &totals);
    sow__html_findings(text, report, &totals);
    const sow_status status = sow__html_tensors(text, report, err);
    sow__put(text, "</body>\n</html>\n");
    return status;
}
