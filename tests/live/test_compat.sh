#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Calls by the 32-bit entry of an x86-64 kernel, of a 32-bit program and of a 64-bit one: told each once and
# right on the fexit rung, and with --compat on the tracepoint rung. Without it nobody sees them there, and
# shmtop says so; what they make is found all the same.
# LIVE_RUNG: only that rung, and it must stand.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

[ -x "$helpers/compat32" ] || skip_all "the 32-bit entry is tested on x86-64 only"
"$helpers/compat32" </dev/null >/dev/null 2>&1 || skip_all "this kernel runs no 32-bit programs"

# The four calls of what is on stdin, in the form in which the helper writes them
calls_of() {
	grep '^{"' | jq -cS 'select(.op == ("shmget", "shmat", "shmdt", "shmctl"))
		| {op, ret, errno, args: (.args | {key, size, raw_flags, shmid, addr, cmd}
			| with_entries(select(.value != null)))}'
}

# traced PROGRAM OPTIONS...: what it did is in $work/did, what was told of it in $work/told.
traced() {
	traced_program=$1
	shift
	timeout 60 "$shmtop" trace -J "$@" -- "$helpers/$traced_program" \
		</dev/null >"$work/out" 2>"$work/err" 9>&- || return 1
	calls_of <"$work/err" >"$work/did"
	calls_of <"$work/out" >"$work/told"
	same "$(grep -c . "$work/did")" 28
}

no_difference() {
	diff "$work/did" "$work/told" >"$work/diff" && return 0
	sed 's/^/# /' "$work/diff"
	return 1
}

all_told() {
	for program in compat32 int80; do
		check "$*: $program is traced" traced "$program" "$@"
		check "$*: each call of $program is told, once and right" no_difference
		check "$*: $program: who made a segment" json "$work/out" -s \
			'[.[] | select(.op == "shmget" and .errno == null)] | length == 2 and all(.created)'
	done
}

none_told() {
	for program in compat32 int80; do
		check "$*: $program is traced" traced "$program" "$@"
		check "$*: no call of $program is told" test ! -s "$work/told"
	done
}

# says_of_compat HOW OPTIONS...: what doctor says of such calls. HOW: fexit, raw or none
says_of_compat() {
	says_how=$1
	shift
	check "doctor $*" status 0 "$shmtop" doctor -J "$@"
	if [ "$says_how" = none ]; then
		check "doctor $*: 32-bit calls are unseen" json "$work/out" \
			'.probe.compat == "none" and (.probe.calls == "none"
				or (.probe.unseen | contains("32-bit")))'
	else
		check "doctor $*: 32-bit calls by $says_how" json "$work/out" --arg how "$says_how" \
			'.probe.compat == $how and (.probe.unseen | contains("32-bit") | not)'
	fi
}

# One that holds until let_go: $holder, and $segment which it has attached twice
begin_hold() {
	mkfifo "$work/pause"
	"$helpers/$1" <"$work/pause" >"$work/holder" 2>&1 &
	holder=$!
	exec 8>"$work/pause"
	check "$1 holds a segment" wait_for 10 grep -q '^{"held":' "$work/holder"
	segment=$(sed -n 's/^{"held":\([0-9]*\)}/\1/p' "$work/holder")
}

let_go() {
	exec 8>&-
	wait "$holder"
	rm "$work/pause"
}

# is_right FILE: the held segment and its holder, in the first document of FILE
is_right() {
	json "$1" -n --argjson ns "$ipcns" --argjson id "${segment:--1}" --argjson pid "$holder" \
		'input | [.segments[] | select(.ipcns == $ns)] | length == 1 and (.[0]
			| .shmid == $id and .size == 8192 and .nattch == 2 and .drift == 0
			and ([.holders[] | [.pid, .maps]] == [[$pid, 2]]))'
}

# What a single look is by on this rung
look_of() {
	if [ "$1" = poll ]; then echo poll; else echo auto; fi
}

# The frame is of a view that had begun before: events tell it nothing, the tables do.
view_finds() {
	"$shmtop" -b -J -n 600 -d 0.1 --probe="$1" >"$work/frames" 2>"$work/err" 8>&- &
	view=$!
	check "$1: a view" wait_for 20 test -s "$work/frames"
	begin_hold "$2"
	tail_is_right() {
		tail -n 1 "$work/frames" >"$work/frame"
		is_right "$work/frame" >"$work/seen"
	}
	check "$1: the view finds what $2 holds" wait_for 20 tail_is_right
	kill "$view"
	wait "$view" 2>/dev/null
	check "$1: list finds what $2 holds" status 0 "$shmtop" list -J --probe="$(look_of "$1")"
	check "$1: list: the segment and its holder" is_right "$work/out"
	let_go
}

test_fexit() {
	says_of_compat fexit --probe=fexit
	all_told --probe=fexit
	all_told --probe=fexit --compat
	view_finds fexit compat32
}

test_tracepoint() {
	says_of_compat raw --probe=tracepoint --compat
	all_told --probe=tracepoint --compat
	says_of_compat none --probe=tracepoint
	none_told --probe=tracepoint
	view_finds tracepoint compat32
	view_finds tracepoint int80
}

test_poll() {
	says_of_compat none --probe=poll
	view_finds poll compat32
}

for rung in ${LIVE_RUNG:-fexit tracepoint poll}; do
	if "$shmtop" doctor --probe="$rung" >/dev/null 2>"$work/why"; then
		"test_$rung"
	else
		lacks_rung "calls by the 32-bit entry on the $rung rung" "$(cat "$work/why")"
	fi
done

done_testing
