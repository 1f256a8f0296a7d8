#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each error of the four calls is provoked for each of its reasons (helpers/fail.c), and what is said of it
# holds the facts: figures, names and process ids.
# shellcheck disable=SC2016,SC2317 # jq and inner shells expand; functions are called by others
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

# What is given without a trace is none of these.
probed() {
	"$shmtop" doctor -J 2>/dev/null | jq -e '.probe.calls != "none"' >/dev/null
}
probed || skip_all "calls cannot be followed here"

trace='' case_pid=''
end_all() {
	exec 7>&- 8>&-
	[ -z "$trace" ] || kill "$trace" 2>/dev/null
	wait
	live_end
}
trap end_all EXIT

# ---- a segment in another namespace, under a key that nobody has here, and with an id of its own

mkfifo "$work/other"
unshare -i sh -c '
	for i in 1 2 3; do ipcmk -M 4096 >/dev/null; done
	"$1" other-key >"$2/other-made"' sh "$helpers/fail" "$work" <"$work/other" &
exec 8>"$work/other"
other_is_made() {
	[ -e "$work/other-made" ] && grep -q '^0 ' "$work/other-made"
}
check "a segment in another namespace" wait_for 10 other_is_made
other_shmid=$(awk '!/^pid/ { print $2 }' "$work/other-made")
other_ns=$(readlink "/proc/$(awk '/^pid/ { print $2 }' "$work/other-made")/ns/ipc" | tr -dc 0-9)
FAIL_SHMID=$other_shmid
export FAIL_SHMID

# ---- one trace for all; it is there once a call is told

"$shmtop" trace -J >"$work/trace" 2>"$work/trace.err" 9>&- 8>&- &
trace=$!
called_and_told() {
	"$helpers/flash" >/dev/null || return 1
	grep -q '"comm":"flash"' "$work/trace"
}
check "the trace runs" wait_for 20 called_and_told

# The failed call of this case, or that which did less than it was asked for
event_of() {
	grep "\"comm\":\"$1\"" "$work/trace" | jq -c 'select(.explain != null)' 2>/dev/null | head -n 1
}
told() {
	[ -n "$(event_of "$1")" ]
}

# provoke CASE: runs it until it is told. What it said is in $case_pid, $case_error, $case_shmid, $case_addr.
# 1: the case cannot be had here, as $work/case.err says.
provoke() {
	rm -f "$work/go"
	mkfifo "$work/go"
	: >"$work/case"
	"$helpers/fail" "$1" <"$work/go" >"$work/case" 2>"$work/case.err" 8>&- &
	case_job=$!
	exec 7>"$work/go"
	wait_for 20 case_is_made && wait_for 10 told "$1"
	case_told=$?
	exec 7>&-
	wait "$case_job" || [ $? -ne 2 ] || return 1
	case_pid=$(awk '/^pid/ { print $2 }' "$work/case")
	# shellcheck disable=SC2034 # for the claims
	read -r case_error case_shmid case_addr <<-END
		$(grep -v '^pid' "$work/case")
	END
	return "$case_told"
}
case_is_made() {
	[ "$(wc -l <"$work/case")" -ge 2 ] || ! kill -0 "$case_job" 2>/dev/null
}

# says CASE OP ERRNO PART...: the call fails so, and its sentence has all these parts. What is unknown before it
# runs: PID, SHMID, ADDR.
says() {
	case_name=$1 case_op=$2 case_errno=$3
	shift 3
	if ! provoke "$case_name"; then
		if [ -s "$work/case.err" ]; then
			skip "$case_name" "$(head -n 1 "$work/case.err")"
		else
			check "$case_name is told" false
		fi
		return
	fi
	event_of "$case_name" >"$work/event"
	check "$case_name: $case_op fails with $case_errno" json "$work/event" \
		--arg op "$case_op" --arg errno "$case_errno" --argjson pid "$case_pid" \
		'.op == $op and (.errno // "") == $errno and .pid == $pid and .repeats == 0'
	check "$case_name: why" has_parts "$@"
}
has_parts() {
	sentence=$(jq -r .explain "$work/event")
	for part; do
		part=$(echo "$part" | sed "s/PID/$case_pid/; s/SHMID/$case_shmid/; s/ADDR/$case_addr/")
		case $sentence in
		*"$part"*) ;;
		*)
			echo "# '$part' is not in: $sentence"
			return 1
			;;
		esac
	done
}

# ---- shmget

says get-exists shmget EEXIST 'key 0x7e570001 has segment SHMID, and IPC_EXCL wants a new one' \
	'4.00K, mode 0640, owner root (uid 0)' '0 attached' 'creator PID get-exists lives'
says get-missing shmget ENOENT "no segment has key 0x7e570000 in namespace $ipcns" \
	'IPC_CREAT was not given' 'nobody was seen to remove one'
says get-removed shmget ENOENT 'SHMID (12.0K) was removed' 'before by PID get-removed'
says get-pinned shmget ENOENT 'SHMID (4.00K) was removed' 'by PID get-pinned' \
	'goes with the last of 1 attachments'
