// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of the ticks from one moment to the next, for the commands that
 * watch: top and record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block.h"
#include "describe.h"
#include "error.h"
#include "moment.h"
#include "parse.h"
#include "policy.h"

#define MIN_DELAY_NS	(NS_PER_S / 10)
#define MAX_DELAY_NS	(3600 * NS_PER_S)

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* Or until a signal comes */
static void sleep_until(uint64_t ns)
{
	const struct timespec ts = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/**
 * delay_option() - take the value of --delay
 * @command: for the message
 * @delay_ns: result
 * @value: seconds
 *
 * Return: 0, or EXIT_USAGE after a message
 */
int delay_option(const char *command, uint64_t *delay_ns, const char *value)
{
	char text[32];

	/* What is too long is no time either. */
	snprintf(text, sizeof(text), "%ss", value);
	if (strlen(value) > 20 || !parse_time(text, MAX_DELAY_NS, delay_ns) ||
	    *delay_ns < MIN_DELAY_NS)
		return usage_error(command, "--delay %s: it is seconds, from 0.1 to 3600", value);
	return 0;
}

/**
 * moment_seconds() - the time between two moments
 * @now: the later
 * @before: the earlier
 *
 * Return: seconds
 */
double moment_seconds(const struct moment *now, const struct moment *before)
{
	return (double)(now->ns - before->ns) / NS_PER_S;
}

static int read_moment(int device, const struct target *target, struct moment *moment)
{
	struct sample sample = { 0 };

	moment->ns = clock_ns(CLOCK_MONOTONIC);
	moment->real_ns = clock_ns(CLOCK_REALTIME);
	moment->count = 0;
	while (sample_next(device, target, &sample)) {
		struct sample *samples = reallocarray(moment->samples, moment->count + 1,
						      sizeof(*samples));

		if (!samples)
			return fail("out of memory");
		samples[moment->count++] = sample;
		moment->samples = samples;
	}
	return 0;
}

/**
 * moment_find() - the same block at another moment
 * @moment: the other moment
 * @sample: the block
 *
 * Return: what it was then, or NULL
 */
const struct sample *moment_find(const struct moment *moment, const struct sample *sample)
{
	for (size_t i = 0; i < moment->count; i++)
		if (moment->samples[i].info.id == sample->info.id)
			return &moment->samples[i];
	return NULL;
}

/**
 * change_per_s() - how much a count has changed, each second
 * @now: the count
 * @before: at the moment before; a change of the period counts anew, so that it may fall
 * @seconds: between them
 *
 * Return: the change
 */
double change_per_s(uint64_t now, uint64_t before, double seconds)
{
	return (double)(int64_t)(now - before) / seconds;
}

/**
 * timer_rates() - what became of a timer's ticks between two moments
 * @now: its block
 * @before: its block at the moment before
 * @timer: its number
 * @seconds: between them
 *
 * Return: the changes
 */
struct rates timer_rates(const struct sample *now, const struct sample *before, unsigned int timer,
			 double seconds)
{
	const struct kvm_hpet_timer_stats *n = &now->stats.timer[timer];
	const struct kvm_hpet_timer_stats *b = &before->stats.timer[timer];

	return (struct rates){
		.due = change_per_s(n->due, b->due, seconds),
		.delivered = change_per_s(n->delivered, b->delivered, seconds),
		.masked = change_per_s(n->masked, b->masked, seconds),
		.discarded = change_per_s(n->discarded, b->discarded, seconds),
		.coalesced = change_per_s(n->coalesced, b->coalesced, seconds),
		.late = change_per_s(n->late, b->late, seconds),
		.reinjected = change_per_s(n->reinjected, b->reinjected, seconds),
	};
}

static bool names_one(const struct target *target)
{
	return target->pid || target->id;
}

static bool goes_on(const struct watch *watch, uint64_t done)
{
	return (!watch->count || done < watch->count) && !(watch->stop && *watch->stop);
}

/**
 * moment_watch() - look again and again
 * @device: from device_open()
 * @watch: at what, how often
 *
 * Ends when what was named has gone.
 *
 * Return: 0, or -1 after fail()
 */
int moment_watch(int device, const struct watch *watch)
{
	struct moment moments[2] = { 0 };
	int ret = read_moment(device, &watch->target, &moments[0]);
	uint64_t next = moments[0].ns;

	if (!ret && !moments[0].count && names_one(&watch->target))
		ret = target_missing(&watch->target);
	for (uint64_t i = 0; !ret && goes_on(watch, i); i++) {
		const struct moment *before = &moments[i % 2];
		struct moment *now = &moments[(i + 1) % 2];

		next += watch->delay_ns;
		sleep_until(next);
		ret = read_moment(device, &watch->target, now);
		if (ret || (!now->count && names_one(&watch->target)))
			break;
		watch->show(watch->context, now, before);
	}
	free(moments[0].samples);
	free(moments[1].samples);
	return ret;
}

static void add_double(struct json_object *obj, const char *name, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", value);
	json_object_object_add(obj, name, json_object_new_double_s(value, text));
}

static struct json_object *timer_json(const struct sample *now, const struct sample *before,
				      unsigned int timer, double seconds)
{
	const struct kvm_hpet_timer_stats *st = &now->stats.timer[timer];
	const struct rates rates = timer_rates(now, before, timer, seconds);
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "timer", json_number(timer));
	json_object_object_add(obj, "policy", json_object_new_string(
			       policy_name(now->policy[timer].policy)));
	json_object_object_add(obj, "period_ns", json_number(st->period_ns));
	add_double(obj, "due_per_s", rates.due);
	add_double(obj, "delivered_per_s", rates.delivered);
	add_double(obj, "masked_per_s", rates.masked);
	add_double(obj, "discarded_per_s", rates.discarded);
	add_double(obj, "coalesced_per_s", rates.coalesced);
	add_double(obj, "late_per_s", rates.late);
	add_double(obj, "reinjected_per_s", rates.reinjected);
	json_object_object_add(obj, "backlog", json_number(st->backlog));
	json_object_object_add(obj, "rate", json_number(st->rate));
	return obj;
}

