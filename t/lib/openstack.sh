# openstack.sh: the real Keystone and Glance of the node's packages, each one process with SQLite,
# on ports of the loopback address, or of nodes.sh's bridge, below $TRASH/os. After node.sh and
# glance.sh:
#
#     os_requires              # else the whole file is skipped
#     os_start "$PORT"         # PORT: of the web server that Glance may fetch from
#     os_cloud                 # a project, its member, an application credential, clouds.yaml
#     os_hosts=HOST,HOST       # before os_start or os_glance: from which Glance may fetch
#     os_image ID              # what Glance says of an image, as JSON
#     os_glance "KEY = VALUE"… # Glance again, with these settings in [DEFAULT]
#     os_once 0                # hornero-glance --once
#     os_tokens SECONDS        # Keystone again: its new tokens are valid so long

OS=$TRASH/os
os__address=${glance_address:-127.0.0.1}
os_hosts=$os__address
os_glance_pid=''

# The packages stay outside of the file `packages`: a machine that only runs the tests needs no
# OpenStack.
os_requires () {
	test -n "$HORNERO_TEST_LONG" || test_skip_all 'long; HORNERO_TEST_LONG=1 runs it'
	os__usable || test_skip_all 'keystone and glance-api are not installed'
	test_requires jq jq
	test_requires curl curl
	unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
	no_proxy=$os__address
	export no_proxy
}

os__usable () {
	command -v keystone-manage >/dev/null &&
	command -v keystone-wsgi-public >/dev/null &&
	command -v glance-manage >/dev/null &&
	command -v glance-api >/dev/null
}

os__port () {
	python3 -c 'import socket; s = socket.socket(); s.bind(("'$os__address'", 0));
print(s.getsockname()[1])'
}

# os_call METHOD URL [JSON]: with the administrator's token; prints the answer.
os_call () {
	curl -sS --max-time 60 -X "$1" -H "X-Auth-Token: $os_token" \
		-H 'Content-Type: application/json' ${3:+-d "$3"} "$2"
}

# os_login USER PASSWORD PROJECT: prints a token.
os_login () {
	jq -n --arg user "$1" --arg password "$2" --arg project "$3" '{id: "default"} as $domain |
		{auth: {identity: {methods: ["password"], password: {user: {name: $user,
			password: $password, domain: $domain}}},
		scope: {project: {name: $project, domain: $domain}}}}' >"$OS/login.json" &&
	curl -sS --max-time 60 -D - -o /dev/null -H 'Content-Type: application/json' \
		-d "@$OS/login.json" "$os_keystone/auth/tokens" |
		tr -d '\r' | sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: //p'
}

# os__run NAME COMMAND…: in the background; its words are in $OS/NAME.log. Sets os__pid.
os__run () {
	os__log=$OS/$1.log
	shift
	"$@" >>"$os__log" 2>&1 </dev/null &
	os__pid=$!
	test_cleanup "kill $os__pid; wait $os__pid; :"
}

os__keystone () {
	cat >"$OS/keystone.conf" <<-END &&
	[database]
	connection = sqlite:///$OS/keystone.db
	[token]
	provider = fernet
	[fernet_tokens]
	key_repository = $OS/fernet
	[credential]
	key_repository = $OS/credential
	[identity]
	password_hash_rounds = 4
	END
	mkdir -m 0700 "$OS/fernet" "$OS/credential" &&
	for os__step in 'fernet_setup --keystone-user root --keystone-group root' \
		'credential_setup --keystone-user root --keystone-group root' db_sync \
		"bootstrap --bootstrap-password admin --bootstrap-region-id RegionOne
			--bootstrap-public-url $os_keystone --bootstrap-internal-url $os_keystone"
	do
		keystone-manage --config-file "$OS/keystone.conf" $os__step \
			>>"$OS/keystone.log" 2>&1 || { tail -n 20 "$OS/keystone.log"; return 1; }
	done &&
	OS_KEYSTONE_CONFIG_FILES=$OS/keystone.conf OS_KEYSTONE_CONFIG_DIR=$OS &&
	export OS_KEYSTONE_CONFIG_FILES OS_KEYSTONE_CONFIG_DIR &&
	os__serve_keystone "$1" &&
	os_token=$(os_login admin admin admin) &&
	test -n "$os_token"
}

os__serve_keystone () {
	os__run keystone keystone-wsgi-public --host $os__address --port "$1" &&
	os_keystone_pid=$os__pid &&
	wait_until "curl -sf --max-time 5 $os_keystone" 120
}

os_tokens () {
	sed -i "/^expiration/d; s/^\[token\]/&\nexpiration = $1/" "$OS/keystone.conf" &&
	kill $os_keystone_pid && { wait $os_keystone_pid; :; } &&
	os__serve_keystone "${os__keystone_port%/v3}"
}

