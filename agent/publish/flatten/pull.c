/*
 * pull: has the QEMU of a running domain flatten its own disk, through libvirt.
 *
 * libvirt's blockpull alone risks the disk. When it ends, QEMU writes a header that names no base,
 * while the tables that locate the pulled bytes may stay in QEMU's memory until the guest flushes.
 * A QEMU that is killed before that loses them. So we take two steps:
 *   1. A stream job of our own, which never finalizes by itself, copies every byte. We flush the
 *      disk and cancel the job. The disk has all bytes and still names its base.
 *   2. libvirt's blockpull finds nothing to copy. It changes the header and libvirt's records.
 *
 * DIAGNOSTICS: ERR_NOBODY with the text of libvirt or QEMU. The disk still has its base and is
 * whole.
 */
#include "agent/publish/flatten/flatten.h"

#include "lib/failpoint.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <jansson.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

enum { TICK_MS = 200, CANCEL_TICKS = 150 };

struct pull {
	const struct flatten *f;
	virDomainPtr domain;
	char node[64];   /* QEMU's name of the disk's top node */
	char device[256]; /* QEMU's name of the guest's device */
	char job[80];    /* always the same per node, so that we find the job of a killed process */
};

static void connect_end(virConnectPtr *c)
{
	if (*c)
		virConnectClose(*c);
}

static void domain_end(virDomainPtr *d)
{
	if (*d)
		virDomainFree(*d);
}

static void json_end(json_t **j)
{
	json_decref(*j);
}

#define own_connect __attribute__((cleanup(connect_end)))
#define own_domain __attribute__((cleanup(domain_end)))
#define own_json __attribute__((cleanup(json_end)))

static void ignore_error(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

static int libvirt_err(struct err *e, const char *what)
{
	return err_set(e, ERR_NOBODY, "%s: libvirt says: %s", what, virGetLastErrorMessage());
}

/* Returns the result of a QEMU command, which the caller frees; NULL on error. */
static json_t *ask(const struct pull *p, json_t *command, struct err *e)
{
	own_json json_t *owned = command;
	own_json json_t *reply = NULL;
	own_free char *text = command ? json_dumps(command, JSON_COMPACT) : NULL;
	own_free char *answer = NULL;
	const char *desc;
	json_t *value;

	if (!text) {
		err_set(e, ERR_NOBODY, "out of memory to speak with QEMU");
		return NULL;
	}
	if (virDomainQemuMonitorCommand(p->domain, text, &answer, 0) < 0) {
		libvirt_err(e, "cannot speak with its QEMU");
		return NULL;
	}
	reply = json_loads(answer, 0, NULL);
	value = json_object_get(reply, "return");
	if (value)
		return json_incref(value);
	desc = json_string_value(json_object_get(json_object_get(reply, "error"), "desc"));
	err_set(e, ERR_NOBODY, "its QEMU says: %.300s", desc ? desc : answer);
	return NULL;
}

static int tell(const struct pull *p, json_t *command, struct err *e)
{
	own_json json_t *value = ask(p, command, e);

	return value ? 0 : -1;
}

/* Accepts only names as libvirt makes them, because they become part of a QEMU monitor command. */
static bool is_plain(const char *s)
{
	return s && *s &&
	       s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/"
			   "#[]")] == '\0';
}

static int find_node(struct pull *p, struct err *e)
{
	own_json json_t *list = ask(p, json_pack("{s:s}", "execute", "query-block"), e);
	json_t *entry;
	size_t i;

	if (!list)
		return -1;
	json_array_foreach(list, i, entry) {
		json_t *inserted = json_object_get(entry, "inserted");
		const char *file = json_string_value(
			json_object_get(json_object_get(inserted, "image"), "filename"));
		const char *node = json_string_value(json_object_get(inserted, "node-name"));
		const char *device = json_string_value(json_object_get(entry, "qdev"));

		if (!file || strcmp(file, p->f->disk) != 0 || !is_plain(node) || !is_plain(device))
			continue;
		if (strlen(node) >= sizeof(p->node) || strlen(device) >= sizeof(p->device))
			continue;
		memcpy(p->node, node, strlen(node) + 1);
		memcpy(p->device, device, strlen(device) + 1);
		snprintf(p->job, sizeof(p->job), "hornero-%s", p->node);
		return 0;
	}
	return err_set(e, ERR_NOBODY, "its QEMU has no disk %s", p->f->disk);
}

