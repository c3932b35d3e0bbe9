/*
 * cloud: the credentials of hornero-glance: one entry of a clouds.yaml, the file that OpenStack's
 * own clients read and that its dashboard hands out for an application credential.
 *
 *     clouds:
 *       node:
 *         auth:
 *           auth_url: https://keystone.example/v3
 *           application_credential_id: …
 *           application_credential_secret: …
 *         region_name: RegionOne        default: any
 *         interface: internal           default: public
 *         cacert: /etc/ssl/cloud.pem    default: the system's
 *
 * Instead of an application credential, auth may have username (or user_id), password, and a
 * project. Other settings of such files are ignored; `verify: false` is refused.
 */
#ifndef HORNERO_CONF_CLOUD_H
#define HORNERO_CONF_CLOUD_H

#include "lib/err.h"

struct cloud { /* NULL: unset */
	char *auth_url;
	char *application_credential_id, *application_credential_secret;
	char *user_id, *username, *user_domain_id, *user_domain_name, *password;
	char *project_id, *project_name, *project_domain_id, *project_domain_name;
	char *region_name, *interface, *cacert;
};

/* Reads the entry `name` (NULL: the only one). The file must be readable by its owner alone, who is
 * the caller or root. Returns 0, or -1 with e filled: ERR_OPERATOR. */
int cloud_load(const char *path, const char *name, struct cloud *out, struct err *e);
/* Reads the entry as cloud_load() does, but a file of any owner, and keeps nothing of it. */
int cloud_check(const char *path, const char *name, struct err *e);
void cloud_fini(struct cloud *c);
#define own_cloud __attribute__((cleanup(cloud_fini)))

#endif
