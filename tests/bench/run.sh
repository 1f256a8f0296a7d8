#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Measures speed and cost beside the tools that people have:
#	tests/bench/run.sh [cycle] [failed] [capture] [others] [view] [frame] [scan] [list] [stack]		default: all
#
# Prints a table: what, the figure, its ratio to the line that it is compared with, and the command
# that gives it. Both sides of a comparison run in turns, BENCH_TURNS times each (3), and the best of each
# counts; for "others" the ratio of each turn is told, too. Needs root and a machine that does little else;
# in a guest: tests/kernels/run.sh -k 6.12 -c 'LIVE_RUNG=fexit tests/bench/run.sh others'
# shellcheck disable=SC2317 # functions are called by others
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/../live/helpers/live.sh"

# Other tracers need a tracefs: here and for this run, where the machine has none mounted.
if [ ! -e /sys/kernel/tracing/events ] && [ -z "${BENCH_MOUNTED:-}" ]; then
	BENCH_MOUNTED=1 exec unshare -m sh tests/bench/run.sh "$@"
fi
[ -z "${BENCH_MOUNTED:-}" ] || mount -t tracefs tracefs /sys/kernel/tracing

bench=$BUILD/tests/bench
turns=${BENCH_TURNS:-3}
view_seconds=${BENCH_SECONDS:-10}

row() {
	printf '%-58s %14s %8s   %s\n' "$1" "$2" "$3" "$4"
}

title() {
	echo
	row "$1" "figure" "ratio" "command"
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2fx", a / b; else printf "-" }'
}

least() {
	printf '%s\n' "$@" | sort -g | head -n 1
}

# The milliseconds of one run
milliseconds() {
	begin=$(date +%s%N)
	"$@" >/dev/null 2>&1 || return 1
	end=$(date +%s%N)
	awk -v t=$((end - begin)) 'BEGIN { printf "%.1f", t / 1e6 }'
}

# ---- tracers -----------------------------------------------------------------------------------

# Starts a tracer in the background: its programs stand when their number has stopped to grow.
tracer_pause=${LIVE_SLOW:+2}
tracer_pause=${tracer_pause:-0.2}
tracer_start() {
	"$@" >"$work/tracer.out" 2>"$work/tracer.err" 9>&- &
	tracer=$!
	tracer_before=-1
	for _ in $(seq 100); do
		sleep "$tracer_pause"
		kill -0 "$tracer" 2>/dev/null || return 1
		tracer_now=$(find "/proc/$tracer/fd" -lname '*bpf*' -o -lname '*perf_event*' | grep -c .)
		[ "$tracer_now" -gt 0 ] && [ "$tracer_now" = "$tracer_before" ] && return 0
		tracer_before=$tracer_now
	done
	echo "its programs do not stand" >>"$work/tracer.err"
	return 1
}

tracer_stop() {
	kill -TERM "$tracer" 2>/dev/null
	wait "$tracer" 2>/dev/null
}

bpftrace_program='
tracepoint:syscalls:sys_enter_shmget { @a[tid] = (uint64)args->size; }
tracepoint:syscalls:sys_enter_shmat { @a[tid] = (uint64)args->shmid; }
tracepoint:syscalls:sys_enter_shmdt { @a[tid] = (uint64)args->shmaddr; }
tracepoint:syscalls:sys_enter_shmctl { @a[tid] = (uint64)args->shmid; }
tracepoint:syscalls:sys_exit_shmget, tracepoint:syscalls:sys_exit_shmat,
tracepoint:syscalls:sys_exit_shmdt, tracepoint:syscalls:sys_exit_shmctl
{ printf("%s %d %s %lx %lx\n", probe, pid, comm, @a[tid], args->ret); delete(@a[tid]); }'

calls=shmget,shmat,shmdt,shmctl

