/* The histogram of a tensor as inline SVG: bars as counted, the expected density as a line.
 * SPDX-License-Identifier: Apache-2.0 */
#include "report/html.h"

#include <inttypes.h>
#include <math.h>

/* Of the picture: values out of the range have a narrow bar at either end. */
#define WIDTH 180
#define HEIGHT 40
#define LEFT 8
#define RIGHT 172
#define OUT_WIDTH 4

struct scale {
    const sow_histogram *histogram;
    double n;      /* finite values */
    double per_px; /* count per unit of height */
    double bin_px;
};

static double expected_in(const struct scale *scale, const sow__mixture *mixture, int bin)
{
    const sow_histogram *h = scale->histogram;
    const double width = (h->to - h->from) / h->n_bins;
    return scale->n *
           sow__mixture_share(mixture, h->from + bin * width, h->from + (bin + 1) * width);
}

/* The tallest bar or place of the line fills the picture. */
static struct scale make_scale(const sow__told *told)
{
    const sow_stats *values = &told->statistics->values;
    struct scale scale = {.histogram = &told->statistics->histogram,
                          .n = (double)(values->n - values->n_nan - values->n_inf)};
    double most = 1.0;
    for (int i = 0; i < scale.histogram->n_bins; i++) {
        most = fmax(most, (double)scale.histogram->counts[i]);
        most = fmax(most, expected_in(&scale, &told->mixture, i));
    }
    scale.per_px = most / (HEIGHT - 3);
    scale.bin_px = (double)(RIGHT - LEFT) / scale.histogram->n_bins;
    return scale;
}

/* A coordinate with one digit after the dot, whatever the locale. */
static void put_px(sow__text *text, double value)
{
    const int tenths = (int)lround(value * 10.0);
    sow__putf(text, tenths % 10 != 0 ? "%d.%d" : "%d", tenths / 10, tenths % 10);
}

/* What is there can be seen, however little it is. */
static double top_of(const struct scale *scale, uint64_t count)
{
    const double height = fmin((double)count / scale->per_px, HEIGHT - 3);
    return HEIGHT - (count > 0 ? fmax(height, 0.8) : 0.0);
}

static void put_bars(sow__text *text, const struct scale *scale)
{
    sow__put(text, "<path d=\"");
    for (int i = 0; i < scale->histogram->n_bins; i++) {
        if (scale->histogram->counts[i] == 0) {
            continue;
        }
        sow__put(text, "M");
        put_px(text, LEFT + i * scale->bin_px);
        sow__putf(text, " %dV", HEIGHT);
        put_px(text, top_of(scale, scale->histogram->counts[i]));
        sow__put(text, "H");
        put_px(text, LEFT + (i + 1) * scale->bin_px);
        sow__putf(text, "V%dz", HEIGHT);
    }
    sow__put(text, "\"/>");
}

static void put_out(sow__text *text, const struct scale *scale, int x, uint64_t count)
{
    if (count > 0) {
        sow__putf(text, "<path class=\"out\" d=\"M%d %dV", x, HEIGHT);
        put_px(text, top_of(scale, count));
        sow__putf(text, "h%dV%dz\"/>", OUT_WIDTH, HEIGHT);
    }
}

static void put_point(sow__text *text, const struct scale *scale, double x, double expected)
{
    put_px(text, x);
    sow__put(text, ",");
    put_px(text, HEIGHT - expected / scale->per_px);
    sow__put(text, " ");
}

static void put_line(sow__text *text, const struct scale *scale, const sow__mixture *mixture)
{
    const int n_bins = scale->histogram->n_bins;
    if (!(sow__mixture_share(mixture, -(double)INFINITY, (double)INFINITY) > 0.0)) {
        return;
    }
    sow__put(text, "<polyline points=\"");
    put_point(text, scale, LEFT, expected_in(scale, mixture, 0));
    for (int i = 0; i < n_bins; i++) {
        put_point(text, scale, LEFT + (i + 0.5) * scale->bin_px, expected_in(scale, mixture, i));
    }
    put_point(text, scale, RIGHT, expected_in(scale, mixture, n_bins - 1));
    sow__put(text, "\"/>");
}

void sow__html_histogram(sow__text *text, const sow__told *told)
{
    const struct scale scale = make_scale(told);
    const sow_histogram *histogram = scale.histogram;
    sow__putf(text,
              "<svg class=\"h\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\">"
              "<title>Values from ",
              WIDTH, HEIGHT);
    sow__put_number(text, histogram->from, 4);
    sow__put(text, " to ");
    sow__put_number(text, histogram->to, 4);
    sow__putf(text, " in %d bins; %" PRIu64 " below, %" PRIu64 " above</title>", histogram->n_bins,
              histogram->below, histogram->above);
    put_out(text, &scale, 0, histogram->below);
    put_bars(text, &scale);
    put_out(text, &scale, WIDTH - OUT_WIDTH, histogram->above);
    sow__putf(text, "<path class=\"b\" d=\"M%d %d.5H%d\"/>", LEFT, HEIGHT - 1, RIGHT);
    put_line(text, &scale, &told->mixture);
    sow__put(text, "</svg><span class=\"r\"><span>");
    sow__put_number(text, histogram->from, 3);
    sow__put(text, "</span><span>");
    sow__put_number(text, histogram->to, 3);
    sow__put(text, "</span></span>");
}
