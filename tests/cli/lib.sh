# shellcheck shell=sh
# lib: how the tool is tested as users meet it. A test script is POSIX sh:
#
#	. "$(dirname "$0")/lib.sh"
#	run version
#	expect_exit 0
#	golden version              # stdout, stderr against golden/version.{stdout,stderr}
#	check 'it is one line' test "$(wc -l <out)" = 1
#	finish
#
# Each script has a scratch folder of its own as its working directory, an own HOME, and a fixed
# clock, locale, zone, width and seed of ids. TAP goes to stdout. What a golden file lacks stands
# for "empty". A golden line that begins with "~ " is a shell pattern for the line. With --update
# (or MLOPS_UPDATE=1) the golden files are rewritten, but for those with patterns.
set -u

case $0 in
*/*) test_folder=$(cd "$(dirname "$0")" && pwd) ;;
*) test_folder=$(pwd) ;;
esac
source_root=$(cd "$test_folder/../.." && pwd)
MLOPS=${MLOPS:-$source_root/build/subcommands/mlops}
update=${MLOPS_UPDATE:-}
[ "${1:-}" = --update ] && update=1

scratch=$(mktemp -d "${TMPDIR:-/tmp}/mlops-cli-XXXXXX") || exit 1
trap 'cd / && chmod -R u+rwX "$scratch" && rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP
mkdir "$scratch/home" "$scratch/work"
cd "$scratch/work" || exit 1

# The user's settings must not reach a test, nor a test the user's settings.
for variable in $(env | sed -n 's/^\(MLOPS_[A-Z_]*\|XDG_[A-Z_]*\|GIT_[A-Z_]*\)=.*/\1/p'); do
	case $variable in
	MLOPS_SOURCE_ROOT | MLOPS_UPDATE) ;;
	*) unset "$variable" ;;
	esac
done
unset NO_COLOR PAGER LESS LANG LANGUAGE CDPATH
HOME=$scratch/home
export HOME
export MLOPS LC_ALL=C.UTF-8 TZ=UTC COLUMNS=80 TERM=dumb
export MLOPS_SYSTEM_CONFIG=/nonexistent
export MLOPS_TEST_CLOCK=2026-01-02T03:04:05Z MLOPS_TEST_ID_SEED=1 MLOPS_FSYNC=0
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
# No manual of another version answers `mlops help`.
export MANPATH=/nonexistent

test_count=0
test_failures=0
last_command=

ok() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1"
}

not_ok() {
	test_count=$((test_count + 1))
	test_failures=$((test_failures + 1))
	echo "not ok $test_count - $1"
}

# Lines of a file as TAP comments.
show() {
	sed "s/^/# $2/" "$1"
}

# run ARG...: mlops with these arguments; leaves out, err and status.
run() {
	last_command="mlops $*"
	status=0
	"$MLOPS" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
	cp "$scratch/out" "$scratch/err" . 2>/dev/null
}

# run_shell COMMAND: the same for a shell command, in which "$MLOPS" is the program.
run_shell() {
	last_command=$1
	status=0
	export MLOPS
	sh -c "$1" >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
	cp "$scratch/out" "$scratch/err" . 2>/dev/null
}

expect_exit() {
	if [ "$status" = "$1" ]; then
		ok "$last_command: exit $1"
	else
		not_ok "$last_command: exit $status instead of $1"
		show "$scratch/out" 'out: '
		show "$scratch/err" 'err: '
	fi
}

# check TITLE COMMAND...: passes if the command does.
check() {
	check_title=$1
	shift
	if "$@"; then
		ok "$check_title"
	else
		not_ok "$check_title (after $last_command)"
		show "$scratch/out" 'out: '
		show "$scratch/err" 'err: '
	fi
}

# contains STREAM TEXT: does out or err hold the text?
contains() {
	grep -qF -e "$2" "$scratch/$1"
}

lacks() {
	! contains "$1" "$2"
}

expect_out() {
	check "$last_command: stdout says '$1'" contains out "$1"
}

expect_err() {
	check "$last_command: stderr says '$1'" contains err "$1"
}

# expect_json NAME: stdout is one JSON document that fits schemas/output/NAME.schema.json.
expect_json() {
	if ! python3 -c 'import jsonschema' 2>/dev/null; then
		skip "$last_command: JSON as output/$1" 'python3-jsonschema is not installed'
		return
	fi
	python3 - "$source_root/schemas/output/$1.schema.json" "$scratch/out" >"$scratch/json" 2>&1 <<-'END'
		import json, sys
		import jsonschema
		schema = json.load(open(sys.argv[1], encoding="utf-8"))
		def refuse(name):
		    raise ValueError(name + " is not JSON")
		answer = json.load(open(sys.argv[2], encoding="utf-8"), parse_constant=refuse)
		validator = jsonschema.Draft7Validator(schema)
		validator.check_schema(schema)
		errors = list(validator.iter_errors(answer))
		for error in errors[:5]:
		    print("/".join(map(str, error.absolute_path)) + ": " + error.message)
		sys.exit(bool(errors))
	END
	# shellcheck disable=SC2181
	if [ $? = 0 ]; then
		ok "$last_command: JSON as output/$1"
	else
		not_ok "$last_command: JSON that does not fit output/$1"
		show "$scratch/json"
	fi
}

expect_empty() {
	check "$last_command: nothing on $1" test ! -s "$scratch/$(echo "$1" | sed 's/^std//')"
}

# golden_matches GOLDEN ACTUAL: line by line, with patterns.
golden_matches() {
	if ! grep -q '^~ ' "$1"; then
		cmp -s "$1" "$2"
		return
	fi
	exec 3<"$1" 4<"$2"
	while :; do
		golden_more=0
		actual_more=0
		IFS= read -r golden_line <&3 && golden_more=1
		IFS= read -r actual_line <&4 && actual_more=1
		if [ $golden_more = 0 ] || [ $actual_more = 0 ]; then
			[ $golden_more = $actual_more ]
			return
		fi
		case $golden_line in
		'~ '*)
			# The pattern is meant as one: no quotes.
			# shellcheck disable=SC2254
			case $actual_line in
			${golden_line#\~ }) ;;
			*) return 1 ;;
			esac
			;;
		"$actual_line") ;;
		*) return 1 ;;
		esac
	done
}

# golden NAME [stdout|stderr]: compares what the last run printed.
golden() {
	for golden_stream in ${2:-stdout stderr}; do
		case $golden_stream in
		stdout) golden_actual=$scratch/out ;;
		*) golden_actual=$scratch/err ;;
		esac
		golden_file=$test_folder/golden/$1.$golden_stream
		golden_expected=$golden_file
		[ -f "$golden_file" ] || golden_expected=/dev/null
		if golden_matches "$golden_expected" "$golden_actual"; then
			ok "$1: $golden_stream of $last_command"
		elif [ "$update" ] && ! grep -qs '^~ ' "$golden_file"; then
			mkdir -p "$test_folder/golden"
			cp "$golden_actual" "$golden_file"
			[ -s "$golden_file" ] || rm -f "$golden_file"
			ok "$1: $golden_stream updated"
		else
			not_ok "$1: $golden_stream of $last_command differs from golden/$1.$golden_stream"
			diff -u "$golden_expected" "$golden_actual" | sed 's/^/# /'
		fi
	done
}

# skip TITLE REASON
skip() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $1 # SKIP $2"
}

finish() {
	echo "1..$test_count"
	[ "$test_failures" = 0 ] || exit 1
	exit 0
}
