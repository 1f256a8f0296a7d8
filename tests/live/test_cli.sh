#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line where it is easily forgotten: mistakes, no segments, full disks, closed pipes, two at
# once, kill -9, no root.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

# refused STATUS TEXT ARGS...: one line that has this text in it
refused() {
	refused_status=$1 refused_text=$2
	shift 2
	check "shmtop $*: status $refused_status" status "$refused_status" timeout 20 "$shmtop" "$@"
	check "shmtop $*: one line with '$refused_text'" one_line "$refused_text"
	check "shmtop $*: nothing on stdout" test ! -s "$work/out"
}

# ---- mistakes: what was wrong, and what is known

refused 2 "'frobnicate'" frobnicate
refused 2 "list" frobnicate
for command in list show trace leaks run rm doctor demo; do
	refused 2 "--frobnicate" "$command" --frobnicate
done
refused 2 "--frobnicate" --frobnicate
refused 2 "-Z" list -Z
refused 2 "'sise'" list -o shmid,sise
refused 2 "nattch" list -o shmid,sise
refused 2 "'sise'" list -s sise
refused 2 "'sise'" list -F 'sise>1'
refused 2 "column" list -F 'size>'
refused 2 "column" list -F '(size>1'
refused 2 "'big'" list -F 'size>big'
refused 2 "'sise'" -b -n 1 -s sise
refused 2 "'sise'" -b -n 1 -F 'sise>1'
refused 2 "operand" list operand
refused 2 "ID" show
refused 2 "'12x'" show 12x
refused 2 "'0xfoo'" show 0xfoo
refused 2 "'1:2:3'" show 1:2:3
refused 1 "'424242'" show 424242
refused 1 "'0x0badc0de'" show 0x0badc0de
refused 1 "'1:424242'" show 1:424242
refused 2 "'shmfrob'" trace -o shmfrob
refused 2 "'many'" trace -n many
refused 2 "'0'" trace -n 0
refused 2 "'0'" trace -d 0
refused 2 "'0'" -b -n 0
refused 2 "'nobody-here'" trace -u nobody-here
refused 2 "'soon'" -b -d soon
refused 2 "'0'" -b -d 0
refused 2 "yes or no: 'maybe'" -b -n 1 --ascii=maybe
refused 2 "'no'; see shmtop --help" -b -n 1 --mouse no
refused 2 "'fast'" trace --probe=fast
refused 2 "fexit" trace --probe=fast
for rung in fexit tracepoint; do
	refused 2 "auto or poll" list --probe=$rung
	refused 2 "only with -d" show 0 --probe=$rung
	refused 2 "only with -d" leaks --probe=$rung
done
for command in trace doctor demo "-b -n 1"; do
	# shellcheck disable=SC2086
	refused 2 "--compat has no use" $command --probe=poll --compat
done
for command in trace demo "-b -n 1"; do
	# shellcheck disable=SC2086
	refused 2 "--ring-size has no use" $command --probe=poll --ring-size 1M
done
for op in attach detach create destroy fork exec exit attach,exit; do
	refused 2 "-o shmget,shmat,shmdt,shmctl" trace -x -o "$op"
done
refused 2 "attach,detach,create,destroy" trace -o detached
refused 1 "-o shmget" trace -o create
check "a program that is not there: 127" status 127 "$shmtop" trace -- "$work/none"
check "a program that is not there: one line names it" one_line "$work/none"
check "what is wrong cannot write escapes" status 2 "$shmtop" "$(printf '\033[31mred')"
check "what is wrong cannot write escapes: told without them" \
	same "$(tr -dc '\033' <"$work/err")" ""

for command in list show trace leaks run rm doctor demo; do
	check "shmtop $command --help" status 0 "$shmtop" "$command" --help
	check "shmtop $command --help: says what it does" grep -q "shmtop $command" "$work/out"
done
check "shmtop --help" status 0 "$shmtop" --help

# ---- what stands, and why not better

heads='.probe | has("calls") and has("compat") and has("life") and has("attachers") and has("exact")
	and has("unseen") and has("why") and (.compat != null)
	and ((.calls == "none") == (.lost == null)) and ((.calls == "none") == (.skipped == null))
	and (.exact == (.life == "exact"))'
for arguments in doctor list "-b -n 1"; do
	# shellcheck disable=SC2086 # words
	check "$arguments -J" status 0 "$shmtop" $arguments -J
	check "$arguments -J: what stands is in its head" json "$work/out" "$heads"
