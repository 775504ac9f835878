/* Output that is whole or absent: every instant, every kind of place, every failure.
 * SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* mkdtemp, unshare */
#include "io/files.h"

#include "io/output.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

static const sow__output_options unnamed = {false, false}, named = {false, true},
                                 forced = {true, false}, forced_named = {true, true};
static const sow__output_options *const ways[] = {&unnamed, &named, &forced, &forced_named};
#define N_WAYS (sizeof ways / sizeof *ways)

static sow__output *create(const char *path, uint64_t n_bytes, const sow__output_options *options)
{
    sow_error err;
    sow__output *output = sow__output_create(path, n_bytes, options, &err);
    if (output == NULL) {
        fail_msg("%s", err.message);
    }
    return output;
}

static void put(const char *path, const char *text, const sow__output_options *options)
{
    sow_error err;
    sow__output *output = create(path, strlen(text), options);
    assert_ok(sow__output_write(output, 0, text, strlen(text), NULL, &err), err);
    assert_ok(sow__output_finish(output, &err), err);
}

static void assert_not_created(const char *path, const sow__output_options *options,
                               sow_status status, const char *message)
{
    sow_error err = {SOW_OK, 0, ""};
    assert_null(sow__output_create(path, 3, options, &err));
    assert_string_equal(err.message, message);
    assert_int_equal(err.status, status);
    assert_null(sow__output_create(path, 3, options, NULL));
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode;
}

/* ---- the good way ---- */

static void test_io_output__is_there_whole_at_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_WAYS; i++) {
        char path[PATH_SIZE];
        in_folder(path, "new");
        sow_error err;
        sow__output *output = create(path, 6, ways[i]);
        assert_false(sow__output_is_sequential(output));
        assert_ok(sow__output_write(output, 3, "def", 3, NULL, &err), err);
        assert_ok(sow__output_write(output, 0, "abc", 3, NULL, &err), err);
        assert_ok(sow__output_write(output, 6, "", 0, NULL, &err), err);
        assert_int_equal(access(path, F_OK), -1);
        assert_ok(sow__output_finish(output, &err), err);
        assert_file_is(path, "abcdef", 6);
        assert_int_equal(count_files(folder), 1);
        unlink(path);
    }
}

static void test_io_output__may_be_empty(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    put(in_folder(path, "empty"), "", NULL);
    assert_file_is(path, "", 0);
}

static void test_io_output__leaves_the_old_file_until_the_end(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "old");
    for (int i = 0; i < 2; i++) {
        write_file(path, "old", 3);
        sow_error err;
        sow__output *output = create(path, 6, i == 0 ? &forced : &forced_named);
        assert_ok(sow__output_write(output, 0, "newnew", 6, NULL, &err), err);
        assert_file_is(path, "old", 3);
        assert_ok(sow__output_finish(output, &err), err);
        assert_file_is(path, "newnew", 6);
        assert_int_equal(count_files(folder), 1);
    }
}

static void test_io_output__abandon_leaves_the_place_as_it_was(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "kept");
    for (size_t i = 0; i < N_WAYS; i++) {
        if (ways[i]->force) {
            write_file(path, "old", 3);
        }
        sow_error err;
        sow__output *output = create(path, 6, ways[i]);
        assert_ok(sow__output_write(output, 0, "newnew", 6, NULL, &err), err);
        assert_int_equal(count_files(folder), ways[i]->force + ways[i]->named);
        sow__output_abandon(output);
        assert_int_equal(count_files(folder), ways[i]->force);
        if (ways[i]->force) {
            assert_file_is(path, "old", 3);
        }
    }
    sow__output_abandon(NULL);
}

typedef struct worker {
    sow__output *output;
    int index;
} worker;

#define N_WORKERS 4
#define N_PIECES 64
#define PIECE 4099