/* Looks for our job in QEMU's list. Returns 1 with *job borrowed from *list, 0 if there is none, -1
 * on error. */
static int find_job(const struct pull *p, json_t **list, json_t **job, struct err *e)
{
	json_t *entry;
	size_t i;

	*list = ask(p, json_pack("{s:s}", "execute", "query-jobs"), e);
	if (!*list)
		return -1;
	json_array_foreach(*list, i, entry) {
		const char *id = json_string_value(json_object_get(entry, "id"));

		if (id && strcmp(id, p->job) == 0) {
			*job = entry;
			return 1;
		}
	}
	return 0;
}

static int is_there(const struct pull *p, struct err *e)
{
	own_json json_t *list = NULL;
	json_t *job = NULL;

	return find_job(p, &list, &job, e);
}

/* Works also after a signal told us to end. The disk keeps its base. */
static int cancel(const struct pull *p, struct err *e)
{
	for (int i = 0; i < CANCEL_TICKS; i++) {
		struct flatten nobody = {.signals = -1};
		int there = is_there(p, e);

		if (there <= 0)
			return there;
		if (i == 0 && tell(p,
				   json_pack("{s:s, s:{s:s}}", "execute", "job-cancel", "arguments",
					     "id", p->job),
				   e) < 0)
			return is_there(p, e) == 0 ? 0 : -1;
		(void)flatten_pause(&nobody, -1, TICK_MS, e);
	}
	return err_set(e, ERR_NOBODY, "its QEMU does not end our job %s", p->job);
}

/* Returns 1 if the job has copied everything and waits, 0 if it still copies, -1 on error. */
static int look(const struct pull *p, struct err *e)
{
	own_json json_t *list = NULL;
	json_t *job = NULL;
	const char *status;
	int there = find_job(p, &list, &job, e);

	if (there < 0)
		return -1;
	if (there == 0)
		return err_set(e, ERR_NOBODY, "its QEMU gave up copying (a full disk, or one that "
			       "cannot be read)");
	failpoint("flatten-looked");
	flatten_progress(json_integer_value(json_object_get(job, "current-progress")),
			 json_integer_value(json_object_get(job, "total-progress")));
	status = json_string_value(json_object_get(job, "status"));
	return status && strcmp(status, "pending") == 0;
}

/* Uses QEMU's human monitor, which prints nothing on success. */
static int flush(const struct pull *p, struct err *e)
{
	own_free char *line = fs_path("qemu-io -d %s \"flush\"", p->device);
	own_json json_t *said = ask(p,
				    json_pack("{s:s, s:{s:s}}", "execute", "human-monitor-command",
					      "arguments", "command-line", line),
				    e);

	if (!said)
		return -1;
	if (!json_is_string(said) || json_string_length(said) > 0)
		return err_set(e, ERR_NOBODY, "its QEMU cannot flush the disk: %.200s",
			       json_is_string(said) ? json_string_value(said) : "");
	return 0;
}

static int copy(const struct pull *p, struct err *e)
{
	int done = 0;

	while (done == 0) {
		done = look(p, e);
		if (done == 0)
			failpoint("flatten-copying");
		if (done == 0 && flatten_pause(p->f, -1, TICK_MS, e) < 0)
			return -1;
	}
	return done < 0 ? -1 : flush(p, e);
}

/* Afterwards the disk durably holds every byte that it needs from its base, and still names it. */
static int fill(const struct pull *p, struct err *e)
{
	json_int_t speed = p->f->conf->flatten_rate << 20;
	struct err ignored = ERR_INIT;
	int rc;

	if (cancel(p, e) < 0)
		return -1;
	if (tell(p,
		 json_pack("{s:s, s:{s:s, s:s, s:b, s:I}}", "execute", "block-stream", "arguments",
			   "job-id", p->job, "device", p->node, "auto-finalize", 0, "speed", speed),
		 e) < 0)
		return -1;
	rc = copy(p, e);
	failpoint("flatten-filled");
	if (cancel(p, rc < 0 ? &ignored : e) < 0)
		return -1;
	return rc;
}