done
check "doctor -J" status 0 "$shmtop" doctor -J
check "doctor -J: calls are followed" json "$work/out" '.probe.calls != "none"'
check "doctor -J: each probe stands, or tells why not" json "$work/out" \
	'(.probes | length > 4) and all(.probes[]; if .stands then .why == null else .why != "" end)'
jq -r '.probe.calls, .probe.life, .probe.unseen, .probe.why' "$work/out" >"$work/probe"
jq -r '.probes[] | .name' "$work/out" >"$work/names"
{
	read -r calls
	read -r life
	read -r unseen
	read -r why
} <"$work/probe"
check "doctor" status 0 "$shmtop" doctor
check "doctor: what stands for calls, in words" grep -qE "^calls +$calls +every one" "$work/out"
check "doctor: what stands for life, in words" grep -qE "^life +$life +[a-z]" "$work/out"
check "doctor: 32-bit calls" grep -qE '^32-bit calls +(fexit|raw|none) +[a-z]' "$work/out"
check "doctor: what is not seen" grep -qxF "unseen                      ${unseen:-nothing}" "$work/out"
check "doctor: why not better, if so" same \
	"$(sed -n 's/^why not better *//p' "$work/out")" "$why"
# Of all lines between the heading and the limits: the column in which the second word begins
check "doctor: columns line up, however long a name is" same "$(
	sed -n '/^PROBE/,/^$/p' "$work/out" | awk 'NF { match($0, /^[^ ]+ +/); print RLENGTH }' | sort -u |
		wc -l
)" 1
check "doctor: the same probes" same "$(sed -n '/^PROBE/,/^$/p' "$work/out" | awk 'NF && NR > 1 { print $1 }')" \
	"$(cat "$work/names")"

# The iterator has a reason of its own. Strace answers for the kernel at its first calls.
case $(uname -r) in
5.10.*)
	check "doctor -J: why not the iterator" status 0 "$shmtop" doctor -J
	check "doctor -J: why not the iterator" json "$work/out" \
		'.probes[] | select(.name == "iter/task_vma") | .why | contains("5.13")'
	;;
*)
	if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
		check "doctor -J: why not the iterator" status 0 strace -f -o /dev/null \
			-e trace=bpf -e inject=bpf:error=EMFILE:when=1..5 "$shmtop" doctor -J
		check "doctor -J: why not the iterator" json "$work/out" '.probe.calls != "none"
			and (.probes[] | select(.name == "iter/task_vma") | .why | contains("ulimit -n"))'
	else
		skip "doctor -J: why not the iterator" "strace is missing, or may not trace"
	fi
	;;
esac

# Where a rung cannot stand it is not taken for another.
if [ "$calls" = fexit ]; then
	check "--probe=fexit stands" status 0 "$shmtop" trace --probe=fexit -d 0.1
else
	refused 1 "" trace --probe=fexit -d 0.1
	refused 1 "" doctor --probe=fexit
fi
check "--probe=tracepoint stands" status 0 "$shmtop" doctor -J --probe=tracepoint
check "--probe=tracepoint: no fexit" json "$work/out" \
	'.probe.calls == "tracepoint" and .probe.exact == false and .probe.unseen != ""
	and all(.probes[]; .name | startswith("fexit") or startswith("fentry") | not)'
check "--probe=tracepoint: 32-bit calls are not followed" json "$work/out" \
	'.probe.compat == "none" and (.probe.unseen | contains("32-bit"))'
check "--probe=tracepoint: doctor offers --compat" status 0 "$shmtop" doctor --probe=tracepoint
check "--probe=tracepoint: doctor offers --compat" grep -qE '^32-bit calls +none +.*--compat' "$work/out"
offer=$(sed -n 's/^32-bit calls *none *//p' "$work/out")
check "--probe=tracepoint: trace" status 0 "$shmtop" trace --probe=tracepoint -d 0.1
check "--probe=tracepoint: trace offers it with the same words" one_line "trace: 32-bit calls: $offer"
check "--probe=tracepoint: a frame" status 0 "$shmtop" -b -n 1 --probe=tracepoint
check "--probe=tracepoint: a frame does, too" grep -qxF "32-bit calls: $offer" "$work/out"
check "--probe=tracepoint: trace without calls" status 0 "$shmtop" trace --probe=tracepoint -o exit -d 0.1
check "--probe=tracepoint: trace without calls offers nothing" test ! -s "$work/err"
check "--probe=poll: a reason of its own for each" status 0 "$shmtop" doctor -J --probe=poll
check "--probe=poll: a reason of its own for each" json "$work/out" \
	'all(.probes[]; .stands == false and (.why | contains("--probe=poll")))'
