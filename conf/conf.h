/*
 * conf: hornero.yaml as a const struct.
 *
 *     struct conf *c = NULL;
 *     if (conf_load(&c, conf_find(option_c), e) < 0) …   "FILE:LINE:COLUMN: what, what is allowed"
 *     … read c->… …
 *     conf_free(c);
 *
 * One table in conf/confsettings.c defines the settings with type, unit, default, range and help;
 * hornero.yaml(5) and the messages come from it. This struct holds every path that any of our
 * programs uses, so a whole node fits in a directory.
 */
#ifndef HORNERO_CONF_CONF_H
#define HORNERO_CONF_CONF_H

#include "lib/err.h"
#include "lib/floor.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum conf_isolation {
	CONF_ISOLATION_CGROUP, /* refuse to build without a cgroup (default) */
	CONF_ISOLATION_NONE,   /* no limits; every listing says so */
};

/* The answer to content that a clone elsewhere would have and a checkout here lacks. */
enum conf_missing {
	MISSING_LFS,    /* refuse Git LFS pointers, report submodules and filters (default) */
	MISSING_REFUSE, /* refuse all three */
	MISSING_WARN,   /* report all three */
};
extern const char *const conf_missing_words[]; /* indexed by enum conf_missing; ends with NULL */
/* The ways in which Glance gets the bytes of a release. If it refuses one, the next is tried. */
enum conf_glance_method { GLANCE_LOCATION, GLANCE_IMPORT, GLANCE_UPLOAD };
enum conf_glance_stable { GLANCE_FAIL_CLOSED, GLANCE_FOLLOW };
extern const char *const conf_glance_stables[]; /* indexed by it; ends with NULL */
extern const char *const conf_glance_methods[]; /* indexed by it; ends with NULL */
/* Whether artifacts of other nodes are taken instead of a build. */
enum conf_share { CONF_SHARE_NO, CONF_SHARE_YES };
enum conf_traits { CONF_TRAITS_NO, CONF_TRAITS_YES };
enum conf_notify_audit { CONF_NOTIFY_AUDIT_NO, CONF_NOTIFY_AUDIT_YES };
/* The limit that decided the number of workers: the setting itself, compile_core_limit or
 * compile_mem_limit. */
enum conf_workers_by { CONF_WORKERS_SET, CONF_WORKERS_BY_CORES, CONF_WORKERS_BY_MEMORY };
enum conf_allow_fetch { CONF_ALLOW_FETCH_NO, CONF_ALLOW_FETCH_YES };
/* Whether artifacts of incremental builds are rebuilt from nothing: when the node is idle, or
 * never. */
enum conf_confirm { CONF_CONFIRM_IDLE, CONF_CONFIRM_NEVER };

struct conf {
	const char *path; /* absolute path of the file itself */

