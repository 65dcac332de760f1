#compdef mlops
# Completion of mlops for zsh; `mlops completion zsh` prints it.
_mlops() {
	local line name
	local -a names texts
	for line in ${(f)"$(${words[1]} __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
		case $line in
		:file) compset -P '--*='; _files ;;
		:folder) compset -P '--*='; _files -/ ;;
		*)
			name=${line%%$'\t'*}
			names+=("$name")
			texts+=("${name}${${line#"$name"}:+  -- ${line#*$'\t'}}") ;;
		esac
	done
	(( $#names )) && compadd -l -d texts -a names
}
if [[ $funcstack[1] == _mlops ]]; then
	_mlops "$@"
else
	compdef _mlops mlops
fi