static void *write_pieces(void *user)
{
    worker *w = user;
    static char bytes[N_WORKERS][PIECE];
    for (int i = w->index; i < N_PIECES; i += N_WORKERS) {
        memset(bytes[w->index], i + 1, PIECE);
        if (sow__output_write(w->output, (uint64_t)i * PIECE, bytes[w->index], PIECE, NULL, NULL) !=
            SOW_OK) {
            return w;
        }
    }
    return NULL;
}

static void test_io_output__takes_pieces_from_any_thread(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    sow_error err;
    sow__output *output = create(in_folder(path, "threads"), N_PIECES * PIECE, NULL);
    pthread_t threads[N_WORKERS];
    worker workers[N_WORKERS];
    for (int i = 0; i < N_WORKERS; i++) {
        workers[i] = (worker){output, i};
        assert_int_equal(pthread_create(&threads[i], NULL, write_pieces, &workers[i]), 0);
    }
    for (int i = 0; i < N_WORKERS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_ok(sow__output_finish(output, &err), err);
    char *expected = malloc(N_PIECES * PIECE);
    assert_non_null(expected);
    for (int i = 0; i < N_PIECES; i++) {
        memset(expected + i * PIECE, i + 1, PIECE);
    }
    assert_file_is(path, expected, N_PIECES * PIECE);
    free(expected);
}

static void test_io_output__refuses_pieces_outside_the_file(void **state)
{
    (void)state;
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    in_folder(path, "outside");
    sow_error err;
    sow__output *output = create(path, 4, NULL);
    snprintf(message, sizeof message, "%s: 2 bytes from byte 3 leave a file of 4", path);
    assert_fails(sow__output_write(output, 3, "xy", 2, NULL, &err), SOW_ERROR_VALUE, err, message);
    snprintf(message, sizeof message,
             "%s: 1 bytes from byte 18446744073709551615 leave a file of 4", path);
    assert_fails(sow__output_write(output, UINT64_MAX, "x", 1, NULL, &err), SOW_ERROR_VALUE, err,
                 message);
    sow__output_abandon(output);
    snprintf(message, sizeof message, "%s: 9223372036854775808 bytes are too many", path);
    assert_null(sow__output_create(path, (uint64_t)INT64_MAX + 1, NULL, &err));
    assert_int_equal(err.status, SOW_ERROR_OVERFLOW);
    assert_string_equal(err.message, message);
}

/* ---- permissions ---- */

static void test_io_output__obeys_the_umask_and_keeps_the_mode_of_the_old_file(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    in_folder(path, "mode");
    for (size_t i = 0; i < N_WAYS; i++) {
        mode_t before = umask(027);
        put(path, "abc", ways[i]);
        umask(before);
        assert_int_equal(mode_of(path) & 07777, 0640);
        if (ways[i]->force) {
            assert_int_equal(chmod(path, 0604), 0);
            put(path, "def", ways[i]);
            assert_int_equal(mode_of(path) & 07777, 0604);
        }
        unlink(path);
    }
}

/* ---- what is at the place ---- */

static void test_io_output__refuses_an_existing_file_without_force(void **state)
{
    (void)state;
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    write_file(in_folder(path, "there"), "old", 3);
    snprintf(message, sizeof message, "%s: exists already", path);
    assert_not_created(path, NULL, SOW_ERROR_EXISTS, message);
    assert_not_created(path, &named, SOW_ERROR_EXISTS, message);
    assert_file_is(path, "old", 3);
    assert_int_equal(count_files(folder), 1);
}

static void test_io_output__of_two_runs_one_loses(void **state)
{
    (void)state;
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    in_folder(path, "race");
    snprintf(message, sizeof message, "%s: exists already", path);
    for (int i = 0; i < 4; i++) {
        sow_error err;
        sow__output *one = create(path, 3, i & 1 ? &named : &unnamed);
        sow__output *two = create(path, 3, i & 2 ? &named : &unnamed);
        assert_ok(sow__output_write(one, 0, "one", 3, NULL, &err), err);
        assert_ok(sow__output_write(two, 0, "two", 3, NULL, &err), err);
        assert_ok(sow__output_finish(two, &err), err);
        assert_fails(sow__output_finish(one, &err), SOW_ERROR_EXISTS, err, message);
        assert_file_is(path, "two", 3);
        assert_int_equal(count_files(folder), 1);
        unlink(path);
    }
}

#define N_RACERS 8

static void *race(void *user)
{
    const sow__output_options *options = user;
    char path[PATH_SIZE];
    sow_error err;
    sow__output *output = sow__output_create(in_folder(path, "race"), 3, options, &err);
    if (output == NULL) {
        return err.status == SOW_ERROR_EXISTS ? NULL : user;
    }
    if (sow__output_write(output, 0, "win", 3, NULL, &err) != SOW_OK) {
        return user;
    }
    sow_status status = sow__output_finish(output, &err);
    static char winner;
    return status == SOW_OK ? &winner : status == SOW_ERROR_EXISTS ? NULL : user;
}

static void test_io_output__of_many_threads_one_wins(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        pthread_t threads[N_RACERS];
        int n_winners = 0;
        char path[PATH_SIZE];
        for (int i = 0; i < N_RACERS; i++) {
            const sow__output_options *options = i % 2 ? &named : &unnamed;
            assert_int_equal(pthread_create(&threads[i], NULL, race, (void *)(uintptr_t)options),
                             0);
        }
        for (int i = 0; i < N_RACERS; i++) {
            void *result;
            assert_int_equal(pthread_join(threads[i], &result), 0);
            assert_ptr_not_equal(result, &named);
            assert_ptr_not_equal(result, &unnamed);
            n_winners += result != NULL;
        }
        assert_int_equal(n_winners, 1);
        assert_file_is(in_folder(path, "race"), "win", 3);
        assert_int_equal(count_files(folder), 1);
        unlink(path);
    }
}

