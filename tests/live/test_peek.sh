#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shmtop peek: what stands in a segment is shown, and nothing of the segment changes by it.
# shellcheck disable=SC2016,SC2086,SC2317 # jq expands; words are meant; check calls functions
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

chmod 755 "$work"
said() {
	grep -qE -e "$1" "$work/out" && return 0
	sed 's/^/# /' "$work/out"
	return 1
}
# The kernel's row of a segment: its counts, its times, its last user, its memory
row() {
	awk -v id="$1" '$2 == id' /proc/sysvipc/shm
}
field() {
	awk -v id="$1" -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
		$2 == id { print $at }' /proc/sysvipc/shm
}

# writes SIZE MODE: helpers/writer.c does what told() says; $made is its segment
writes() {
	rm -f "$work/told"
	mkfifo "$work/told"
	: >"$work/written"
	"$helpers/writer" "$@" <"$work/told" >"$work/written" 2>&1 9>&- &
	writing=$!
	exec 8>"$work/told"
	wait_for 10 grep -q '^ready' "$work/written"
	made=$(sed -n 's/^segment //p' "$work/written")
	told_count=0
}
told() {
	told_count=$((told_count + 1))
	echo "$*" >&8
	wait_for 10 sh -c "test \$(grep -c '^done' '$work/written') -eq $told_count"
}
written() {
	exec 8>&-
	wait "$writing"
}

# ---- the lesson's message

: >"$work/demo"
"$demo" --hold 600 'Hello, peek!' >"$work/demo" 2>&1 9>&- &
lesson=$!
client=
end_lesson() {
	[ -z "$lesson" ] || kill "$lesson" $client
	lesson=
}
trap 'end_lesson; live_end' EXIT
wait_for 20 grep -q '^Client get' "$work/demo"
client=$(tr -d ' ' <"/proc/$lesson/task/$lesson/children")
lesson_id=$(awk -v pid="$lesson" '$5 == pid { print $2 }' /proc/sysvipc/shm)
before=$(row "$lesson_id")
check "the message is readable" status 0 "$shmtop" peek "$lesson_id"
check "the message is readable: as text" said '^00000000  48 65 6c 6c 6f 2c 20 70  65 65 6b 21 00 00 00 00  \|Hello, peek!\.\.\.\.\|$'
check "zeros are one line and a star" said '^\*$'
check "what it is" said "^$lesson_id in here: 1.00K, owner root, looked at through ($lesson|$client) shm-fork-demo\$"
check "who has how much of it" said "^resident: $lesson shm-fork-demo 4.00K, $client shm-fork-demo 4.00K\$"
check "which part it is" said '^bytes 0 to 255 of 1024$'
check "without BPF, too" status 0 "$shmtop" peek --probe=poll "$lesson_id"
check "without BPF, too: the same" said '\|Hello, peek!\.\.\.\.\|$'
check "-J" status 0 "$shmtop" peek -J -n all "$lesson_id"
check "-J: the bytes" json "$work/out" --arg start "$(printf 'Hello, peek!' | od -An -tx1 -v | tr -d ' \n')" \
	'.schema == "shmtop.peek/1" and .offset == 0 and .length == 1024 and .holes == []
	and (.hex | length) == 2048 and (.hex | startswith($start + "00"))'
check "-J: through whom, and who has how much" json "$work/out" --argjson id "$lesson_id" --argjson pid "$lesson" \
	'.segment.shmid == $id and .attached == false and (.through.addr | startswith("0x7"))
	and ([.resident[] | select(.pid == $pid) | .resident] == [4096])'
check "--raw" status 0 "$shmtop" peek --raw -n 5 --offset 7 "$lesson_id"
check "--raw: the bytes and no others" same "$(cat "$work/out")" "peek!"
check "--offset behind the end" status 1 "$shmtop" peek --offset 1K "$lesson_id"
check "--offset behind the end: one line" one_line "$lesson_id has 1024 bytes"
check "--offset, in hexadecimal" status 0 "$shmtop" peek --offset 0x3f0 "$lesson_id"
check "--offset, in hexadecimal: up to the end" same "$(tail -n 2 "$work/out" | cut -c 1-12 | tr '\n' /)" "000003f0  00/00000400/"

check "of all this the kernel's row tells nothing" same "$(row "$lesson_id")" "$before"
lesson_pid=$lesson
end_lesson
wait "$lesson_pid" 2>/dev/null
unheld() {
	same "$(field "$lesson_id" nattch)" 0 >/dev/null
}

# ---- nobody has it attached