/* Returns 1 if libvirt has a block job on this disk, 0 if not, -1 on error. */
static int has_block_job(const struct pull *p, virDomainBlockJobInfoPtr info, struct err *e)
{
	int n = virDomainGetBlockJobInfo(p->domain, p->f->disk, info, 0);

	return n < 0 ? libvirt_err(e, "cannot look at its block jobs") : n;
}

static int pull(const struct pull *p, struct err *e)
{
	virDomainBlockJobInfo info;
	int there;

	if (virDomainBlockPull(p->domain, p->f->disk, 0, 0) < 0)
		return libvirt_err(e, "cannot pull");
	while ((there = has_block_job(p, &info, e)) == 1) {
		/* Nothing is left to copy, but the publisher takes a long silence for a dead
		 * libvirt. */
		flatten_progress(1, 1);
		if (flatten_pause(p->f, -1, TICK_MS, e) < 0)
			return -1;
	}
	failpoint("flatten-pulled");
	return there;
}

static int flatten_running(struct pull *p, struct err *e)
{
	virDomainBlockJobInfo info = {0};
	int there = has_block_job(p, &info, e);

	if (there < 0)
		return -1;
	if (there == 1)
		return err_set(e, ERR_NOBODY,
			       "a block job that is not ours is at work on it (%llu of %llu)",
			       info.cur, info.end);
	if (find_node(p, e) < 0 || fill(p, e) < 0 || pull(p, e) < 0)
		return -1;
	return 1;
}

/* Returns 1 with the domain that has the disk in *out, 0 if none has it, -1 on error. A domain that
 * ends meanwhile does not count. */
static int find_domain(virConnectPtr conn, const char *disk, virDomainPtr *out, struct err *e)
{
	own_free char *quoted = fs_path("'%s'", disk);
	virDomainPtr *list = NULL;
	int n = virConnectListAllDomains(conn, &list, 0);

	if (n < 0)
		return libvirt_err(e, "cannot list the domains");
	for (int i = 0; i < n; i++) {
		own_free char *xml = *out ? NULL : virDomainGetXMLDesc(list[i], 0);

		if (xml && strstr(xml, quoted))
			*out = list[i];
		else
			virDomainFree(list[i]);
	}
	free(list);
	return *out ? 1 : 0;
}

int pull_run(const struct flatten *f, struct err *e)
{
	own_connect virConnectPtr conn = NULL;
	own_domain virDomainPtr domain = NULL;
	int found, is_active, is_saved;

	/* find_domain() searches XML, which escapes these characters. */
	if (strpbrk(f->disk, "<>&'\""))
		return err_set(e, ERR_NOBODY,
			       "cannot look for %s in libvirt's domains: it has one of <>&'\"",
			       f->disk);
	virSetErrorFunc(NULL, ignore_error);
	conn = virConnectOpen(f->conf->libvirt_uri);
	if (!conn) {
		own_free char *what =
			fs_path("cannot reach libvirt at %s (libvirt_uri; is the publisher's user "
				"in group libvirt?)",
				f->conf->libvirt_uri);

		return libvirt_err(e, what);
	}
	found = find_domain(conn, f->disk, &domain, e);
	if (found <= 0)
		return found;
	is_active = virDomainIsActive(domain);
	is_saved = is_active == 0 ? virDomainHasManagedSaveImage(domain, 0) : 0;
	if (is_active < 0 || is_saved < 0)
		return libvirt_err(e, "cannot look at its domain");
	if (is_saved)
		return err_set(e, ERR_NOBODY,
			       "its domain was saved, and its saved memory needs the disk as it "
			       "is; start it, or virsh managedsave-remove %s",
			       virDomainGetName(domain));
	return is_active ? flatten_running(&(struct pull){.f = f, .domain = domain}, e) : 0;
}
