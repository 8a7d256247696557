// SPDX-License-Identifier: GPL-2.0
/*
 * A trace of what became of the ticks: a CSV file with a line for each timer and interval,
 * and its picture, which gnuplot draws.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "describe.h"
#include "error.h"
#include "policy.h"
#include "trace.h"

/* Names may have anything in them, so they stand last. */
#define HEADING	"time_s,time_ns,id,vm_pid,kind,timer,policy,period_ns,due_per_s,delivered_per_s," \
		"discarded_per_s,coalesced_per_s,late_per_s,reinjected_per_s,backlog,rate,reads_per_s,name"
/* Columns that are drawn or tell timers apart, from 0 */
enum { TIME = 0, ID = 2, KIND = 4, TIMER = 5, DUE = 8, DELIVERED = 9, DISCARDED = 10, BACKLOG = 14, NAME = 17,
	COLUMNS = 18 };

#define MAX_SERIES	64
#define SERIES_TEXT	160

/* The timers of a trace, each once */
struct series {
	size_t count;
	struct {
		char id[24], timer[8], title[SERIES_TEXT];
	} of[MAX_SERIES];
};

/* ---- writing ---- */

/**
 * trace_begin() - the line that says what the columns are
 * @file: the trace
 */
void trace_begin(FILE *file)
{
	fprintf(file, "%s\n", HEADING);
}

/* Without what would need quotes, here or in a picture */
static void plain_name(char *name)
{
	for (; *name; name++)
		if (strchr(",\"'\\`", *name))
			*name = '_';
}

static void add_timer(FILE *file, const struct sample *now, const struct sample *before,
		      unsigned int timer, double seconds)
{
	const struct rates rates = timer_rates(now, before, timer, seconds);
	const struct kvm_hpet_timer_stats *st = &now->stats.timer[timer];
	char name[64];

	vm_name(now->info.vm_pid, name, sizeof(name));
	plain_name(name);
	fprintf(file, "%llu,%u,%s,%u,%s,%llu,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%llu,%llu,%.3f,%s\n",
		(unsigned long long)now->info.id, now->info.vm_pid, kind_name(&now->info), timer,
		policy_name(now->policy[timer].policy), (unsigned long long)st->period_ns,
		rates.due, rates.delivered, rates.discarded, rates.coalesced, rates.late,
		rates.reinjected, (unsigned long long)st->backlog, (unsigned long long)st->rate,
		change_per_s(now->stats.mmio_reads, before->stats.mmio_reads, seconds), name);
}

/**
 * trace_add() - what became of all ticks between two moments
 * @file: the trace
 * @now: all blocks
 * @before: at the moment before
 * @start_ns: when the trace began, of CLOCK_MONOTONIC
 * @all: also timers not in use
 */
void trace_add(FILE *file, const struct moment *now, const struct moment *before, uint64_t start_ns,
	       bool all)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct sample *old = moment_find(before, &now->samples[i]);

		for (unsigned int n = 0; old && n < now->samples[i].config.num_timers; n++) {
			if (!all && !sample_in_use(&now->samples[i], n))
				continue;
			fprintf(file, "%.3f,%llu,", (double)(now->ns - start_ns) / NS_PER_S,
				(unsigned long long)now->real_ns);
			add_timer(file, &now->samples[i], old, n, moment_seconds(now, before));
		}
	}
}

/* ---- drawing ---- */

static const char *terminal_of(const char *picture)
{
	const char *end = strrchr(picture, '.');

	if (end && !strcmp(end, ".svg"))
		return "svg size 1000,900 noenhanced background rgb \"white\"";
	if (end && !strcmp(end, ".png"))
		return "pngcairo size 1000,900 noenhanced";
	return NULL;
}

/**
 * trace_can_draw() - whether there is a way to make such a picture
 * @picture: its file
 *
 * Return: true if so, or false after fail()
 */
bool trace_can_draw(const char *picture)
{
	if (!terminal_of(picture)) {
		fail("%s: a picture's name ends in .svg or .png", picture);
		return false;
	}
	if (system("gnuplot --version >/dev/null 2>&1")) {
		fail("gnuplot, which draws the picture, is not installed (apt-get install gnuplot-nox); without --draw the trace alone is written");
		return false;
	}
	return true;
}

/* Return: whether a line has all columns; they are cut out of it in place */
static bool split(char *line, char *column[COLUMNS])
{
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < COLUMNS; i++) {
		column[i] = i < COLUMNS - 1 ? strsep(&line, ",") : line;
		if (!column[i])
			return false;
	}
	return true;
}

static bool is_series(const struct series *all, size_t i, char *column[COLUMNS])
{
	return !strcmp(all->of[i].id, column[ID]) && !strcmp(all->of[i].timer, column[TIMER]);
}

