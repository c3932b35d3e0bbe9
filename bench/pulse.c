/*
 * pulse: wakes every millisecond and reports how late.
 *
 *     pulse SECONDS
 *
 * Prints `P50 P99 MAX`, in microseconds after the requested time: the delay of an instance's
 * thread. DIAGNOSTICS: 64 for a wrong command line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PERIOD_NS = 1000000, PER_SECOND = 1000 };

static long long in_ns(const struct timespec *t)
{
	return (long long)t->tv_sec * 1000000000 + t->tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	int n = argc == 2 ? atoi(argv[1]) * PER_SECOND : 0;
	double *late_us = n > 0 ? calloc((size_t)n, sizeof(*late_us)) : NULL;
	struct timespec due, now;

	if (!late_us)
		return 64;
	clock_gettime(CLOCK_MONOTONIC, &due);
	for (int i = 0; i < n; i++) {
		due.tv_nsec += PERIOD_NS;
		due.tv_sec += due.tv_nsec / 1000000000;
		due.tv_nsec %= 1000000000;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
			;
		clock_gettime(CLOCK_MONOTONIC, &now);
		late_us[i] = (double)(in_ns(&now) - in_ns(&due)) / 1e3;
	}
	qsort(late_us, (size_t)n, sizeof(*late_us), by_value);
	printf("%.1f %.1f %.1f\n", late_us[n / 2], late_us[n / 100 * 99], late_us[n - 1]);
	free(late_us);
	return 0;
}
