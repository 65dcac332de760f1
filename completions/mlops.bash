# Completion of mlops for bash; `mlops completion bash` prints it.
_mlops() {
	local IFS=$'\n' word line glued= base=
	local -a words=()
	# Bash cuts words at '=': they are put together again.
	for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
		if [[ ($word == = || $glued) && ${#words[@]} -gt 0 ]]; then
			words[${#words[@]}-1]+=$word
			glued=
			[[ $word == = ]] && glued=1
		else
			words+=("$word")
		fi
	done
	word=${words[${#words[@]}-1]}
	[[ $word == --*=* ]] && base=${word%%=*}=
	COMPREPLY=()
	while read -r line; do
		case $line in
		:file) compopt -o filenames; COMPREPLY+=($(compgen -f -- "${word#"$base"}")) ;;
		:folder) compopt -o filenames; COMPREPLY+=($(compgen -d -- "${word#"$base"}")) ;;
		*) line=${line%%$'\t'*}; COMPREPLY+=("${line#"$base"}") ;;
		esac
	done < <("${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null)
}
complete -F _mlops mlops
