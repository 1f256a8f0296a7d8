#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shmtop leaks as a command: what it says of one look and of a watch, its exit status, and that the commands it
# names remove what it told of. What it thinks of real programs is in test_traps.sh.
# shellcheck disable=SC2016,SC2086,SC2317 # the $ are jq's; options are words; check calls functions
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

chmod 755 "$work"
follows=yes
if [ "${LIVE_RUNG:-}" = poll ] || ! "$shmtop" doctor -J | jq -e '.probe.calls != "none"' >/dev/null; then
	follows=
fi
leave="$helpers/holdstate --leave --attach 0"
# One that was never attached may be waited for: by whoever started its creator, who may know its id.
forget="$helpers/holdstate --leave"
# Only what is made here: the machine may have leaks of its own.
here="-F ns=here"

left_behind() {
	ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2 }'
}
remove_all() {
	for id in $(left_behind); do
		ipcrm -m "$id"
	done
}
said() {
	grep -qE -e "$1" "$work/out" && return 0
	sed 's/^/# /' "$work/out"
	return 1
}
tells() {
	json "$work/out" "$@"
}

# It watches once its timer runs.
watching() {
	find "/proc/$watcher/fd" -lname '*timerfd*' 2>/dev/null | grep -q .
}
watch_start() {
	"$shmtop" leaks -d 600 $here "$@" >"$work/out" 2>"$work/err" </dev/null 9>&- &
	watcher=$!
	wait_for 20 watching
}
# watch_end N: ends it, and this is its status. A shell's background jobs ignore SIGINT.
watch_end() {
	kill -TERM "$watcher"
	watch_status=0
	wait "$watcher" || watch_status=$?
	same "$watch_status" "$1"
}

# ---- one look

check "nothing there: status 0" status 0 "$shmtop" leaks $here
check "nothing there: what was looked at" said '^No leaks: [0-9]+ segments? in [0-9]+ IPC namespaces?, looked at once; only those that pass'
check "nothing there: what was not seen" said '^Not seen: who knew a segment'
check "nothing there: how to see more" said '^To see more: shmtop leaks -d 60$'
check "nothing there, as JSON" status 0 "$shmtop" leaks -J $here
check "nothing there, as JSON: the document" tells '.schema == "shmtop.leaks/1" and .leaks == [] and .watched == 0
	and .suppressed == null and .probe.calls == "none"'

$leave --segments 12 </dev/null >"$work/made"
$leave --key 0x4e545031 </dev/null >/dev/null
check "orphans: one look is not sure" status 0 "$shmtop" leaks $here --grace 0
check "orphans: one paragraph" same "$(grep -c '^[a-z].*: [0-9]* segments* (' "$work/out")" 1
check "orphans: likely, how many, how large" said '^likely orphan: 12 segments \(192K\), 0 in memory$'
check "orphans: the evidence" said '^  the longest: .*nattch 0|^  the longest: never attached'
check "orphans: a total" said '^Total: likely 12 segments \(192K\); 0 of memory would come back$'
check "orphans: the ids are bounded" said '^  and 4 more: shmtop leaks --commands$'
check "orphans: the commands" status 0 "$shmtop" leaks --commands $here --grace 0
check "orphans: the commands, one a segment" same "$(sort "$work/out")" \
	"$(sed -n "s/^segment /shmtop rm $ipcns:/p" "$work/made" | sort)"
check "orphans: commands are no document" status 2 "$shmtop" leaks --commands -J
check "orphans: all of them in JSON" status 0 "$shmtop" leaks -J $here --grace 0
check "orphans: all of them in JSON, the mailbox is none" tells --argjson ns "$ipcns" \
	--argjson ids "$(sed -n 's/^segment //p' "$work/made" | jq -sc sort)" '([.leaks[].shmid] | sort) == $ids
	and all(.leaks[]; .ipcns == $ns and .verdict.kind == "orphan" and .verdict.confidence == "medium")'
check "orphans: within the grace period there is none" status 0 "$shmtop" leaks -J $here --grace 3600
check "orphans: within the grace period: none is told" tells '.leaks == []'
check "orphans: within the grace period, as text" status 0 "$shmtop" leaks $here --grace 3600
check "orphans: within the grace period: how many are too new" said '^Too new to tell: 1[0-9]+, .* within 1h'
check "a filter" status 0 "$shmtop" leaks -J --grace 0 -F "shmid=$(sed -n 's/^segment //p' "$work/made" | head -n 1) and ns=here"
check "a filter: one passes" tells '.leaks | length == 1'

cat >"$work/known" <<-END
	comm=nobody
	key=priv*
