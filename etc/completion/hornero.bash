# bash completion for hornero(1). `hornero complete` knows the candidates; this hands them on.

_hornero () {
	local line=${COMP_LINE:0:COMP_POINT} words

	# Not COMP_WORDS, which bash cuts at "=" and ":".
	read -ra words <<<"${line}x"
	words[-1]=${words[-1]%x}
	mapfile -t COMPREPLY < <(hornero complete -- "${words[@]:1}" 2>/dev/null)
	if [[ ${COMPREPLY[0]} == '<FILE>' ]]; then
		COMPREPLY=()
		compopt -o default
		return
	fi
	[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace
	# $2 is the part that bash will replace.
	COMPREPLY=("${COMPREPLY[@]#"${words[-1]%"$2"}"}")
}
complete -F _hornero hornero
