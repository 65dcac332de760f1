#!/bin/sh
# tool.sh NAME ROOT [FILE...]: runs one outside checker on the files it is for. A checker that is
# not installed skips the test, saying so (exit 77).
set -u
name=$1
# Names of pages are from the build folder, those of sources from the root.
[ "$name" = manual ] || cd "$2" || exit 1
shift 2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

need() {
	command -v "$1" >/dev/null 2>&1 && return
	echo "SKIP: $1 is not installed: nothing was checked" >&2
	exit 77
}

# Files that git knows, or all, in a source archive.
files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -co --exclude-standard -- "$@"
	else
		for pattern; do find . -path "./$pattern" -type f; done
	fi
}

case $name in
format)
	# Another version of the program formats otherwise.
	need clang-format-14
	files '*.c' '*.h' | grep -vxF -f tests/lint/unformatted.txt |
		xargs -r clang-format-14 --dry-run -Werror 2>&1 |
		grep -E 'error:|warning:' | cut -d: -f1 | sort | uniq -c >"$scratch/wrong"
	if [ -s "$scratch/wrong" ]; then
		echo 'run clang-format-14 -i on these (places to change, file):'
		cat "$scratch/wrong"
		exit 1
	fi
	;;
spelling)
	need codespell
	# Data, tables of names and deliberate mistakes are not prose.
	files '*.c' '*.h' '*.md' '*.scd' '*.py' '*.sh' '*.build' '*.yaml' '*.yml' '*.json' '*.sql' |
		grep -vE '^tests/(unit|cli|fuzz)/|^examples/' |
		xargs -r codespell --ignore-words tests/lint/spelling.txt
	;;
scripts)
	need shellcheck
	{
		files '*.sh'
		files .ci tests examples completions | while read -r file; do
			case $file in *.*) continue ;; esac
			head -n 1 "$file" | grep -qE '^#!.*\b(ba)?sh\b' && echo "$file"
		done
	} | sort -u | xargs -r shellcheck -x -P tests/cli -e SC2016
	;;
manual)
	need mandoc
	status=0
	for page; do
		# scdoc writes paragraph macros that mandoc calls superfluous.
		if mandoc -T lint -W warning "$page" | grep -v 'skipping paragraph macro'; then
			status=1
		fi
	done
	exit $status
	;;
subjects)
	need git
	if ! git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		echo 'SKIP: this is no git repository: no commit was checked' >&2
		exit 77
	fi
	# "area: imperative summary", at most 60 characters, without a full stop.
	git log --no-merges --format='%s' -n 500 |
		grep -E -v -e '^[a-z][a-z0-9_./-]*(, [a-z][a-z0-9_./-]*)*: [^ ].*[^.]$' -e '^Revert ' \
			>"$scratch/wrong"
	git log --no-merges --format='%s' -n 500 | grep -E '^.{61}' >>"$scratch/wrong"
	if grep -vxF -f tests/lint/subjects.txt "$scratch/wrong"; then
		exit 1
	fi
	exit 0
	;;
tidy)
	# Minutes of work: in no suite that everybody runs. The build folder has the commands.
	need clang-tidy-14
	files 'src/*.c' 'subcommands/*.c' | xargs -P 2 -n 4 clang-tidy-14 -p "$1" --quiet 2>/dev/null |
		grep -E -A4 ' (warning|error): ' >"$scratch/wrong"
	if [ -s "$scratch/wrong" ]; then
		cat "$scratch/wrong"
		exit 1
	fi
	;;
*)
	echo "unknown checker '$name'" >&2
	exit 2
	;;
esac
