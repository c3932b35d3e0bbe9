# cli.sh: a node's configuration, for commands that need no hornerod. After test.sh:
#
#     cli_node LINE…      writes hornero.yaml, with these lines too, and makes HORNERO_CONF name it;
#                         its builders_dir is $TRASH/builders.d

cli_node () {
	cat >hornero.yaml <<-END &&
	repo_root: $TRASH/git
	repo_base: $TRASH/unikernels
	state_dir: $TRASH/state
	instances_path: $TRASH/instances
	builders_dir: $TRASH/builders.d
	libexec_dir: $HORNERO_BUILD
	isolation: none
	END
	{ test $# -eq 0 || printf '%s\n' "$@" >>hornero.yaml; } &&
	{ test "$(id -u)" -ne 0 || echo 'build_user: nobody' >>hornero.yaml; } &&
	HORNERO_CONF=$TRASH/hornero.yaml &&
	export HORNERO_CONF
}