# os_glance [SETTING…]: starts it, or ends it and starts it with these.
os_glance () {
	test -z "$os_glance_pid" || { kill "$os_glance_pid"; wait "$os_glance_pid"; } || :
	{
		cat <<-END
		[DEFAULT]
		bind_host = $os__address
		bind_port = ${os_images##*:}
		workers = 1
		show_multiple_locations = true
		enabled_import_methods = [glance-direct,web-download]
		node_staging_uri = file://$OS/staging
		END
		test $# -eq 0 || printf '%s\n' "$@"
		cat <<-END
		[database]
		connection = sqlite:///$OS/glance.db
		[paste_deploy]
		flavor = keystone
		config_file = /etc/glance/glance-api-paste.ini
		[glance_store]
		stores = file,http
		default_store = file
		filesystem_store_datadir = $OS/images
		[import_filtering_opts]
		allowed_ports = [$os__fetch]
		allowed_hosts = [$os_hosts]
		[oslo_concurrency]
		lock_path = $OS/lock
		[keystone_authtoken]
		www_authenticate_uri = $os_keystone
		auth_url = $os_keystone
		auth_type = password
		username = admin
		password = admin
		project_name = admin
		user_domain_id = default
		project_domain_id = default
		END
	} >"$OS/glance.conf" &&
	os__run glance glance-api --config-file "$OS/glance.conf" &&
	os_glance_pid=$os__pid &&
	wait_until "! kill -0 $os_glance_pid || os__answers" 120 &&
	os__answers || { tail -n 20 "$OS/glance.log"; return 1; }
}

os__answers () {
	curl -s --max-time 5 "$os_images/versions" | grep -q v2
}

os_start () {
	os__fetch=$1
	os_keystone=http://$os__address:$(os__port)/v3
	os_images=http://$os__address:$(os__port)
	os__keystone_port=${os_keystone##*:}
	mkdir -p "$OS/images" "$OS/staging" "$OS/lock" &&
	os__keystone "${os__keystone_port%/v3}" &&
	os__service=$(os_call POST "$os_keystone/services" \
		'{"service": {"type": "image", "name": "glance"}}' | jq -r .service.id) &&
	jq -n --arg id "$os__service" --arg url "$os_images" '{endpoint: {service_id: $id,
		url: $url, interface: "public", region_id: "RegionOne"}}' >"$OS/endpoint.json" &&
	os_call POST "$os_keystone/endpoints" "@$OS/endpoint.json" &&
	printf '[database]\nconnection = sqlite:///%s/glance.db\n' "$OS" >"$OS/manage.conf" &&
	glance-manage --config-file "$OS/manage.conf" db_sync >>"$OS/glance.log" 2>&1 &&
	os_glance
}

# A project of its own: hornero-glance needs no administrator.
os_cloud () {
	os__project=$(os_call POST "$os_keystone/projects" '{"project": {"name": "unikernels"}}' |
		jq -r .project.id) &&
	os__user=$(os_call POST "$os_keystone/users" \
		'{"user": {"name": "hornero", "password": "secret"}}' | jq -r .user.id) &&
	os__role=$(os_call GET "$os_keystone/roles?name=member" | jq -r '.roles[0].id') &&
	os_call PUT "$os_keystone/projects/$os__project/users/$os__user/roles/$os__role" &&
	os__admin=$os_token &&
	os_token=$(os_login hornero secret unikernels) &&
	os_call POST "$os_keystone/users/$os__user/application_credentials" \
		'{"application_credential": {"name": "node"}}' >"$OS/credential.json" &&
	os_token=$os__admin &&
	(
		umask 077 &&
		cat >"$NODE/clouds.yaml" <<-END
		clouds:
		  node:
		    auth:
		      auth_url: $os_keystone
		      application_credential_id: $(jq -r .application_credential.id \
			"$OS/credential.json")
		      application_credential_secret: $(jq -r .application_credential.secret \
			"$OS/credential.json")
		    region_name: RegionOne
		END
	) &&
	node_set glance_credentials "$NODE/clouds.yaml"
}

os_image () {
	os_call GET "$os_images/v2/images/$1"
}

# os_once CODE: hornero-glance --once ends with it.
os_once () {
	timeout 200 hornero-glance --once >>glance.log 2>&1
	os__code=$?
	test $os__code -eq "$1" || { echo "exit $os__code"; tail -n 20 glance.log; return 1; }
}

# os_shows FILTER [RELEASE]: jq's answer about the record is true.
os_shows () {
	os_image "${2:-$(glance_release)}" >image.json &&
	jq -e "$1" image.json || { cat image.json; tail -n 5 glance.log; return 1; }
}
