/* Symbol visibility and the version of the headers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SOW_EXPORT_H
#define SOW_EXPORT_H

#define SOW_VERSION_MAJOR 0
#define SOW_VERSION_MINOR 1
#define SOW_VERSION_PATCH 0
#define SOW_VERSION "0.1.0"

#if defined(__GNUC__)
#define SOW_API __attribute__((visibility("default")))
#else
#define SOW_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that runs, "MAJOR.MINOR.PATCH"; SOW_VERSION is the one compiled
 * against. */
SOW_API const char *sow_version(void);

/* The instruction set whose kernels run: "scalar", "avx2" or "avx512". The environment variable
 * SOW_CPU=scalar|avx2|avx512 caps it (read once); the bits do not depend on it. */
SOW_API const char *sow_cpu(void);

#ifdef __cplusplus
}
#endif
#endif
