/* nodes: DIAGNOSTICS: ERR_OPERATOR with FILE:LINE:COLUMN; ERR_NOBODY if memory or descriptors run
 * out. */
#include "conf/nodes.h"

#include "conf/check.h"
#include "conf/way.h"
#include "conf/yaml.h"
#include "lib/fs.h"
#include "lib/own.h"

#include <fcntl.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct nodes, member)

static const struct setting settings[] = {
	{.name = "nodes", .type = SETTING_LIST, .required = true, .check = check_host, AT(list),
	 .allowed = "a list of HOST or HOST:PORT, IPv6 in []",
	 .help = "The nodes, by the names or addresses of their doors."},
	{.name = "user", .type = SETTING_TEXT, .fallback = "git", .max = 32,
	 .check = check_component, AT(user),
	 .help = "The name before the @ of the SSH login. A door takes any."},
	{.name = "port", .type = SETTING_COUNT, .min = 1, .max = 65535, .fallback = "2222",
	 AT(port),
	 .help = "The port of nodes that name none."},
	{.name = "identity", .type = SETTING_PATH, AT(identity),
	 .help = "The file of the private key, which must have no passphrase. Unset, ssh uses "
		 "its own configuration and agent."},
	{.name = "known_hosts", .type = SETTING_PATH, AT(known_hosts),
	 .help = "The file of the nodes' host keys. Unset, ssh uses its own files. Nodes whose "
		 "host key is unknown are not asked."},
};

const struct settings nodes_settings = {"nodes.yaml", settings,
					sizeof(settings) / sizeof(settings[0])};

void nodes_fini(struct nodes *n)
{
	settings_fini(&nodes_settings, n);
	n->n = 0;
}

void nodes_address(const struct nodes *n, const char *node, char host[NODE_HOST_MAX],
		   int64_t *port)
{
	size_t len = way_host(node), skip = *node == '[';

	snprintf(host, NODE_HOST_MAX, "%.*s", (int)(len - 2 * skip), node + skip);
	*port = node[len] == ':' ? strtoll(node + len + 1, NULL, 10) : n->port;
}

static const struct doc_node *entry(const struct doc *doc, size_t i)
{
	const struct doc_node *at = doc->root->first;

	while (strcmp(at->key->text, "nodes") != 0)
		at = at->next;
	for (at = at->first; i > 0; i--)
		at = at->next;
	return at;
}

static int check_list(const struct doc *doc, struct nodes *n, struct err *e)
{
	for (n->n = 0; n->list[n->n]; n->n++) {
		const char *one = n->list[n->n];

		if (n->n == NODES_MOST)
			return doc_fail(doc, entry(doc, n->n), e,
					"nodes has more than %d entries; split the file and name "
					"each part by --nodes",
					NODES_MOST);
		for (size_t i = 0; i < n->n; i++)
			if (strcmp(n->list[i], one) == 0)
				return doc_fail(doc, entry(doc, n->n), e,
						"nodes has %s twice; line %d has it already", one,
						entry(doc, i)->line);
	}
	return 0;
}

int nodes_load(const char *path, struct nodes *out, struct err *e)
{
	const char *slash = strrchr(path, '/');
	int length = slash && slash != path ? (int)(slash - path) : 1;
	own_free char *dir = fs_path("%.*s", length, slash ? path : ".");
	own_free char *text = NULL;
	own_doc struct doc *doc = NULL;
	own_nodes struct nodes n = {0};
	size_t len;

	if (fs_read(AT_FDCWD, path, DOC_BYTES_MAX, &text, &len, e) < 0 ||
	    doc_parse(path, text, len, ERR_OPERATOR, &doc, e) < 0 ||
	    settings_read(&nodes_settings, doc, dir, &n, e) < 0 || check_list(doc, &n, e) < 0)
		return -1;
	*out = n;
	memset(&n, 0, sizeof(n));
	return 0;
}