# under KIND COMMAND ARGS...: runs the command while this tracer looks on
under() {
	under_kind=$1
	shift
	case $under_kind in
	nothing) "$@" ;;
	shmtop) tracer_start "$shmtop" trace -J && "$@" ;;
	text) tracer_start "$shmtop" trace && "$@" ;;
	failures) tracer_start "$shmtop" trace -x -J && "$@" ;;
	view) tracer_start "$shmtop" -b -d 1 && "$@" ;;
	compat) tracer_start "$shmtop" -b -d 1 --compat && "$@" ;;
	bpftrace) tracer_start bpftrace -o /dev/null -e "$bpftrace_program" && "$@" ;;
	perf) tracer_start perf trace -o /dev/null -a -e "$calls" && "$@" ;;
	tracepoint) tracer_start perf stat -a -e syscalls:sys_enter_shmget,syscalls:sys_exit_shmget -- sleep 600 && "$@" ;;
	strace) strace -f -qq -o /dev/null -e trace="$calls" "$@" ;;
	strace-c) strace -f -c -o /dev/null -e trace="$calls" "$@" ;;
	esac
	under_status=$?
	case $under_kind in
	nothing | strace*) ;;
	*) tracer_stop ;;
	esac
	return "$under_status"
}

# compare "WHAT" KIND CYCLE "COMMAND": nothing and KIND in turns. The ratio of each turn is in $compare_turns.
compare() {
	compare_without='' compare_with='' compare_turns=''
	for _ in $(seq "$turns"); do
		compare_bare=$(under nothing "$bench/cycle" "$3" 500)
		compare_one=$(under "$2" "$bench/cycle" "$3" 500) || {
			row "$1" "-" "-" "$4: $(tail -n 1 "$work/tracer.err")"
			return 1
		}
		compare_without="$compare_without $compare_bare"
		compare_with="$compare_with $compare_one"
		compare_turns="$compare_turns $(ratio "$compare_one" "$compare_bare")"
	done
	# shellcheck disable=SC2086 # numbers
	compare_without=$(least $compare_without) compare_with=$(least $compare_with)
	row "$1" "$compare_with ns" "$(ratio "$compare_with" "$compare_without")" "$4"
}

bench_cycle() {
	title "four-call cycle: shmget, shmat, shmdt, IPC_RMID (ratio: to untraced)"
	row "untraced" "$("$bench/cycle" shm 500) ns" "1.00x" "cycle shm 500"
	compare "shmtop trace -J" shmtop shm "shmtop trace -J >FILE"
	compare "shmtop trace" text shm "shmtop trace >FILE"
	compare "shmtop -b" view shm "shmtop -b -d 1"
	if command -v bpftrace >/dev/null; then
		compare "bpftrace, arguments and result" bpftrace shm "bpftrace -e ..."
	fi
	if command -v perf >/dev/null; then
		compare "perf trace" perf shm "perf trace -a -e $calls"
	fi
	if command -v strace >/dev/null; then
		compare "strace -c" strace-c shm "strace -f -c -e trace=$calls"
		compare "strace" strace shm "strace -f -e trace=$calls"
	fi
}

# The same failure again and again: its facts are gathered once.
bench_failed() {
	title "a call that fails: shmget of a key that nobody has (ratio: to untraced)"
	row "untraced" "$("$bench/cycle" failed 500) ns" "1.00x" "cycle failed 500"
	compare "shmtop -b" view failed "shmtop -b -d 1"
	compare "shmtop trace -x -J" failures failed "shmtop trace -x -J >FILE"
	if command -v bpftrace >/dev/null; then
		compare "bpftrace, arguments and result" bpftrace failed "bpftrace -e ..."
	fi
}

compare_others() {
	compare "$1" "$2" getppid "$3" && row "    turn by turn:$compare_turns" "" "" ""
}

bench_others() {
	title "other system calls: getppid (ratio: to nothing traced)"
	row "nothing traced" "$("$bench/cycle" getppid 500) ns" "1.00x" "cycle getppid 500"
	compare_others "shmtop -b" view "shmtop -b -d 1"
	compare_others "shmtop -b --compat" compat "shmtop -b -d 1 --compat"
	if command -v perf >/dev/null; then
		compare_others "the kernel's floor: an enter and an exit tracepoint" tracepoint \
			"perf stat -a -e syscalls:sys_{enter,exit}_shmget"
	fi
}

# ---- stacks: taken -----------------------------------------------------------------------------

