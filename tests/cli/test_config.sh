#!/bin/sh
. "$(dirname "$0")/lib.sh"
file=$HOME/.config/mlops/config.yaml

run config list
expect_exit 0
golden config-list
run config list --json
expect_exit 0
expect_json config.list
run config get core.threads --json
expect_exit 0
expect_json config.get

run config set core.threads 3
expect_exit 0
expect_empty stdout
expect_err 'core.threads set in'
check 'the file has it' grep -q 'threads: 3' "$file"
run config get core.threads
expect_exit 0
golden config-get
run config set core.threads 3 --quiet
expect_empty stderr

# Comments stay.
printf '# mine\ncore:\n  threads: 3 # few\n' >"$file"
run config set core.wait 1m
expect_exit 0
check 'comments stay' test "$(grep -c '# mine\|# few' "$file")" = 2

# Layers: the environment is above the files, --config above that.
run_shell 'MLOPS_CORE_THREADS=2 "$MLOPS" config list --show-origin'
expect_exit 0
expect_out 'MLOPS_CORE_THREADS'
run_shell 'MLOPS_CORE_THREADS=2 "$MLOPS" --config core.threads=1 config get core.threads'
check '--config wins' test "$(cat out)" = 1
run_shell 'MLOPS_CORE_THREADS=many "$MLOPS" config list'
expect_exit 2
run --config core.thread=1 config list
expect_exit 2
expect_err "did you mean 'core.threads'?"

run config set core.thread 1
expect_exit 5
golden config-typo
run config set core.threads many
expect_exit 2
golden config-value
run config set --user --system core.threads 1
expect_exit 2
run config set --repository core.threads 1
expect_exit 5
expect_err 'there is no project here'
run config get
expect_exit 2

# A value is told as it is, though the locale cannot show it; a table is for people.
run config set user.name 'A × B'
run_shell 'LC_ALL=C "$MLOPS" config get user.name'
expect_out 'A × B'
run_shell 'LC_ALL=C "$MLOPS" config list'
expect_out 'A x B'

# A broken file is shown with its line, and can be mended by the tool.
printf 'core: {thread: 2}\n' >"$file"
run config list
expect_exit 2
expect_err '    1 | core: {thread: 2}'
expect_err "did you mean 'core.threads'?"
run doctor
expect_exit 1
expect_out 'broken'
run config list --json
expect_exit 2
check 'with --json the error is one line of JSON' python3 -c '
import json
error = json.loads(open("err").read())
assert error["line"] == 1 and error["column"] == 8, error'
run version
expect_exit 0

rm "$file"
run config unset core.threads
expect_exit 5
run_shell 'HOME= "$MLOPS" config list'
expect_exit 0
run_shell 'HOME= "$MLOPS" config set core.threads 1'
expect_exit 5
mkdir -p "$file"
run config list
check 'a folder in place of the file is an error' test "$status" -ge 2
finish
