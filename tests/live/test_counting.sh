#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing is missed in silence: what trace tells, and what it says it lost, add up to exactly what a
# workload at full speed counted itself. LIVE_SECONDS sets for how long (default 3).
# shellcheck disable=SC2317 # functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

seconds=${LIVE_SECONDS:-3}

# The names of the calls, counted; then how many of them were told, how many lost, and what was lost of all kinds
# but for runs that the kernel skipped.
tally() {
	awk '
	function number(name) {
		if (!match($0, "\"" name "\": *[0-9]+"))
			return "none"
		text = substr($0, RSTART, RLENGTH)
		sub(/.*: */, "", text)
		return text
	}
	/"schema": *"shmtop.event\// {
		if (match($0, /"op": *"shm(get|at|dt|ctl)"/)) {
			op = substr($0, RSTART, RLENGTH)
			gsub(/"op": *|"/, "", op)
			seen[op]++
		}
	}
	/"schema": *"shmtop.loss\// {
		total = number("lost")
		busy = number("probe_busy")
		for (i = 1; i <= 4; i++)
			lost[name[i]] = number(name[i]) + 0
	}
	BEGIN { split("shmget shmat shmdt shmctl", name, " ") }
	END {
		for (i = 1; i <= 4; i++) {
			printf "%s%s %d", (i == 1 ? "" : " "), name[i], seen[name[i]] + lost[name[i]]
			missed += lost[name[i]]
			told += seen[name[i]]
		}
		printf "\n%d %d %d\n", told, missed, total - busy
	}'
}

# traced NAME "TRACE OPTIONS" "CHURN OPTIONS"
traced() {
	rm -f "$work/own"
	# shellcheck disable=SC2086 # options are words
	"$shmtop" trace -J $2 -- sh -c "exec '$helpers/churn' $3 >'$work/own'" 9>&- |
		tally >"$work/tally"
	own=$(cat "$work/own")
	told=$(head -n 1 "$work/tally")
	check "$1: something was done" test -n "$own"
	check "$1: told and lost are what was done: $own" same "$told" "$own"
	echo "# $1: told, lost, of all kinds lost and not skipped: $(tail -n 1 "$work/tally")"
}

traced "2 processes at full speed" "" "-p 2 -s $seconds"
traced "with calls that fail" "" "-p 2 -s 1 -f"
traced "at 500 cycles a second" "" "-p 2 -s 1 -r 500"
# A kernel that can be preempted anywhere runs no program while another task is inside it.
check "at 500 cycles a second: nothing is lost but what the kernel skips" same \
	"$(tail -n 1 "$work/tally" | cut -d' ' -f3)" 0

# The smallest buffer, and a reader that is held up by its own reader
traced "a buffer that is too small" "--ring-size 64K" "-p 2 -s 1"
overflown() {
	[ "$(tail -n 1 "$work/tally" | cut -d' ' -f2)" -gt 0 ]
}
check "a buffer that is too small: the loss is told" overflown

done_testing