check "--compat" status 0 "$shmtop" doctor -J --probe=tracepoint --compat
if [ "$(uname -m)" = x86_64 ]; then
	check "--compat: 32-bit calls are followed" json "$work/out" \
		'.probe.compat == "raw" and (.probe.unseen | contains("32-bit") | not)'
	check "--compat: trace" status 0 "$shmtop" trace --probe=tracepoint --compat -d 0.1
	check "--compat: trace offers nothing" test ! -s "$work/err"
	check "--compat: a frame" status 0 "$shmtop" -b -n 1 --probe=tracepoint --compat
	check "--compat: a frame offers nothing" same "$(grep -c -e --compat "$work/out")" 0
fi
for command in "" trace doctor demo; do
	# shellcheck disable=SC2086 # words
	check "${command:-the view} --help: --compat, and what it costs" status 0 "$shmtop" $command --help
	check "${command:-the view} --help: --compat, and what it costs" grep -q -- "--compat .*32-bit" "$work/out"
done

# ---- nothing to show

check "list without segments" status 0 "$shmtop" list -F "ns=$ipcns"
check "list without segments: its header" grep -q SHMID "$work/out"
check "list without segments: only its header" same "$(wc -l <"$work/out")" 1
check "list -J without segments" status 0 "$shmtop" list -J -F 'shmid<0'
check "list -J without segments: an empty list" json "$work/out" '.segments == []'

# ---- output that cannot be written

hold --segments 40
to_full_disk() {
	"$shmtop" "$@" >/dev/full
}
for arguments in "list" "list -J" "list --raw" "show 0" "show -J 0" "doctor" "doctor -J" \
	"-b -n 1" "-b -J -n 1" "list --help"; do
	# shellcheck disable=SC2086 # words
	check "$arguments on a full disk: an error" status 1 to_full_disk $arguments
	check "$arguments on a full disk: one line" one_line "cannot write the output"
done

# quiet COMMAND ARGS...: says nothing when its reader leaves at once. Its own status or SIGPIPE's, as the
# shell tells it
quiet() {
	{
		timeout 20 "$@" 2>"$work/err"
		echo $? >"$work/status"
	} | true
	read -r quiet_status <"$work/status"
	case $quiet_status in
	0 | 141) [ ! -s "$work/err" ] ;;
	*) return 1 ;;
	esac
}
for arguments in "list" "list -J" "show 0" "doctor" "-b -d 0.1" "-b -J -d 0.1" "trace -o exit"; do
	# shellcheck disable=SC2086
	check "$arguments into a closed pipe: quiet" quiet "$shmtop" $arguments
done
check "list | head -1 is quiet" same "$("$shmtop" list 2>&1 | head -n 1 | grep -c SHMID)" 1
release

# ---- a frame tells as the view does what stands

for rung in tracepoint poll; do
	lost=0
	[ "$rung" = tracepoint ] || lost=-
	check "a frame of the $rung rung" status 0 "$shmtop" -b -n 1 --probe="$rung"
	check "a frame of the $rung rung: what stands, and what is lost" \
		grep -qE "^shmtop .*  $rung  lost $lost  drift " "$work/out"
done

# ---- what the terminal gets

hold --segments 1
check "list into a pipe has no escapes" same "$("$shmtop" list | tr -dc '\033')" ""
check "frames into a pipe have no escapes" same "$("$shmtop" -b -n 1 | tr -dc '\033')" ""
release

# ---- what a frame says of an empty table

check "a frame whose filter lets nothing pass" status 0 "$shmtop" -b -n 1 -F 'shmid<0'
check "a frame whose filter lets nothing pass: says so" grep -qx "(no segment passes the filter)" \
	"$work/out"

# ---- two at once

hold --segments 3
"$shmtop" -b -J -n 4 -d 0.3 >"$work/one" 2>"$work/one.err" &
one=$!
"$shmtop" -b -J -n 4 -d 0.3 >"$work/two" 2>"$work/two.err" &
two=$!
check "one of two at once" wait "$one"
check "the other of two at once" wait "$two"
for name in one two; do
	check "$name of two at once sees all, by events" json "$work/$name" -s --argjson ns "$ipcns" \
		'length == 4 and all(.probe.calls != "none")
		and all([.segments[] | select(.ipcns == $ns)] | length == 3)'
