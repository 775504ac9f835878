/* What signals do to a run that has a temporary file to remove.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

/* For the whole process: a file size limit shows as a failed write. */
void cli_signals_start(void);

/* From here on INT, TERM and HUP are remembered (unless they were ignored already) and PIPE is
 * ignored, so that the run can end in order. */
void cli_signals_hold(void);

/* True when a signal has come; for sow_run_options.cancelled. */
bool cli_signals_came(void *user);

/* Puts everything back. When a signal has come the process ends here, by that signal. */
void cli_signals_release(void);

#endif
