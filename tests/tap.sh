# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What test scripts say and wait with. Source it, and call done_testing at the end: a script that does
# not get there has failed.
#	check "what is claimed" COMMAND ARGS...		ok when the command succeeds
#	skip "what is claimed" "why it cannot be seen here"
#	wait_for SECONDS COMMAND ARGS...		until the command succeeds; where everything is slow,
#							LIVE_SLOW times as long

tap_count=0
tap_failed=0

check() {
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@"; then
		echo "ok $tap_count - $tap_name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $tap_name"
		echo "# failed: $*"
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

wait_for() {
	tap_deadline=$(($(date +%s) + $1 * ${LIVE_SLOW:-1}))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$tap_deadline" ] || return 1
		sleep 0.05
	done
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}
