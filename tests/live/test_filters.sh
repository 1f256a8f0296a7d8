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

# shown "WHAT" "OPTIONS" 'JQ TEST OF ALL EVENTS'
shown() {
	# shellcheck disable=SC2086 # options are words
	check "$1" status 0 timeout 60 "$shmtop" trace -J -n 200 $2
	check "$1: only these" json "$work/out" -s --argjson pid "$pid" --argjson other "$other" \
		"length == 200 and ($3)"
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
