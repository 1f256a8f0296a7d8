#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The live view inside of tmux: drawn, driven by keys, resized, and gone without a trace.
# shellcheck disable=SC2317 # functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/../live/helpers/live.sh"

command -v tmux >/dev/null || skip_all "tmux is missing"

socket=$work/tmux
in_tmux() {
	tmux -f /dev/null -S "$socket" "$@" 9>&-
}
screen() {
	in_tmux capture-pane -p
}
shows() {
	screen >"$work/screen" && grep -qF -e "$1" "$work/screen"
}
hides() {
	screen >"$work/screen" && ! grep -qF -e "$1" "$work/screen"
}
# The bar is the last line: the frame fills the window.
fills() {
	screen | tail -n 1 | grep -q '^F1Help'
}

hold --segments 1 --size 12345
shmid=$(held_segment)

unset TMUX
check "a tmux" env LC_ALL=C.UTF-8 tmux -f /dev/null -S "$socket" new-session -d -x 100 -y 24 \
	"PS1='prompt> ' exec sh" 9>&-
in_tmux send-keys "'$shmtop' -d 0.5 -F size=12345" Enter
check "the view comes" wait_for 20 shows "[1:Segments]"
check "with the segment" wait_for 20 shows " $shmid "
check "it fills the window" fills
in_tmux send-keys Enter
check "Enter opens the segment" wait_for 20 shows "[Segment]"
check "its holder is there" wait_for 20 shows holdstate
in_tmux send-keys Escape
check "Escape goes back" wait_for 20 shows "[1:Segments]"
in_tmux resize-window -x 60 -y 12
check "a smaller window is filled" wait_for 20 fills
check "and still shows it" wait_for 20 shows " $shmid "
in_tmux send-keys q
check "q gives the screen back" wait_for 20 shows "prompt>"
check "nothing of the view is left" hides "[1:Segments]"
in_tmux send-keys "stty -a | grep -cw -e -echo" Enter
check "the terminal echoes" wait_for 20 shows "stty -a"
in_tmux kill-server
release

done_testing
