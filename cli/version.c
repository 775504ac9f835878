/* sow version.
 * SPDX-License-Identifier: Apache-2.0 */
#include "options.h"
#include "output.h"
#include "verbs.h"

int cli_version(int argc, char **argv)
{
    static const cli_option_group groups[] = {{0}};
    static const char *const names[] = {NULL};
    static const cli_usage usage = {
        .verb = "version",
        .synopsis = "",
        .about = "Prints the version of the library and the instruction set whose kernels run.\n",
        .groups = groups,
        .words = names,
    };
    cli_words words;
    const int status = cli_options_read(&usage, argc, argv, NULL, &words);
    if (status != CLI_GO_ON) {
        return status;
    }
    cli_page page;
    if (!cli_page_open(&page)) {
        return cli_fail_memory();
    }
    fprintf(page.out, "sow %s (%s)\n", sow_version(), sow_cpu());
    return cli_page_print(&page, stdout);
}
