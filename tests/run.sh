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
# What it writes to descriptor 3 is seen while it runs: progress of a test that takes long.
# ^C ends the run after the program that is running.
set -u

usage() {
	echo "usage: tests/run.sh [-t SECONDS] TEST..." >&2
	exit 2
}

default_timeout=300
while getopts t: option; do
	case $option in
	t) default_timeout=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/verdict.sh
. tests/verdict.sh
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export CMOCKA_MESSAGE_OUTPUT=TAP
# An allocation that is too large fails, as it does without the sanitizer.
export ASAN_OPTIONS="${ASAN_OPTIONS:-allocator_may_return_null=1}"

passed=0 failed=0 skipped=0
: >"$work/skips"
for test; do
	limit=$(limit_of "$test" "$default_timeout")
	begin=$(date +%s)
	timeout -k 10 "$limit" "$test" 3>&1 >"$work/output" 2>&1 </dev/null
	status=$?
	late=0
	[ "$status" -ne 0 ] && [ $(($(date +%s) - begin)) -ge "$limit" ] && late=$limit
	judge "$status" "$late" <"$work/output" >"$work/verdict"
	read -r good bad skip <"$work/verdict"
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	awk -F '\t' -v test="${test##*build/}" 'sub(/^skip /, "") {
		print "skipped: " test ": " $1 ($1 != "" && $2 != "" ? ": " : "") $2
	}' "$work/verdict" >>"$work/skips"
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