wait_for 10 unheld
before=$(row "$lesson_id")
check "nobody has it: status 1" status 1 "$shmtop" peek "$lesson_id"
check "nobody has it: why, and what to do" one_line "nobody has it attached: to look would mean to attach it, which changes nattch, atime and lpid; --attach"
check "nobody has it: nothing was done" same "$(row "$lesson_id")" "$before"
rss=$(field "$lesson_id" rss)
check "--attach" status 0 "$shmtop" peek --attach "$lesson_id"
check "--attach: the message is readable" said '\|Hello, peek!\.\.\.\.\|$'
check "--attach: nobody has it attached" same "$(field "$lesson_id" nattch)" 0
check "--attach: its memory is the same" same "$(field "$lesson_id" rss)" "$rss"
check "--attach: tells what it changed" said "attached for this: atime, dtime and lpid \($(field "$lesson_id" lpid)\) tell of it\$"
check "--attach -J" status 0 "$shmtop" peek --attach -J "$lesson_id"
check "--attach -J: tells it" json "$work/out" '.attached and .through == null and .resident == []'
echo 1 >/proc/sys/kernel/shm_rmid_forced
# Its creator lives, so it is still there.
mkfifo "$work/keys"
: >"$work/forced"
"$helpers/holdstate" --attach 0 <"$work/keys" >"$work/forced" 2>&1 &
forced=$!
exec 7>"$work/keys"
wait_for 10 grep -q '^ready' "$work/forced"
forced_id=$(sed -n 's/^segment //p' "$work/forced")
check "--attach would remove it (shm_rmid_forced): status 1" status 1 "$shmtop" peek --attach "$forced_id"
check "--attach would remove it: one line" one_line "kernel.shm_rmid_forced is set"
check "--attach would remove it: it is there" test -n "$(row "$forced_id")"
exec 7>&-
wait "$forced"
echo 0 >/proc/sys/kernel/shm_rmid_forced
ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2 }' | while read -r id; do
	ipcrm -m "$id"
done

# ---- holes

writes 67108864 600
told write 1048576 in the middle
before=$(row "$made")
check "a sparse segment" status 0 "$shmtop" peek -n all "$made"
check "a sparse segment: a hole before" said '^00000000  \(hole: 1048576 bytes, 1.00M, never written\)$'
check "a sparse segment: what was written" said '^00100000 .*\|in the middle\.\.\.\|$'
check "a sparse segment: a hole behind, and the end" said '^00101000  \(hole: 66056192 bytes, 62.9M, never written\)$'
check "a sparse segment: in few lines" test "$(wc -l <"$work/out")" -lt 12
check "a sparse segment: its memory is that of one page" same "$(field "$made" rss)" 4096
check "a sparse segment, -J" status 0 "$shmtop" peek -J -n 2M --offset 512K "$made"
check "a sparse segment, -J: holes" json "$work/out" \
	'.holes == [{"offset": 524288, "length": 524288}, {"offset": 1052672, "length": 1568768}]'
check "a sparse segment, --raw: as many bytes as it has" same "$("$shmtop" peek --raw -n all "$made" | wc -c | tr -d ' ')" 67108864
check "a sparse segment, --raw" status 0 "$shmtop" peek --raw --offset 1020K -n 12K "$made"
{
	head -c 4096 /dev/zero
	printf 'in the middle'
	head -c 8179 /dev/zero
} >"$work/wanted"
check "a sparse segment, --raw: holes are zeros" cmp "$work/out" "$work/wanted"
check "nothing of it changed" same "$(row "$made")" "$before"
check "-J of too much" status 2 "$shmtop" peek -J -n all "$made"
check "-J of too much: one line" one_line "-J tells 16M at most"
check "-w of too much" status 2 "$shmtop" peek -w -n 65K "$made"
check "a pipe that is closed" same "$("$shmtop" peek -n all "$made" 2>&1 | head -n 1 | cut -d' ' -f 1)" "$made"

# ---- a part of it is mapped

told write 0 at the start
told munmap 0 33554432
check "half of it is mapped" status 0 "$shmtop" peek -n 16 "$made"
check "half of it is mapped: all is seen" said '\|at the start\.\.\.\.\|$'
told remove
check "one that was removed" status 0 "$shmtop" peek -n 16 "$made"
check "one that was removed: is seen" said '\|at the start\.\.\.\.\|$'
written

# ---- what changes

writes 8192 666
told write 0 Hello
: >"$work/watch"
"$shmtop" peek -w -d 0.1 -n 32 "$made" >"$work/watch" 2>"$work/watch.err" 9>&- &
watching=$!
check "-w begins with all of it" wait_for 10 grep -q '^00000010' "$work/watch"
told write 1 a
check "-w marks what changed" wait_for 10 grep -qE \
	'^[0-9:]{8}\.[0-9]{3}  00000000  48\*61 6c 6c 6f 00 .*\|Hallo\.' "$work/watch"
told write 31 !
check "-w tells the next change" wait_for 10 grep -qE ' 00000010  00 .* 00\*21  \|' "$work/watch"
check "-w tells nothing else" same "$(wc -l <"$work/watch")" 4
told write 1 e
told detach
check "-w waits while nobody has it" wait_for 10 grep -q 'nobody has it attached now: waiting$' "$work/watch"
told remove
ended=0
wait "$watching" || ended=$?
check "-w ends with the segment" same "$ended" 0
check "-w ends with the segment: says so" grep -qE "^[0-9:.]+  $made ended\$" "$work/watch"
check "-w: no error" test ! -s "$work/watch.err"
written