says get-elsewhere shmget ENOENT "namespace $other_ns" "has one: $other_shmid, 4.00K"
says get-smaller shmget EINVAL 'segment SHMID, which is smaller than the 8.00K asked for: 4.00K' \
	'owner root (uid 0)' 'creator PID get-smaller lives'
says get-empty shmget EINVAL 'a new segment must have a size, and 0 was asked for'
says get-wrapped shmget EINVAL '18446744073709547520 bytes were asked for' \
	'which is -4096 to a signed number' 'SHMMAX is'
says get-huge-size shmget EINVAL 'this machine has no huge pages of 64.0K'
says get-refused shmget EACCES 'segment SHMID of root (uid 0) has mode 0640' 'lets others do nothing' \
	'(uid 65534) asked to read and write'
says get-foreign shmget EACCES 'segment SHMID of root (uid 0) has mode 0600' \
	'its CAP_IPC_OWNER does not count: it has that in another user namespace'
ipcrm -M 0x7e570001 # nobody could
says get-privilege shmget EPERM 'SHM_HUGETLB needs CAP_IPC_LOCK, or the group of vm.hugetlb_shm_group' \
	"(gid $(cat /proc/sys/vm/hugetlb_shm_group))" '(uid 65534) has neither'
says get-ignored shmget '' 'SHM_HUGETLB did nothing: key 0x7e570001 has segment SHMID already' \
	'small pages: 4.00K'
pool=/sys/kernel/mm/hugepages/hugepages-2048kB
says get-huge shmget ENOMEM '2097152 huge pages of 2.00M are needed' \
	"of $(cat $pool/nr_hugepages) in the pool $(cat $pool/free_hugepages) are free and $(cat $pool/resv_hugepages) of these reserved"
overcommit=/proc/sys/vm/overcommit_memory
if [ "$(cat $overcommit)" = 0 ]; then
	says get-memory shmget ENOMEM '64.0T are more than memory and swap together' \
		'SHM_NORESERVE would pass' 'CommitLimit' 'Committed_AS'
else
	skip "get-memory" "vm.overcommit_memory is $(cat $overcommit)"
fi
# For the whole machine: in a guest it may be changed.
[ -z "${LIVE_GUEST:-}" ] || echo 2 >$overcommit
if [ "$(cat $overcommit)" = 2 ]; then
	says get-committed shmget ENOMEM '64.0T on top of what is committed are more than the limit' \
		'CommitLimit' 'Committed_AS'
else
	skip "get-committed" "vm.overcommit_memory is $(cat $overcommit)"
fi
[ -z "${LIVE_GUEST:-}" ] || echo 0 >$overcommit

# These limits are those of this namespace alone.
setting() {
	cat "/proc/sys/kernel/$1"
}
before=$(setting shmmax)
echo 65536 >/proc/sys/kernel/shmmax
says get-above-max shmget EINVAL '1048576 bytes were asked for; SHMMAX is 64.0K'
echo "$before" >/proc/sys/kernel/shmmax

before=$(setting shmmni)
echo 5 >/proc/sys/kernel/shmmni
says get-full shmget ENOSPC "SHMMNI: 5 of 5 segments are in use in namespace $ipcns" \
	'most by get-full: 5 segments (20.0K)' 'disk and /dev/shm play no part'
echo "$before" >/proc/sys/kernel/shmmni

before=$(setting shmall)
echo 100 >/proc/sys/kernel/shmall
says get-pages shmget ENOSPC 'SHMALL: 256 pages (1.00M) on top of 0 in use are more than 100 pages (400K)'
echo "$before" >/proc/sys/kernel/shmall

# ---- shmat

says at-unknown shmat EINVAL "there is no segment 1234567 in namespace $ipcns" \
	'the id is an old one, or comes from elsewhere'
says at-removed shmat EINVAL 'there is no segment SHMID' 'was removed' 'by PID at-removed'
says at-elsewhere shmat EINVAL "there is no segment $other_shmid in namespace $ipcns" \
	"namespace $other_ns" "has one: $other_shmid, 4.00K"
says at-negative shmat EINVAL '-1 looks like a shmget that failed'
says at-unaligned shmat EINVAL 'address ADDR is not a multiple of 4096; SHM_RND would'
says at-remap-null shmat EINVAL 'SHM_REMAP needs an address'
says at-round-null shmat EINVAL 'SHM_RND makes NULL of address ADDR'
says at-twice shmat EINVAL 'ADDR-' 'is mapped already (segment SHMID)' 'SHM_REMAP would replace it'
says at-program shmat EINVAL "is mapped already ($(readlink -f "$helpers/fail"))" 'and ADDR-'
says at-refused shmat EACCES 'segment SHMID of root (uid 0) has mode 0644' 'read' \
	'(uid 65534) asked to read and write; SHM_RDONLY would be granted'
says at-as-limit shmat ENOMEM 'RLIMIT_AS: 64.0M on top of the' 'are more than 32.0M'
says at-mappings shmat ENOMEM 'vm.max_map_count: the process has' \
	"mappings, and $(cat /proc/sys/vm/max_map_count) are allowed"