# capture_row "WHAT" CASE COLUMN: beside the same call, traced without stacks
capture_row() {
	capture_off=$(awk -v k="$3" '$1 == "off" { print $k }' "$work/capture")
	capture_one=$(awk -v which="$2" -v k="$3" '$1 == which { print $k }' "$work/capture")
	row "$1" "$capture_one ns" "$(ratio "$capture_one" "$capture_off")" "capture 100"
}

bench_capture() {
	title "the stack of each creating call (ratio: to traced without stacks)"
	"$bench/capture" 100 >"$work/capture" || return
	capture_row "shmget that creates, and IPC_RMID: untraced" untraced 2
	capture_row "    traced, no stacks" off 2
	capture_row "    stacks of at most 4K" 4K 2
	capture_row "    stacks of at most 16K" 16K 2
	capture_row "    stacks of at most 64K" 64K 2
	capture_row "under 16K of stack full of addresses: no stacks" off 3
	capture_row "    stacks of at most 4K" 4K 3
	capture_row "    stacks of at most 16K" 16K 3
	capture_row "shmget that finds: no stacks" off 4
	capture_row "    stacks of creating calls" 16K 4
	capture_row "shmat and shmdt: no stacks" off 5
	capture_row "    stacks of creating calls" 16K 5
	capture_row "    stacks of shmat, too" attached 5
	row "stacks lost" "$(awk '{ n += $6 } END { print n }' "$work/capture")" "-" "capture 100"
}

# ---- the view ----------------------------------------------------------------------------------

# Of CPU that a process has used, by the scheduler's account: clock ticks are too coarse for so little.
nanoseconds() {
	cut -d ' ' -f 1 "/proc/$1/schedstat"
}

# share NANOSECONDS TIME: percent of a core
share() {
	awk -v used="$1" -v time="$2" 'BEGIN { printf "%.3f", used / time * 100 }'
}

# megabytes PID Rss, or Pss: the ring buffers are mapped twice, and Pss counts their pages once.
megabytes() {
	awk -v line="$2:" '$1 == line { printf "%.1f", $2 / 1024 }' "/proc/$1/smaps_rollup"
}

# churned "WHAT" PID "CHURN OPTIONS" "COMMAND": its share of a core while the segments churn
churned() {
	churned_before=$(nanoseconds "$2")
	churned_begin=$(date +%s%N)
	# shellcheck disable=SC2086 # options are words
	"$helpers/churn" -p 2 -s "$view_seconds" $3 >"$work/churn" 9>&-
	churned_end=$(date +%s%N)
	churned_share=$(share $(($(nanoseconds "$2") - churned_before)) $((churned_end - churned_begin)))
	churned_calls=$(awk -v s="$view_seconds" '{ printf "%.0fk", ($2 + $4 + $6 + $8) / s / 1000 }' \
		"$work/churn")
	row "$1, $churned_calls calls/s" "$churned_share % core" "-" "$4"
}

view_text() {
	"$shmtop" -b -J -d 1 >"$work/frames" 9>&- &
	view=$!
	wait_for 20 test -s "$work/frames"
	churned "shmtop -b -J: CPU" "$view" "$1" "shmtop -b -J -d 1; churn -p 2 $1"
	frames=$(grep -c . "$work/frames")
	wait_for 10 more_frames
	kill -INT "$view"
	wait "$view"
	row "shmtop -b -J: events lost" "$(tail -n 1 "$work/frames" | jq .probe.lost)" "-" \
		".probe.lost of the last frame"
}

more_frames() {
	[ "$(grep -c . "$work/frames")" -gt "$frames" ]
}

# The live view on a terminal of its own; its pid is $view.
screen_open() {
	mkfifo "$work/keys"
	TERM=xterm-256color script -qec "stty rows 50 cols 160; exec $shmtop -d 1" "$work/screen" \
		<"$work/keys" >/dev/null 2>&1 9>&- &
	script=$!
	exec 8>"$work/keys"
	wait_for 20 grep -q SHMID "$work/screen"
	view=$(pgrep -P "$script" -x shmtop || pgrep -f "^$shmtop -d 1")
}