static void note_series(struct series *all, char *column[COLUMNS])
{
	size_t i = 0;

	while (i < all->count && !is_series(all, i, column))
		i++;
	if (i < all->count || i == MAX_SERIES)
		return;
	plain_name(column[NAME]);
	snprintf(all->of[i].id, sizeof(all->of[i].id), "%s", column[ID]);
	snprintf(all->of[i].timer, sizeof(all->of[i].timer), "%s", column[TIMER]);
	if (!strcmp(column[KIND], "hpet"))
		snprintf(all->of[i].title, SERIES_TEXT, "%.60s (%.20s), timer %.8s", column[NAME],
			 column[ID], column[TIMER]);
	else
		snprintf(all->of[i].title, SERIES_TEXT, "%.60s (%.20s), tick source", column[NAME],
			 column[ID]);
	all->count++;
}

static double number(const char *text)
{
	return strtod(text, NULL);
}

/* With @plot: the lines of series @which; else all series are noted. */
static int read_trace(FILE *trace, struct series *all, FILE *plot, size_t which)
{
	char *line = NULL, *column[COLUMNS];
	bool good;
	size_t size = 0;

	rewind(trace);
	good = getline(&line, &size, trace) > 0 && !strcmp(line, HEADING "\n");
	while (good && getline(&line, &size, trace) > 0) {
		good = split(line, column);
		if (good && !plot)
			note_series(all, column);
		else if (good && is_series(all, which, column))
			fprintf(plot, "%g %g %g %g %g\n", number(column[TIME]), number(column[DUE]),
				number(column[DELIVERED]), number(column[BACKLOG]),
				number(column[DISCARDED]));
	}
	free(line);
	return good ? 0 : fail("the trace is not one of kvm-hpet record, in CSV");
}

static void put_quoted(FILE *plot, const char *text)
{
	fputc('\'', plot);
	for (; *text; text++)
		fprintf(plot, *text == '\'' ? "''" : "%c", *text);
	fputc('\'', plot);
}

/* A curve for each timer, of a column of the data; or two */
static void put_panel(FILE *plot, const struct series *all, const char *label, int column, int other)
{
	fprintf(plot, "set ylabel '%s'\nplot", label);
	for (size_t i = 0; i < all->count; i++) {
		fprintf(plot, "%s $s%zu using 1:%d with lines lw 2 lc %zu title ", i ? "," : "", i, column,
			i + 1);
		put_quoted(plot, all->of[i].title);
		if (other)
			fprintf(plot, ", $s%zu using 1:%d with lines dt 2 lc %zu notitle", i, other, i + 1);
	}
	/* Invisible: gnuplot complains of an axis on which all is 0. */
	fprintf(plot, ", $s0 using 1:(1) with dots lc rgb '#ffffffff' notitle\n");
}

static int put_plot(FILE *plot, FILE *trace, struct series *all, const char *picture)
{
	fprintf(plot, "set terminal %s\nset output ", terminal_of(picture));
	put_quoted(plot, picture);
	fputc('\n', plot);
	for (size_t i = 0; i < all->count; i++) {
		fprintf(plot, "$s%zu << END\n", i);
		if (read_trace(trace, all, plot, i))
			return -1;
		fprintf(plot, "END\n");
	}
	fprintf(plot, "set key above\nset grid\nset xrange [0:*]\nset yrange [0:*]\nset multiplot layout 3,1\n");
	put_panel(plot, all, "delivered, due (dashed): ticks/s", 3, 2);
	fprintf(plot, "unset key\n");
	put_panel(plot, all, "owed: ticks", 4, 0);
	fprintf(plot, "set xlabel 's'\n");
	put_panel(plot, all, "lost for good: ticks/s", 5, 0);
	fprintf(plot, "unset multiplot\n");
	return 0;
}

static int draw(FILE *trace, const char *picture)
{
	struct series all = { 0 };
	FILE *plot;
	int ret;

	if (read_trace(trace, &all, NULL, 0))
		return -1;
	if (!all.count)
		return fail("there is nothing to draw: no timer was in use");
	plot = popen("gnuplot", "w");
	if (!plot)
		return fail("cannot start gnuplot: %m");
	ret = put_plot(plot, trace, &all, picture);
	if (pclose(plot) && !ret)
		return fail("gnuplot could not draw %s", picture);
	return ret;
}

/**
 * trace_draw() - the picture of a trace
 * @trace: its file
 * @picture: the picture's, which trace_can_draw()
 *
 * Return: 0, or -1 after fail()
 */
int trace_draw(const char *trace, const char *picture)
{
	FILE *file = fopen(trace, "re");
	int ret;

	if (!file)
		return fail("cannot open %s: %m", trace);
	ret = draw(file, picture);
	fclose(file);
	return ret;
}
