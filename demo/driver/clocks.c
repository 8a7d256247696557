// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>

#include "clock.h"
#include "clocks.h"
#include "guest.h"

#define MAX_CLOCKS	32		/* more are of no use: both clocks go evenly */

struct clock_pair {
	uint64_t ns, tsc;
};

static struct clock_pair clocks[MAX_CLOCKS];
static unsigned int num_clocks;

/* The pair that was read fastest, of a few: nothing came in between. */
void clocks_note(void)
{
	uint64_t before, tsc, took, fastest = UINT64_MAX;
	int i;

	if (num_clocks == MAX_CLOCKS)
		num_clocks--;
	for (i = 0; i < 5; i++) {
		before = now_ns();
		tsc = read_tsc();
		took = now_ns() - before;
		if (took < fastest) {
			fastest = took;
			clocks[num_clocks] = (struct clock_pair){ before + took / 2, tsc };
		}
	}
	num_clocks++;
}

uint64_t clocks_time_of(uint64_t tsc)
{
	const struct clock_pair *first = &clocks[0], *last = &clocks[num_clocks - 1];
	double pace = (double)(last->ns - first->ns) / (last->tsc - first->tsc);

	return last->ns + (int64_t)((double)(int64_t)(tsc - last->tsc) * pace);
}

void clocks_record(FILE *file)
{
	unsigned int i;

	fprintf(file, "\"tsc_offset\":%lld,\n\"clocks\":[", guest_tsc_offset());
	for (i = 0; i < num_clocks; i++)
		fprintf(file, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", clocks[i].ns, clocks[i].tsc);
	fputc(']', file);
}