	/* Keys of the file. An unset path is derived from state_dir or instances_path. */
	const char *repo_root;      /* bare repositories */
	const char *repo_base;      /* checkouts and builder caches, one directory per image */
	const char *state_dir;      /* queue, logs, image files, run, fences */
	const char *instances_path; /* Nova's */
	/* below instances_path; Nova's [image_cache]subdirectory_name */
	const char *cache_subdir;
	const char *store_dir;      /* artifacts; default instances_path/hornero */
	const char *builders_dir;
	const char *base_dir;       /* base images: files that inputs name as base:NAME */
	const char *keys_file;      /* the keys and their rights: conf/keyring.h */
	char **require_signed;      /* conf/signedrule.h */
	const char *gpg_keyring;    /* public keys that may sign; NULL: none */
	const char *groups_dir;     /* limits of builder groups */
	const char *libexec_dir;    /* hornero-build and our other programs */
	const char *door_listen;    /* "ADDRESS:PORT ADDRESS:PORT", of hornero-door */
	/* HOST or HOST:PORT as clients call it; NULL: the node's name, and the port they used */
	const char *door_name;
	const char *door_host_keys; /* the directory of its keys */
	const char *serve_listen;   /* as door_listen, of hornero-serve; NULL: it serves nothing */
	const char *metrics_listen; /* as serve_listen, of hornero-serve --metrics */
	const char *cpu_dedicated_set; /* Nova's; NULL: builds may use all processors */
	const char *pressure_dir;   /* the kernel's pressure figures */
	const char *cgroup_top;     /* name of the top group */
	const char *publish_socket; /* NULL: hornerod runs hornero-publish itself */
	const char *libvirt_uri;
	const char *glance_credentials; /* a clouds.yaml of hornero-glance: conf/cloud.h */
	const char *glance_cloud;   /* its entry; NULL: the only one */
	const char *glance_artifact_url; /* where Glance can fetch artifacts; NULL: nowhere */
	const char *glance_dir;     /* hornero-glance's records: store/registration.h */
	enum conf_glance_method glance_method;
	enum conf_glance_stable glance_stable; /* of images that do not say it themselves */
	const char *nova_conf;      /* Nova's own configuration, only read */
	const char *nova_host;      /* this node's name in Nova; NULL: the host name */
	enum conf_traits placement_traits;
	const char *placement_provider; /* this node's name in Placement; NULL: as nova_host */
	int64_t rebuild_parallel;   /* servers that a rollout rebuilds at a time */
	int64_t rebuild_wait_s;     /* until each of them must be healthy */
	const char *events_dir;     /* the operator's programs that hornero-notify runs */
	const char *notify_dir;     /* hornero-notify's records: store/notified.h */
	int64_t notify_timeout_s;
	enum conf_notify_audit notify_audit;
	enum conf_share share;
	const char *failpoint;      /* for tests; else NULL */
	char **accepted;            /* warnings of doctor: "CHECK" or "CHECK: WORDS" */
	enum conf_isolation isolation;
	enum conf_missing on_missing;
	enum conf_confirm confirm;
	enum conf_allow_fetch allow_fetch;

	int64_t workers;            /* "auto" is a number by now */
	int64_t workers_per_repo;   /* 0: no limit */
	enum conf_workers_by workers_by;
	int64_t compile_core_limit; /* percent of the node's whole CPU capacity */
	int64_t compile_mem_limit;  /* MB = 1,000,000 bytes */
	int64_t compile_pids_limit;
	int64_t cpu_pressure_limit; /* percent of time with waiting tasks; 0: no limit */
	int64_t memory_pressure_limit;
	int64_t io_pressure_limit;
	int64_t load_limit;         /* percent of the processors */
	int64_t build_timeout_s;    /* wall time of one builder run */
	int64_t silence_timeout_s;  /* longest time without builder output */
	int64_t log_limit_bytes;
	int64_t log_keep_s;         /* 0: forever */
	int64_t log_budget_bytes;   /* 0: no limit */
	int64_t history_keep_s;     /* 0: forever */
	int64_t history_jobs;       /* 0: no limit */
	int64_t image_size_limit_bytes; /* virtual size of the RAW */
	int64_t push_size_limit_bytes;  /* receive.maxInputSize */
	int64_t sweep_interval_s;
	int64_t upkeep_timeout_s;
	int64_t scrub_interval_s;   /* 0: never */
	int64_t scrub_rate;         /* MiB per second, 0: no limit */
	int64_t flatten_rate;       /* MiB per second, 0: no limit */
	int64_t cache_minimum_age_s; /* Nova's minimum age of an unused base before removal */
	int64_t cache_grace_s;       /* wait before a file that vanished is published again */
	int64_t store_budget_bytes;  /* 0: no limit */
	int64_t work_budget_bytes;
	int64_t cache_budget_bytes;
	/* to stay free on store_dir's filesystem; see conf_store_floor() */
	int64_t store_floor_bytes;
	int64_t cache_floor_bytes;
	int64_t state_floor_bytes;
	/* Nova's, in MB of 1,048,576 bytes: added to the floors on instances_path's filesystem */
	int64_t reserved_host_disk_mb;
	int64_t door_connections;
	int64_t door_connections_per_address;
	int64_t door_connections_per_key;
	int64_t door_logins;         /* connections that are not logged in yet */
	int64_t door_login_timeout_s;
	int64_t door_idle_timeout_s; /* logged in, without traffic in either direction */
	int64_t door_memory_limit_bytes; /* of each process that serves a connection */
	int64_t serve_connections;
	int64_t serve_connections_per_address;
	int64_t serve_timeout_s;
	int64_t serve_rate;          /* MiB per second, 0: no limit */
	int64_t share_wait_s;        /* for an artifact that no node has yet */
	int64_t share_timeout_s;     /* of one answer of hornero-glance, with the bytes */
	int64_t mirror_timeout_s;    /* of one fetch, and of the push that follows it */

