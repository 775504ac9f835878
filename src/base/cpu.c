/* Which instruction set the kernels may use, and the versions.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/cpu.h"

#include <pthread.h>
#include <sow/export.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static sow__cpu_level level;

#if defined(__x86_64__)
/* Asked for by hand: clang's __builtin_cpu_supports does not know the name before clang 15. */
static bool has_f16c(void)
{
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C) != 0;
}
#endif

static sow__cpu_level find_machine_level(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !has_f16c() ||
        !__builtin_cpu_supports("bmi2")) {
        return SOW__CPU_SCALAR;
    }
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        return SOW__CPU_AVX512;
    }
    return SOW__CPU_AVX2;
#else
    return SOW__CPU_SCALAR;
#endif
}

static void find_level(void)
{
    level = find_machine_level();
    const char *cap = getenv("SOW_CPU");
    for (int i = SOW__CPU_SCALAR; cap != NULL && i < (int)level; i++) {
        if (strcmp(cap, sow__cpu_level_name((sow__cpu_level)i)) == 0) {
            level = (sow__cpu_level)i;
        }
    }
}

sow__cpu_level sow__cpu_level_get(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_level);
    return level;
}

const char *sow__cpu_level_name(sow__cpu_level of)
{
    return of == SOW__CPU_AVX512 ? "avx512" : of == SOW__CPU_AVX2 ? "avx2" : "scalar";
}

const char *sow_cpu(void)
{
    return sow__cpu_level_name(sow__cpu_level_get());
}

const char *sow_version(void)
{
    return SOW_VERSION;
}