static void test_io_output__replaces_only_regular_files(void **state)
{
    (void)state;
    char fifo[PATH_SIZE], dir[PATH_SIZE], link[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_int_equal(mkfifo(in_folder(fifo, "fifo"), 0600), 0);
    assert_int_equal(mkdir(in_folder(dir, "dir"), 0700), 0);
    assert_int_equal(symlink("fifo", in_folder(link, "link")), 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket", folder);
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof address), 0);
    const struct {
        const char *path, *kind;
    } cases[] = {{fifo, "a FIFO"},
                 {dir, "a folder"},
                 {link, "a FIFO"},
                 {address.sun_path, "a socket"},
                 {folder, "a folder"},
                 {".", "a folder"},
                 {"/", "a folder"},
                 {"/dev/null", "a character device"},
                 {"/dev/full", "a character device"}};
    int n_before = count_files(folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(message, sizeof message, "%s: is %s, only a regular file can be replaced",
                 cases[i].path, cases[i].kind);
        for (size_t way = 0; way < N_WAYS; way++) {
            assert_not_created(cases[i].path, ways[way], SOW_ERROR_EXISTS, message);
        }
    }
    assert_int_equal(count_files(folder), n_before);
    close(sock);
}

static void test_io_output__sees_what_came_to_the_place_meanwhile(void **state)
{
    (void)state;
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    in_folder(path, "late");
    for (size_t i = 0; i < N_WAYS; i++) {
        sow_error err;
        sow__output *output = create(path, 3, ways[i]);
        assert_ok(sow__output_write(output, 0, "abc", 3, NULL, &err), err);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(message, sizeof message, "%s: is a folder, only a regular file can be replaced",
                 path);
        assert_fails(sow__output_finish(output, &err), SOW_ERROR_EXISTS, err, message);
        assert_int_equal(count_files(folder), 1);
        assert_int_equal(rmdir(path), 0);
    }
}

