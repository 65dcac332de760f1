#!/bin/sh
# Long answers on a terminal, which script(1) makes.
. "$(dirname "$0")/lib.sh"

if ! command -v script >/dev/null; then
	skip 'the pager' 'there is no script(1)'
	finish
fi
"$MAKE_RUNS" . || exit 1

# on_terminal ENVIRONMENT COMMAND
on_terminal() {
	last_command="$1 $2"
	export MLOPS
	env "$1" script -qec "$2" /dev/null >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
	cp "$scratch/out" "$scratch/err" .
}

on_terminal "PAGER=sed s/^/paged:/" '"$MLOPS" log'
expect_exit 0
expect_out 'paged:7f3a9c2'
on_terminal "PAGER=sed s/^/paged:/ | cat" '"$MLOPS" log'
expect_out 'paged:7f3a9c2'
on_terminal "PAGER=sed s/^/paged:/" '"$MLOPS" --no-pager log'
check '--no-pager prints at once' lacks out paged:
on_terminal "PAGER=no-such-pager -x" '"$MLOPS" log'
expect_exit 0
expect_out 'calm-otter'
on_terminal "PAGER=cat" '"$MLOPS" log'
expect_out 'calm-otter'
on_terminal "PAGER=true" 'trap "" PIPE; "$MLOPS" log'
expect_exit 0
check 'leaving the pager is no failure' lacks out error
finish
