/* steady: DIAGNOSTICS: none; an unreadable or malformed file counts as missing. */
#include "lib/steady.h"

#include "lib/clock.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define FORMAT "hornero-clock 1"

enum { STEP_MS = 2000, SAVE_MS = 600000, TEXT_MAX = 2048 };

static struct steady_part *current(struct steady *s)
{
	return &s->parts[s->n - 1];
}

static void add(struct steady *s, int64_t from_ms, int64_t offset_ms)
{
	if (s->n == STEADY_PARTS) {
		memmove(s->parts, s->parts + 1, sizeof(*s->parts) * (STEADY_PARTS - 1));
		s->n--;
	}
	s->parts[s->n++] = (struct steady_part){from_ms, offset_ms};
}

bool steady_parse(struct steady *s, const char *text)
{
	int at = 0, used;

	*s = (struct steady){.n = 0};
	if (sscanf(text, FORMAT "\n%36[0-9a-f-] %" SCNd64 " %" SCNd64 "\n%n", s->boot, &s->base_ms,
		   &s->saved_ms, &at) != 3)
		return false;
	while (s->n < STEADY_PARTS &&
	       sscanf(text + at, "%" SCNd64 " %" SCNd64 "\n%n", &s->parts[s->n].from_ms,
		      &s->parts[s->n].offset_ms, &used) == 2) {
		at += used;
		s->n++;
	}
	return s->n > 0 && text[at] == '\0';
}

/* After a reboot only the offset is usable: the wall clock went on meanwhile. */
static void begin_boot(struct steady *s, int64_t wall_ms, int64_t boot_ms)
{
	int64_t now_ms = wall_ms - current(s)->offset_ms;

	if (now_ms < s->saved_ms) {
		now_ms = s->saved_ms;
		add(s, now_ms, wall_ms - now_ms);
	}
	s->base_ms = now_ms - boot_ms;
}

void steady_see(struct steady *s, const char *boot, int64_t wall_ms, int64_t boot_ms)
{
	int64_t now_ms, by_ms;

	if (s->n == 0)
		*s = (struct steady){.n = 1, .base_ms = wall_ms - boot_ms, .saved_ms = wall_ms};
	else if (strcmp(s->boot, boot) != 0)
		begin_boot(s, wall_ms, boot_ms);
	if (strcmp(s->boot, boot) != 0)
		snprintf(s->boot, sizeof(s->boot), "%.36s", boot);
	now_ms = boot_ms + s->base_ms;
	by_ms = wall_ms - now_ms - current(s)->offset_ms;
	if (by_ms > STEP_MS || by_ms < -STEP_MS)
		add(s, now_ms, wall_ms - now_ms);
}

/* Stores "-" if the kernel does not report a boot id. */
static void read_boot(char boot[STEADY_BOOT + 1])
{
	own_fd int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, boot, STEADY_BOOT);

	boot[n > 0 ? n : 0] = '\0';
	if (strspn(boot, "0123456789abcdef-") != STEADY_BOOT)
		strcpy(boot, "-");
}

static void look(struct steady *s)
{
	char boot[STEADY_BOOT + 1];

	read_boot(boot);
	steady_see(s, boot, clock_wall_ms(), clock_mono_ms());
}

void steady_load(struct steady *s, const char *queue_dir)
{
	own_free char *path = fs_path("%s/clock", queue_dir);
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[TEXT_MAX];
	ssize_t n = fd < 0 ? 0 : fs_pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	if (!steady_parse(s, text))
		s->n = 0;
	look(s);
}

static void save(struct steady *s, const char *queue_dir)
{
	own_fd int dir = open(queue_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err ignored = ERR_INIT;
	char text[TEXT_MAX];
	int64_t now_ms = steady_now_ms(s);
	int len = snprintf(text, sizeof(text), FORMAT "\n%s %" PRId64 " %" PRId64 "\n", s->boot,
			   s->base_ms, now_ms);

	for (int i = 0; i < s->n; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%" PRId64 " %" PRId64 "\n",
				s->parts[i].from_ms, s->parts[i].offset_ms);
	if (dir >= 0 && fs_replace(dir, "clock", text, (size_t)len, 0660, &ignored) == 0)
		s->saved_ms = now_ms;
	else
		s->saved_ms = 0;
}

bool steady_note(struct steady *s, const char *queue_dir, int64_t *by_ms)
{
	int64_t before_ms = current(s)->offset_ms;
	int64_t now_ms = steady_now_ms(s);

	*by_ms = 0;
	steady_see(s, s->boot, clock_wall_ms(), clock_mono_ms());
	*by_ms = current(s)->offset_ms - before_ms;
	if (*by_ms != 0 || now_ms - s->saved_ms >= SAVE_MS)
		save(s, queue_dir);
	return *by_ms != 0;
}

int64_t steady_now_ms(const struct steady *s)
{
	return clock_mono_ms() + s->base_ms;
}

/* Returns the end of part i; the last part ends now. */
static int64_t end_of(const struct steady *s, int i, int64_t now_ms)
{
	return i + 1 < s->n ? s->parts[i + 1].from_ms : now_ms;
}

static bool has_begun(const struct steady *s, int i, int64_t t)
{
	return i == 0 || t >= s->parts[i].from_ms;
}

int64_t steady_of_wall_at(const struct steady *s, int64_t wall_ms, int64_t now_ms)
{
	int64_t last_ms = wall_ms - s->parts[s->n - 1].offset_ms;

	for (int i = s->n - 1; i >= 0; i--) {
		int64_t t = wall_ms - s->parts[i].offset_ms;

		if (has_begun(s, i, t) && t <= end_of(s, i, now_ms))
			return t;
	}
	/* The time is in the future, or a clock that was set forward skipped it. */
	for (int i = s->n - 2; i >= 0 && last_ms <= now_ms; i--)
		if (has_begun(s, i, wall_ms - s->parts[i].offset_ms))
			return end_of(s, i, now_ms);
	return last_ms;
}

int64_t steady_of_wall_ms(const struct steady *s, int64_t wall_ms)
{
	return steady_of_wall_at(s, wall_ms, steady_now_ms(s));
}

static int64_t offset_now(const struct steady *s)
{
	return s->parts[s->n - 1].offset_ms;
}

int64_t steady_present_ms(const struct steady *s, int64_t steady_ms)
{
	return steady_ms == 0 ? 0 : steady_ms + offset_now(s);
}

int64_t steady_store_ms(const struct steady *s, int64_t present_ms)
{
	return present_ms == 0 ? 0 : present_ms - offset_now(s);
}

int64_t steady_present_of_wall_ms(const struct steady *s, int64_t wall_ms)
{
	return wall_ms == 0 ? 0 : steady_of_wall_ms(s, wall_ms) + offset_now(s);
}

bool steady_was_changed(const struct steady *s, int64_t present_ms)
{
	return s->n > 1 && present_ms - offset_now(s) < s->parts[s->n - 1].from_ms;
}
