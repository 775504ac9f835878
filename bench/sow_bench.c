/* Measures libsow through its public headers: reads one case per line, prints one line of JSON
 * each.
 * SPDX-License-Identifier: Apache-2.0
 *
 *   fill NAME DTYPE ROWS COLS THREADS   a fill in place, into memory that was touched before
 *   fresh NAME DTYPE ROWS COLS THREADS  a fill into memory that the system hands out for it
 *   memset BYTES THREADS                the limit that memory sets
 *   stream BYTES THREADS                the same with stores past the caches
 *   seek POSITION                       going to a place and drawing one word
 *   skip_init IN OUT                    torch.nn.utils.skip_init(Linear, IN, OUT)
 *   load FILE N IN OUT                  a Sequential of N Linear from a file, then a guarded reset
 *   read FILE                           the same bytes read and nothing else
 *
 * sow_set_num_threads says how many threads a fill in place may use. Fresh memory goes to a
 * deferred tensor that is materialized. */
#include <sow/sow.h>

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

#define MAX_WORDS 8
#define MAX_THREADS 64
#define MIN_SECONDS 0.02 /* that a case is repeated for */
#define READ_BYTES ((size_t)4 << 20)

typedef sow_status (*bench_call)(void *user, sow_error *err);

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Runs once untimed, then again and again; prints the mean of the timed calls. */
static sow_status repeat(bench_call call, void *user, sow_error *err)
{
    sow_status status = call(user, err);
    double seconds = 0;
    uint64_t n_calls = 0;
    for (uint64_t n = 1; status == SOW_OK && seconds < MIN_SECONDS; n *= 2) {
        const double begun = now();
        for (uint64_t i = 0; status == SOW_OK && i < n; i++) {
            status = call(user, err);
        }
        seconds = now() - begun;
        n_calls = n;
    }
    if (status == SOW_OK) {
        printf("{\"seconds\": %.9g, \"calls\": %" PRIu64 "}\n", seconds / (double)n_calls, n_calls);
    }
    return status;
}

static sow_status fail(sow_error *err, const char *message)
{
    *err = (sow_error){.status = SOW_ERROR_VALUE};
    snprintf(err->message, sizeof err->message, "%s", message);
    return err->status;
}

/* ---- fills ---- */

typedef struct fill_case {
    const sow_initializer *how;
    sow_init_args args;
    sow_dtype dtype;
    int64_t sizes[2];
    int n_threads;
    sow_tensor *tensor; /* in place */
    sow_generator *generator;
} fill_case;

/* The names of the cases; other arguments are PyTorch's defaults. */
static bool find_fill(fill_case *fill, const char *name)
{
    const bool is_narrow = strcmp(name, "trunc_normal_narrow") == 0;
    const bool is_wide = strcmp(name, "trunc_normal_wide") == 0;
    fill->how = sow_initializer_find(is_narrow || is_wide ? "trunc_normal" : name);
    if (fill->how == NULL) {
        return false;
    }
    sow_initializer_defaults(fill->how, &fill->args);
    if (is_narrow || is_wide) {
        fill->args.std = 0.02;
        fill->args.b = is_narrow ? 0.04 : 2;
        fill->args.a = -fill->args.b;
    }
    if (strcmp(name, "sparse") == 0) {
        fill->args.sparsity = 0.1;
    }
    return true;
}

static sow_tensor *make_deferred(const fill_case *fill, sow_error *err)
{
    sow_tensor *tensor = sow_empty(fill->dtype, 2, fill->sizes, SOW_DEFERRED, err);
    if (tensor != NULL &&
        sow_initializer_apply(fill->how, tensor, &fill->args, fill->generator, err) != SOW_OK) {
        sow_tensor_free(tensor);
        tensor = NULL;
    }
    return tensor;
}

static sow_status fill_in_place(void *user, sow_error *err)
{
    const fill_case *fill = user;
    return sow_initializer_apply(fill->how, fill->tensor, &fill->args, fill->generator, err);
}

static sow_status run_in_place(fill_case *fill, sow_error *err)
{
    fill->tensor = sow_empty(fill->dtype, 2, fill->sizes, SOW_CPU, err);
    sow_status status = fill->tensor != NULL ? sow_ones(fill->tensor, err) : err->status;
    fill->generator = status == SOW_OK ? sow_generator_new(err) : NULL;
    status = fill->generator != NULL ? repeat(fill_in_place, fill, err) : err->status;
    sow_generator_free(fill->generator);
    sow_tensor_free(fill->tensor);
    return status;
}

static sow_status fill_fresh(void *user, sow_error *err)
{
    const fill_case *fill = user;
    sow_tensor *tensor = make_deferred(fill, err);
    const sow_status status =
        tensor != NULL ? sow_tensor_materialize(tensor, fill->n_threads, err) : err->status;
    sow_tensor_free(tensor);
    return status;
}

