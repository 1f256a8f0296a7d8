#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The live tests inside of Debian's own kernels, which qemu emulates. The usage is below.
#
# build/kernels/NAME/ has each kernel and, after a run, what it said: console.log. A run needs no root, and
# no network once the kernels are there. The rows of the table at the end are the tests, by rung:
#	passed		and how long it took
#	FAILED N	what failed was shown when it did
#	skipped N	of its claims; which ones and why is told below the table
#	not run		the kernel could not be fetched, or its guest died before
#	-		with -o: on another kernel
# Beside a failed test these fail the run: a guest that does not get to its end; a BUG, a WARNING, an Oops or
# a stall that its kernel told of; and a claim that was skipped on every kernel, where there were several.
# Where no kernel is to be had at all, that fails the run; but not as one of many tests (-t), which has skipped
# each kernel, and says so.
set -u
umask 022

usage() {
	cat <<-END
		usage: tests/kernels/run.sh [OPTIONS] [TEST...]	(default: all live tests)
		       tests/kernels/run.sh -k KERNEL [-a ARGUMENTS] -c COMMAND

		  -k KERNEL     only on this kernel: $kernels (more than once: on each)
		  -r RUNG       only on this rung: $rungs, - (for tests that know none)
		  -j JOBS       guests at a time (default: one for each processor)
		  -a ARGUMENTS  more for the kernel's command line
		  -c COMMAND    run a shell's command in the guest, in the project's folder: its output and
		                status are this script's (125: the guest died)
		  -o            tests that no kernel's version matters to on one kernel only: $plain_kernel
		  -t            speak TAP on stdout, and of the progress on descriptor 3

		  tests/kernels/run.sh -k 6.1 -r tracepoint test_demo
		  tests/kernels/run.sh -k sid -c 'build/shmtop doctor'
		  tests/kernels/run.sh -k 5.10 -c 'cat /sys/kernel/btf/vmlinux' >vmlinux.btf

		A test may say "kernel-arguments: ..." at its beginning: it gets a guest with these.
		IMAGE names the guests' files where they are made already (tests/kernels/image.sh).
	END
}

# ---- what is run where -----------------------------------------------------------------------

kernels="5.10 6.1 6.12 sid"
rungs="fexit tracepoint poll"

# What fetch.sh wants to know of a kernel
suite_of() {
	case $1 in
	5.10) echo bullseye 5.10 ;;
	6.1) echo bookworm 6.1 ;;
	6.12) echo bookworm-backports 6.12 ;;
	sid) echo sid ;;
	esac
}

# Up to QEMU 7.2 an emulated cmpxchg16b can spoil the flags, and kernels die of it at times.
processor=max,cx16=off

# A new test runs on all rungs until it has a line here; "-" is none in particular.
rungs_of() {
	case $1 in
	test_attachers | test_cli.sh | test_degraded.sh | test_integrity.sh | test_limits.sh | test_lockdown.sh | \
		test_peek.sh | test_poll.sh)
		echo -
		;;
	test_life.sh) echo fexit ;;
	test_containers.sh | test_explain.sh | test_history.sh) echo fexit ;; # the host has the other
	test_stacks) echo fexit tracepoint ;;
	# What these need of a kernel is what test_stacks and test_life see.
	test_call_sites.sh | test_debuginfod.sh | test_incidents.sh | test_leaks.sh | test_rm.sh | \
		test_run_command.sh | test_trace.sh | test_traps.sh) ;;
	test_counting.sh | test_demo.sh | test_filters.sh | test_flash.sh | test_group.sh | test_namespaces.sh | \
		test_real.sh) echo fexit tracepoint ;;
	*) echo "$rungs" ;;
	esac
}

# Their subject is what shmtop makes of what the kernel says, or the rung, whose programs are seen by others.
plain_kernel=6.1
is_plain() {
	case $1 in
	test_cli.sh | test_containers.sh | test_demo.sh | test_flash.sh | test_history.sh | test_real.sh) ;;
	*) return 1 ;;
	esac
}

# runs_on KERNEL TEST
runs_on() {
	! $plain_once || [ "$1" = "$plain_kernel" ] || ! is_plain "$2"
}

# What a test is given beside its rung: fewer operations, as they are slow here
options_of() {
	case $1 in
	test_workload) echo --ops 12000 --plain-ops 4000 ;;
	test_stacks) echo 300 ;;
	esac
}

# ---- one guest -------------------------------------------------------------------------------

