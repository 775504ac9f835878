/* What the shell tests cannot do by themselves; lib.sh compiles it.
 * SPDX-License-Identifier: Apache-2.0
 *
 *   helper peak FILE CMD...        runs CMD, writes its peak resident size in KiB to FILE
 *   helper signal USEC SIG CMD...  runs CMD, sends it SIG after USEC microseconds, prints how it
 * ended helper tty out|err CMD...      runs CMD with that stream on a terminal, prints what came
 * there helper json [KEY]...           strict JSON from standard input; prints the value below the
 * keys The status of peak and tty is that of CMD. */
#define _XOPEN_SOURCE 700

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(99);
}

static pid_t start(char **command)
{
    const pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        die(command[0]);
    }
    return child;
}

static int wait_for(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            die("waitpid");
        }
    }
    return status;
}

static int exit_status(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int peak(char **args)
{
    struct rusage usage;
    const int status = wait_for(start(args + 1));
    FILE *file = fopen(args[0], "w");
    if (file == NULL || getrusage(RUSAGE_CHILDREN, &usage) != 0) {
        die(args[0]);
    }
    fprintf(file, "%ld\n", usage.ru_maxrss);
    fclose(file);
    return exit_status(status);
}

static int send_signal(char **args)
{
    const long usec = atol(args[0]);
    const struct timespec pause = {usec / 1000000, usec % 1000000 * 1000};
    const pid_t child = start(args + 2);
    nanosleep(&pause, NULL);
    kill(child, atoi(args[1]));
    const int status = wait_for(child);
    printf("%s %d\n", WIFEXITED(status) ? "exit" : "signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return 0;
}

static int tty(char **args)
{
    const int target = strcmp(args[0], "out") == 0 ? STDOUT_FILENO : STDERR_FILENO;
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        die("posix_openpt");
    }
    const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0) {
        die("ptsname");
    }
    const pid_t child = fork();
    if (child == 0) {
        dup2(slave, target);
        close(slave);
        close(master);
        execvp(args[1], args + 1);
        die(args[1]);
    }
    close(slave);
    char text[4096];
    ssize_t n;
    while ((n = read(master, text, sizeof text)) > 0) {
        fwrite(text, 1, (size_t)n, stdout);
    }
    return exit_status(wait_for(child));
}

static int json(char **keys)
{
    json_error_t error;
    const json_t *value = json_loadf(stdin, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value == NULL) {
        fprintf(stderr, "line %d: %s\n", error.line, error.text);
        return 1;
    }
    for (; *keys != NULL && value != NULL; keys++) {
        value = json_is_array(value) ? json_array_get(value, (size_t)atol(*keys))
                                     : json_object_get(value, *keys);
    }
    if (value == NULL) {
        fprintf(stderr, "there is no such key\n");
        return 1;
    }
    if (json_is_string(value)) {
        puts(json_string_value(value));
        return 0;
    }
    json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
    putchar('\n');
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "peak") == 0 && argc > 3) {
        return peak(argv + 2);
    }
    if (strcmp(mode, "signal") == 0 && argc > 4) {
        return send_signal(argv + 2);
    }
    if (strcmp(mode, "tty") == 0 && argc > 3) {
        return tty(argv + 2);
    }
    if (strcmp(mode, "json") == 0) {
        return json(argv + 2);
    }
    fprintf(stderr, "usage: helper peak|signal|tty|json ...\n");
    return 99;
}
