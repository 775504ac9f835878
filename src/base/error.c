/* Filling the caller's error record, and warnings.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include "base/text.h"
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *sow_status_name(sow_status status)
{
    switch (status) {
#define SOW_X(symbol, value, exception, text)                                                      \
    case symbol:                                                                                   \
        return #symbol;
        SOW_STATUS_MAP(SOW_X)
#undef SOW_X
    }
    return "?";
}

const char *sow_status_text(sow_status status)
{
    switch (status) {
#define SOW_X(symbol, value, exception, text)                                                      \
    case symbol:                                                                                   \
        return text;
        SOW_STATUS_MAP(SOW_X)
#undef SOW_X
    }
    return "unknown status";
}

const char *sow_status_exception(sow_status status)
{
    switch (status) {
#define SOW_X(symbol, value, exception, text)                                                      \
    case symbol:                                                                                   \
        return exception;
        SOW_STATUS_MAP(SOW_X)
#undef SOW_X
    }
    return "";
}

/* Copies text into a message of the given size, control characters and broken UTF-8 as \xNN; what
 * does not fit is cut, with "..." in its place. */
static void copy_clean(char *message, size_t size, const char *text)
{
    size_t used = 0, used_before_cut = 0;
    const unsigned char *s = (const unsigned char *)text;
    while (*s != '\0') {
        char piece[8];
        size_t n = sow__utf8_length(s);
        int is_control = *s < 0x20 || *s == 0x7F || (n == 2 && s[0] == 0xC2 && s[1] < 0xA0);
        size_t taken = n == 0 ? 1 : n;
        if (n == 0 || is_control) {
            taken = 1;
            snprintf(piece, sizeof piece, "\\x%02x", *s);
        } else {
            memcpy(piece, s, n);
            piece[n] = '\0';
        }
        size_t piece_size = strlen(piece);
        if (used + sizeof "..." <= size) {
            used_before_cut = used;
        }
        if (used + piece_size >= size) {
            memcpy(message + used_before_cut, "...", sizeof "...");
            return;
        }
        memcpy(message + used, piece, piece_size);
        used += piece_size;
        s += taken;
    }
    message[used] = '\0';
}

/* Of this thread, for sow__fail_within without a record. */
static _Thread_local sow_status last_status = SOW_ERROR_RUNTIME;

static sow_status fail(sow_error *err, sow_status status, int64_t offset, const char *format,
                       va_list args)
{
    last_status = status;
    if (err != NULL) {
        char text[2 * SOW_ERROR_MESSAGE_SIZE];
        vsnprintf(text, sizeof text, format, args);
        err->status = status;
        err->offset = offset;
        copy_clean(err->message, sizeof err->message, text);
    }
    return status;
}

sow_status sow__fail(sow_error *err, sow_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(err, status, -1, format, args);
    va_end(args);
    return status;
}

sow_status sow__fail_at(sow_error *err, sow_status status, int64_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(err, status, offset, format, args);
    va_end(args);
    return status;
}

sow_status sow__fail_memory(sow_error *err, size_t n_bytes)
{
    return sow__fail(err, SOW_ERROR_MEMORY, "out of memory: %zu bytes could not be had", n_bytes);
}

sow_status sow__fail_within(sow_error *err, const char *format, ...)
{
    if (err == NULL) {
        return last_status;
    }
    char text[2 * SOW_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, SOW_ERROR_MESSAGE_SIZE, format, args);
    va_end(args);
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", err->message);
    copy_clean(err->message, sizeof err->message, text);
    return err->status;
}

static struct {
    pthread_mutex_t lock;
    sow_warning_handler handler;
    void *user;
} warnings = {.lock = PTHREAD_MUTEX_INITIALIZER};

void sow_set_warning_handler(sow_warning_handler handler, void *user)
{
    pthread_mutex_lock(&warnings.lock);
    warnings.handler = handler;
    warnings.user = user;
    pthread_mutex_unlock(&warnings.lock);
}

void sow__warn(sow_warning kind, const char *format, ...)
{
    pthread_mutex_lock(&warnings.lock);
    sow_warning_handler handler = warnings.handler;
    void *user = warnings.user;
    pthread_mutex_unlock(&warnings.lock);
    if (handler == NULL) {
        return;
    }
    char text[2 * SOW_ERROR_MESSAGE_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    copy_clean(message, sizeof message, text);
    handler(kind, message, user);
}