static void test_io_output__follows_links(void **state)
{
    (void)state;
    char target[PATH_SIZE], link[PATH_SIZE], second[PATH_SIZE], message[3 * PATH_SIZE];
    in_folder(target, "sub");
    assert_int_equal(mkdir(target, 0700), 0);
    in_folder(target, "sub/real");
    assert_int_equal(symlink("sub/real", in_folder(link, "link")), 0);
    assert_int_equal(symlink(link, in_folder(second, "second")), 0);
    for (size_t i = 0; i < N_WAYS; i++) { /* to nothing yet: the target is made */
        put(second, "new", ways[i]);
        assert_true(S_ISLNK(mode_of(second)) && S_ISLNK(mode_of(link)));
        assert_file_is(target, "new", 3);
        unlink(target);
    }
    write_file(target, "old", 3);
    snprintf(message, sizeof message, "%s: exists already", second);
    assert_not_created(second, NULL, SOW_ERROR_EXISTS, message);
    put(second, "newer", &forced);
    assert_true(S_ISLNK(mode_of(second)) && S_ISLNK(mode_of(link)) && S_ISREG(mode_of(target)));
    assert_file_is(target, "newer", 5);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("second", link), 0);
    snprintf(message, sizeof message, "%s: Too many levels of symbolic links", second);
    assert_not_created(second, &forced, SOW_ERROR_IO, message);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(symlink("nowhere/file", link), 0);
    char missing[PATH_SIZE];
    snprintf(message, sizeof message, "%s: the folder %s does not exist", second,
             in_folder(missing, "nowhere/"));
    assert_not_created(second, &forced, SOW_ERROR_IO, message);
}

static void test_io_output__names_a_path_that_can_not_be(void **state)
{
    (void)state;
    char path[PATH_SIZE], message[3 * PATH_SIZE], name[300];
    assert_not_created("", NULL, SOW_ERROR_IO, "output path \"\": No such file or directory");
    assert_not_created(NULL, NULL, SOW_ERROR_VALUE, "output: no path given");
    char missing[PATH_SIZE];
    snprintf(message, sizeof message, "%s: the folder %s does not exist",
             in_folder(path, "no/file"), in_folder(missing, "no/"));
    assert_not_created(path, NULL, SOW_ERROR_IO, message);
    snprintf(message, sizeof message, "%s: Is a directory", in_folder(path, "new/"));
    assert_not_created(path, NULL, SOW_ERROR_IO, message);
    memset(name, 'n', sizeof name);
    name[256] = '\0';
    snprintf(message, sizeof message, "%s: File name too long", in_folder(path, name));
    assert_not_created(path, &forced, SOW_ERROR_IO, message);
    write_file(in_folder(path, "file"), "", 0);
    snprintf(message, sizeof message, "%s: Not a directory", in_folder(path, "file/file"));
    assert_not_created(path, NULL, SOW_ERROR_IO, message);
    snprintf(message, sizeof message, "%s: Not a directory", in_folder(path, "file/"));
    assert_not_created(path, &forced, SOW_ERROR_IO, message);
    assert_int_equal(count_files(folder), 1);
}

static void test_io_output__takes_the_longest_name(void **state)
{
    (void)state;
    char path[PATH_SIZE], name[256];
    for (int i = 0; i < 254; i += 2) {
        memcpy(name + i, "\xC3\xA4", 2);
    }
    name[254] = 'x';
    name[255] = '\0';
    in_folder(path, name);
    put(path, "abc", &named);
    put(path, "def", &forced);
    put(path, "ghi", &forced_named);
    assert_file_is(path, "ghi", 3);
    assert_int_equal(count_files(folder), 1);
}