# guest FOLDER KERNEL ARGUMENTS SECONDS: boots the kernel. FOLDER/root is added to its files, and gives it
# something to do; FOLDER/console and FOLDER/status are what it says besides.
guest() {
	(cd "$1/root" && find . | cpio -o -H newc -R 0:0 --quiet) | cat "$work/image" - >"$1/initrd"
	: >"$1/status"
	timeout --foreground -k 10 "$4" qemu-system-x86_64 -M pc -accel tcg,thread=single -cpu "$processor" \
		-smp 2 -m 1G -nodefaults -no-reboot -display none -pidfile "$1/pid" \
		-kernel "$BUILD/kernels/$2/vmlinuz" -initrd "$1/initrd" \
		-append "console=ttyS0 panic=-1 loglevel=7 $3" \
		-serial "file:$1/console" -serial stdio -serial "file:$1/status" </dev/null
	rm -f "$1/initrd"
	cp "$1/console" "$BUILD/kernels/$2/console.log"
}

end_guests() {
	for pid in "$work"/*/pid; do
		[ -e "$pid" ] && kill "$(cat "$pid")"
	done
}

# What a kernel must not say
troubles() {
	tr -d '\r' <"$1" | grep -E '^\[[^]]*\] (.*(BUG: |kernel BUG at|Oops: |general protection fault|Kernel panic)|WARNING: |(rcu: )?INFO: (rcu_.* stall|task .* blocked ))'
}

run_command() {
	kernel=${fetched# }
	[ -n "$kernel" ] || exit 125
	mkdir -p "$work/command/root"
	printf '%s\n' "$1" >"$work/command/root/command"
	guest "$work/command" "$kernel" "$arguments" 3600
	status=$(sed -n 's/^status \([0-9]*\)$/\1/p' "$work/command/status")
	[ -n "$status" ] && exit "$status"
	echo "the guest died; its last words:" >&2
	tail -n 30 "$work/command/console" >&2
	exit 125
}

# ---- tests in a guest ------------------------------------------------------------------------

# plan NUMBER KERNEL ARGUMENTS: what is to be run in this guest, of the rows with these arguments
plan() {
	mkdir -p "$work/$1/root"
	echo "$3" >"$work/$1/arguments"
	: >"$work/$1/root/tests"
	seconds=60
	while read -r test rung; do
		[ "$(header_of "$test" kernel-arguments)" = "$3" ] || continue
		runs_on "$2" "${test##*/}" || continue
		limit=$(($(limit_of "$test" 300) * 2))
		seconds=$((seconds + limit))
		echo "$limit $rung $test $(options_of "${test##*/}")" >>"$work/$1/root/tests"
	done <"$work/rows"
	[ "$seconds" -lt 1200 ] || seconds=1200
	echo "$seconds" >"$work/$1/seconds"
	[ -s "$work/$1/root/tests" ] && echo "$1 $2" >>"$work/guests"
}

# told KERNEL RUNG TEXT: a line of progress
told() {
	printf '%-5s %-11s %s\n' "$1" "$2" "$3" >&3
}

# ended KERNEL TEST RUNG STATUS SECONDS: judges the output that was collected. STATUS "died" is the guest's
ended() {
	cell=$work/cells/$1/${2##*/}.$3
	case $4 in
	died) judge 1 0 <"$cell.output" | sed 's/^fail .*/fail its guest died/' ;;
	124 | 137) judge "$4" "$5" <"$cell.output" ;;
	*) judge "$4" 0 <"$cell.output" ;;
	esac >"$cell.verdict"
	echo "$5" >"$cell.seconds"
	read -r good bad skip <"$cell.verdict"
	told "$1" "$3" "$(printf '%-30s %3d passed, %d failed, %d skipped %5s s' \
		"${2#*tests/}" "$good" "$bad" "$skip" "$5")"
	[ "$bad" -eq 0 ] && return
	{
		sed -n 's/^fail /    /p' "$cell.verdict"
		grep -v '^ok ' "$cell.output" >"$cell.shown"
		show "$cell.shown"
	} >&3
}

# Reads what a guest tells of its tests: collect KERNEL
collect() {
	running=
	started=$(date +%s)
	while IFS= read -r line; do
		case $line in
		'@@ up') told "$1" "" "is up after $(($(date +%s) - started)) s" ;;
		'@@ begin '*)
			# shellcheck disable=SC2086 # words
			set -- "$1" ${line#@@ begin }
			running=$2
			exec 4>"$work/cells/$1/${2##*/}.$3.output"
			;;
		'@@ end '*)
			exec 4>&-
			# shellcheck disable=SC2086 # words
			ended "$1" "$2" "$3" ${line#@@ end }
			running=
			;;
		*) [ -z "$running" ] || printf '%s\n' "$line" >&4 ;;
		esac
	done
	# What was running when the guest died
	[ -z "$running" ] || ended "$1" "$2" "$3" died "?"
}

