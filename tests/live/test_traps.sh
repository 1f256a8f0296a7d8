#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What only looks like a leak, and what is one: real programs under `shmtop leaks`, which sees it all happen, and
# once more for a look at what was there before.
# test-timeout: 300
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

if [ "${LIVE_RUNG:-}" = poll ] || ! "$shmtop" doctor -J | jq -e '.probe.calls != "none"' >/dev/null; then
	skip_all "no events here"
fi

# It watches once its timer runs.
watching() {
	find "/proc/$watcher/fd" -lname '*timerfd*' 2>/dev/null | grep -q .
}

watch_start() {
	"$shmtop" leaks -J -F ns=here --grace "${1:-1}" -d 600 >"$work/leaks" 2>"$work/leaks.err" 9>&- &
	watcher=$!
	wait_for 20 watching
}

# A shell in the background ignores SIGINT, and so do its children: TERM ends the watch as well.
watch_end() {
	kill -TERM "$watcher"
	judged=0
	wait "$watcher" || judged=$?
}

# trap_start COMMAND...: the state stands; its segment, if any is left, is $segment
trap_start() {
	rm -f "$work/input" "$work/trap" # what the one before has said must not be taken for its word
	mkfifo "$work/input"
	"$@" <"$work/input" >"$work/trap" 2>&1 &
	trap_pid=$!
	exec 9>"$work/input"
	wait_for 20 grep -q '^ready' "$work/trap" || sed 's/^/# /' "$work/trap"
	segment=$(sed -n 's/^segment //p' "$work/trap")
}

trap_end() {
	exec 9>&-
	wait "$trap_pid"
}

# The grace period of the watch is over for all that is there.
aged() {
	"$shmtop" list -J 9>&- >"$work/list" && json "$work/list" --argjson ns "$ipcns" \
		'now as $now | [.segments[] | select(.ipcns == $ns)] | all($now - .ctime > 3)' >/dev/null
}

# verdict FILTER: of the segment, among those that leaks tells of; null when it does not
verdict() {
	json "$work/leaks" --argjson ns "$ipcns" --argjson id "$segment" \
		"([.leaks[] | select(.ipcns == \$ns and .shmid == \$id)][0].verdict) | $1"
}

none_sure() {
	json "$work/leaks" 'all(.leaks[]; .verdict.confidence != "high")'
}

# innocent NAME "what it is" [FILTER]: seen from the beginning it is no sure leak, and neither at a later look.
innocent() {
	watch_start
	trap_start "$helpers/traps" "$1"
	check "$2: it stands" wait_for 20 aged
	watch_end
	check "$2: status 0" same "$judged" 0
	check "$2: nothing is sure" none_sure
	[ -z "${3:-}" ] || check "$2: what is said of it" verdict "$3"
	check "$2: a later look, status 0" status 0 "$shmtop" leaks -J -F ns=here --grace 1
	cp "$work/out" "$work/leaks"
	check "$2: a later look, nothing is sure" none_sure
	trap_end
}

# guilty NAME "what it is" FILTER
guilty() {
	watch_start
	trap_start "$helpers/traps" "$1"
	check "$2: it stands" wait_for 20 aged
	watch_end
	check "$2: status 3" same "$judged" 3
	check "$2: what is said of it" verdict "$3"
	trap_end
}

# handed_on "what it is" MAKER...: a script has the id from the output of the maker, which has ended, and uses it later.
takes='id=$("$@" </dev/null | sed -n "s/^segment //p")
printf "segment %s\nready\n" "$id"
read -r line'
uses='"$traps" use "$id" && ipcrm -m "$id" && echo used'
handed_on() {
	what=$1
	shift
	watch_start
	trap_start setsid env traps="$helpers/traps" sh -c "$takes; $uses" sh "$@"
	check "$what: it stands" wait_for 20 aged
	watch_end
	check "$what: status 0" same "$judged" 0
	check "$what: likely, since the script lives" verdict '.kind == "orphan" and .confidence == "medium"
		and (.because | join(" ") | test("handed on: '"$trap_pid"' sh, of its creator.s process group, lives"))'
	trap_end
	check "$what: it attaches it" grep -q '^used' "$work/trap"
}

innocent mailbox "1 a mailbox" '. == null'
innocent perop "2 attached for each use" '. == null'
innocent hygiene "3 attached and removed at once" '. == null'