static void test_io_output__does_not_mind_the_working_folder_or_old_temporaries(void **state)
{
    (void)state;
    char path[PATH_SIZE], other[PATH_SIZE], before[PATH_SIZE];
    sow_error err;
    assert_int_equal(mkdir(in_folder(other, "other"), 0700), 0);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    write_file(".file.sow-aaaaaa", "stale", 5);
    for (size_t i = 0; i < N_WAYS; i++) {
        sow__output *output = create("file", 3, ways[i]);
        assert_ok(sow__output_write(output, 0, "abc", 3, NULL, &err), err);
        assert_int_equal(chdir("other"), 0);
        assert_ok(sow__output_finish(output, &err), err);
        assert_int_equal(chdir(".."), 0);
        assert_file_is(in_folder(path, "file"), "abc", 3);
        assert_int_equal(unlink("file"), 0);
    }
    assert_file_is(".file.sow-aaaaaa", "stale", 5);
    assert_int_equal(count_files(folder), 2);
    assert_int_equal(count_files(other), 0);
    assert_int_equal(chdir(before), 0);
}

/* ---- no space ---- */

/* A child runs what changes limits or mounts; its exit status is the line that failed, 0: none. */
#define CHILD_CHECK(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static int run_child(void (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void meet_the_size_limit(void)
{
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    in_folder(path, "limited");
    snprintf(message, sizeof message, "%s: File too large", path);
    const struct rlimit limit = {65536, 65536};
    signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < N_WAYS; i++) {
        sow_error err;
        sow__output *output = sow__output_create(path, 65537, ways[i], &err);
        CHILD_CHECK(output != NULL);
        sow__output_abandon(output);
    }
    CHILD_CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    for (size_t i = 0; i < N_WAYS; i++) {
        sow_error err = {SOW_OK, 0, ""};
        CHILD_CHECK(sow__output_create(path, 65537, ways[i], &err) == NULL);
        CHILD_CHECK(err.status == SOW_ERROR_IO && strcmp(err.message, message) == 0);
        sow__output *output = sow__output_create(path, 65536, ways[i], &err);
        CHILD_CHECK(output != NULL);
        sow__output_abandon(output);
    }
}

/* The limit comes after the space was set aside: it is met by a write. */
static void meet_the_size_limit_in_a_write(void)
{
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    in_folder(path, "limited");
    snprintf(message, sizeof message, "%s: File too large", path);
    const struct rlimit limit = {65536, 65536};
    signal(SIGXFSZ, SIG_IGN);
    sow_error err;
    sow__output *output = sow__output_create(path, 131072, &named, &err);
    CHILD_CHECK(output != NULL && setrlimit(RLIMIT_FSIZE, &limit) == 0);
    static char bytes[131072];
    CHILD_CHECK(sow__output_write(output, 0, bytes, sizeof bytes, NULL, &err) == SOW_ERROR_IO);
    CHILD_CHECK(strcmp(err.message, message) == 0);
    sow__output_abandon(output);
}

static void test_io_output__a_limit_on_the_size_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_child(meet_the_size_limit), 0);
    assert_int_equal(run_child(meet_the_size_limit_in_a_write), 0);
    assert_int_equal(count_files(folder), 0);
}

/* On a file system of 1 MiB of the child's own: the old file stays. 77: no right to mount. */
static void fill_the_disk(void)
{
    char path[PATH_SIZE], message[SOW_ERROR_MESSAGE_SIZE];
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=1m") != 0) {
        _exit(77);
    }
    in_folder(path, "full");
    snprintf(message, sizeof message, "%s: No space left on device", path);
    FILE *old = fopen(path, "wb");
    CHILD_CHECK(old != NULL && fputs("old", old) >= 0 && fclose(old) == 0);
    static const sow__output_options *const forces[] = {&forced, &forced_named};
    for (int i = 0; i < 2; i++) {
        sow_error err = {SOW_OK, 0, ""};
        CHILD_CHECK(sow__output_create(path, 2 << 20, forces[i], &err) == NULL);
        CHILD_CHECK(err.status == SOW_ERROR_IO && strcmp(err.message, message) == 0);
        char text[4] = "";
        old = fopen(path, "rb");
        CHILD_CHECK(old != NULL && fread(text, 1, 3, old) == 3 && fclose(old) == 0);
        CHILD_CHECK(strcmp(text, "old") == 0);
        CHILD_CHECK(count_files(folder) == 1);
    }
}

