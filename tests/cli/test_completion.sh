#!/bin/sh
. "$(dirname "$0")/lib.sh"

for shell in bash fish zsh; do
	run completion $shell
	expect_exit 0
	check "completions/mlops.$shell is what is printed" cmp -s out \
		"$source_root/completions/mlops.$shell"
	check "completions/mlops.$shell is short" test "$(wc -l <out)" -le 40
done
run completion fsh
expect_exit 2
expect_err "did you mean 'fish'?"

# What a shell is offered.
run __complete -- comp
golden complete-command
run __complete -- completion ''
golden complete-choice
run __complete -- version --jso
golden complete-option
run __complete -- no-such ''
expect_empty stdout
run __complete -- schema proj
expect_out 'project'

PATH=$(dirname "$MLOPS"):$PATH
if command -v bash >/dev/null; then
	cat >probe <<'END'
source <("$MLOPS" completion bash)
COMP_WORDS=("$MLOPS" "$@") COMP_CWORD=$#
compopt() { :; }
_mlops
printf '%s\n' "${COMPREPLY[@]}"
END
	bash probe comp >out
	check 'bash completes a command' grep -qx completion out
	bash probe version --color = au >out
	check 'bash completes behind =' grep -qx auto out
	touch 'a file'
	bash probe -C '' >out
	check 'bash lists no files where folders are wanted' sh -c '! grep -q "a file" out'
else
	skip 'completion in bash' 'there is no bash'
fi
if command -v zsh >/dev/null; then
	check 'the zsh script is well-formed' zsh -n "$source_root/completions/mlops.zsh"
else
	skip 'completion in zsh' 'there is no zsh'
fi
if command -v fish >/dev/null; then
	"$MLOPS" completion fish >mlops.fish
	fish -N -c "source mlops.fish; complete -C 'mlops comp'" >out 2>/dev/null
	check 'fish completes a command' grep -q '^completion' out
else
	skip 'completion in fish' 'there is no fish'
fi
finish