static sow_status run_fresh(fill_case *fill, sow_error *err)
{
    fill->generator = sow_generator_new(err);
    const sow_status status = fill->generator != NULL ? repeat(fill_fresh, fill, err) : err->status;
    sow_generator_free(fill->generator);
    return status;
}

static sow_status bench_fill(char **words, sow_error *err)
{
    fill_case fill = {.sizes = {atoll(words[3]), atoll(words[4])}, .n_threads = atoi(words[5])};
    sow_status status = sow_dtype_parse(words[2], &fill.dtype, err);
    if (status == SOW_OK && !find_fill(&fill, words[1])) {
        status = fail(err, "no such fill");
    }
    if (status == SOW_OK && (fill.n_threads < 1 || fill.n_threads > MAX_THREADS)) {
        status = fail(err, "1 to 64 threads");
    }
    if (status != SOW_OK) {
        return status;
    }
    sow_set_num_threads(fill.n_threads);
    return strcmp(words[0], "fresh") == 0 ? run_fresh(&fill, err) : run_in_place(&fill, err);
}

/* ---- the limits of memory ---- */

typedef struct memory_case {
    unsigned char *data;
    size_t n_bytes;
    int n_threads;
    void (*set)(unsigned char *data, size_t n_bytes, int value);
    int value; /* another one every time */
} memory_case;

static void set_plain(unsigned char *data, size_t n_bytes, int value)
{
    memset(data, value, n_bytes);
}

static void set_stream(unsigned char *data, size_t n_bytes, int value)
{
#ifdef __SSE2__
    const __m128i values = _mm_set1_epi8((char)value);
    for (size_t i = 0; i + 64 <= n_bytes; i += 64) {
        _mm_stream_si128((__m128i *)(void *)(data + i), values);
        _mm_stream_si128((__m128i *)(void *)(data + i + 16), values);
        _mm_stream_si128((__m128i *)(void *)(data + i + 32), values);
        _mm_stream_si128((__m128i *)(void *)(data + i + 48), values);
    }
    _mm_sfence();
#else
    set_plain(data, n_bytes, value);
#endif
}

static void *set_part(void *user)
{
    const memory_case *part = user;
    part->set(part->data, part->n_bytes, part->value);
    return NULL;
}

static sow_status set_memory(void *user, sow_error *err)
{
    memory_case *whole = user;
    memory_case parts[MAX_THREADS];
    pthread_t threads[MAX_THREADS];
    bool is_started[MAX_THREADS];
    const size_t share = whole->n_bytes / (size_t)whole->n_threads / 64 * 64;
    whole->value = (whole->value + 1) % 100;
    (void)err;
    for (int i = 0; i < whole->n_threads; i++) {
        parts[i] = *whole;
        parts[i].data += (size_t)i * share;
        parts[i].n_bytes = share;
        is_started[i] = i > 0 && pthread_create(&threads[i], NULL, set_part, &parts[i]) == 0;
    }
    for (int i = 0; i < whole->n_threads; i++) {
        if (is_started[i]) {
            pthread_join(threads[i], NULL);
        } else {
            set_part(&parts[i]);
        }
    }
    return SOW_OK;
}

static sow_status bench_memory(char **words, sow_error *err)
{
    const bool is_stream = strcmp(words[0], "stream") == 0;
    memory_case whole = {.n_bytes = (size_t)atoll(words[1]) / 64 * 64,
                         .n_threads = atoi(words[2]),
                         .set = is_stream ? set_stream : set_plain};
    if (whole.n_threads < 1 || whole.n_threads > MAX_THREADS) {
        return fail(err, "1 to 64 threads");
    }
    whole.data = aligned_alloc(64, whole.n_bytes);
    if (whole.data == NULL) {
        return fail(err, "no memory");
    }
    const sow_status status = repeat(set_memory, &whole, err);
    free(whole.data);
    return status;
}

/* ---- generators ---- */

typedef struct seek_case {
    sow_generator *generator;
    uint64_t position;
} seek_case;

static sow_status seek_and_draw(void *user, sow_error *err)
{
    seek_case *seek = user;
    uint32_t word;
    seek->position ^= 1 << 20; /* there is always a way to go */
    const sow_status status = sow_generator_seek(seek->generator, seek->position, err);
    return status == SOW_OK ? sow_generator_random(seek->generator, &word, err) : status;
}

static sow_status bench_seek(char **words, sow_error *err)
{
    seek_case seek = {.generator = sow_generator_new(err),
                      .position = strtoull(words[1], NULL, 10)};
    const sow_status status =
        seek.generator != NULL ? repeat(seek_and_draw, &seek, err) : err->status;
    sow_generator_free(seek.generator);
    return status;
}

/* ---- modules ---- */

static sow_status skip_init(void *user, sow_error *err)
{
    sow_module *linear = sow_skip_init("Linear", user, SOW_CPU, err);
    sow_module_free(linear);
    return linear != NULL ? SOW_OK : err->status;
}

static sow_status bench_skip_init(char **words, sow_error *err)
{
    char args[64];
    snprintf(args, sizeof args, "[%lld, %lld]", atoll(words[1]), atoll(words[2]));
    return repeat(skip_init, args, err);
}

