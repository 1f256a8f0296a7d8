#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How near the limits are, and who made what fills them; settings that bite. Limits are set in namespaces of the
# test's own, and reached for real.
# shellcheck disable=SC2016,SC2317 # jq and inner shells expand; functions are called by check
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

command -v ipcmk >/dev/null || skip_all "ipcmk is missing"
page=$(awk '/^KernelPageSize/ { print $2 * 1024; exit }' /proc/self/smaps)

set_limit() {
	echo "$2" >"/proc/sys/kernel/$1"
}

# Whatever probes stand: none is loaded.
limits() {
	"$shmtop" doctor --limits --probe=auto "$@"
}

# What the last output says of this namespace; others are other people's. Blanks count as one.
own() {
	sed -n '/^IPC namespace here/,/^$/p' "$work/out" | tr -s ' '
}

# says TEXT, says_not TEXT: of this namespace
says() {
	own | grep -qF -e "$1" && return 0
	sed 's/^/# /' "$work/out"
	return 1
}

says_not() {
	! own | grep -qF -e "$1"
}

# bites TEXT, bites_not TEXT: among the settings of the last output
bites() {
	sed -n '/^Settings/,$p' "$work/out" | tr -s ' ' | grep -qF -e "$1" && return 0
	sed 's/^/# /' "$work/out"
	return 1
}

bites_not() {
	! sed -n '/^Settings/,$p' "$work/out" | grep -qF -e "$1"
}

# here CLAIM JQ-FILTER: of the limits of this namespace, in the last output
here() {
	check "$1" json "$work/out" --argjson ns "$ipcns" --argjson page "$page" \
		".limits[] | select(.ipcns == \$ns) | $2"
}

# setting CLAIM NAME JQ-FILTER: of the settings of this namespace or of the machine
setting() {
	check "$1" json "$work/out" --argjson ns "$ipcns" --arg name "$2" \
		"[.settings[] | select(.name == \$name and (.ipcns == \$ns or .ipcns == null))] | $3"
}

# make KIND SIZE: prints its id
make() {
	ipcmk "$1" "$2" 2>/dev/null | tr -dc '0-9\n'
}

refused() {
	LC_ALL=C ipcmk "$@" 2>&1 | grep -q "No space left on device"
}

# ---- nothing is near

check "an empty namespace" status 0 limits
check "an empty namespace: its name" says "IPC namespace here ($ipcns)"
check "an empty namespace: nothing is marked" says_not "! SHM"
check "an empty namespace: no makers" says_not "made by"
check "an empty namespace: no probes are told of" bites_not "PROBE"
check "an empty namespace: JSON" status 0 limits -J
check "an empty namespace: JSON: no probes" json "$work/out" 'has("probes") | not'
here "an empty namespace: JSON: nothing is used" \
	'.segments.used == 0 and .pages.used == 0 and .creators == []'

# ---- SHMMNI: 12 of a program that lives, 8 of some that do not

set_limit shmmni 20
hold --segments 12 --size 5000
for size in 1 "$page" $((page + 1)) $((3 * page)) $((3 * page + 1)) 100 200 300; do
	make -M "$size" >>"$work/made"
done
check "SHMMNI is reached" refused -M 1
check "SHMMNI" status 0 limits
check "SHMMNI: used up, and what fails" says "! SHMMNI segments 20 of 20 100.0% full: shmget fails with ENOSPC"
check "SHMMNI: what sets it" says "(sysctl kernel.shmmni)"
check "SHMMNI: it comes first" same "$(head -n 1 "$work/out")" "IPC namespace here ($ipcns)"
check "SHMMNI: who made most" says "made by $helpers/holdstate (root): 12 segments,"
check "SHMMNI: and of whom the rest is" says "gone (root): 8 segments,"
check "SHMMNI: nobody has the rest attached" says "8 unattached, made "
check "SHMMNI: nothing else is near" says_not "! SHMALL"
check "SHMMNI: JSON" status 0 limits -J
here "SHMMNI: JSON" '.segments.used == 20 and .segments.max == 20'
here "SHMMNI: JSON: makers" '[.creators[] | [.segments, .unattached, .uid]] == [[12, 0, 0], [8, 8, 0]]'
here "each segment counts whole pages" \
	'.pages.used == 12 * ((5000 / $page) | ceil) + 1 + 1 + 2 + 3 + 4 + 3'