# watches ENVIRONMENT...: the same on a terminal
watches() {
	: >"$work/screen"
	env TERM=xterm "$@" script -qefc "stty rows 12 columns 100; exec $shmtop peek -w -d 0.1 $made" /dev/null \
		</dev/null >"$work/screen" 2>&1 9>&- 8>&- &
	watching=$!
	wait_for 10 grep -q 'through .* writer' "$work/screen"
}
# Ends it by the end of its segment.
ends() {
	told detach
	told remove
	wait "$watching"
	written
}
if command -v script >/dev/null; then
	writes 8192 666
	told write 0 Hello
	watches NO_COLOR=
	told write 1 a
	check "-w on a terminal marks it twice" wait_for 10 grep -qF "$(printf '48*\033[7m61\033[0m 6c')" "$work/screen"
	check "-w on a terminal: as many lines as there is room for" grep -q '^7 more lines:' "$work/screen"
	check "-w on a terminal ends with the segment" ends
	writes 8192 666
	told write 0 Hello
	watches NO_COLOR=1
	told write 1 a
	check "-w without colours has the star" wait_for 10 grep -qF '48*61 6c' "$work/screen"
	ends
else
	skip "-w on a terminal" "script is missing"
fi

writes 8192 666
told write 0 secret
: >"$work/watch"
"$shmtop" peek -w -d 3600 -n 32 "$made" >"$work/watch" 2>"$work/watch.err" 9>&- 8>&- &
watching=$!
wait_for 10 grep -q '^00000010' "$work/watch"
check "between two looks nothing of it is open" sh -c "! ls -l /proc/$watching/fd /proc/$watching/map_files | grep SYSV"
kill -TERM "$watching"
ended=0
wait "$watching" || ended=$?
check "-w ends when it is told to" same "$ended" 0

# ---- who may look

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
check "without root" status 1 as_nobody "$shmtop" peek "$made"
check "without root: what it takes" one_line "may not be looked into: that takes root"
check "without root, --attach" status 0 as_nobody "$shmtop" peek --attach "$made"
check "without root, --attach: it is seen" said '\|secret\.\.'
check "without the capabilities" status 1 \
	setpriv --bounding-set=-sys_admin,-checkpoint_restore "$shmtop" peek "$made"
check "without the capabilities: which" one_line "CAP_CHECKPOINT_RESTORE"
told detach
told remove
written
writes 4096 600
check "one that is not for all, --attach" status 1 as_nobody "$shmtop" peek --attach "$made"
check "one that is not for all, --attach: who may" one_line "its owner, its creator, those whom its mode lets read it, or root"
told remove
written

# ---- in another namespace, where ids collide with ours

mkfifo "$work/far"
unshare -i "$helpers/writer" 4096 600 <"$work/far" >"$work/far.out" 2>&1 9>&- &
far=$!
exec 7>"$work/far"
wait_for 10 grep -q '^ready' "$work/far.out"
far_ns=$(readlink "/proc/$far/ns/ipc" | tr -dc 0-9)
far_id=$(sed -n 's/^segment //p' "$work/far.out")
echo "write 0 far away" >&7
wait_for 10 grep -q '^done' "$work/far.out"
check "in another namespace" status 0 "$shmtop" peek "$far_ns:$far_id"
check "in another namespace: it is seen" said '\|far away\.'
check "in another namespace, by --ns" status 0 "$shmtop" peek --ns "$far_ns" "$far_id"
echo detach >&7
wait_for 10 sh -c "test \$(grep -c '^done' '$work/far.out') -eq 2"
check "in another namespace, --attach" status 0 "$shmtop" peek --attach "$far_ns:$far_id"
check "in another namespace, --attach: it is seen" said '\|far away\.'
exec 7>&-
wait "$far"

# ---- what is wrong

check "no ID" status 2 "$shmtop" peek
check "no ID: one line" one_line "wants one ID"
check "what is no ID" status 2 "$shmtop" peek 12x
check "no such segment" status 1 "$shmtop" peek 424242
check "no such segment: one line" one_line "no segment '424242' now"
check "no bytes" status 2 "$shmtop" peek -n 0 0
check "-w and --attach" status 2 "$shmtop" peek -w --attach 0
check "-w and -J" status 2 "$shmtop" peek -w -J 0
check "-d without -w" status 2 "$shmtop" peek -d 1 0
if command -v script >/dev/null; then
	check "--raw on a terminal" same "$(script -qefc "exec $shmtop peek --raw 0" /dev/null </dev/null 2>&1 | tr -d '\r')" \
		"shmtop: peek: --raw is for a file or a pipe: a terminal would obey what stands there"
fi

check "nothing is left of all this" same "$(ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2 }')" ""

done_testing
