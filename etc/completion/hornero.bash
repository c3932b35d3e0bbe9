# bash completion for hornero(1). t/7300-docs.t compares the words and options with --help.

_hornero_images () { hornero image list 2>/dev/null | sed -n 's/^\([0-9a-f]\{8\}-[0-9a-f-]*\) .*/\1/p'; }
_hornero_jobs () { hornero queue 2>/dev/null | sed -n 's/^ *\([0-9][0-9]*\) .*/\1/p'; }
_hornero_keys () { hornero key list 2>/dev/null | sed -n '2,$s/ .*//p'; }

_hornero_releases () { hornero image show "$1" 2>/dev/null | sed -n 's/^  \([0-9a-f]\{8\}-[0-9a-f-]*\) .*/\1/p'; }

_hornero () {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word='' second='' i options='' others=''
	local words='init repo key image queue top show log wait why cancel retry rebuild rollback drain pause resume sweep cache gc doctor help'

	COMPREPLY=()
	case $prev in
	-c | --conf)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--key)
		mapfile -t COMPREPLY < <(compgen -W "$(_hornero_keys)" -- "$cur")
		return
		;;
	--ref)
		others='refs/heads/main'
		;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --conf | --key) ((i++)) ;;
		-*) ;;
		*)
			if [[ -z $word ]]; then
				word=${COMP_WORDS[i]}
			elif [[ -z $second ]]; then
				second=${COMP_WORDS[i]}
			fi
			;;
		esac
	done
	case $word in
	'') others=$words options='--version --key' ;;
	repo) [[ -n $second ]] || others='create' ;;
	key)
		case $second in
		'') others='add list remove' ;;
		add)
			options='--read --write --create --admin --ids'
			[[ $cur == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			;;
		list) options='--json' ;;
		remove) others=$(_hornero_keys) ;;
		esac
		;;
	image)
		case $second in
		'') others='add list show set remove' ;;
		add) options='--ref --subdir --builder --name --replace' ;;
		list) options='--json' ;;
		show) options='--json' others=$(_hornero_images) ;;
		set) others="$(_hornero_images) repo= ref= subdir= builder= expect= timeout= boot_memory= boot_machine= name= keep_warm= in_use= releases= confirm=idle confirm=never pinned= until_ref_leaves=" ;;
		remove) others=$(_hornero_images) ;;
		esac
		;;
	init | sweep | doctor) options='--json' ;;
	cache) options='--verify --json' ;;
	gc) options='--dry-run --verify --json' ;;
	queue) options='--all --json' ;;
	top) options='--iterations --interval --json' ;;
	show) options='--json' others=$(_hornero_jobs) ;;
	log) options='--follow --attempt --alive' others=$(_hornero_jobs) ;;
	wait) options='--timeout' others="$(_hornero_jobs) $(_hornero_images)" ;;
	why) others="$(_hornero_jobs) $(_hornero_images)" ;;
	cancel | retry) others=$(_hornero_jobs) ;;
	rollback)
		options='--undo --timeout' others=$(_hornero_images)
		[[ -z $second ]] || others=$(_hornero_releases "$second")
		;;
	rebuild) options='--all --force --clean' others=$(_hornero_images) ;;
	drain) options='--timeout' ;;
	help)
		case $second in
		'') others=$words ;;
		repo) others='create' ;;
		key) others='add list remove' ;;
		image) others='add list show set remove' ;;
		esac
		;;
	pause | resume) others=$(_hornero_images) ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options --conf --help" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$others" -- "$cur")
	fi
}
complete -F _hornero hornero
