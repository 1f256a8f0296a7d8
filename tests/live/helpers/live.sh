# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What live tests share: the first thing that they source. It goes on in a private IPC namespace, so
# that no segment of the machine is touched and none is left.
#	$shmtop $demo $helpers		what is tested, and the helper programs
#	$work				a folder that goes with the test
#	$ipcns				inode of the private namespace
# LIVE_RUNG names the probes that $shmtop is to use (--probe) where a test does not say so itself.

if [ -z "${LIVE_PRIVATE:-}" ]; then
	LIVE_PRIVATE=1
	export LIVE_PRIVATE
	if unshare -i true 2>/dev/null; then
		exec unshare -i sh "$0" "$@"
	fi
	echo "1..0 # SKIP a private IPC namespace needs root"
	exit 0
fi

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
# shellcheck disable=SC2034 # for the tests
shmtop=$BUILD/shmtop
# shellcheck disable=SC2034
demo=$BUILD/shm-fork-demo
helpers=$BUILD/tests/helpers
# shellcheck disable=SC2034
ipcns=$(readlink /proc/self/ns/ipc | tr -dc 0-9)
work=$(mktemp -d) || exit 1
held=

live_end() {
	release
	rm -rf "$work"
}
trap live_end EXIT
trap 'exit 1' INT TERM HUP

command -v jq >/dev/null || skip_all "jq is missing"

# The same program, told its probes in front of all other options of the command
if [ -n "${LIVE_RUNG:-}" ]; then
	cat >"$work/shmtop" <<-END
		#!/bin/sh
		case " \$* " in
		*" --probe"*) exec '$shmtop' "\$@" ;;
		esac
		case \${1:-} in
		list | show) # knows of this one only
			[ '$LIVE_RUNG' = poll ] || exec '$shmtop' "\$@"
			command=\$1 && shift
			;;
		leaks) # follows calls only where it watches
			case " \$* " in
			*" -d "*) command=\$1 && shift ;;
			*) exec '$shmtop' "\$@" ;;
			esac
			;;
		trace | doctor | demo | run) command=\$1 && shift ;;
		'' | -*) ;;
		*) exec '$shmtop' "\$@" ;;
		esac
		exec '$shmtop' \${command:-} '--probe=$LIVE_RUNG' "\$@"
	END
	chmod 755 "$work" "$work/shmtop"
	shmtop=$work/shmtop
fi

# hold OPTIONS...: a process in the state that helpers/holdstate.c describes, until release. What it
# says is in $work/held.
hold() {
	rm -f "$work/hold"
	mkfifo "$work/hold"
	: >"$work/held"
	"$helpers/holdstate" "$@" <"$work/hold" >"$work/held" 2>"$work/held.err" &
	held=$!
	exec 9>"$work/hold"
	wait_for 10 grep -q '^ready' "$work/held"
}

release() {
	[ -n "$held" ] || return 0
	exec 9>&-
	wait "$held"
	held=
}

held_segment() {
	sed -n "s/^segment //p" "$work/held" | head -n 1
}

# job COMMAND ARGS...: a job of its own. What a test runs else is of its process group, where anybody may have been told
# the id of a segment.
job() {
	setsid -w "$@"
}

# json FILE JQ-ARGS...: the filter gives one true for what is in FILE.
json() {
	json_file=$1
	shift
	jq "$@" "$json_file" >"$work/jq" 2>&1
	same "$(cat "$work/jq")" true
}

# lacks_rung "what is claimed" "why": what LIVE_RUNG asks for must stand; else it may be missing.
lacks_rung() {
	if [ -n "${LIVE_RUNG:-}" ]; then
		echo "# $2"
		check "$1" false
	else
		skip "$1" "$2"
	fi
}

# Prints how many lines of the trace in FILE are events of this op.
events() {
	grep '^{' "$1" | jq -r "select(.op == \"$2\") | .op" | grep -c .
}

same() {
	[ "$1" = "$2" ] && return 0
	echo "# '$1' is not '$2'"
	return 1
}

# status N COMMAND ARGS...: the command ends with this status; what it says is in $work/out and err.
status() {
	status_wanted=$1
	shift
	status_got=0
	"$@" >"$work/out" 2>"$work/err" </dev/null 9>&- || status_got=$?
	[ "$status_got" -eq "$status_wanted" ] && return 0
	echo "# status $status_got, not $status_wanted: $*"
	sed 's/^/# /' "$work/err"
	return 1
}

# one_line TEXT: the last command said one line on stderr, with this text in it.
one_line() {
	[ "$(wc -l <"$work/err")" -eq 1 ] && grep -qF -e "$1" "$work/err" && return 0
	sed 's/^/# /' "$work/err"
	return 1
}
