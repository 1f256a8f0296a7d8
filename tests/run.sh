#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs test programs that speak TAP and counts what they say:
#	tests/run.sh [-t SECONDS] TEST...
#
# Output: a line a program; of those that fail what they wrote (the middle of very much is left out); the
# skipped tests with their reasons; and as the last line "N passed, N failed, N skipped". Status 1 when a
# test failed or none passed.
#
# A program counts as one more failed test when it ends with a status that no "not ok" explains, when
# its plan (1..N) is missing or does not match, and when it takes too long: 300 seconds, or -t, or what
# a line "test-timeout: SECONDS" at the beginning of its source says. It runs in the project's folder,
# without input.
# ^C ends the run after the program that is running.
set -u

usage() {
	echo "usage: tests/run.sh [-t SECONDS] TEST..." >&2
	exit 2
}

default_timeout=300
shown=60 # lines at the beginning and at the end
while getopts t: option; do
	case $option in
	t) default_timeout=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage

cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export CMOCKA_MESSAGE_OUTPUT=TAP
# An allocation that is too large fails, as it does without the sanitizer.
export ASAN_OPTIONS="${ASAN_OPTIONS:-allocator_may_return_null=1}"

# The source of a test: itself, or for build/tests/NAME the file tests/NAME.c
timeout_of() {
	case $1 in
	*.sh) source=$1 ;;
	*) source=tests/${1##*tests/}.c ;;
	esac
	seconds=
	[ -r "$source" ] &&
		seconds=$(head -n 20 "$source" | sed -n 's/.*test-timeout: *\([0-9][0-9]*\).*/\1/p')
	echo "${seconds:-$default_timeout}"
}

# Reads TAP. First line: passed failed skipped; then one line for each skipped test and each failure of
# the program as a whole: "skip WHAT" or "fail WHY".
# cmocka says "not ok N # SKIP name" for a skipped test, and has no place for the reason: that is the
# line before it.
judge() {
	awk -v status="$1" -v late="$2" '
	function skipped(what) {
		skip++
		sub(/^[ :]+/, "", what)
		note[++notes] = "skip " what (reason == "" ? "" : ": " reason)
	}
	/^1\.\.[0-9]+/ {
		planned += substr($1, 4)
		plans++
		if ($1 == "1..0" && toupper($0) ~ /# *SKIP/) {
			sub(/^[^#]*# *[Ss][Kk][Ii][Pp][^ ]*/, "")
			reason = ""
			skipped($0)
		}
		next
	}
	/^(not )?ok( |$)/ {
		ran++
		failed = /^not/
		if (!failed)
			reason = ""
		sub(/^(not )?ok *[0-9]* *(- )?/, "")
		if (toupper($0) ~ /# *SKIP/) {
			sub(/ *# *[Ss][Kk][Ii][Pp][^ ]*/, ":")
			skipped($0)
		} else if (failed) {
			bad++
		} else {
			good++
		}
		reason = ""
		next
	}
	{
		reason = $0
		sub(/^# (skip: )?/, "", reason)
	}
	END {
		why = ""
		if (late > 0)
			why = "no end within " late " seconds"
		else if (status > 128)
			why = "ended by signal " status - 128
		else if (status != 0 && bad == 0)
			why = "ended with status " status
		else if (ran == 0 && skip == 0)
			why = "ran no test"
		else if (plans == 0)
			why = "announced no plan (1..N)"
		else if (planned != ran)
			why = "planned " planned " tests and ran " ran + 0
		if (why != "") {
			bad++
			note[++notes] = "fail " why
		}
		print good + 0, bad + 0, skip + 0
		for (i = 1; i <= notes; i++)
			print note[i]
	}' "$work/output"
}

show() {
	lines=$(wc -l <"$1")
	if [ "$lines" -le $((2 * shown)) ]; then
		sed 's/^/    | /' "$1"
		return
	fi
	head -n "$shown" "$1" | sed 's/^/    | /'
	echo "    ... $((lines - 2 * shown)) lines ..."
	tail -n "$shown" "$1" | sed 's/^/    | /'
}

passed=0 failed=0 skipped=0
: >"$work/skips"
for test; do
	limit=$(timeout_of "$test")
	begin=$(date +%s)
	timeout -k 10 "$limit" "$test" >"$work/output" 2>&1 </dev/null
	status=$?
	late=0
	[ "$status" -ne 0 ] && [ $(($(date +%s) - begin)) -ge "$limit" ] && late=$limit
	judge "$status" "$late" >"$work/verdict"
	read -r good bad skip <"$work/verdict"
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	sed -n "s|^skip |skipped: ${test##*build/}: |p" "$work/verdict" >>"$work/skips"
	if [ "$bad" -eq 0 ]; then
		printf 'ok    %-50s %3d passed, %d skipped\n' "${test##*build/}" "$good" "$skip"
		continue
	fi
	printf 'FAIL  %-50s %3d passed, %d failed\n' "${test##*build/}" "$good" "$bad"
	sed -n 's/^fail /    /p' "$work/verdict"
	show "$work/output"
done

cat "$work/skips"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