static void test_io_output__a_full_disk_shows_at_the_start(void **state)
{
    (void)state;
    int status = run_child(fill_the_disk);
    if (status == 77) { /* the limit on the size, above, stands for it */
        print_message("no right to mount a small file system here\n");
        return;
    }
    assert_int_equal(status, 0);
}

static void be_killed(void)
{
    char path[PATH_SIZE];
    sow__output *output = sow__output_create(in_folder(path, "killed"), 3, &unnamed, NULL);
    CHILD_CHECK(output != NULL && sow__output_write(output, 0, "abc", 3, NULL, NULL) == SOW_OK);
    _exit(9); /* nothing is closed or cleaned up, as after a kill */
}

static void test_io_output__a_killed_run_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(run_child(be_killed), 9);
    assert_int_equal(count_files(folder), 0);
}

/* ---- standard output ---- */

static void write_to_a_closed_pipe(void)
{
    int ends[2];
    sow_error err;
    signal(SIGPIPE, SIG_IGN);
    CHILD_CHECK(pipe(ends) == 0 && dup2(ends[1], 1) == 1 && close(ends[0]) == 0);
    sow__output *output = sow__output_create("-", 6, NULL, &err);
    CHILD_CHECK(output != NULL && sow__output_is_sequential(output));
    CHILD_CHECK(sow__output_write(output, 0, "abc", 3, NULL, &err) == SOW_ERROR_IO);
    CHILD_CHECK(strcmp(err.message, "standard output: Broken pipe") == 0);
    CHILD_CHECK(sow__output_finish(output, &err) == SOW_ERROR_RUNTIME);
    CHILD_CHECK(strcmp(err.message, "standard output: 0 of 6 bytes written") == 0);
}

static void write_to_no_stdout(void)
{
    sow_error err;
    close(1);
    CHILD_CHECK(sow__output_create("-", 6, NULL, &err) == NULL);
    CHILD_CHECK(strcmp(err.message, "standard output: Bad file descriptor") == 0);
    CHILD_CHECK(open("/dev/null", O_RDONLY) == 1);
    CHILD_CHECK(sow__output_create("-", 6, NULL, &err) == NULL);
    CHILD_CHECK(strcmp(err.message, "standard output: Bad file descriptor") == 0);
}

static void write_to_a_file_as_stdout(void)
{
    char path[PATH_SIZE];
    sow_error err;
    int fd = open(in_folder(path, "redirected"), O_WRONLY | O_CREAT, 0600);
    CHILD_CHECK(fd >= 0 && dup2(fd, 1) == 1 && write(1, "before ", 7) == 7);
    sow__output *output = sow__output_create("-", 6, NULL, &err);
    CHILD_CHECK(output != NULL && sow__output_is_sequential(output));
    CHILD_CHECK(sow__output_write(output, 0, "abc", 3, NULL, &err) == SOW_OK);
    CHILD_CHECK(sow__output_write(output, 0, "abc", 3, NULL, &err) == SOW_ERROR_VALUE);
    CHILD_CHECK(strcmp(err.message, "standard output: must be written in order: byte 3 is next, "
                                    "got byte 0") == 0);
    CHILD_CHECK(sow__output_write(output, 3, "def", 3, NULL, &err) == SOW_OK);
    CHILD_CHECK(sow__output_finish(output, &err) == SOW_OK);
}

static void test_io_output__dash_is_standard_output(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    assert_int_equal(run_child(write_to_a_closed_pipe), 0);
    assert_int_equal(run_child(write_to_no_stdout), 0);
    assert_int_equal(run_child(write_to_a_file_as_stdout), 0);
    assert_file_is(in_folder(path, "redirected"), "before abcdef", 13);
}

static volatile sig_atomic_t n_alarms, n_asked;

static void on_alarm(int number)
{
    (void)number;
    n_alarms++;
}

static bool is_third(void *user)
{
    (void)user;
    return ++n_asked == 3;
}

