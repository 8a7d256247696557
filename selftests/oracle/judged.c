// SPDX-License-Identifier: GPL-2.0
/* The list of judged differences: paragraphs of "name: value" lines. */
#include <ctype.h>
#include <errno.h>

#include "oracle.h"

struct row rows[ORACLE_ROWS];
unsigned int num_rows;

static const char *const what_name[W_COUNT] = {
	"counter", "config", "comparator", "fsb", "status", "line", "message",
	"undefined", "absent", "other",
};

int judged_find(const char *id)
{
	unsigned int i;

	for (i = 0; i < num_rows; i++)
		if (!strcmp(rows[i].id, id))
			return i;
	return -1;
}

static bool words(char *list, bool (*word)(struct row *r, const char *w),
		  struct row *r)
{
	char *save, *w;

	for (w = strtok_r(list, " ,", &save); w; w = strtok_r(NULL, " ,", &save))
		if (!word(r, w))
			return false;
	return true;
}

static bool version_word(struct row *r, const char *w)
{
	if (!strcmp(w, "7.2"))
		r->versions |= QEMU_7_2;
	else if (!strcmp(w, "10.0"))
		r->versions |= QEMU_10_0;
	else
		return false;
	return true;
}

static bool what_word(struct row *r, const char *w)
{
	unsigned int i;

	for (i = 0; i < W_COUNT; i++)
		if (!strcmp(w, what_name[i]))
			r->what |= BIT(i);
	return r->what;
}

static bool new_row(const char *id)
{
	struct row *r = &rows[num_rows];
	unsigned int i;

	if (num_rows == ORACLE_ROWS || judged_find(id) >= 0 ||
	    strlen(id) >= sizeof(r->id))
		return false;
	for (i = 0; i < num_conditions; i++)
		if (!strcmp(conditions[i].id, id))
			break;
	if (i == num_conditions)
		return false;
	strcpy(r->id, id);
	r->when = conditions[i].when;
	num_rows++;
	return true;
}

static bool field(char *line)
{
	char *value = strchr(line, ':');
	struct row *r = num_rows ? &rows[num_rows - 1] : NULL;

	if (!value)
		return false;
	*value++ = 0;
	value += strspn(value, " ");
	if (!strcmp(line, "id"))
		return new_row(value);
	if (!r)
		return false;
	if (!strcmp(line, "qemu"))
		return words(value, version_word, r);
	if (!strcmp(line, "register"))
		return words(value, what_word, r);
	return !strcmp(line, "condition") || !strcmp(line, "theirs") ||
		!strcmp(line, "ours") || !strcmp(line, "spec");
}

bool judged_load(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[1024];
	unsigned int n = 0;
	bool ok = true;

	if (!f) {
		fprintf(stderr, "oracle: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (ok && fgets(line, sizeof(line), f)) {
		n++;
		line[strcspn(line, "\n")] = 0;
		if (!*line || *line == '#' || isblank(*line))
			continue;
		ok = field(line);
	}
	fclose(f);
	if (!ok)
		fprintf(stderr, "oracle: %s:%u: not understood, or no such condition\n",
			path, n);
	return ok;
}

/* How often, and where it showed: "12 times (line 10, status 2)". */
static unsigned long report_row(const struct row *r)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < W_COUNT; i++)
		sum += r->seen[i];
	printf("# judged: %-16s %8lu times, %lu more with others; in:", r->id,
	       sum, r->shared);
	for (i = 0; i < W_COUNT; i++)
		if (r->what & BIT(i))
			printf(" %s %lu", what_name[i], r->seen[i]);
	putchar('\n');
	return sum;
}

bool judged_report(unsigned int version, bool all_must_occur)
{
	bool ok = true;
	unsigned int i;

	for (i = 0; i < num_rows; i++) {
		const struct row *r = &rows[i];

		if (!(r->versions & version) || report_row(r) ||
		    !all_must_occur)
			continue;
		printf("# JUDGED ROW DOES NOT OCCUR: %s\n", r->id);
		ok = false;
	}
	return ok;
}