END
check "suppressed" status 0 "$shmtop" leaks $here --grace 0 --suppress "$work/known"
check "suppressed: none is told" said '^No leaks: '
check "suppressed: how many" said "^Suppressed: 12 segments by $work/known\$"
check "suppressed: what was of no use" said "^Unused: $work/known:1: comm=nobody\$"
printf 'key\n' >"$work/wrong"
check "a suppression that is wrong" status 2 "$shmtop" leaks --suppress "$work/wrong"
check "a suppression that is wrong: its place" one_line "$work/wrong:1: 'key'"
check "a filter that is wrong" status 2 "$shmtop" leaks -F 'sise>1'
check "a rung that follows calls, without a watch" status 2 "$shmtop" leaks --probe=tracepoint
check "a rung that follows calls, without a watch: why" one_line "only with -d"

# The command as it is printed removes what it names, and no other.
status 0 "$shmtop" leaks $here --grace 0
sed -n 's/^  shmtop rm //p' "$work/out" >"$work/ids"
check "the commands name 8" same "$(wc -w <"$work/ids")" 8
check "they remove what they name" status 0 xargs -a "$work/ids" "$shmtop" rm --yes
check "and no other" same "$(left_behind | wc -l)" 5
remove_all

# ---- a watch

if [ -n "$follows" ]; then
	watch_start --grace 0
	check "a watch with nothing: status 0" watch_end 0
	check "a watch with nothing: how long" said '^No leaks: .*, watched for [0-9]+s'
	check "a watch with nothing: nothing is said on stderr" test ! -s "$work/err"

	watch_start --grace 0 -J
	job $forget --segments 3 </dev/null >/dev/null
	check "a sure leak: status 3" watch_end 3
	check "a sure leak: three" tells '(.leaks | length == 3) and .watched > 0
		and all(.leaks[]; .verdict.kind == "orphan" and .verdict.confidence == "high"
			and .creator.comm == "holdstate")'
	remove_all

	# It counts who leaves how many at each tick.
	"$shmtop" leaks -d 4 -J --grace 0 $here >"$work/out" 2>"$work/err" </dev/null 9>&- &
	watcher=$!
	wait_for 20 watching
	job $forget --segments 3 </dev/null >/dev/null
	wait "$watcher"
	check "a watch that came to its end: status 3" same "$?" 3
	check "who left how many" tells '[.growth[] | select(.count == 3)] | length == 1 and .[0].grows == false
		and .[0].per_hour == null'
	remove_all

	watch_start --grace 0 -J --suppress "$work/known"
	job $forget </dev/null >/dev/null
	check "a sure leak, suppressed: status 0" watch_end 0
	check "a sure leak, suppressed: counted" tells '.leaks == [] and .suppressed[1].count == 1'
	remove_all

	watch_start --grace 600 -J
	job $forget </dev/null >/dev/null
	check "within the grace period: status 0" watch_end 0
	check "within the grace period: not told" tells '.leaks == []'
	remove_all

	# who removes behind oneself leaks nothing
	watch_start --grace 0 -J
	"$helpers/holdstate" </dev/null >/dev/null
	check "removed: status 0" watch_end 0
	check "removed: nothing is told" tells '.leaks == []'
else
	skip "a watch" "calls are not followed here"
fi
check "a watch comes to its end" status 0 "$shmtop" leaks $here -d 0.3
check "a watch without BPF says so" status 0 "$shmtop" leaks $here -d 0.3 --probe=poll
check "a watch without BPF says so" said '^Not seen: calls: '

# ---- a terminal

default_signals="env --default-signal=INT,QUIT"
if command -v script >/dev/null && $default_signals true 2>/dev/null; then
	mkfifo "$work/keys"
	$default_signals script -qefc "exec $shmtop leaks -d 600 $here" /dev/null <"$work/keys" >"$work/screen" 2>&1 9>&- &
	watcher=$!
	exec 8>"$work/keys"
	check "a terminal: the progress" wait_for 20 grep -qE 'watching: [0-9]+ s left, [0-9]+ events, [0-9]+ suspects so far' \
		"$work/screen"
	printf '\003' >&8
	wait "$watcher"
	check "^C ends the watch: status 0" same "$?" 0
	check "^C ends the watch: what was seen" grep -q '^.*No leaks: .*, watched for ' "$work/screen"
	exec 8>&-
else
	skip "a terminal" "script, or an env with --default-signal, is missing"
fi

# ---- without root

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
check "as nobody: status 0" status 0 as_nobody "$shmtop" leaks $here
check "as nobody: what is not seen" said '^Not seen: processes that may not be looked at'
check "as nobody: how to see more" said '^To see more: sudo shmtop leaks -d 60$'

done_testing
