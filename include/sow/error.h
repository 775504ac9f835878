/* Status codes, the error record and the warning callback.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_ERROR_H
#define SOW_ERROR_H

#include <sow/export.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every status, with the Python exception that PyTorch raises for the same condition (for bindings)
 * and a short text. X(symbol, value, exception, text) */
#define SOW_STATUS_MAP(X)                                                                          \
    X(SOW_OK, 0, "", "success")                                                                    \
    X(SOW_ERROR_VALUE, 1, "ValueError", "a value is not acceptable")                               \
    X(SOW_ERROR_TYPE, 2, "TypeError", "an argument has the wrong type")                            \
    X(SOW_ERROR_INDEX, 3, "IndexError", "an index is out of range")                                \
    X(SOW_ERROR_ZERO_DIVISION, 4, "ZeroDivisionError", "division by zero")                         \
    X(SOW_ERROR_OVERFLOW, 5, "OverflowError", "a number is too large")                             \
    X(SOW_ERROR_UNSUPPORTED, 6, "NotImplementedError", "not supported")                            \
    X(SOW_ERROR_RUNTIME, 7, "RuntimeError", "the operation is not possible")                       \
    X(SOW_ERROR_MEMORY, 8, "MemoryError", "out of memory")                                         \
    X(SOW_ERROR_IO, 9, "OSError", "the system refused a read or a write")                          \
    X(SOW_ERROR_CORRUPT, 10, "ValueError", "a file does not hold what it says")                    \
    X(SOW_ERROR_EXISTS, 11, "FileExistsError", "the output exists already")                        \
    X(SOW_ERROR_NOT_FOUND, 12, "KeyError", "no such name")                                         \
    X(SOW_ERROR_CANCELLED, 13, "InterruptedError", "stopped on request")                           \
    X(SOW_ERROR_LIMIT, 14, "MemoryError", "a limit that was asked for is too low")

typedef enum sow_status {
#define SOW_X(symbol, value, exception, text) symbol = (value),
    SOW_STATUS_MAP(SOW_X)
#undef SOW_X
} sow_status;

#define SOW_ERROR_MESSAGE_SIZE 1024

/* What went wrong. The caller owns it, usually on the stack, and passes it as the last argument;
 * NULL is accepted everywhere by a caller who needs the status alone. A function that succeeds
 * leaves it as it was. */
typedef struct sow_error {
    sow_status status;
    /* Byte offset in the file that the message speaks of, -1 where there is none. */
    int64_t offset;
    /* One line of UTF-8 without control characters; names the thing and the value. */
    char message[SOW_ERROR_MESSAGE_SIZE];
} sow_error;

/* The symbol of a status ("SOW_ERROR_VALUE"); "?" for a number that is none. Static text. */
SOW_API const char *sow_status_name(sow_status status);

/* What a status means in a few words; "unknown status" for a number that is none. Static text. */
SOW_API const char *sow_status_text(sow_status status);

/* The Python exception of the same condition ("ValueError"), "" for SOW_OK. Static text. */
SOW_API const char *sow_status_exception(sow_status status);

typedef enum sow_warning {
    SOW_WARNING_USER = 0,       /* PyTorch's UserWarning */
    SOW_WARNING_DEPRECATED = 1, /* PyTorch's FutureWarning */
} sow_warning;

/* Receives a warning: one line, valid during the call only. */
typedef void (*sow_warning_handler)(sow_warning kind, const char *message, void *user);

/* Sets the process-wide receiver of warnings; NULL (the start) drops them. The handler may be
 * called from any thread that calls sow, also from two at once, and must not set the handler
 * itself. */
SOW_API void sow_set_warning_handler(sow_warning_handler handler, void *user);

#ifdef __cplusplus
}
#endif
#endif
