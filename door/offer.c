/* offer: DIAGNOSTICS: ERR_US if libssh does not know a name, ERR_OPERATOR for the host keys. */
#include "door/offer.h"

#include "door/greeting.h"
#include "door/hostkey.h"

#include <libssh/server.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Each class of algorithms has groups, best first. SSH takes the client's preference, so a client
 * is offered only the first group of which it has a member. On a processor with AES instructions no
 * user-space cipher is as fast as AES-GCM, and a MAC over the ciphertext (etm) is safer. */
#define GCM "aes256-gcm@openssh.com,aes128-gcm@openssh.com"

enum { GROUPS = 2 };

static const struct class {
	const char *what;
	const char *groups[GROUPS];
} classes[KEXINIT_LISTS] = {
	[KEXINIT_KEX] = {"key exchange",
			 {
#if LIBSSH_VERSION_INT >= SSH_VERSION_INT(0, 12, 0)
				 "mlkem768x25519-sha256,sntrup761x25519-sha512,"
				 "sntrup761x25519-sha512@openssh.com,"
#endif
				 "curve25519-sha256,curve25519-sha256@libssh.org,"
				 "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"}},
	[KEXINIT_HOST_KEY] = {"host key", {"ssh-ed25519,ecdsa-sha2-nistp256"}},
	[KEXINIT_CIPHER_IN] = {"cipher", {GCM, "aes256-ctr,aes128-ctr"}},
	[KEXINIT_CIPHER_OUT] = {"cipher", {GCM, "aes256-ctr,aes128-ctr"}},
	[KEXINIT_MAC_IN] = {"MAC",
			    {"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com",
			     "hmac-sha2-256,hmac-sha2-512"}},
	[KEXINIT_MAC_OUT] = {"MAC",
			     {"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com",
			      "hmac-sha2-256,hmac-sha2-512"}},
};

static const char client_keys[] =
	"ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
	"ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256";

static bool has_any(const struct kexinit *client, enum kexinit_list list, const char *names)
{
	char name[OFFER_NAMES_MAX];

	for (size_t len; *names; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		if (kexinit_has(client, list, name))
			return true;
	}
	return false;
}

/* Returns false if the client has none of them; then out has all names of the door. */
static bool choose(const struct kexinit *client, enum kexinit_list list, char *out)
{
	const char *const *groups = classes[list].groups;

	for (size_t i = 0; client && i < GROUPS && groups[i]; i++)
		if (has_any(client, list, groups[i])) {
			snprintf(out, OFFER_NAMES_MAX, "%s", groups[i]);
			return true;
		}
	snprintf(out, OFFER_NAMES_MAX, "%s%s%s", groups[0], groups[1] ? "," : "",
		 groups[1] ? groups[1] : "");
	return !client;
}

/* GCM authenticates by itself: its clients need no MAC that we have. */
static bool is_needed(const struct offer *o, enum kexinit_list list)
{
	if (list != KEXINIT_MAC_IN && list != KEXINIT_MAC_OUT)
		return true;
	return strcmp(o->names[list - KEXINIT_MAC_IN + KEXINIT_CIPHER_IN], GCM) != 0;
}

void offer_choose(const struct kexinit *client, struct offer *out)
{
	out->missing = NULL;
	for (enum kexinit_list i = 0; i < KEXINIT_LISTS; i++) {
		if (choose(client, i, out->names[i]) || out->missing || !is_needed(out, i))
			continue;
		out->missing = classes[i].what;
		out->lacking = i;
	}
}

void offer_packet(const struct offer *o, struct packet *out)
{
	packet_begin(out, KEXINIT_MESSAGE);
	packet_zeroes(out, KEXINIT_COOKIE); /* no keys come of this */
	for (size_t i = 0; i < KEXINIT_LISTS; i++)
		packet_text(out, o->names[i]);
	packet_text(out, "none"); /* compression, in and out */
	packet_text(out, "none");
	packet_text(out, ""); /* languages */
	packet_text(out, "");
	packet_zeroes(out, 1); /* no guess follows */
	packet_number(out, 0);
	packet_end(out);
}

static int set_options(ssh_bind b, const struct offer *o, struct err *e)
{
	static const bool no = false;
	static const int rsa_bits = 2048;
	const struct {
		enum ssh_bind_options_e option;
		const void *value;
	} options[] = {
		/* Must come first: it keeps libssh from reading /etc/ssh. */
		{SSH_BIND_OPTIONS_PROCESS_CONFIG, &no},
		{SSH_BIND_OPTIONS_BANNER, GREETING_SOFTWARE},
		{SSH_BIND_OPTIONS_KEY_EXCHANGE, o->names[KEXINIT_KEX]},
		{SSH_BIND_OPTIONS_CIPHERS_C_S, o->names[KEXINIT_CIPHER_IN]},
		{SSH_BIND_OPTIONS_CIPHERS_S_C, o->names[KEXINIT_CIPHER_OUT]},
		{SSH_BIND_OPTIONS_HMAC_C_S, o->names[KEXINIT_MAC_IN]},
		{SSH_BIND_OPTIONS_HMAC_S_C, o->names[KEXINIT_MAC_OUT]},
		{SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, o->names[KEXINIT_HOST_KEY]},
		{SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, client_keys},
		{SSH_BIND_OPTIONS_RSA_MIN_SIZE, &rsa_bits},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (ssh_bind_options_set(b, options[i].option, options[i].value) < 0)
			return err_set(e, ERR_US, "libssh rejects option %zu: %s", i,
				       ssh_get_error(b));
	return 0;
}

static int accept_with(ssh_bind b, const struct conf *c, int fd, const struct offer *o,
		       ssh_session session, struct err *e)
{
	if (set_options(b, o, e) < 0 || hostkey_load(b, c->door_host_keys, e) < 0)
		return -1;
	if (ssh_bind_accept_fd(b, session, fd) != SSH_OK)
		return err_set(e, ERR_US, "libssh rejects the connection: %s", ssh_get_error(b));
	ssh_options_set(session, SSH_OPTIONS_COMPRESSION_C_S, "none");
	ssh_options_set(session, SSH_OPTIONS_COMPRESSION_S_C, "none");
	ssh_set_auth_methods(session, SSH_AUTH_METHOD_PUBLICKEY);
	ssh_set_blocking(session, 0);
	return 0;
}

int offer_session(const struct conf *c, int fd, const struct offer *o, ssh_session *out,
		  struct err *e)
{
	ssh_bind b = ssh_bind_new();
	ssh_session session = ssh_new();
	int rc = b && session ? accept_with(b, c, fd, o, session, e)
			      : err_set(e, ERR_NOBODY, "out of memory for a connection");

	ssh_bind_free(b);
	if (rc < 0)
		ssh_free(session);
	else
		*out = session;
	return rc;
}