here "makers add up to what the kernel counts" \
	'([.creators[].bytes] | add) == .pages.used * .page_size'
here "the limit of one segment is told" '.shmmax > 0'
setting "other limits than the host's" "other limits" \
	'.[0].verdict == "note" and (.[0].value | contains("SHMMNI 20 "))'

# ---- SHMALL, in pages

used=$(jq --argjson ns "$ipcns" '.limits[] | select(.ipcns == $ns).pages.used' "$work/out")
set_limit shmmni 4096
set_limit shmall $((used + 2))
check "SHMALL: what fits is made" status 0 ipcmk -M $((2 * page))
check "SHMALL is reached" refused -M 1
check "SHMALL" status 0 limits
check "SHMALL: used up, in pages too" says "100.0% full: shmget fails with ENOSPC (sysctl kernel.shmall); $((used + 2)) of $((used + 2)) pages"
check "SHMALL: segments are not" says_not "! SHMMNI"
release
xargs -n 1 ipcrm -m <"$work/made"
rm "$work/made"

# ---- semaphores and queues fail in the same way

set_limit sem "250 10 32 2"
set_limit msgmni 3
make -S 6 >"$work/sems"
make -S 4 >>"$work/sems"
for _ in 1 2 3; do
	ipcmk -Q | tr -dc '0-9\n' >>"$work/queues"
done
check "SEMMNI is reached" refused -S 1
check "MSGMNI is reached" refused -Q
check "semaphores and queues" status 0 limits
check "SEMMNI" says "! SEMMNI semaphore sets 2 of 2 100.0% full: semget fails with ENOSPC"
check "SEMMNS" says "! SEMMNS semaphores 10 of 10 100.0% full: semget fails with ENOSPC"
check "MSGMNI" says "! MSGMNI message queues 3 of 3 100.0% full: msgget fails with ENOSPC"
check "semaphores and queues: segments are not near" says_not "! SHM"
check "semaphores and queues: JSON" status 0 limits -J
here "semaphores and queues: JSON" \
	'.sem.sets.used == 2 and .sem.sems.used == 10 and .msg.queues.used == 3 and .msg.queues.max == 3'
xargs -n 1 ipcrm -s <"$work/sems"
xargs -n 1 ipcrm -q <"$work/queues"
set_limit sem "32000 1024000000 500 32000"
set_limit msgmni 32000
set_limit shmall 18446744073692774399

# ---- settings

set_limit shm_rmid_forced 1
check "shm_rmid_forced" status 0 limits
check "shm_rmid_forced: what it does, and what to do" bites "do: sysctl -w kernel.shm_rmid_forced=0"
id=$(make -M 1)
check "shm_rmid_forced: segments of those that are gone go" same "$(ipcs -m | grep -c "^0x.* $id ")" 0
set_limit shm_rmid_forced 0
check "not shm_rmid_forced" status 0 limits
check "not shm_rmid_forced: nothing to say" bites_not shm_rmid_forced
check "all settings" status 0 limits --all
check "all settings: those that are right too" bites " ok kernel.shm_rmid_forced in here ($ipcns): 0"

set_limit shmmax 100
check "a limit that lets nothing through" status 0 limits
check "a limit that lets nothing through: in bytes" bites "! warn kernel.shmmax in here ($ipcns): 100"
set_limit shmmax 18446744073692774399

# with_files COMMAND ARGS...: with what is in $work/run instead of /run
with_files() {
	unshare -m sh -c 'mount -t tmpfs none /run && cp -R "$1"/. /run && shift && exec "$@"' sh "$work/run" "$@"
}
mkdir -p "$work/run/sysctl.d" "$work/run/systemd/system" "$work/run/systemd/logind.conf.d"
echo "kernel.shmmni = 8192" >"$work/run/sysctl.d/zz-shmtop-test.conf"
if ! with_files true 2>/dev/null; then
	skip "sysctls of files" "there is no /run, or it may not be replaced"
