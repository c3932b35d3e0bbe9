/*
 * backup: `hornero backup` writes, and `hornero restore` reads, one archive (lib/tar.h) with what
 * this node alone knows.
 *
 *   hornero-backup.json  format, version of hornero, node, time
 *   queue.db             the queue, as one moment saw it
 *   clock                its clock (lib/steady.h)
 *   keys                 keys_file
 *   images.d/UUID.yaml   the images, with their pins; skip/ and pause/ beside it
 *   door/                the door's host keys; mirror-access/, glance/, notify/
 *   repositories.json    name, HEAD, upstream and bundle of each repository
 *   repos/NUMBER.bundle  its refs and objects (git-bundle(1))
 *   SHA256SUMS           the digest of each
 */
#ifndef HORNERO_CLI_BACKUP_H
#define HORNERO_CLI_BACKUP_H

#include "cli/cli.h"
#include "lib/tar.h"

#define BACKUP_HEADER "hornero-backup.json"
#define BACKUP_QUEUE "queue.db"
#define BACKUP_REPOS "repositories.json"
enum { BACKUP_FORMAT = 1, BACKUP_TEXT_MAX = 1 << 26, BACKUP_PLACES = 9 };

/* ---- backup_place.c: small files ---- */

struct backup_place {
	const char *name; /* of the member, or of the directory of its members */
	char *dir;
	char *file;       /* the only one; NULL: every plain file of dir */
};
struct backup_places {
	struct backup_place list[BACKUP_PLACES];
};
void backup_places_init(struct backup_places *p, const struct conf *c);
void backup_places_fini(struct backup_places *p);
#define own_places __attribute__((cleanup(backup_places_fini)))

/* Adds their files. A missing directory or file is not an error. */
int backup_places_save(const struct backup_places *p, struct tar_out *t, struct err *e);
/* Puts a member back, with the owner and group of its directory. Returns 1 if it did, 0 if the
 * member belongs to none of the places, or its directory is missing, -1 on error. */
int backup_places_put(const struct backup_places *p, int archive, const struct tar_member *m,
		      struct err *e);

/* While root acts as the owner of a directory, so that no file there is ever root's. */
struct backup_owner {
	uid_t uid;
	gid_t gid;
	bool changed;
};
int backup_act_as_owner(struct backup_owner *o, int dir, struct err *e);
void backup_act_again(struct backup_owner *o);
#define own_owner __attribute__((cleanup(backup_act_again)))

/* Makes an empty file without a name in dir. Returns its descriptor, or -1 with e filled. */
int backup_nameless(const char *dir, struct err *e);

/* ---- backup_repo.c: repositories ---- */

/* Adds BACKUP_REPOS, and with_bundles a bundle of each repository that has refs. *n counts them. */
int backup_repos_save(const struct conf *c, struct tar_out *t, const char *dir, bool with_bundles,
		      int64_t *n, struct err *e);
/* Whether BACKUP_REPOS of this archive can be restored; *n counts its repositories. */
int backup_repos_check(int archive, int64_t *n, struct err *e);
/* Creates them and fetches their bundles. */
int backup_repos_put(const struct conf *c, int archive, struct err *e);

#endif