says at-no-room shmat ENOMEM '1.00P do not fit into any address space'
says at-locked shmat EAGAIN 'RLIMIT_MEMLOCK: mlockall(MCL_FUTURE)' '2.00M on top of' 'are more than 1.00M'

# ---- shmdt

says dt-unaligned shmdt EINVAL 'address ADDR is not a multiple of 4096'
says dt-nothing shmdt EINVAL 'no segment is attached at ADDR'
says dt-twice shmdt EINVAL 'no segment is attached at ADDR: segment SHMID was detached there' 'before by shmdt'
says dt-inside shmdt EINVAL 'inside of the attachment of segment SHMID at 0x'
says dt-execed shmdt EINVAL 'no segment is attached at ADDR: segment SHMID was detached there' 'before by exec'
if "$shmtop" doctor -J | jq -e '.probe.life == "exact"' >/dev/null; then
	says dt-unmapped shmdt EINVAL 'segment SHMID was detached there' 'before by munmap'
else
	says dt-unmapped shmdt EINVAL 'no segment is attached at ADDR' # who took it away is not followed
fi

# ---- shmctl

says ctl-command shmctl EINVAL '77 is no command of shmctl'
says ctl-unknown shmctl EINVAL "there is no segment 1234567 in namespace $ipcns"
says ctl-twice shmctl EINVAL 'there is no segment SHMID' '(4.00K) was removed' 'by PID ctl-twice'
says ctl-place shmctl EINVAL "no segment has this place in the kernel's table"
says ctl-refused shmctl EACCES 'segment SHMID of root (uid 0) has mode 0600' '(uid 65534) asked to read'
says ctl-rmid shmctl EPERM 'segment SHMID is owned by root (uid 0)' \
	'(uid 65534) is neither its owner nor its creator, and has no CAP_SYS_ADMIN' 'it stays until they remove it'
says ctl-set shmctl EPERM 'segment SHMID is owned by root (uid 0)' 'and has no CAP_SYS_ADMIN'
check "ctl-set: what it asked for" json "$work/event" \
	'.args.set | .uid == 11 and .gid == 12 and .mode == "0604"'
says ctl-lock shmctl EPERM 'segment SHMID is owned by root (uid 0)' 'and has no CAP_IPC_LOCK'
says ctl-lock-zero shmctl EPERM 'RLIMIT_MEMLOCK is 0, and' '(uid 65534) has no CAP_IPC_LOCK'
says ctl-lock-limit shmctl ENOMEM 'RLIMIT_MEMLOCK: 1.00M and what this user has locked already' \
	'are more than 64.0K'
says ctl-buffer shmctl EFAULT 'the buffer is at an address that the process may not write'
says ctl-set-buffer shmctl EFAULT 'the buffer is at an address that the process may not read'
says ctl-unmapped shmctl EINVAL "either uid 4711 or gid 4712 is not one of the caller's user namespace"

kill -INT "$trace"
check "^C is a good end" wait "$trace"
trace=

# ---- the race of a removal against who is on the way in: with many calls that fail for other reasons

"$shmtop" trace -x -J -o shmat --ring-size 64M -- "$helpers/fail" at-raced </dev/null 2>"$work/case.err" 8>&- |
	grep -e '"errno":"EIDRM"' -e shmtop.loss >"$work/raced"
grep EIDRM "$work/raced" >"$work/event"
if grep -q 'EIDRM did not come' "$work/case.err"; then
	skip "at-raced" "the race was not won"
elif [ ! -s "$work/event" ] && grep -q shmtop.loss "$work/raced"; then
	skip "at-raced" "its event was lost"
else
	case_shmid=$(jq .shmid "$work/event")
	check "at-raced: why" has_parts 'segment SHMID was removed while the call ran'
fi

# ---- repeats, and text, of failures alone: what explains them is known all the same

"$shmtop" trace -x -- sh -c '
	"$0/fail" get-removed </dev/null >/dev/null
	"$0/fail" ctl-twice </dev/null >/dev/null' "$helpers" >"$work/text" 2>/dev/null
check "trace -x says who removed it, in a line below" sh -c '
	grep -A 1 "shmget(0x7e570001.*ENOENT" "$1" | tail -n 1 | grep -q "^ .* was removed .* by [0-9]* get-removed"' \
	sh "$work/text"
check "trace -x shows nothing that did not fail" sh -c '
	! grep -v "^ " "$1" | grep -v "^TIME" | grep -vq " E[A-Z]* "' sh "$work/text"

"$shmtop" trace -x -J -- sh -c '
	exec "$0/churn" -p 1 -s "${LIVE_SLOW:-1}" -r 100 -f >/dev/null' "$helpers" >"$work/repeats" 2>/dev/null
check "the same again is counted" json "$work/repeats" -s '
	map(select(.op == "shmget" and .errno == "ENOENT" and .explain != null)) | length > 10
		and ([.[].repeats] == [range(length)]) and ([.[].explain] | unique | length == 1)'

done_testing