	/* Ids; (uid_t)-1 or (gid_t)-1 if unset. The file has names or numbers. */
	uid_t build_uid;   /* runs the builds if hornerod is root */
	gid_t build_gid;   /* its primary group; for a numeric user the same number */
	uid_t git_uid;     /* owner of the repositories */
	uid_t hornero_uid; /* owner of state, store and checkouts */
	gid_t queue_gid;   /* group of the queue: git, hornero, operators */

	/* Derived values, not settings. */
	const char *queue_dir;  /* state_dir/queue: the database, and the ticket */
	const char *run_dir;    /* state_dir/run: sockets and the agent's lock */
	const char *log_dir;    /* state_dir/log: JOB.ATTEMPT.log, JOB.ATTEMPT.verdict */
	const char *images_dir; /* state_dir/images.d */
	const char *skip_dir;   /* state_dir/skip: state/skip.h */
	const char *pause_dir;  /* state_dir/pause: state/pause.h */
	const char *fence_dir;  /* state_dir/fence */
	const char *cache_dir;  /* instances_path/cache_subdir */
	const char *mirror_dir; /* state_dir/mirror: state/mirror.h */
	const char *audit_dir;  /* state_dir/audit: state/audit.h */
};

/* Returns the file to use: option if not NULL, else $HORNERO_CONF, else
 * SYSCONFDIR/hornero/hornero.yaml. */
const char *conf_find(const char *option);

/* Reads and checks path, and arms its failpoint. The caller frees *out with conf_free; it does not
 * change afterwards.
 * Returns 0, or -1 with e filled: ERR_OPERATOR if the file is wrong. */
int conf_load(struct conf **out, const char *path, struct err *e);
void conf_free(struct conf *c);

/* Reads the file that path leads to; real is its absolute path. The caller frees *text. Returns 0,
 * or -1 with e filled. */
int conf_read(const char *path, char real[PATH_MAX], char **text, size_t *len, struct err *e);

/* Calls told() for each fault of the file, at most one for each line. Returns their number, or -1
 * with e filled if the file cannot be read. */
int conf_check(const char *path, void (*told)(void *arg, const struct err *fault), void *arg,
	       struct err *e);

/* A setting as it is in force. */
struct conf_value {
	const char *name, *text; /* text NULL: it is not set */
	char *const *list;        /* NULL: it is no list */
	bool is_number, is_given; /* is_given: the file has it */
};

/* Calls each() for every setting, in the order of the manual. Returns 0, or -1 as conf_load. */
int conf_each_value(const char *path, void (*each)(void *arg, const struct conf_value *v),
		    void *arg, struct err *e);

/* Like conf_load, from memory. path is the file's absolute path, for messages and relative
 * values. */
int conf_parse(struct conf **out, const char *path, const char *text, size_t len, struct err *e);

/* Space that must stay free for artifacts (store_dir), for builds (repo_base, under the same
 * setting) and for publishing (Nova's cache). */
struct floor conf_store_floor(const struct conf *c);
struct floor conf_work_floor(const struct conf *c);
struct floor conf_cache_floor(const struct conf *c);
/* For the queue, and for the logs of builds. */
struct floor conf_state_floor(const struct conf *c);

/* Prints every setting as man-page source (`format` "man") or as a commented file ("yaml"). */
void conf_print_settings(FILE *out, const char *format);

static inline void conf_end(struct conf **c)
{
	conf_free(*c);
}
#define own_conf __attribute__((cleanup(conf_end)))

#endif
