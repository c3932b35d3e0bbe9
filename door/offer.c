/* offer: DIAGNOSTICS: ERR_US if libssh does not know a name, ERR_OPERATOR for the host keys. */
#include "door/offer.h"

#include "door/hostkey.h"

#include <libssh/server.h>
#include <stdbool.h>
#include <stddef.h>

/* On a processor with AES instructions no user-space cipher is as fast as AES-GCM. The client's
 * preference decides among the offers, so offer nothing else. GCM needs no MAC, but libssh requires
 * a name. */
static const char kex[] =
	"curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
	"ecdh-sha2-nistp521";
static const char ciphers[] = "aes256-gcm@openssh.com,aes128-gcm@openssh.com";
static const char macs[] = "hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com";
static const char host_keys[] = "ssh-ed25519,ecdsa-sha2-nistp256";
static const char client_keys[] =
	"ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
	"ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256";

static int set_options(ssh_bind b, struct err *e)
{
	static const bool no = false;
	static const int rsa_bits = 2048;
	const struct {
		enum ssh_bind_options_e option;
		const void *value;
	} options[] = {
		/* Must come first: it keeps libssh from reading /etc/ssh. */
		{SSH_BIND_OPTIONS_PROCESS_CONFIG, &no},
		{SSH_BIND_OPTIONS_BANNER, "hornero"},
		{SSH_BIND_OPTIONS_KEY_EXCHANGE, kex},
		{SSH_BIND_OPTIONS_CIPHERS_C_S, ciphers},
		{SSH_BIND_OPTIONS_CIPHERS_S_C, ciphers},
		{SSH_BIND_OPTIONS_HMAC_C_S, macs},
		{SSH_BIND_OPTIONS_HMAC_S_C, macs},
		{SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, host_keys},
		{SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, client_keys},
		{SSH_BIND_OPTIONS_RSA_MIN_SIZE, &rsa_bits},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (ssh_bind_options_set(b, options[i].option, options[i].value) < 0)
			return err_set(e, ERR_US, "libssh rejects option %zu: %s", i,
				       ssh_get_error(b));
	return 0;
}

static int accept_with(ssh_bind b, const struct conf *c, int fd, ssh_session session, struct err *e)
{
	if (set_options(b, e) < 0 || hostkey_load(b, c->door_host_keys, e) < 0)
		return -1;
	if (ssh_bind_accept_fd(b, session, fd) != SSH_OK)
		return err_set(e, ERR_US, "libssh rejects the connection: %s", ssh_get_error(b));
	ssh_options_set(session, SSH_OPTIONS_COMPRESSION_C_S, "none");
	ssh_options_set(session, SSH_OPTIONS_COMPRESSION_S_C, "none");
	ssh_set_auth_methods(session, SSH_AUTH_METHOD_PUBLICKEY);
	ssh_set_blocking(session, 0);
	return 0;
}

int offer_session(const struct conf *c, int fd, ssh_session *out, struct err *e)
{
	ssh_bind b = ssh_bind_new();
	ssh_session session = ssh_new();
	int rc = b && session ? accept_with(b, c, fd, session, e)
			      : err_set(e, ERR_NOBODY, "out of memory for a connection");

	ssh_bind_free(b);
	if (rc < 0)
		ssh_free(session);
	else
		*out = session;
	return rc;
}
