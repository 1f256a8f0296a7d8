#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel-arguments: lockdown=integrity
#
# A kernel that lets nobody change its memory, as most do that were started by a secure boot: nothing is
# missing.
# shellcheck disable=SC2016 # the $ are jq's
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

grep -qw lockdown=integrity /proc/cmdline ||
	grep -qsF '[integrity]' /sys/kernel/security/lockdown ||
	skip_all "this kernel was not booted with lockdown=integrity"

check "doctor" status 0 "$shmtop" doctor -J
check "doctor: calls are followed, and lockdown takes nothing away" json "$work/out" \
	'.probe.calls != "none" and all(.probes[]; .stands or (.why | contains("lockdown") | not))'
check "trace" status 0 timeout 60 "$shmtop" trace -J -- "$demo" hi
check "trace: the calls of the demo" json "$work/out" -s \
	'[.[].op] | index("shmget") and index("shmat")'

done_testing