elif grep -qs "^[^#]*shmmni" /etc/sysctl.conf; then
	skip "sysctls of files" "sysctl.conf sets it"
else
	check "a sysctl that is not in effect" status 0 with_files "$shmtop" doctor -l --probe=auto
	check "a sysctl that is not in effect: where it is set, and why" \
		bites "/run/sysctl.d/zz-shmtop-test.conf asks for 8192, which is not in effect: files are for the host's"
	set_limit shmmni 8192
	check "a sysctl that is in effect" status 0 with_files "$shmtop" doctor -l --probe=auto
	check "a sysctl that is in effect: nothing to say" bites_not zz-shmtop-test
	echo "kernel.shmmni = 20000000" >"$work/run/sysctl.d/zz-shmtop-test.conf"
	check "a sysctl that the kernel does not take" status 0 with_files "$shmtop" doctor -lJ --probe=auto
	setting "a sysctl that the kernel does not take" kernel.shmmni \
		'.[0].verdict == "warn" and (.[0].why | contains("asks for 20000000") and contains("no more than"))'
	check "the kernel does not take it" same "$(set_limit shmmni 20000000 2>/dev/null && cat /proc/sys/kernel/shmmni)" ""
fi

# logind removes what it finds in the namespace of process 1, which is this one's for a while.
in_pid_namespace() {
	with_files unshare -p -f --mount-proc "$@"
}
printf '[Login]\nRemoveIPC=yes\n' >"$work/run/systemd/logind.conf.d/zz-shmtop-test.conf"
as_user() {
	setpriv --reuid=4000000000 --clear-groups "$@"
}
if as_user true 2>/dev/null && with_files true 2>/dev/null; then
	id=$(as_user ipcmk -M 1 | tr -dc 0-9)
	check "RemoveIPC" status 0 in_pid_namespace "$shmtop" doctor -lJ --probe=auto
	setting "RemoveIPC: a user's segment that nobody has attached" RemoveIPC \
		'.[0].verdict == "warn" and (.[0].why | contains("1 segment of ordinary users (uid 4000000000), 1 of them"))'
	printf '[Login]\nRemoveIPC=no\n' >"$work/run/systemd/logind.conf.d/zz-shmtop-test.conf"
	check "RemoveIPC=no" status 0 in_pid_namespace "$shmtop" doctor -lJ --probe=auto
	setting "RemoveIPC=no" RemoveIPC '.[0].verdict == "ok" and (.[0].value | startswith("no (/run/systemd/"))'
	ipcrm -m "$id"
else
	skip "RemoveIPC" "there is no setpriv, or no /run"
fi

# ---- another namespace, with limits of its own

set_limit shmmni 8192
mkfifo "$work/other"
unshare -i sh -c 'echo 7 >/proc/sys/kernel/shmmni && readlink /proc/self/ns/ipc && ipcmk -M 1 >/dev/null &&
		echo ready && read -r _' <"$work/other" >"$work/other.out" &
exec 8>"$work/other"
check "another namespace" wait_for 10 grep -q ready "$work/other.out"
other=$(head -n 1 "$work/other.out" | tr -dc 0-9)
check "another namespace: JSON" status 0 limits -J
check "another namespace: its limits, and its own segments" json "$work/out" --argjson ns "$other" \
	'.limits[] | select(.ipcns == $ns) | .segments.max == 7 and .segments.used == 1 and .creators[0].segments == 1'
here "another namespace: this one's are others" '.segments.used == 0 and .segments.max == 8192'
check "another namespace: it is told to differ" json "$work/out" --argjson ns "$other" \
	'any(.settings[]; .name == "other limits" and .ipcns == $ns and (.value | contains("SHMMNI 7 ")))'
exec 8>&-
wait

# ---- usage

check "--limits -d" status 0 limits -J -d 0.1
here "--limits -d: what does not grow has no end" '.segments.full_in == null'

check "--limits --compat" status 2 "$shmtop" doctor --limits --compat --probe=auto
check "--limits --compat: one line" one_line "--limits loads no probes"
check "--limits --probe=tracepoint" status 2 "$shmtop" doctor --limits --probe=tracepoint
check "--limits --probe=poll" status 0 "$shmtop" doctor --limits --probe=poll

done_testing
