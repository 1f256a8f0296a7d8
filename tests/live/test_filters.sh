#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What trace lets through: by process, user, name, result and kind. Each filter is tried beside a
# process that it must keep out, and only ends once the one that it must show was shown.
# shellcheck disable=SC2016,SC2317 # jq and inner shells expand; functions are called by others
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

pid='' other=''
# Two that call all the time: one as root, one as nobody, one by another name
cp "$helpers/churn" "$work/other-name"
chmod 755 "$work" "$work/other-name"
"$helpers/churn" -p 1 -s 120 -r 200 -f >/dev/null 9>&- &
first=$!
setpriv --reuid=65534 --regid=65534 --clear-groups "$work/other-name" -p 1 -s 120 -r 200 -f >/dev/null 9>&- &
second=$!
end_both() {
	kill "$first" "$second" ${pid:+"$pid"} ${other:+"$other"} 2>/dev/null
	wait "$first" "$second" 2>/dev/null
}
trap 'end_both; live_end' EXIT

# The process that calls is the child of the one that counts.
caller_of() {
	tr -d ' ' <"/proc/$1/task/$1/children"
}
both_call() {
	[ -n "$(caller_of "$first")" ] && [ -n "$(caller_of "$second")" ]
}
check "both call" wait_for 10 both_call
pid=$(caller_of "$first")
other=$(caller_of "$second")

# Beside events there may be a count of what was lost.
events='map(select(.schema | startswith("shmtop.event/")))'

# shown "WHAT" "OPTIONS" 'JQ TEST OF ALL EVENTS'
shown() {
	# shellcheck disable=SC2086 # options are words
	check "$1" status 0 timeout 60 "$shmtop" trace -J -n 200 $2
	check "$1: only these" json "$work/out" -s --argjson pid "$pid" --argjson other "$other" \
		"$events | length == 200 and ($3)"
}
shown "without a filter" "" '[.[].pid] | (index($pid) != null and index($other) != null)'
shown "-p" "-p $pid" 'all(.pid == $pid)'
shown "-u by number" "-u 65534" 'all(.uid == 65534 and .pid == $other)'
shown "-u by name" "-u root -c churn" 'all(.uid == 0 and .comm == "churn")'
shown "-c" "-c other-name" 'all(.comm == "other-name" and .pid == $other)'
shown "-x" "-x" 'all(.errno != null and .ret < 0)'
shown "-o, one" "-o shmdt" 'all(.op == "shmdt")'
shown "-o, two" "-o shmget,destroy" \
	'all(.op == "shmget" or .op == "destroy") and any(.op == "shmget") and any(.op == "destroy")'
shown "-x -o -p together" "-x -o shmget -p $other" \
	'all(.op == "shmget" and .errno != null and .pid == $other)'

# ---- one kind alone: what it is concluded from need not be told with it

# alone OP TEST: told of a process with a child that attaches, forks, lets go and removes. Where a record was
# lost, what it would have told may be found by looking.
alone() {
	: >"$work/made"
	"$shmtop" trace -J -o "$1" >"$work/alone" 2>"$work/alone.err" 9>&- &
	trace=$!
	check "-o $1 alone" wait_for 20 made_and_told
	kill -INT "$trace"
	check "-o $1 alone: ^C is a good end" wait "$trace"
	check "-o $1 alone: rightly, and nothing else" json "$work/alone" -s --arg op "$1" \
		--argjson ns "$ipcns" --argjson made "$(awk '/^process/ { print $2 }' "$work/made" | jq -sc .)" \
		"any(.schema | startswith(\"shmtop.loss/\")) as \$lost | $events
			| all(.op == \$op) and all(.[] | select(.ipcns == \$ns);
				(\$lost and (.inferred or .args.reason == \"unknown\")) or (.inferred == false and ($2)))"
}
made_and_told() {
	"$helpers/holdstate" --forks 1 </dev/null >>"$work/made" || return 1
	json "$work/alone" -s --argjson ns "$ipcns" 'any(.ipcns == $ns and .pid != null)' >/dev/null
}
# The parent and its child take turns in what was made.
alone attach '.args.reason == "fork" and .args.maps == 1 and .args.size == 16384 and (.pid as $pid | $made | index($pid) % 2 == 1)'
alone detach '.args.reason == "exit" and .args.maps == 1 and (.pid as $pid | $made | index($pid) != null)'
alone destroy '.args.reason | IN("ipc_rmid", "last_detach")'

# ---- a command

check "a command: only it, and it ends with what it started" status 7 timeout 60 "$shmtop" trace -J -- \
	sh -c "'$demo' one >/dev/null & '$demo' two >/dev/null; exit 7"
check "a command: both demos, none of the others" json "$work/out" -s \
	--argjson pid "$pid" --argjson other "$other" \
	'all(.pid != $pid and .pid != $other)
	and ([.[] | select(.op == "shmget")] | length == 2)
	and ([.[] | select(.op == "shmat")] | length == 4)
	and ([.[] | select(.op == "detach" and .args.reason == "exit")] | length == 4)'
check "a command that a signal ends: 128 and its number" status 143 "$shmtop" trace -J -- \
	sh -c 'kill -TERM $$'
check "-d ends it" status 0 timeout 30 "$shmtop" trace -J -d 0.5 -p 1

done_testing