static struct json_object *block_json(const struct sample *now, const struct sample *before,
				      double seconds, bool all)
{
	struct json_object *obj = json_object_new_object(), *timers = json_object_new_array();
	char name[64];

	vm_name(now->info.vm_pid, name, sizeof(name));
	json_object_object_add(obj, "id", json_number(now->info.id));
	json_object_object_add(obj, "kind", json_object_new_string(kind_name(&now->info)));
	json_object_object_add(obj, "vm_pid", json_number(now->info.vm_pid));
	json_object_object_add(obj, "name", json_object_new_string(name));
	add_double(obj, "mmio_reads_per_s",
		   change_per_s(now->stats.mmio_reads, before->stats.mmio_reads, seconds));
	add_double(obj, "mmio_writes_per_s",
		   change_per_s(now->stats.mmio_writes, before->stats.mmio_writes, seconds));
	for (unsigned int i = 0; i < now->config.num_timers; i++)
		if (all || sample_in_use(now, i))
			json_object_array_add(timers, timer_json(now, before, i, seconds));
	json_object_object_add(obj, "timers", timers);
	return obj;
}

/**
 * print_json_line() - what became of all ticks between two moments, as one JSON object
 * @file: where to
 * @now: all blocks
 * @before: at the moment before; those that were not there then are left out
 * @all: also timers not in use
 */
void print_json_line(FILE *file, const struct moment *now, const struct moment *before, bool all)
{
	double seconds = moment_seconds(now, before);
	struct json_object *obj = json_object_new_object(), *blocks = json_object_new_array();

	json_object_object_add(obj, "time_ns", json_number(now->real_ns));
	add_double(obj, "interval_s", seconds);
	for (size_t i = 0; i < now->count; i++) {
		const struct sample *old = moment_find(before, &now->samples[i]);

		if (old)
			json_object_array_add(blocks, block_json(&now->samples[i], old, seconds,
								 all));
	}
	json_object_object_add(obj, "blocks", blocks);
	fprintf(file, "%s\n", json_object_to_json_string_ext(obj, JSON_C_TO_STRING_SPACED |
							     JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(obj);
}
