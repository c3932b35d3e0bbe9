/*
 * cli: what every word of `hornero` is given and may use.
 *
 *     int queue_run(struct cli *cli, const struct call *call, struct err *e)
 *     {
 *             const struct conf *c = cli_conf(cli, e);
 *             …
 *     }
 *
 * A word returns its exit code (0 done, 1 the asked-for thing did not come true, 75 not yet), or -1
 * with e filled: main prints the message and exits with the class's code. Results go to standard
 * output, remarks to standard error; whatever comes from outside passes cli_say or a listing.
 */
#ifndef HORNERO_CLI_CLI_H
#define HORNERO_CLI_CLI_H

#include "conf/conf.h"
#include "conf/image.h"
#include "db/job.h"
#include "lib/err.h"
#include "state/standstill.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CLI_OPTIONS_MAX = 8, CLI_DB_WAIT_MS = 5000, CLI_COMMIT_MAX = 64, CLI_WHO_MAX = 80, CLI_WORDS_MAX = 512 };

struct word;
struct key_entry;
struct keyring;

/* One use of a word: its arguments and options, borrowed from argv. */
struct call {
	const struct word *word;
	char **args;
	int nargs;
	const char *values[CLI_OPTIONS_MAX]; /* by the option's place in the word's table; NULL: not given */
};

struct cli {
	const char *conf_option; /* -c, or NULL */
	struct conf *conf;       /* loaded by the first cli_conf */
	const char *key_option;  /* --key, or NULL */
	struct keyring *ring;
	const struct key_entry *key; /* whose eyes we look through: view.c; NULL: nobody's but our user's */
	const struct word *word;
	bool json;
	bool help;               /* --help was given */
	bool colour;             /* standard output is a terminal and NO_COLOR is not set */
	int64_t now_ms;          /* wall, when we were started: ages are counted from here */
	struct steady clock;     /* loaded with the configuration */
};

/* ---- node.c ---- */

/* The configuration, or NULL with e filled. */
const struct conf *cli_conf(struct cli *cli, struct err *e);

/* Whether hornerod runs (it holds a lock as long as it lives). 1, 0; 0 also where we may not look. */
int cli_agent_runs(const struct conf *c);

/* The bare repository's directory; the caller frees. */
char *cli_repo_path(const struct conf *c, const char *repo);

/* ---- view.c ---- */

/* 1 found, 0 there is no such job that may be seen (said in e, class ERR_USAGE), -1: also where the word needs more
 * than the key may. */
int cli_job_get(const struct cli *cli, struct db *db, int64_t id, struct job *out, struct err *e);

/* image_load and images_load, as far as the key may see them, and of what it sees only what the word may touch. One that
 * may not be seen is one that is not there (sys ENOENT). Words use these alone. */
int cli_image(const struct cli *cli, const char *uuid, struct image *out, struct err *e);
int cli_images(const struct cli *cli, struct image **out, size_t *n, struct err *e);

/* Whether the word may be done with this repository, and with what is built from this ref of it (NULL: with all of it);
 * ERR_USAGE says what is needed. 0 without a key. */
int cli_may(const struct cli *cli, const char *repo, const char *ref, struct err *e);

/* As cli_may, where it is about the node itself. */
int cli_may_node(const struct cli *cli, struct err *e);

/* Who asks, for the event log: the key, else the login name of our user id, or its number. */
void cli_who(const struct cli *cli, char buf[CLI_WHO_MAX]);

/* ---- say.c ---- */

/* One line to out; every byte that could act on a terminal, or begin a line of its own, is escaped. Users of
 * the door read `hornero WORD` as they would type it, where keys may say that word. */
void cli_say(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What stands before a word: "hornero", or what somebody with a key types. Returns buf. */
const char *cli_words(const struct cli *cli, char buf[CLI_WORDS_MAX]);

/* What git calls the repository where the asker sits: its directory, or a URL of the door. The caller frees. */
char *cli_repo_shown(const struct cli *cli, const char *repo);

/* ---- args.c ---- */

/* The value of a word's option: NULL not given, "" for a flag. The name must be in the word's table. */
const char *call_option(const struct call *call, const char *name);

/* A job number as people write it ("42"). ERR_USAGE. */
int cli_job_number(const char *text, int64_t *id, struct err *e);

/* Argument JOB|UUID: 1 image (canonical in uuid), 0 job (*id). ERR_USAGE where it is neither. */
int cli_job_or_image(const char *text, int64_t *id, char uuid[UUID_LEN + 1], struct err *e);

/* The image's UUID in its canonical spelling. ERR_USAGE. */
int cli_uuid(const char *text, char uuid[UUID_LEN + 1], struct err *e);

/* ---- database.c ---- */

/* Where the queue is. Borrows from c. */
struct db_place cli_queue(const struct conf *c);

/* After an error: hornerod is told of a damaged queue, and the user where nobody hears that. */
void cli_heed_damage(const struct cli *cli, const struct err *e);

/* The queue, as far as the key may see it. DB_READ for words that look, DB_CREATE for words that change. */
int cli_db(struct cli *cli, enum db_mode mode, struct db **out, struct err *e);

/* ---- note.c ---- */

/* "isolation: none …" wherever limits are off: after a table on standard output, beside JSON on
 * standard error. */
void cli_note_isolation(const struct cli *cli);

/* What stops this job now, where it is queued or running: somebody's pause, or what hornerod says of the node. False, and
 * WAITING_NOTHING: nothing. paused NULL: looked at now; a listing looks once. */
struct paused;
bool cli_standstill(const struct cli *cli, const struct paused *paused, const struct job *j, struct standstill *out);

/* "nothing starts for now: …" where that is so for the whole node; out as cli_note_isolation. */
void cli_note_standstill(const struct cli *cli, const struct paused *paused);

/* ---- ref.c ---- */

/* The commit that the image's ref has now, read by a git child. 1 and *commit filled; 0 there is no
 * such ref or no such repository yet (commit is ""); -1. */
int cli_ref_commit(const struct conf *c, const struct image *img, char commit[CLI_COMMIT_MAX + 1], struct err *e);

#endif
