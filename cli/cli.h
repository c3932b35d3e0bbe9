/*
 * cli: the context and the functions that every word of `hornero` shares.
 *
 *     int queue_run(struct cli *cli, const struct call *call, struct err *e)
 *     {
 *             const struct conf *c = cli_conf(cli, e);
 *             …
 *     }
 *
 * A word returns its exit code: 0 if done, 1 if the requested result was not reached, 75 if not
 * yet. On error it returns -1 with e filled: main prints the message and exits with the class's
 * code.
 * Results go to standard output, remarks to standard error. Text from outside must pass through
 * cli_say or a listing, which escape it.
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

enum {
	CLI_OPTIONS_MAX = 12,
	CLI_DB_WAIT_MS = 5000,
	CLI_COMMIT_MAX = 64,
	CLI_WHO_MAX = 80,
	CLI_WORDS_MAX = 512,
	CLI_COUNT_MAX = 1000000000,
};

struct word;
struct key_entry;
struct keyring;

/* One use of a word: its arguments and options, borrowed from argv. */
struct call {
	const struct word *word;
	char **args;
	int nargs;
	const char *values[CLI_OPTIONS_MAX]; /* by index in word->options; NULL: not given */
};

struct cli {
	const char *conf_option; /* -c, or NULL */
	struct conf *conf;       /* loaded by the first cli_conf */
	const char *key_option;  /* --key, or NULL */
	struct keyring *ring;
	const struct key_entry *key; /* limits what we show (view.c); NULL: only our user does */
	const struct word *word;
	bool json;
	bool help;               /* --help was given */
	bool *unchanged;         /* set by change_end: the command found all as it should be */
	bool colour;             /* standard output is a terminal and NO_COLOR is not set */
	int64_t now_ms;          /* wall clock at start; ages count from here */
	struct steady clock;     /* loaded with the configuration */
};

/* ---- node.c ---- */

/* Returns the configuration, loaded once, or NULL with e filled. */
const struct conf *cli_conf(struct cli *cli, struct err *e);

/* Loads the last good configuration instead of a broken one, for doctor. Returns true, with the
 * error of the file in broken, or false. */
bool cli_conf_good(struct cli *cli, struct err *broken);

/* hornerod holds a lock as long as it lives.
 * Returns 1 if it runs, 0 if not or if we lack the permission to look. */
int cli_agent_runs(const struct conf *c);

/* Returns the bare repository's directory; the caller frees it. */
char *cli_repo_path(const struct conf *c, const char *repo);

/* ---- view.c ---- */

/* Returns 1 if found, 0 if there is no such job that the key may see (e says so, ERR_USAGE), -1 on
 * error or if the word needs a right that the key lacks. */
int cli_job_get(const struct cli *cli, struct db *db, int64_t id, struct job *out, struct err *e);

/* image_load and images_load, limited to the images that the key may see and the word may touch.
 * cli_image reports an image that the key may not see as missing (sys ENOENT). Words must use these
 * and not image_load or images_load. */
int cli_image(const struct cli *cli, const char *uuid, struct image *out, struct err *e);
int cli_images(const struct cli *cli, struct image **out, size_t *n, struct err *e);

/* Checks the key's right to run the word on this repository and on builds of this ref (NULL: the
 * whole repository). Returns 0 if allowed or without a key, -1 with ERR_USAGE, which names the
 * right. */
int cli_may(const struct cli *cli, const char *repo, const char *ref, struct err *e);

/* As cli_may, for words about the node itself. */
int cli_may_node(const struct cli *cli, struct err *e);

/* Writes the caller's name for the event log: the key, else the login name of our real user id,
 * else its number. */
void cli_who(const struct cli *cli, char buf[CLI_WHO_MAX]);

/* ---- say.c ---- */

/* Prints one line to out. Escapes every byte that could control a terminal or start a new line.
 * For callers with a key, rewrites `hornero WORD` to what they would type, if keys may run WORD. */