screen_close() {
	printf q >&8
	exec 8>&-
	wait "$script"
	rm "$work/keys"
}

view_screen() {
	screen_open
	churned "shmtop, the live view: CPU" "$view" "$1" "shmtop -d 1; churn -p 2 $1"
	row "shmtop, the live view: resident" "$(megabytes "$view" Rss) MiB" "-" "Rss"
	screen_close
}

bench_view() {
	title "the view open on 500 segments, two processes churning for $view_seconds s"
	hold --segments 500
	for options in "-r 1000" ""; do
		view_text "$options"
		view_screen "$options"
	done
	release
	title "the view open on 500 segments, at rest (ratio: to 0.1 % and 16 MiB)"
	hold --segments 500
	screen_open
	rested "shmtop, the live view" "shmtop -d 1" 0.1 16
	screen_close
	"$shmtop" -b -J -d 1 >"$work/frames" 9>&- &
	view=$!
	wait_for 20 test -s "$work/frames"
	rested "shmtop -b -J" "shmtop -b -J -d 1"
	kill -INT "$view"
	wait "$view"
	row "start to first frame" "$(first_frame 5) ms" "-" "shmtop -b"
	release
}

# rested "WHAT" "COMMAND" [CPU SIZE]: beside these budgets, what the view costs while nothing happens, once it has seen that
rested() {
	sleep 10
	rested_before=$(nanoseconds "$view")
	sleep "$view_seconds"
	rested_share=$(share $(($(nanoseconds "$view") - rested_before)) $((view_seconds * 1000000000)))
	rested_size=$(megabytes "$view" Pss)
	row "$1: CPU" "$rested_share % core" "$(ratio "$rested_share" "${3:-0}")" "$2"
	row "$1: resident, pages once" "$rested_size MiB" "$(ratio "$rested_size" "${4:-0}")" "Pss"
	row "$1: resident" "$(megabytes "$view" Rss) MiB" "-" "Rss"
}

# first_frame N: the least milliseconds of N starts until the first byte of a frame is there
first_frame() {
	first_all=
	for _ in $(seq "$1"); do
		begin=$(date +%s%N)
		end=$("$shmtop" -b -n 1 9>&- | { head -c 1 >"$work/byte"; date +%s%N; cat >/dev/null; })
		first_all="$first_all $(awk -v t=$((end - begin)) 'BEGIN { printf "%.1f", t / 1e6 }')"
	done
	# shellcheck disable=SC2086
	least $first_all
}

# frame_row "WHAT" MICROSECONDS BUDGET "COMMAND": the figure beside what it may be at most
frame_row() {
	row "$1" "$2 us" "$(ratio "$2" "$3")" "$4, at most $3 us"
}

bench_frame() {
	title "the live view at 160x50, CPU (ratio: to the budget)"
	for count in 500 32000; do
		# shellcheck disable=SC2046 # three numbers
		set -- $("$bench/frame" "$count" 200)
		frame_row "$count segments: a frame, nothing new" "$1" 1000 "frame $count 200"
		frame_row "$count segments: a frame after an event" "$2" 1000 "frame $count 200"
		frame_row "$count segments: a key" "$3" 1000 "frame $count 200"
	done
}

# ---- looks -------------------------------------------------------------------------------------

# best N COMMAND...: the milliseconds of the best of N runs
best() {
	best_runs=$1
	shift
	best_all=
	for _ in $(seq "$best_runs"); do
		best_all="$best_all $(milliseconds "$@")"
	done
	# shellcheck disable=SC2086
	least $best_all
}

