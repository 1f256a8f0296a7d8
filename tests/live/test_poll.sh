#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where no call can be followed: trace tells what differs between two looks, marked as inferred, and
# refuses what looks cannot tell.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

# Words, not a function: a signal must reach the command itself.
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all'
watchers=
end_all() {
	# shellcheck disable=SC2086 # words
	kill $watchers 2>/dev/null
	live_end
}
trap end_all EXIT

# watch NAME COMMAND ARGS...: a trace into $work/NAME that has looked once when this returns
watch() {
	watch_name=$1
	shift
	: >"$work/$watch_name.err"
	"$@" >"$work/$watch_name" 2>"$work/$watch_name.err" </dev/null 9>&- &
	watcher=$!
	watchers="$watchers $watcher"
	check "$watch_name: says once why there are no calls" wait_for 20 test -s "$work/$watch_name.err"
}

# unwatch NAME PID: ^C, the end that people give it
unwatch() {
	kill -INT "$2"
	check "$1: ^C is a good end" wait "$2"
	check "$1: one line on stderr, no more" same "$(wc -l <"$work/$1.err")" 1
}

# told NAME TEST: does it hold for what was told so far?
told() {
	json "$work/$1" -s --argjson ns "$ipcns" --argjson pid "$holder" --argjson child "$child" \
		--argjson id "$shmid" "[.[] | select(.ipcns == \$ns)] | $2" >/dev/null
}

hold_known() {
	hold "$@"
	shmid=$(held_segment)
	holder=$(sed -n 's/^process //p' "$work/held" | head -n 1)
	child=$(sed -n 's/^process //p' "$work/held" | tail -n 1)
}

# ---- a segment comes, is attached, let go of, and removed

all=$(
	cat <<-'END'
		all(.inferred and .ret == null and .errno == null and .took_ns == null and .tid == null)
		and all(.op | IN("create", "attach", "detach", "destroy"))
	END
)
watch json "$shmtop" trace -J --probe=poll
json=$watcher
watch text "$shmtop" trace --probe=poll
text=$watcher
hold_known --key 0x5ead0001 --size 65536 --attach 2 --forks 1 --leave
check "json: a segment that was made" wait_for 10 told json \
	'[.[] | select(.op == "create")] | length == 1 and (.[0] | .shmid == $id and .pid == $pid
	and .comm == "holdstate" and .uid == 0
	and .args == {key: 1588396033, key_hex: "0x5ead0001", size: 65536})'
check "json: who attached it, and how often" wait_for 10 told json \
	'[.[] | select(.op == "attach")]
	| (group_by(.pid) | map([.[0].pid, (map(.args.maps) | add)]))
		== ([[$pid, 2], [$child, 2]] | sort)
	and all(.shmid == $id and .comm == "holdstate" and .uid == 0 and .args.reason == "unknown")'
check "text: the same, marked" wait_for 10 grep -qE \
	" $holder holdstate +here +$shmid ~create 64.0K, key 0x5ead0001\$" "$work/text"
check "text: the same, marked" wait_for 10 grep -qE \
	" $child holdstate +here +$shmid ~attach 2 mappings\$" "$work/text"

watch child "$shmtop" trace -J --probe=poll -p "$child"
of_child=$watcher
watch root "$shmtop" trace -J --probe=poll -u root
of_root=$watcher
watch nobody "$shmtop" trace -J --probe=poll -u 65534
of_nobody=$watcher
release
check "json: who let go of it" wait_for 10 told json \
	'[.[] | select(.op == "detach")] | length == 2
	and ([.[].pid] | sort) == ([$pid, $child] | sort)
	and all(.shmid == $id and .comm == "holdstate" and .args.maps == 2)'
check "-p: only its own" wait_for 10 told child \
	'length == 1 and (.[0] | .op == "detach" and .pid == $child)'
check "-u: those of the user" wait_for 10 told root \
	'length == 2 and all(.op == "detach" and .uid == 0)'
ipcrm -m "$shmid"
check "json: it ended, nobody knows by whom" wait_for 10 told json \
	'[.[] | select(.op == "destroy")] | length == 1
	and (.[0] | .shmid == $id and .pid == null and .uid == null)'
check "text: it ended" wait_for 10 grep -qE " - - +here +$shmid ~destroy\$" "$work/text"
check "json: all of it inferred, and of no other kind" told json "$all"
unwatch json "$json"
unwatch text "$text"
unwatch child "$of_child"
unwatch root "$of_root"
unwatch nobody "$of_nobody"
check "-u: none of another user's" same "$(cat "$work/nobody")" ""
check "-p: nothing that has no process" same "$(grep -c destroy "$work/child")" 0
check "text: only marked lines" same "$(grep -vc ' ~' "$work/text")" 0

# ---- -o, -n, and the live view

watch chosen "$shmtop" trace -J --probe=poll -o create -n 2
chosen=$watcher
"$shmtop" -b -J -n 40 -d 0.2 --probe=poll >"$work/frames" 2>&1 9>&- &
watchers="$watchers $!"
check "the view looks" wait_for 20 test -s "$work/frames"
hold_known --segments 2
check "-o and -n: two, then it ends by itself" wait "$chosen"
check "-o and -n: these two" told chosen 'length == 2 and all(.op == "create")'
in_frames() {
	json "$work/frames" -s --argjson ns "$ipcns" --argjson pid "$holder" \
		"[.[].events[] | select(.ipcns == \$ns)] | $1" >/dev/null
}
check "the view: what the looks tell" wait_for 10 in_frames \
	'([.[] | select(.op == "create")] | length == 2)
	and ([.[] | select(.op == "attach" and .pid == $pid)] | length == 2) and all(.inferred)'
check "the view: what stands, and what not" json "$work/frames" -s \
	'all(.probe | .calls == "none" and .compat == "none" and .exact == false and .lost == null and .unseen != "")'
release

# ---- what looks cannot tell is refused, in one line that says why

refused() {
	refused_text=$1
	shift
	check "$*: refused" status 1 timeout 20 "$@"
	check "$*: one line with '$refused_text'" one_line "$refused_text"
	check "$*: nothing on stdout" test ! -s "$work/out"
}
refused "-x" "$shmtop" trace --probe=poll -x
refused "-c" "$shmtop" trace --probe=poll -c churn
refused "this -o" "$shmtop" trace --probe=poll -o shmget,shmat,shmdt,shmctl,fork,exec,exit
refused "--probe=poll" "$shmtop" trace --probe=poll -- touch "$work/ran"
check "CMD did not run" test ! -e "$work/ran"

# ---- an ordinary user

# shellcheck disable=SC2086 # words
if $as_nobody test -x "$shmtop" 2>/dev/null; then
	watch user $as_nobody "$shmtop" trace -J
	user=$watcher
	check "user: what is missing" grep -q "CAP_BPF" "$work/user.err"
	hold_known --size 4096
	check "user: the segments of its namespace" wait_for 10 told user \
		'any(.op == "create" and .shmid == $id and .pid == $pid and .args.size == 4096)'
	release
	check "user: and their end" wait_for 10 told user 'any(.op == "destroy" and .shmid == $id)'
	check "user: no attachment that it may not see" told user 'all(.op != "attach" and .op != "detach")'
	unwatch user "$user"
	refused "CAP_BPF" $as_nobody "$shmtop" trace -x
	refused "CAP_BPF" $as_nobody "$shmtop" trace -- true
else
	skip "without root" "the build folder may not be read by others, or there is no setpriv"
fi

done_testing
