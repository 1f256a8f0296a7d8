#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A segment's page in tmux, opened by key and id: who changed it, and, while it is gone, who removed it.
# shellcheck disable=SC2317 # functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/../live/helpers/live.sh"

command -v tmux >/dev/null || skip_all "tmux is missing"

"$shmtop" doctor -J >"$work/doctor" 2>/dev/null
[ "$(jq -r .probe.calls "$work/doctor")" != none ] || skip_all "calls are not followed here"

socket=$work/tmux
in_tmux() {
	tmux -f /dev/null -S "$socket" "$@" 9>&-
}
shows() {
	in_tmux capture-pane -p >"$work/screen" && grep -qE -e "$1" "$work/screen"
}

# ask ID: in the prompt of the key o; to tmux 0x51ae alone would be the code of a key
ask() {
	in_tmux send-keys o
	in_tmux send-keys -l "$1"
	in_tmux send-keys Enter
}

shmid=$("$helpers/holdstate" --key 0x51ae --size 8192 --leave </dev/null 2>&1 | sed -n 's/^segment //p')
unset TMUX
check "a view" env LC_ALL=C.UTF-8 tmux -f /dev/null -S "$socket" new-session -d -x 120 -y 40 \
	"exec '$shmtop' -d 0.3" 9>&-
check "it stands" wait_for 20 shows '1:Segments'
ask 0x51ae
check "o opens a segment by its key" wait_for 20 shows "Segment +$shmid +key 0x000051ae"
"$helpers/change" set "$shmid" 0 0 0644
check "who changed it is on its page" wait_for 20 shows 'IPC_SET mode 0600->0644 +done +by [0-9]+ change'
ipcrm -m "$shmid"
check "the page stays when it is removed, and tells by whom" \
	wait_for 20 shows 'x gone: removed .* by [0-9]+ ipcrm'
in_tmux send-keys Escape
check "Escape leaves it" wait_for 20 shows '\[1:Segments\]'
ask "$shmid"
check "o opens one that is gone" wait_for 20 shows 'IPC_RMID +done +by [0-9]+ ipcrm \(root\)'
ask 424242
check "one that never was" wait_for 20 shows 'no segment 424242 was seen, living or gone'
in_tmux kill-server

done_testing