# boot NUMBER KERNEL: a guest with its tests. What went wrong with the guest itself is in bad.
boot() {
	read -r seconds <"$work/$1/seconds"
	guest "$work/$1" "$2" "$arguments $(cat "$work/$1/arguments")" "$seconds" | collect "$2"
	grep -q '^status 0' "$work/$1/status" || echo "the guest did not get to its end" >"$work/$1/bad"
	troubles "$work/$1/console" >"$work/$1/troubles" &&
		echo "its kernel tells of trouble" >>"$work/$1/bad"
	[ -e "$work/$1/bad" ] || return
	{
		echo
		sed "s/^/$2: /" "$work/$1/bad"
		sed 's/^/    | /' "$work/$1/troubles"
		echo "    its last words:"
		tail -n 20 "$work/$1/console" | sed 's/^/    | /'
		echo
	} >&3
}

# Takes one guest after the other that no other worker has taken.
worker() {
	while read -r number kernel; do
		mkdir "$work/$number/taken" 2>/dev/null || continue
		boot "$number" "$kernel"
	done <"$work/guests"
}

# ---- what is told at the end -----------------------------------------------------------------

cell_text() {
	cell=$work/cells/$1/$2.$3
	if [ ! -e "$cell.verdict" ]; then
		runs_on "$1" "$2" && echo "not run" || echo "-"
	else
		read -r good bad skip <"$cell.verdict"
		read -r seconds <"$cell.seconds"
		if [ "$bad" -gt 0 ]; then
			echo "FAILED $bad"
		elif [ "$skip" -gt 0 ]; then
			echo "skipped $skip ${seconds} s"
		else
			echo "passed ${seconds} s"
		fi
	fi
}

table() {
	echo
	for kernel in $chosen; do
		printf '%-5s %s\n' "$kernel" "$(cat "$BUILD/kernels/$kernel/version" 2>/dev/null || echo "not run")"
	done
	echo
	printf '%-22s %-11s' "" ""
	# shellcheck disable=SC2086 # words
	printf ' %-15s' $chosen
	echo
	while read -r test rung; do
		printf '%-22s %-11s' "${test##*/}" "$rung"
		for kernel in $chosen; do
			printf ' %-15s' "$(cell_text "$kernel" "${test##*/}" "$rung")"
		done
		echo
	done <"$work/rows"
	echo
}

# All verdicts in lines of fields: KERNEL TEST RUNG and "count" GOOD BAD SKIP, or "skip" NAME REASON, or
# "fail" WHY
verdicts() {
	for kernel in $chosen; do
		while read -r test rung; do
			verdict=$work/cells/$kernel/${test##*/}.$rung.verdict
			[ -e "$verdict" ] || continue
			sed "1s/ /\t/g; 1s/^/count\t/; s/^skip /skip\t/; s/^fail /fail\t/
				s/^/$kernel\t${test##*/}\t$rung\t/" "$verdict"
		done <"$work/rows"
	done
}

# Claims that were skipped on every kernel on which their test ran, where these were several
skipped_everywhere() {
	verdicts | awk -F '\t' '
	{ row = $2 " " $3 }
	$4 == "count" { kernels[row]++ }
	$4 == "skip" && !seen[$1, row, $5]++ {
		claim = row ": " $5
		row_of[claim] = row
		skips[claim]++
	}
	END {
		for (claim in skips)
			if (skips[claim] > 1 && skips[claim] == kernels[row_of[claim]])
				print claim
	}' | sort
}

# The reasons for what was skipped, by kernel
reasons() {
	verdicts | awk -F '\t' '$4 == "skip" { print "skipped: " $1 " " $3 " " $2 ": " $5 ": " $6 }'
	skipped_everywhere | sed 's/^/SKIPPED ON EVERY KERNEL: /'
}

# All that was claimed, in TAP; the failures are last
tap() {
	{
		verdicts | awk -F '\t' '
		{ where = $1 " " $3 " " $2 }
		$4 == "count" {
			for (i = 0; i < $5; i++)
				print "ok - " where
			for (i = 0; i < $6; i++)
				print "not ok - " where
		}
		$4 == "skip" { print "ok - " where ": " $5 " # SKIP " $6 }'
		for kernel in $missing; do
			sed "s/^/ok - kernel $kernel # SKIP NOT RUN: /" "$work/missing.$kernel"
		done
		while read -r number kernel; do
			[ -e "$work/$number/bad" ] && sed "s/^/not ok - kernel $kernel: /" "$work/$number/bad"
		done <"$work/guests"
		skipped_everywhere | sed 's/^/not ok - skipped on every kernel: /'
	} | sort -r
}

# ---- the run ---------------------------------------------------------------------------------

exit_saying() {
	echo "run.sh: $2" >&2
	exit "$1"
}

# one_of NAME "NAMES": an option's value must be one of these
one_of() {
	case " $2 " in
	*" $1 "*) ;;
	*) exit_saying 2 "'$1' is none of: $2" ;;
	esac
}

# notice TEXT...: what must not be overlooked
notice() {
	{
		echo
		printf '%s\n' "$@" | sed 's/^/*** /'
		echo
	} >&2
}

# Sets $fetched and $missing. A kernel may be there though no newer one could be looked for.
fetch_kernels() {
	for kernel in $chosen; do
		# shellcheck disable=SC2046 # words
		if tests/kernels/fetch.sh "$BUILD/kernels/$kernel" $(suite_of "$kernel") 2>"$work/why"; then
			fetched="$fetched $kernel"
			[ ! -s "$work/why" ] || notice "Linux $kernel: $(tail -n 1 "$work/why")"
			continue
		fi
		missing="$missing $kernel"
		tail -n 1 "$work/why" >"$work/missing.$kernel"
		notice "Linux $kernel: NOT RUN, because it could not be fetched:" "$(cat "$work/why")"
	done
	[ -n "$fetched" ] || notice "NO KERNEL WAS BOOTED: none could be fetched"
}

# wanted TEST: was it named, or none?
wanted() {
	[ -n "$named" ] || return 0
	for name in $named; do
		[ "$(basename "$name" .sh)" = "$(basename "$1" .sh)" ] && return 0
	done
	return 1
}

# The tests on their rungs, a line each
rows() {
	for test in tests/live/test_*.c tests/live/test_*.sh; do
		case $test in
		*.c) test=build/${test%.c} ;;
		esac
		wanted "$test" || continue
		for rung in $(rungs_of "${test##*/}"); do
			case " ${only_rungs:-$rung} " in
			*" $rung "*) echo "$test $rung" ;;
			esac
		done
	done
}

