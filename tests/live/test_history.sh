#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who changed a segment, who removed it and who tried: told when it is asked for after its end, too.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

nobody=65534
as_nobody() {
	setpriv --reuid="$nobody" --regid="$nobody" --clear-groups "$@" 9>&-
}

watching() {
	find "/proc/$watcher/fd" -lname '*timerfd*' 2>/dev/null | grep -q .
}

watch_start() {
	"$shmtop" "$@" >"$work/watched" 2>"$work/watched.err" 9>&- &
	watcher=$!
	wait_for 20 watching
}

watch_end() {
	kill -TERM "$watcher"
	wait "$watcher"
}

told() {
	json "$work/watched" "$@"
}

# said REGEX: this is in a line of what the watch printed.
said() {
	grep -Eq -e "$1" "$work/watched" && return 0
	sed 's/^/# /' "$work/watched"
	return 1
}

# left KEY: a segment with this key that nobody has attached
left() {
	"$helpers/holdstate" --key "$1" --size 8192 --leave </dev/null 2>&1 9>&- |
		sed -n 's/^segment //p'
}

"$shmtop" doctor -J >"$work/doctor" 2>"$work/why" || echo '{}' >"$work/doctor"

# ---- without any event: two tables

hold --key 0x51a8 --leave
shmid=$(held_segment)
"$shmtop" show --probe=poll -J -d 600 0x51a8 >"$work/watched" 2>"$work/watched.err" 9>&- &
watcher=$!
check "a watch without probes" wait_for 20 watching
check "another mode" status 0 "$helpers/change" set "$shmid" 0 0 0640
check "locked" status 0 "$helpers/change" lock "$shmid"
check "removed" status 0 "$helpers/change" remove "$shmid"
check "it ends well" watch_end
check "all three are found by the tables, by whom is not known" told \
	'[.changes[] | [.op, .inferred, .pid, .ret]] | sort == [["IPC_RMID", true, null, null],
		["IPC_SET", true, null, null], ["SHM_LOCK", true, null, null]]'
check "the mode before and after" told '[.changes[] | select(.op == "IPC_SET")][0]
	| .old.mode == "0600" and .new.mode == "0640" and .old.uid == 0'
release

# ---- each call, done and refused

if [ "$(jq -r '.probe.calls // "none"' "$work/doctor")" = none ]; then
	lacks_rung "calls are told as they are made" \
		"$(jq -r '.probe.why // empty' "$work/doctor")$(cat "$work/why")"
	done_testing
fi

hold --key 0x51a9 --leave
shmid=$(held_segment)
holder=$(sed -n 's/^process //p' "$work/held" | head -n 1)
watch_start show -J -d 600 0x51a9
check "nobody may not set" status 1 as_nobody "$helpers/change" set "$shmid" $nobody $nobody 0666
check "nor remove, three times" status 1 as_nobody "$helpers/change" -n 3 remove "$shmid"
check "nor lock" status 1 as_nobody "$helpers/change" lock "$shmid"
check "the owner sets" status 0 "$helpers/change" set "$shmid" $nobody 7 0666
check "who owns it now sets" status 0 as_nobody "$helpers/change" set "$shmid" $nobody 7 0640
check "the owner locks" status 0 "$helpers/change" lock "$shmid"
check "and unlocks" status 0 "$helpers/change" unlock "$shmid"
check "another removes it" status 0 ipcrm -m "$shmid"
release
check "show -d ends well, though the segment is gone" watch_end
check "each call, in order, done or refused, and by whom" told --argjson nobody $nobody \
	'[.changes[] | [.op, .errno, .comm, .uid, .count]] == [
		["IPC_SET", "EPERM", "change", $nobody, 1], ["IPC_RMID", "EPERM", "change", $nobody, 3],
		["SHM_LOCK", "EPERM", "change", $nobody, 1], ["IPC_SET", null, "change", 0, 1],
		["IPC_SET", null, "change", $nobody, 1], ["SHM_LOCK", null, "change", 0, 1],
		["SHM_UNLOCK", null, "change", 0, 1], ["IPC_RMID", null, "ipcrm", 0, 1],
		["destroy", null, "holdstate", 0, 1]]'
check "the owner, the group and the mode before and after" told --argjson nobody $nobody \
	'[.changes[] | select(.op == "IPC_SET") | [.old.uid, .old.gid, .old.mode, .new.uid, .new.gid, .new.mode]]
	== [[0, 0, "0600", $nobody, $nobody, "0666"], [0, 0, "0600", $nobody, 7, "0666"],
		[$nobody, 7, "0666", $nobody, 7, "0640"]]'
check "it went with its last holder" told --argjson holder "$holder" \
	'.changes[-1] | .reason == "last_detach" and .pid == $holder and .inferred == false'
check "each at its time" told '.time as $now | ([.changes[].time] | . == sort)
	and all(.changes[]; .first <= .time and .time <= $now)'
check "the verdict says who removed it" told \
	'.segment.verdict | .kind == "gone" and any(.because[]; test("removed .* ago by [0-9]+ ipcrm"))'

# ---- for people

watch_start show -d 600 0x51aa
shmid=$(left 0x51aa)
check "removed at once" status 0 ipcrm -M 0x51aa
watch_end
check "it is gone, and why" said '^State .*gone since .*\(ipc_rmid\)'
check "who made it" said 'created +by [0-9]+ holdstate \(root\)'
check "who removed it" said 'IPC_RMID +done +by [0-9]+ ipcrm \(root\)'
check "in the verdict" said 'gone: removed .* ago by [0-9]+ ipcrm: nobody had it attached'

watch_start show -d 600 0x51ab
unshare -i "$helpers/holdstate" --key 0x51ab --leave </dev/null >/dev/null 2>&1 9>&-
watch_end
check "the end of its namespace" said 'gone: ended .* ago with its IPC namespace'

# only the kernel's own records tell of it
if [ "$(jq -r .probe.exact "$work/doctor")" = true ]; then
	watch_start show -d 600 0x51ac
	unshare -i sh -c 'echo 1 >/proc/sys/kernel/shm_rmid_forced && exec "$1" --key 0x51ac --leave' \
		sh "$helpers/holdstate" </dev/null >/dev/null 2>&1 9>&-
	watch_end
	check "shm_rmid_forced" said 'gone: destroyed .* ago by kernel.shm_rmid_forced: nobody had it attached'
	check "who was the last holder" said '[0-9]+ holdstate let go last'
fi

# who removes it for others lives: where it belongs to is told
watch_start show -J -d 600 0x51ad
shmid=$(left 0x51ad)
mkfifo "$work/stay"
"$helpers/change" -w remove "$shmid" <"$work/stay" 9>&- &
remover=$!
exec 8>"$work/stay"
removed() {
	! awk -v id="$shmid" '$2 == id { found = 1 } END { exit !found }' /proc/sysvipc/shm
}
check "a removal by one that stays" wait_for 10 removed
cgroup=$(sed -n 's/^0:://p' "/proc/$remover/cgroup" 2>/dev/null)
watch_end
exec 8>&-
wait "$remover"
if [ -n "$cgroup" ]; then
	check "the cgroup of who removed it" told --arg cgroup "$cgroup" --argjson pid "$remover" \
		'any(.changes[]; .op == "IPC_RMID" and .pid == $pid and .cgroup == $cgroup)'
else
	skip "the cgroup of who removed it" "this kernel has none"
fi

status 1 "$shmtop" show -d 0.1 0x51b0
check "one that never was" one_line "no segment 0x51b0 was seen, living or gone, since shmtop started"

done_testing
