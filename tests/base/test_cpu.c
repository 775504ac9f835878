/* The level of the kernels, its cap, and the version.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/cpu.h"
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

/* The level that a process with SOW_CPU=cap finds; it is found once in a process. */
static int level_with(const char *cap)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (cap == NULL) {
            unsetenv("SOW_CPU");
        } else {
            setenv("SOW_CPU", cap, 1);
        }
        _exit(sow__cpu_level_get());
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_base_cpu__a_cap_lowers_the_level(void **unused)
{
    (void)unused;
    int machine = level_with(NULL);
    assert_true(machine >= SOW__CPU_SCALAR && machine <= SOW__CPU_AVX512);
    for (int level = SOW__CPU_SCALAR; level <= SOW__CPU_AVX512; level++) {
        int got = level_with(sow__cpu_level_name((sow__cpu_level)level));
        assert_int_equal(got, level < machine ? level : machine);
    }
    assert_int_equal(level_with("fast"), machine);
    assert_int_equal(level_with(""), machine);
}

static void test_base_cpu__names(void **unused)
{
    (void)unused;
    assert_string_equal(sow__cpu_level_name(SOW__CPU_SCALAR), "scalar");
    assert_string_equal(sow__cpu_level_name(SOW__CPU_AVX2), "avx2");
    assert_string_equal(sow__cpu_level_name(SOW__CPU_AVX512), "avx512");
    assert_string_equal(sow_cpu(), sow__cpu_level_name(sow__cpu_level_get()));
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", SOW_VERSION_MAJOR, SOW_VERSION_MINOR,
             SOW_VERSION_PATCH);
    assert_string_equal(sow_version(), version);
    assert_string_equal(SOW_VERSION, version);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_cpu__a_cap_lowers_the_level),
        cmocka_unit_test(test_base_cpu__names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