# Each kernel has a guest for each set of arguments that tests want. Sets $work/guests.
plan_guests() {
	{
		echo
		while read -r test rung; do
			header_of "$test" kernel-arguments
		done <"$work/rows"
	} | sort -u >"$work/sets"
	number=0
	: >"$work/guests"
	while IFS= read -r set; do
		for kernel in $fetched; do
			number=$((number + 1))
			plan "$number" "$kernel" "$set"
		done
	done <"$work/sets"
}

run_tests() {
	rows >"$work/rows"
	[ -s "$work/rows" ] || exit_saying 2 "no such test, or it does not know this rung"
	plan_guests
	for kernel in $fetched; do
		mkdir -p "$work/cells/$kernel"
	done
	job=0
	while [ "$job" -lt "$jobs" ]; do
		worker &
		job=$((job + 1))
	done
	wait
}

plain_once=false chosen='' only_rungs='' jobs=$(nproc) arguments='' command='' speak_tap=false fetched='' missing=''
while getopts k:r:j:a:c:oth option; do
	case $option in
	k) one_of "$OPTARG" "$kernels" && chosen="$chosen $OPTARG" ;;
	r) one_of "$OPTARG" "$rungs -" && only_rungs="$only_rungs $OPTARG" ;;
	j) jobs=$OPTARG ;;
	a) arguments=$OPTARG ;;
	c) command=$OPTARG ;;
	o) plain_once=true ;;
	t) speak_tap=true ;;
	h) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
done
shift $((OPTIND - 1))
named=$*
chosen=${chosen:-$kernels}
if [ -n "$command" ]; then
	case ${chosen# } in
	*' '*) exit_saying 2 "-c is for one kernel: -k" ;;
	esac
fi

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/verdict.sh
. tests/verdict.sh
BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
export BUILD
if ! $speak_tap; then
	exec 3>&1
elif { true >&3; } 2>/dev/null; then
	exec 2>&3
else
	exec 3>&2
fi

lack=
[ "$(uname -m)" = x86_64 ] || lack="the guests are for x86-64"
for program in qemu-system-x86_64 busybox cpio; do
	command -v "$program" >/dev/null || lack="$program is missing"
done
if [ -n "$lack" ]; then
	notice "NO KERNEL WAS BOOTED: $lack"
	$speak_tap || exit 1
	echo "1..0 # SKIP NO KERNEL WAS BOOTED: $lack"
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'end_guests; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

began=$(date +%s)
fetch_kernels
if [ -z "$fetched" ]; then
	: # nobody needs one
elif [ -n "${IMAGE:-}" ]; then
	cp "$IMAGE" "$work/image"
else
	tests/kernels/image.sh >"$work/image"
fi || exit 1
[ -z "$command" ] || run_command "$command"
run_tests
{
	table
	reasons
	echo "$(($(date +%s) - began)) s"
} >&3
tap | awk '{ print } END { print "1.." NR }' >"$work/tap"
$speak_tap && cat "$work/tap"
judge 0 0 <"$work/tap" >"$work/verdict"
read -r good bad skip <"$work/verdict"
$speak_tap || echo "$good passed, $bad failed, $skip skipped"
[ "$bad" -eq 0 ] && { [ "$good" -gt 0 ] || { $speak_tap && [ -z "$fetched" ]; }; }