watch_start 600
trap_start "$helpers/traps" orphan
check "4 just made: it stands" wait_for 20 aged
watch_end
check "4 just made: status 0" same "$judged" 0
check "4 just made: not even a suspect" verdict '. == null'
trap_end

innocent keyed "5 its maker was killed, and starts again by its key" \
	'.kind == "orphan" and .confidence == "medium"'
innocent workers "6 forked workers hold it" '. == null'
innocent kin "6 a forked worker knows it" 'true'
innocent stranger "6 another process that used it lives" 'true'
innocent told "6 who started its maker may have its id" \
	'.kind == "orphan" and .confidence == "medium" and (.because | join(" ") | test("traps that started its creator lives"))'
handed_on "6 a script whose subshell started the maker" "$helpers/holdstate" --leave --attach 0
handed_on "6 a script whose maker has attached it" "$helpers/holdstate" --leave
innocent lookup "9 one that looked its key up waits" 'true'
innocent probes "7 probes and deliberate errors" 'true'

watch_start
pmap_self() {
	status 0 pmap "$$"
}
segment=-1
if command -v pmap >/dev/null; then
	check "8 pmap" pmap_self
else
	skip "8 pmap" "it is not installed"
fi
if command -v ipcmk >/dev/null; then
	id=$(ipcmk -M 4096 | tr -dc '0-9\n' | tail -n 1)
	check "8 a tool that makes segments for others" wait_for 20 aged
fi
watch_end
check "8 status 0" same "$judged" 0
check "8 nothing is sure" none_sure
[ -z "${id:-}" ] || ipcrm -m "$id"

guilty orphan "an orphan that nobody else knew" \
	'.kind == "orphan" and .confidence == "high" and (.because | length > 0)'
guilty killed "the same, its maker killed" \
	'.kind == "orphan" and .confidence == "high" and (.because | join(" ") | test("signal 9|SIGKILL"))'
guilty refused "9 a removal that was refused" \
	'.kind == "failed-removal" and .confidence == "high" and (.because | join(" ") | test("EPERM"))'

watch_start
trap_start setsid sh -c "$takes" sh "$helpers/holdstate" --leave
check "a script that has the id: it stands" wait_for 20 aged
trap_end
watch_end
check "a script that has the id, and has just ended: status 3" same "$judged" 3
check "a script that has the id, and has just ended: it is sure" verdict '.kind == "orphan" and .confidence == "high"'
ipcrm -m "$segment"

watch_start
check "a job of its own, whose shell goes on" status 0 job "$helpers/holdstate" --leave
segment=$(sed -n 's/^segment //p' "$work/out")
check "a job of its own: it stands" wait_for 20 aged
watch_end
check "a job of its own: status 3" same "$judged" 3
check "a job of its own: it is sure" verdict '.kind == "orphan" and .confidence == "high"'
ipcrm -m "$segment"

# The pid of the maker is another's by now: that one living is no excuse.
reuse='
echo 700 >/proc/sys/kernel/ns_last_pid || exit 77
"$1" --size 2048 old >/dev/null &
maker=$!
wait
# the table tells whole seconds: one that starts within that of the creation may have been its maker
begin=$(date +%s)
while [ "$(date +%s)" -lt $((begin + 2)) ]; do sleep 0.1; done
echo $((maker - 1)) >/proc/sys/kernel/ns_last_pid
sleep 60 &
[ $! = "$maker" ] || exit 76
"$2" leaks -J --grace 0.5
result=$?
kill $!
exit $result'
if unshare -pf --mount-proc sh -c 'echo 700 >/proc/sys/kernel/ns_last_pid' 2>/dev/null; then
	check "a pid that is used again: a look" status 0 unshare -pf --mount-proc \
		sh -c "$reuse" sh "$demo" "$shmtop"
	check "a pid that is used again: its maker is gone all the same" json "$work/out" \
		--argjson ns "$ipcns" 'any(.leaks[]; .ipcns == $ns and .size == 2048
			and .verdict.kind == "orphan" and .creator.alive == false)'
	ipcs -m | awk '$5 == 2048 { print $2 }' | while read -r id; do ipcrm -m "$id"; done
else
	skip "a pid that is used again" "no pid namespace can be made"
fi

done_testing