typedef struct load_case {
    const char *path;
    int n_modules;
    int64_t in_features, out_features;
    uint64_t n_drawn; /* words, after the values are there */
    unsigned char *buffer;
} load_case;

static sow_module *build_linears(const load_case *load, sow_error *err)
{
    const sow_factory meta = {.device = SOW_META};
    sow_module *net = sow_module_new("Sequential", err);
    sow_status status = net != NULL ? SOW_OK : err->status;
    for (int i = 0; status == SOW_OK && i < load->n_modules; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        sow_module *linear = sow_linear(load->in_features, load->out_features, true, &meta, err);
        status = linear != NULL ? sow_module_register_module(net, name, linear, err) : err->status;
    }
    if (status != SOW_OK) {
        sow_module_free(net);
        net = NULL;
    }
    return net;
}

static sow_status reset(sow_module *module, void *user, sow_error *err)
{
    return strcmp(sow_module_type(module), "Linear") == 0
               ? sow_module_reset_parameters(module, user, err)
               : SOW_OK;
}

/* Initialises all that was not loaded, which is nothing, and counts the words that this draws. */
static sow_status reset_guarded(load_case *load, sow_module *net, sow_error *err)
{
    sow_generator *generator = sow_generator_new(err);
    if (generator == NULL) {
        return err->status;
    }
    sow_guard_enter();
    const sow_status status = sow_module_apply(net, reset, generator, err);
    sow_guard_leave();
    load->n_drawn = sow_generator_position(generator);
    sow_generator_free(generator);
    return status;
}

static sow_status load_once(load_case *load, sow_error *err)
{
    sow_module *net = build_linears(load, err);
    if (net == NULL) {
        return err->status;
    }
    sow_safetensors *file = sow_safetensors_open(load->path, err);
    sow_status status = file != NULL ? SOW_OK : err->status;
    if (status == SOW_OK) {
        const sow_load_options options = {.assign = true};
        status = sow_module_load_safetensors(net, file, &options, NULL, err);
    }
    if (status == SOW_OK) {
        status = reset_guarded(load, net, err);
    }
    sow_safetensors_close(file);
    sow_module_free(net);
    return status;
}

static sow_status bench_load(char **words, sow_error *err)
{
    load_case load = {.path = words[1],
                      .n_modules = atoi(words[2]),
                      .in_features = atoll(words[3]),
                      .out_features = atoll(words[4])};
    const double begun = now();
    const sow_status status = load_once(&load, err);
    if (status == SOW_OK) {
        printf("{\"seconds\": %.9g, \"calls\": 1, \"n_drawn\": %" PRIu64 "}\n", now() - begun,
               load.n_drawn);
    }
    return status;
}

/* The file's bytes into fresh memory. */
static sow_status bench_read(char **words, sow_error *err)
{
    const double begun = now();
    const int fd = open(words[1], O_RDONLY);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0) {
        return fail(err, "can not be opened");
    }
    const size_t n_bytes = (size_t)about.st_size;
    unsigned char *data = malloc(n_bytes);
    size_t n_read = 0;
    for (ssize_t n = 1; data != NULL && n > 0 && n_read < n_bytes; n_read += (size_t)n) {
        const size_t left = n_bytes - n_read;
        n = read(fd, data + n_read, left < READ_BYTES ? left : READ_BYTES);
        n = n < 0 ? 0 : n;
    }
    free(data);
    close(fd);
    if (n_read < n_bytes) {
        return fail(err, "can not be read");
    }
    printf("{\"seconds\": %.9g, \"calls\": 1}\n", now() - begun);
    return SOW_OK;
}

/* ---- lines ---- */

typedef struct bench_case {
    const char *name;
    int n_words;
    sow_status (*run)(char **words, sow_error *err);
} bench_case;

static const bench_case cases[] = {
    {"fill", 6, bench_fill},     {"fresh", 6, bench_fill},          {"memset", 3, bench_memory},
    {"stream", 3, bench_memory}, {"seek", 2, bench_seek},           {"load", 5, bench_load},
    {"read", 2, bench_read},     {"skip_init", 3, bench_skip_init},
};

static sow_status run_line(char *line, sow_error *err)
{
    char *words[MAX_WORDS];
    int n_words = 0;
    char *rest = line;
    for (char *word; n_words < MAX_WORDS && (word = strtok_r(rest, " \n", &rest)) != NULL;) {
        words[n_words++] = word;
    }
    for (size_t i = 0; n_words > 0 && i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(words[0], cases[i].name) == 0 && n_words == cases[i].n_words) {
            return cases[i].run(words, err);
        }
    }
    return fail(err, "no such case");
}

int main(void)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        sow_error err;
        if (run_line(line, &err) != SOW_OK) {
            printf("{\"error\": \"%s\"}\n", strpbrk(err.message, "\"\\") ? "failed" : err.message);
        }
        fflush(stdout);
    }
    return 0;
}
