#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where the kernel itself tells of mappings and segments (the fexit rung), each beginning and each end is told
# once, in order, with its reason.
# LIVE_RUNG: if it is fexit this must stand.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

"$shmtop" doctor -J >"$work/doctor" 2>"$work/why" || echo '{}' >"$work/doctor"
if [ "$(jq .probe.exact "$work/doctor")" != true ]; then
	lacks_rung "mappings are told where they are made" \
		"$(jq -r '.probe.why // empty' "$work/doctor")$(cat "$work/why")"
	done_testing
fi

# What was told of the segment that is the N-th to be made, a word each; calls that failed are left out
story() {
	jq -rs --argjson number "$1" '
		([.[] | select(.op == "shmget" and .created) | .shmid][$number]) as $shmid
		| [.[] | select(.shmid == $shmid and .op != "create")
			| .op + (if .args.reason then ":" + .args.reason else "" end)]
		| join(" ")' "$work/events"
}

told() {
	check "$1" same "$(story "$2")" "$3"
}

check "the program" status 0 timeout 60 "$shmtop" trace -J -- "$helpers/life"
grep '^{' "$work/out" >"$work/events"
check "nothing is lost" same "$(grep -c shmtop.loss "$work/events")" 0
check "made once, found once" json "$work/events" -s \
	'[.[] | select(.op == "shmget" and .args.key == 20979) | .created] == [true, false]'
told "found and removed" 0 "shmget shmget destroy:ipc_rmid shmctl"
told "split, moved, unmapped" 1 "shmget shmat attach:split attach:split detach:munmap \
attach:mremap detach:munmap detach:munmap shmdt destroy:ipc_rmid shmctl"
told "another takes its place" 2 "shmget shmat detach:remap destroy:ipc_rmid shmctl"
told "it took the place" 3 "shmget shmat shmdt destroy:ipc_rmid shmctl"
told "children that exit and exec; gone with the last holder" 4 "shmget shmat attach:fork \
detach:exit attach:fork detach:exec shmctl destroy:last_detach shmdt"
told "gone with the program" 5 "shmget shmat shmctl detach:exit destroy:last_detach"
check "the child is who has it by fork" json "$work/events" -s \
	'[.[] | select(.op == "fork") | .args.child] as $children
	| [.[] | select(.op == "attach" and .args.reason == "fork") | .pid] == $children'
check "the parts lie where they lie" json "$work/events" -s '
	([.[] | select(.op == "attach" and .args.reason == "split") | .args.size]) as $sizes
	| ($sizes | length == 2) and ($sizes | all(. > 0))'

# ---- ends that nobody asked for

listen() {
	rm -f "$work/out"
	"$shmtop" trace -J -o destroy >"$work/out" 2>"$work/err" 9>&- &
	listener=$!
	wait_for 20 stands
}

# A segment made and removed shows that the probes stand.
stands() {
	"$helpers/flash" >/dev/null
	grep -q destroy "$work/out"
}

hush() {
	kill -INT "$listener"
	wait "$listener"
}

destroyed() {
	grep -q "\"reason\": *\"$1\"" "$work/out"
}

check "a trace listens" listen
unshare -i sh -c "echo 1 >/proc/sys/kernel/shm_rmid_forced && '$demo' forced >/dev/null"
check "shm_rmid_forced" wait_for 20 destroyed shm_rmid_forced
unshare -i "$demo" namespace >/dev/null
check "the end of its namespace" wait_for 20 destroyed namespace
hush

done_testing
