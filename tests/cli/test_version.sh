#!/bin/sh
. "$(dirname "$0")/lib.sh"

run version
expect_exit 0
golden version
run --version
expect_exit 0
golden version
run version --json
expect_exit 0
expect_json version
expect_empty stderr
check 'the JSON names libraries with versions' python3 -c '
import json, re
answer = json.load(open("out"))
assert answer["schema"] == "mlops.version/1"
assert re.fullmatch(r"\d+\.\d+\.\d+", answer["version"])
assert re.match(r"\d+\.\d+", answer["libraries"]["sqlite"])
'

# State is read in milliseconds: nothing heavy is linked.
check 'only light libraries are linked' sh -c '! ldd "$0" | grep -E "openblas|curl|git2|gnutls|mpi"' "$MLOPS"
finish
