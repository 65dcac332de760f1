#!/bin/sh
# Mistakes on the command line, and streams that do not take the answer.
. "$(dirname "$0")/lib.sh"

run
expect_exit 2
expect_empty stdout
expect_err 'usage: mlops'

run hlep
expect_exit 2
golden usage-typo
run entirely-unknown
expect_exit 2
golden usage-unknown
run version --jsn
expect_exit 2
golden usage-option-typo
run version --js
expect_exit 2
run version extra
expect_exit 2
golden usage-operand
run completion
expect_exit 2
golden usage-missing
run --color=sometimes version
expect_exit 2
golden usage-choice
run -C "$scratch/nowhere" version
expect_exit 5
run --json no-such-command
expect_exit 2
golden usage-json
check 'the error is one line of JSON' python3 -c '
import json
assert json.load(open("err"))["code"] == "usage"'
run config nonsense
expect_exit 2
golden usage-child
run config gte
expect_exit 2
expect_err "did you mean 'get'?"
run config
expect_exit 2
golden usage-child-missing
run completion bash --json
expect_exit 2
expect_err 'has no JSON answer'

# -C changes the folder, one after the other.
mkdir -p a/b
run -C a -C b version
expect_exit 0

# Programs mlops-NAME in PATH are commands, too.
mkdir bin
printf '#!/bin/sh\necho "$# $1 $2"\nexit 7\n' >bin/mlops-greet
chmod +x bin/mlops-greet
run_shell 'PATH=$PWD/bin:$PATH "$MLOPS" -q greet "a b" --json'
expect_exit 7
expect_out '2 a b --json'
run_shell 'PATH=$PWD/bin:$PATH "$MLOPS" ../bin/mlops-greet'
expect_exit 2

# An answer that cannot be delivered is a failure, said once.
run_shell '"$MLOPS" help >/dev/full'
expect_exit 3
golden usage-full
run_shell '"$MLOPS" help >&-'
expect_exit 3
golden usage-closed
run_shell '"$MLOPS" help --json >/dev/full'
expect_exit 3
run_shell '"$MLOPS" version 2>&- >/dev/full'
expect_exit 3
run_shell '"$MLOPS" version 2>/dev/full'
expect_exit 0
run_shell '"$MLOPS" version <&-'
expect_exit 0

# A reader that has seen enough ends us quietly.
run_shell '{ "$MLOPS" help --json; echo "status $?" >&2; } | head -c 10 >/dev/null; sleep 0.1'
check 'a closed pipe is quiet' sh -c '! grep -q mlops err'
run_shell 'trap "" PIPE; { sleep 0.1; "$MLOPS" help; echo "status $?" >&2; } | true'
expect_err 'status 3'

# Colour: never by itself in a pipe; NO_COLOR and --color.
run hlep
escape=$(printf '\033')
check 'no colour in a pipe' lacks err "$escape"
run --color=always hlep
check 'colour when asked for' contains err "$escape"
run_shell 'NO_COLOR=1 "$MLOPS" --color=always hlep'
check '--color is stronger than NO_COLOR' contains err "$escape"

run version --quiet
expect_exit 0
expect_out 'mlops '
finish