/* A pipe that nobody reads fills; alarms interrupt the write that waits, the third question says
 * stop. With a pipe that does not block the wait is another. */
static void be_interrupted(bool blocks)
{
    int ends[2];
    sow_error err;
    CHILD_CHECK(pipe(ends) == 0 && dup2(ends[1], 1) == 1);
    CHILD_CHECK(fcntl(1, F_SETFL, blocks ? 0 : O_NONBLOCK) == 0);
    struct sigaction action = {.sa_handler = on_alarm};
    CHILD_CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    static char bytes[1 << 20];
    sow__output *output = sow__output_create("-", sizeof bytes, NULL, &err);
    CHILD_CHECK(output != NULL);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    const struct itimerspec often = {{0, 20000000}, {0, 20000000}};
    CHILD_CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHILD_CHECK(timer_settime(timer, 0, &often, NULL) == 0);
    const sow__cancel cancel = {is_third, NULL};
    CHILD_CHECK(sow__output_write(output, 0, bytes, sizeof bytes, &cancel, &err) ==
                SOW_ERROR_CANCELLED);
    CHILD_CHECK(strcmp(err.message, "standard output: stopped on request") == 0);
    CHILD_CHECK(n_asked == 3 && n_alarms >= 1);
    sow__output_abandon(output);
}

static void be_interrupted_in_write(void)
{
    be_interrupted(true);
}

static void be_interrupted_in_poll(void)
{
    be_interrupted(false);
}

static void test_io_output__an_interrupt_asks_whether_to_stop(void **state)
{
    (void)state;
    assert_int_equal(run_child(be_interrupted_in_write), 0);
    assert_int_equal(run_child(be_interrupted_in_poll), 0);
}

/* A reader that is slower than the writer gets every byte. */
static void test_io_output__a_slow_reader_gets_every_byte(void **state)
{
    (void)state;
    for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            static char bytes[300000];
            sow_error err;
            memset(bytes, 'x', sizeof bytes);
            CHILD_CHECK(dup2(ends[1], 1) == 1 && fcntl(1, F_SETFL, flags) == 0);
            close(ends[0]);
            sow__output *output = sow__output_create("-", sizeof bytes, NULL, &err);
            CHILD_CHECK(output != NULL);
            CHILD_CHECK(sow__output_write(output, 0, bytes, sizeof bytes, NULL, &err) == SOW_OK);
            CHILD_CHECK(sow__output_finish(output, &err) == SOW_OK);
            _exit(0);
        }
        close(ends[1]);
        size_t n_read = 0;
        char buffer[9000];
        ssize_t n;
        while ((n = read(ends[0], buffer, sizeof buffer)) > 0) {
            n_read += (size_t)n;
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        }
        close(ends[0]);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(n_read, 300000);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(test_io_output__##name, empty_folder)
    const struct CMUnitTest tests[] = {
        TEST(is_there_whole_at_the_end),
        TEST(may_be_empty),
        TEST(leaves_the_old_file_until_the_end),
        TEST(abandon_leaves_the_place_as_it_was),
        TEST(takes_pieces_from_any_thread),
        TEST(refuses_pieces_outside_the_file),
        TEST(obeys_the_umask_and_keeps_the_mode_of_the_old_file),
        TEST(refuses_an_existing_file_without_force),
        TEST(of_two_runs_one_loses),
        TEST(of_many_threads_one_wins),
        TEST(replaces_only_regular_files),
        TEST(sees_what_came_to_the_place_meanwhile),
        TEST(follows_links),
        TEST(names_a_path_that_can_not_be),
        TEST(takes_the_longest_name),
        TEST(does_not_mind_the_working_folder_or_old_temporaries),
        TEST(a_limit_on_the_size_leaves_nothing),
        TEST(a_full_disk_shows_at_the_start),
        TEST(a_killed_run_leaves_nothing),
        TEST(dash_is_standard_output),
        TEST(an_interrupt_asks_whether_to_stop),
        TEST(a_slow_reader_gets_every_byte),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
