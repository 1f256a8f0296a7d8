#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The bundled lesson: what it prints, what trace sees of it, and what it leaves.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

trace=$work/trace

traced() {
	status 0 "$shmtop" trace -J -- "$demo" zengxiaolong && mv "$work/out" "$trace"
}

count() {
	same "$(events "$trace" "$1")" "$2"
}

left_behind() {
	ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2, $5, $6 }'
}

# ---- by itself

check "the child gets the message" status 0 "$demo" zengxiaolong
check "and says so, in one line" same "$(cat "$work/out")" "Client get zengxiaolong"
check "the segment is left, 1024 bytes, attached by nobody" same "$(left_behind)" "0 1024 0"
ipcrm -m 0

check "a message that does not fit is cut" status 0 "$demo" --size 4 hello
check "and stays a string" same "$(cat "$work/out")" "Client get hel"
ipcrm -m 1

check "--workers and --rounds" status 0 "$demo" --remove --workers 3 --rounds 2 hello
check "every worker of every round prints" same "$(grep -c '^Client get hello$' "$work/out")" 6
check "--remove leaves nothing" same "$(left_behind)" ""

usage="usage: shm-fork-demo [OPTIONS] MESSAGE"
check "no message" status 2 "$demo"
check "no message: the usage line" one_line "$usage"
check "two messages" status 2 "$demo" one two
check "two messages: the usage line" one_line "$usage"
check "an option that is not known" status 2 "$demo" --wrong hello
check "an option that is not known: one line names it" one_line "--wrong"
check "a number that is none" status 2 "$demo" --workers many hello
check "a number that is none: one line names it" one_line "many"
check "a segment that cannot be made" status 1 "$demo" --size 99999999999999999 hello
check "a segment that cannot be made: one line says why" one_line "shmget:"
check "--help" status 0 "$demo" --help
full() {
	"$demo" --remove hello >/dev/full
}
check "a full disk" status 1 full
check "a full disk: one line says so" one_line "No space left on device"

# ---- traced

check "trace runs the demo" traced
check "its output is there" grep -qx "Client get zengxiaolong" "$work/err"
check "shmget: 1" count shmget 1
check "shmat: 2" count shmat 2
check "fork: 1" count fork 1
check "exit: 2" count exit 2
check "detach: 2" count detach 2
check "no shmdt" count shmdt 0
check "no shmctl" count shmctl 0
check "no loss" same "$(grep -c shmtop.loss "$trace")" 0

grep '^{' "$trace" >"$work/events"
shmid=$(jq -r 'select(.op == "shmget") | .shmid' "$work/events")
check "both detaches are by exit, of the segment that was made" \
	same "$(jq -c 'select(.op == "detach") | [.shmid, .args.reason]' "$work/events" | sort -u)" \
	"[$shmid,\"exit\"]"
check "shmget's arguments" json "$work/events" -s --argjson ns "$ipcns" \
	'[.[] | select(.op == "shmget")][0]
	| .args.size == 1024 and .ret == .shmid and .errno == null and .comm == "shm-fork-demo"
	and .ipcns == $ns and .took_ns > 0'
check "the child attached read-only, the parent did not" json "$work/events" -s \
	'([.[] | select(.op == "fork")][0]) as $fork
	| [.[] | select(.op == "shmat") | .pid] == [$fork.pid, $fork.args.child]'
check "each line has its schema" json "$work/events" -s 'all(.schema == "shmtop.event/1")'

check "list" status 0 "$shmtop" list -J
check "list shows the segment with nattch 0" json "$work/out" --argjson ns "$ipcns" \
	--argjson id "$shmid" '[.segments[] | select(.ipcns == $ns)]
	| length == 1 and .[0].shmid == $id and .[0].nattch == 0 and .[0].size == 1024
	and .[0].mode == "0600" and .[0].holders == []'

ipcrm -m "$shmid"

# ---- shmtop demo

frames() {
	status 0 "$shmtop" demo -d 1 "$@"
}
check "shmtop demo without a terminal" frames
check "shmtop demo without a terminal: three frames" same "$(grep -c '^shmtop ' "$work/out")" 3
check "shmtop demo removes what it left" same "$(left_behind)" ""
check "shmtop demo by frames" frames -J -n 4 hello
check "shmtop demo: its segment is seen held, then by nobody" json "$work/out" -s --argjson ns "$ipcns" \
	'[.[].segments[] | select(.ipcns == $ns and .creator.comm == "shm-fork-demo")] as $rows
	| any($rows[]; .nattch == 1) and any($rows[]; .nattch == 0 and .gone == null)'

# A pid comes back: what its earlier process left is not the demo's. In a pid namespace the next pid can
# be chosen.
reuse='
echo 500 >/proc/sys/kernel/ns_last_pid || exit 77
"$1" --size 2048 old >/dev/null &
orphan=$!
wait
echo $((orphan - 2)) >/proc/sys/kernel/ns_last_pid
"$2" demo --probe=poll -J -n 2 -d 1.5
exit $?'
if unshare -pf --mount-proc sh -c 'echo 500 >/proc/sys/kernel/ns_last_pid' 2>/dev/null; then
	check "shmtop demo under the pid of an orphan's creator" status 0 unshare -pf --mount-proc \
		sh -c "$reuse" sh "$demo" "$shmtop"
	check "shmtop demo under the pid of an orphan's creator: it was so" json "$work/out" -s \
		--argjson ns "$ipcns" '[last.segments[] | select(.ipcns == $ns)]
		| any(.size == 1024) and any(.size == 2048)
		and (([.[] | select(.size == 2048) | .creator.pid][0]) as $pid
			| any(.size == 1024 and .creator.pid == $pid))'
	check "shmtop demo under the pid of an orphan's creator: the orphan stays" \
		same "$(left_behind | cut -d' ' -f2)" 2048
else
	skip "shmtop demo under the pid of an orphan's creator" "the next pid cannot be chosen here"
fi

done_testing
