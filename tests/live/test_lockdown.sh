#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel-arguments: lockdown=confidentiality
#
# A kernel that lets no program read its memory: no events and no iterators, and it is told why.
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

grep -qw lockdown=confidentiality /proc/cmdline ||
	grep -qsF '[confidentiality]' /sys/kernel/security/lockdown ||
	skip_all "this kernel was not booted with lockdown=confidentiality"

# shellcheck source=tests/live/helpers/degraded.sh
. tests/live/helpers/degraded.sh

poorer "lockdown=confidentiality" "lockdown=confidentiality" right env

done_testing
