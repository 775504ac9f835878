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

/* torch.set_num_threads: how many threads a call may use where it is not told, long fills of cpu
 * tensors among them. 0 or less: one per core, as at the start; 1024 is the most. The bits do not
 * depend on it. Any thread may call it, at any time. */
SOW_API void sow_set_num_threads(int n_threads);

/* torch.get_num_threads. */
SOW_API int sow_get_num_threads(void);

#ifdef __cplusplus
}
#endif
#endif