bench_scan() {
	title "who holds what: 500 processes with 10,000 attachments (ratio: to the maps files)"
	hold --segments 20 --forks 500
	scan_maps=$("$bench/scan" maps 5)
	scan_iterator=$("$bench/scan" iterator 5 2>"$work/scan.err") || scan_iterator="- -"
	row "the iterator: ${scan_iterator% *} attachments" "${scan_iterator#* } ms" \
		"$(ratio "${scan_iterator#* }" "${scan_maps#* }")" "scan iterator 5"
	row "/proc/PID/maps: ${scan_maps% *} attachments" "${scan_maps#* } ms" "1.00x" "scan maps 5"
	if command -v lsof >/dev/null; then
		scan_lsof=$(best 3 lsof -n)
		row "lsof" "$scan_lsof ms" "$(ratio "$scan_lsof" "${scan_maps#* }")" "lsof -n"
	fi
	release
}

# The tools in turns, so that a busy moment hits all of them
bench_list_at() {
	title "$1 segments, $2 attachments (ratio: to ipcs)"
	hold --segments "$1" --size 4096 --attach 0
	[ "$2" = 0 ] || hold_more
	list_bare='' list_ipcs='' list_lsipc='' list_shmtop='' list_json=''
	for _ in $(seq "$turns"); do
		list_bare="$list_bare $(milliseconds cat /proc/sysvipc/shm)"
		list_ipcs="$list_ipcs $(milliseconds ipcs -m)"
		list_shmtop="$list_shmtop $(milliseconds "$shmtop" list)"
		list_json="$list_json $(milliseconds "$shmtop" list -J)"
		list_lsipc="$list_lsipc $(milliseconds lsipc -m)"
	done
	# shellcheck disable=SC2086
	list_bare=$(least $list_bare) list_ipcs=$(least $list_ipcs) list_lsipc=$(least $list_lsipc) \
		list_shmtop=$(least $list_shmtop) list_json=$(least $list_json)
	row "the bare table" "$list_bare ms" "$(ratio "$list_bare" "$list_ipcs")" "cat /proc/sysvipc/shm"
	row "ipcs" "$list_ipcs ms" "1.00x" "ipcs -m"
	row "lsipc" "$list_lsipc ms" "$(ratio "$list_lsipc" "$list_ipcs")" "lsipc -m"
	row "shmtop list, with holders" "$list_shmtop ms" "$(ratio "$list_shmtop" "$list_ipcs")" \
		"shmtop list"
	row "shmtop list -J" "$list_json ms" "$(ratio "$list_json" "$list_ipcs")" "shmtop list -J"
	[ "$2" = 0 ] || release_more
	release
}

# 10,000 attachments beside what is held already
hold_more() {
	mkfifo "$work/more.in"
	"$helpers/holdstate" --segments 20 --forks 500 <"$work/more.in" >"$work/more" 9>&- &
	more=$!
	exec 8>"$work/more.in"
	wait_for 30 grep -q ready "$work/more"
}

release_more() {
	exec 8>&-
	wait "$more"
	rm "$work/more.in"
}

bench_list() {
	echo 32768 >/proc/sys/kernel/shmmni
	bench_list_at 4000 0
	bench_list_at 32000 10000
}

# ---- stacks: unwound ----------------------------------------------------------------------------

# stack_rows "WHAT" [PROGRAM...]: its frames copied once, then unwound and named
stack_rows() {
	stack_what=$1
	shift
	stack_all=$("$bench/unwind" 100000 "$@") || {
		row "$stack_what" "-" "-" "unwind 100000 $*"
		return
	}
	# shellcheck disable=SC2086 # numbers
	set -- $stack_all
	row "$stack_what, $1 frames: a file for the first time" "$2 us" "-" "unwind 100000"
	row "    later" "$3 us" "-" "$4 a second"
	row "    all names, in the worker" "$5 ms" "-" "at most $6 us of shmtop's own at a time"
}

bench_stack() {
	title "unwinding the stack of a creating call"
	stack_rows "an executable"
	stack_rows "a static one" "$BUILD/tests/stacks/static"
	stack_rows "C++" "$BUILD/tests/stacks/cxx"
	stack_rows "perl" perl -e 'shmget(1, 1, 0)'
}

[ $# -gt 0 ] || set -- cycle failed capture others view frame scan list stack
uname -srm
for part; do
	case $part in
	cycle | failed | capture | others | view | frame | scan | list | stack) "bench_$part" ;;
	*)
		echo "tests/bench/run.sh: no part '$part'; known: cycle failed capture others view frame scan list stack" >&2
		exit 2
		;;
	esac
done