void cli_say(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Returns the text with `hornero WORD` rewritten in this way, not escaped. The caller frees it. */
char *cli_typed(const char *text);

/* Returns buf with the prefix of a word: "hornero", or what callers with a key type. */
const char *cli_words(const struct cli *cli, char buf[CLI_WORDS_MAX]);

/* Returns the repository's name for git on the caller's side: its directory, or a URL of the door.
 * The caller frees it. */
char *cli_repo_shown(const struct cli *cli, const char *repo);

/* ---- call.c ---- */

/* Returns the option's value, "" for a flag, or NULL if not given. Aborts if the word has no such
 * option. */
const char *call_option(const struct call *call, const char *name);

/* Parses a decimal job number ("42"). Returns 0, or -1 with ERR_USAGE. */
int cli_job_number(const char *text, int64_t *id, struct err *e);

/* Parses an argument JOB|UUID. Returns 1 for an image (canonical in uuid), 0 for a job (*id),
 * -1 with ERR_USAGE if it is neither. */
int cli_job_or_image(const char *text, int64_t *id, char uuid[UUID_LEN + 1], struct err *e);

/* Checks a UUID and copies its canonical form. Returns 0, or -1 with ERR_USAGE. */
int cli_uuid(const char *text, char uuid[UUID_LEN + 1], struct err *e);

/* Reads an option that is a period, such as 24h: seconds. Returns 0, or -1 with ERR_USAGE. */
int cli_period(const struct call *call, const char *option, int64_t fallback_s, int64_t *s,
	       struct err *e);

/* Reads an option that is a number of rows or lines, from 1 to CLI_COUNT_MAX. Returns 0, or -1 with
 * ERR_USAGE. */
int cli_count(const struct call *call, const char *option, int64_t fallback, int64_t *n,
	      struct err *e);

/* ---- database.c ---- */

/* Returns the place of the queue. Borrows from c. */
struct db_queue cli_queue(const struct conf *c);

/* Call after an error: if the queue is damaged, tells hornerod, and warns the user if hornerod does
 * not run. */
void cli_heed_damage(const struct cli *cli, const struct err *e);

/* Opens the queue, limited to what the key may see. Use DB_READ to look, DB_CREATE to change. */
int cli_db(struct cli *cli, enum db_mode mode, struct db **out, struct err *e);

/* ---- note.c ---- */

/* Prints "isolation: none …" if limits are off: to standard output after a table, to standard
 * error beside JSON. */
void cli_note_isolation(const struct cli *cli);

/* Finds what stops a queued or running job now: a pause, or a state of the node that hornerod
 * reports. Returns false, with WAITING_NOTHING, if nothing does. If paused is NULL,
 * loads the pauses; a listing loads them once. */
struct paused;
bool cli_standstill(const struct cli *cli, const struct paused *paused, const struct job *j,
		    struct standstill *out);

/* Prints "nothing starts for now: …" if that holds for the whole node; to the same stream as
 * cli_note_isolation. */
void cli_note_standstill(const struct cli *cli, const struct paused *paused);

/* ---- ref.c ---- */

/* Reads the present commit of the image's ref through a git child. Returns 1 with commit filled, 0
 * with commit "" if the ref or the repository does not exist yet, -1 on error. */
int cli_ref_commit(const struct conf *c, const struct image *img, char commit[CLI_COMMIT_MAX + 1],
		   struct err *e);

/* As cli_ref_commit, with the wall time of the commit (git's committer date), 0 if unknown. */
int cli_ref_dated(const struct conf *c, const struct image *img, char commit[CLI_COMMIT_MAX + 1],
		  int64_t *dated_ms, struct err *e);

/* Returns the branch of the image's repository that was committed to last, or NULL if there is none
 * or if its name needs quotes in a shell. The caller frees it. */
char *cli_ref_other(const struct conf *c, const struct image *img);

/* Whether the ref still names this commit of an earlier cli_ref_commit, as far as that can be seen
 * without git. */
bool cli_ref_is(const struct conf *c, const struct image *img, const char *commit);

#endif
