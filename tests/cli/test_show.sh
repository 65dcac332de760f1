#!/bin/sh
. "$(dirname "$0")/lib.sh"

"$MAKE_RUNS" . || exit 1
run show shy-heron
expect_exit 0
golden show
run show e15f
expect_exit 0
expect_out 'failed: signal 9'
run show
expect_out 'odd \x1b[31mname'
mkdir -p .mlops/logs
run show @~1:
golden show-artifacts
run show candidate:model.onnx
expect_exit 0
golden show-artifact
run show candidate:model.onx
expect_exit 5
golden show-artifact-typo
run show e15f:model.onnx
expect_exit 5
run show calm-oter
expect_exit 5
golden show-typo
run show 7f3a9c2
expect_exit 2
golden show-ambiguous
run show model@production
expect_exit 3
run show candidate --json
expect_json show
run show candidate: --json
expect_json show
run show candidate:model.onnx --json
expect_exit 2
# A damaged object is not given out as if it were the artifact.
for pack in .mlops/objects/packs/*.pack; do
	size=$(($(wc -c <"$pack") - 16))
	head -c "$size" /dev/zero | dd of="$pack" bs=16 seek=1 conv=notrunc 2>/dev/null
done
run show candidate:model.onnx
expect_exit 3
# A project in the middle of the tree is found from below; nothing is made by reading.
mkdir -p a/b
run_shell 'cd a/b && "$MLOPS" show candidate --json'
expect_exit 0
check 'nothing was left behind' test ! -e .mlops/mlops.db-wal
finish