done
release

# ---- kill -9

if command -v bpftool >/dev/null && bpftool prog list >/dev/null 2>&1; then
	# ids_of KIND PID: the programs, maps or links that a process has open
	ids_of() {
		sed -n "s/^$1_id:[^0-9]*//p" "/proc/$2/fdinfo/"* 2>/dev/null | sort -u
	}
	none_of() {
		bpftool -j "$1" list | jq -r '.[].id' | sort >"$work/now"
		sort "$work/$1" | comm -12 - "$work/now" | grep -q . && return 1
		return 0
	}
	"$shmtop" -b -J -d 0.2 >"$work/frames" 2>&1 &
	victim=$!
	check "a view to kill" wait_for 20 test -s "$work/frames"
	for kind in prog map link; do
		ids_of "$kind" "$victim" >"$work/$kind"
	done
	check "it has BPF programs" test -s "$work/prog"
	kill -9 "$victim"
	wait "$victim" 2>/dev/null
	for kind in prog map link; do
		check "kill -9 leaves no BPF $kind" wait_for 20 none_of "$kind"
	done
	check "nothing is pinned" same "$(find /sys/fs/bpf -name '*shm*' 2>/dev/null)" ""
else
	skip "kill -9 leaves no BPF program" "no bpftool, or it may not look"
fi

# ---- a namespace that may not be entered

outside=$(readlink "/proc/$PPID/ns/ipc" | tr -dc 0-9)
if [ "$outside" != "$ipcns" ] && command -v setpriv >/dev/null; then
	check "doctor -J where others may not be entered" status 0 \
		setpriv --bounding-set=-sys_admin "$shmtop" doctor -J
	check "doctor -J: limits that are not known are null, with the reason" json "$work/out" \
		--argjson ns "$ipcns" --argjson outside "$outside" \
		'(.limits[] | select(.ipcns == $outside)
			| .segments == null and .pages == null and .why == "Operation not permitted")
		and (.limits[] | select(.ipcns == $ns) | .segments.max > 0 and .why == null)'
else
	skip "a namespace that may not be entered" "there is no setpriv"
fi

# ---- without root

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "$@"
}
if as_nobody test -x "$shmtop" 2>/dev/null; then
	hold --segments 2
	check "list without root" status 0 as_nobody "$shmtop" list -J
	check "list without root: the segments of its namespace" json "$work/out" \
		--argjson ns "$ipcns" '[.segments[] | select(.ipcns == $ns)] | length == 2'
	check "list without root: holders it may not see are unknown" json "$work/out" \
		'.probe.attachers == "maps" and .probe.drift == null
		and all(.segments[]; .holders == null and .drift == null)'
	check "trace -x without root" status 1 as_nobody "$shmtop" trace -x -n 1
	check "trace -x without root: one line names the capabilities" one_line "CAP_BPF"
	check "the view without root" status 0 as_nobody "$shmtop" -b -n 1
	check "the view without root: says what it lacks" grep -q "CAP_BPF" "$work/out"
	check "doctor without root" status 0 as_nobody "$shmtop" doctor
	check "doctor without root: says what it lacks" status 0 as_nobody "$shmtop" doctor -J
	check "doctor without root: in JSON too" json "$work/out" \
		'all(.probes[]; .stands == false and (.why | contains("CAP_BPF")))
		and any(.probes[]; .name == "events")'
	release
else
	skip "without root" "the build folder may not be read by others, or there is no setpriv"
fi

# ---- the machine's name is anybody's who may set it

named() {
	unshare -u sh -c 'printf "db\033[31m01" >/proc/sys/kernel/hostname && exec "$@"' sh "$@"
}
check "a hostile name of the machine: a frame" status 0 named "$shmtop" -b -n 1 --probe=poll
check "a hostile name of the machine: a frame has it quoted" grep -qF 'shmtop  db\x1b[31m01  ' "$work/out"
check "a hostile name of the machine: JSON" status 0 named "$shmtop" list -J --probe=poll
check "a hostile name of the machine: JSON has it quoted" json "$work/out" '.host == "db\\x1b[31m01"'

done_testing
