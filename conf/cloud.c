/* cloud: DIAGNOSTICS: ERR_OPERATOR with FILE:LINE:COLUMN, which never quotes a secret. */
#include "conf/cloud.h"

#include "conf/check.h"
#include "conf/yaml.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

struct word {
	const char *name;
	size_t offset;
};
#define WORD(name) {#name, offsetof(struct cloud, name)}

static const struct word auth_words[] = {
	WORD(auth_url),
	WORD(application_credential_id),
	WORD(application_credential_secret),
	WORD(user_id),
	WORD(username),
	WORD(user_domain_id),
	WORD(user_domain_name),
	WORD(password),
	WORD(project_id),
	WORD(project_name),
	WORD(project_domain_id),
	WORD(project_domain_name),
};
static const struct word cloud_words[] = {
	WORD(region_name),
	WORD(interface),
	WORD(cacert),
};
enum {
	N_AUTH = sizeof(auth_words) / sizeof(auth_words[0]),
	N_CLOUD = sizeof(cloud_words) / sizeof(cloud_words[0]),
};

static char **member(struct cloud *c, const struct word *w)
{
	return (char **)(void *)((char *)c + w->offset);
}

void cloud_fini(struct cloud *c)
{
	for (int i = 0; i < N_AUTH; i++)
		free(*member(c, &auth_words[i]));
	for (int i = 0; i < N_CLOUD; i++)
		free(*member(c, &cloud_words[i]));
	memset(c, 0, sizeof(*c));
}

static const struct doc_node *child(const struct doc_node *of, const char *name)
{
	if (!of || of->kind != DOC_MAPPING)
		return NULL;
	for (const struct doc_node *n = of->first; n; n = n->next)
		if (strcmp(n->key->text, name) == 0)
			return n;
	return NULL;
}

static int take(const struct doc *doc, const struct doc_node *from, const struct word *list,
		size_t n, struct cloud *out, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct doc_node *value = child(from, list[i].name);

		if (!value)
			continue;
		if (value->kind != DOC_SCALAR || value->null)
			return doc_fail(doc, value, e, "%s is not a text", list[i].name);
		*member(out, &list[i]) = fs_path("%s", value->text);
	}
	return 0;
}

static int check_words(const struct doc *doc, const struct doc_node *at, const struct cloud *c,
		       struct err *e)
{
	const struct doc_node *verify = child(at, "verify");

	if (verify && verify->kind == DOC_SCALAR && strcmp(verify->text, "true") != 0)
		return doc_fail(doc, verify, e,
				"hornero-glance always verifies TLS: remove verify, and name the "
				"CA's file in cacert");
	if (!c->auth_url)
		return doc_fail(doc, at, e, "auth has no auth_url");
	if (check_url(c->auth_url, e) < 0)
		return doc_position(doc, child(child(at, "auth"), "auth_url"), e);
	if (c->application_credential_id)
		return c->application_credential_secret
			       ? 0
			       : doc_fail(doc, at, e,
					  "auth has application_credential_id without "
					  "application_credential_secret");
	if (!(c->username || c->user_id) || !c->password || !(c->project_name || c->project_id))
		return doc_fail(doc, at, e,
				"auth needs application_credential_id and "
				"application_credential_secret, or username, password and "
				"project_name");
	return 0;
}

static int read_entry(const struct doc *doc, const char *name, struct cloud *out, struct err *e)
{
	const struct doc_node *clouds = child(doc->root, "clouds"), *at;

	if (!clouds || clouds->kind != DOC_MAPPING || clouds->n == 0)
		return doc_fail(doc, doc->root, e, "clouds: has no entry");
	at = name ? child(clouds, name) : clouds->first;
	if (!at || at->kind != DOC_MAPPING)
		return doc_fail(doc, clouds, e, "clouds: has no entry %s", name ? name : "");
	if (!name && clouds->n > 1)
		return doc_fail(doc, clouds, e,
				"clouds: has several entries; name one by glance_cloud in "
				"hornero.yaml");
	if (take(doc, child(at, "auth"), auth_words, N_AUTH, out, e) < 0 ||
	    take(doc, at, cloud_words, N_CLOUD, out, e) < 0)
		return -1;
	return check_words(doc, at, out, e);
}

static int read_file(int fd, const char *path, const char *name, struct cloud *out, struct err *e)
{
	own_free char *text = NULL;
	own_doc struct doc *doc = NULL;
	struct cloud c = {0};
	size_t len;

	if (fs_read_fd(fd, path, DOC_BYTES_MAX, &text, &len, e) < 0 ||
	    doc_parse(path, text, len, ERR_OPERATOR, &doc, e) < 0)
		return -1;
	if (read_entry(doc, name, &c, e) < 0) {
		cloud_fini(&c);
		return -1;
	}
	*out = c;
	return 0;
}

static int open_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd >= 0 ? fd
		       : err_sys(e, ERR_OPERATOR,
				 "cannot read the credentials %s (glance_credentials)", path);
}

int cloud_load(const char *path, const char *name, struct cloud *out, struct err *e)
{
	own_fd int fd = open_file(path, e);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(e, ERR_OPERATOR, "cannot look at the credentials %s", path);
	if ((st.st_mode & 077) != 0 || (st.st_uid != geteuid() && st.st_uid != 0))
		return err_set(e, ERR_OPERATOR,
			       "other users can read or change the credentials %s; `chmod 0600 %s` "
			       "and `chown` it to the user of hornero-glance",
			       path, path);
	return read_file(fd, path, name, out, e);
}

int cloud_check(const char *path, const char *name, struct err *e)
{
	own_fd int fd = open_file(path, e);
	own_cloud struct cloud c = {0};

	return fd < 0 ? -1 : read_file(fd, path, name, &c, e);
}
