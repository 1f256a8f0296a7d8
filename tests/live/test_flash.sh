#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What lives for less than a millisecond is seen: in the events, and for some seconds in the view.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

short=${LIVE_SLOW:-1} # ms

# Traced, each call is a little slower, and the machine may be busy: a few tries.
flash_traced() {
	"$shmtop" trace -J -- sh -c "exec '$helpers/flash' >'$work/flash'" >"$work/trace"
	read -r shmid microseconds <"$work/flash"
	[ "$microseconds" -lt "${short}000" ]
}
check "a segment that lived for less than $short ms was traced" wait_for 20 flash_traced
check "its four calls are told, in order" same \
	"$(jq -r --argjson id "$shmid" 'select(.shmid == $id and .op != "destroy") | .op' "$work/trace" |
		tr '\n' ' ')" \
	"shmget shmat shmdt shmctl "
check "it was destroyed once, by its removal" json "$work/trace" -s --argjson id "$shmid" \
	'map(select(.shmid == $id and .op == "destroy") | .args.reason) == ["ipc_rmid"]'

"$shmtop" -b -J -d 0.5 >"$work/frames" &
json_view=$!
"$shmtop" -b -d 0.5 >"$work/text" &
text_view=$!
check "the views are open" wait_for 20 test -s "$work/frames" -a -s "$work/text"

flash_short() {
	"$helpers/flash" >"$work/flash"
	read -r shmid microseconds <"$work/flash"
	[ "$microseconds" -lt "${short}000" ]
}
check "a segment lived for less than $short ms under the views" wait_for 20 flash_short

# frames TEST: does it hold for all the frames so far?
frames() {
	json "$work/frames" -s --argjson ns "$ipcns" --argjson id "$shmid" "$1" >/dev/null
}
check "its events are in the frames" wait_for 10 frames \
	'[.[].events[]? | select(.ipcns == $ns and .shmid == $id) | .op]
	| contains(["shmget", "shmat", "shmdt", "shmctl", "destroy"])'
check "its row stays for seconds" wait_for 10 frames \
	'[.[] | select(any(.segments[]; .ipcns == $ns and .shmid == $id and .gone)) | .time]
	| (max - min) >= 2'
check "and goes then" wait_for 20 frames \
	'last.segments | any(.ipcns == $ns and .shmid == $id) | not'
check "its row is in the text, marked as gone" grep -qE "^here +$shmid .* [^ ]*x" "$work/text"
check "and so are its events" grep -qE " $shmid destroy" "$work/text"

# One that makes and removes all the time leaves room for the rest.
"$helpers/churn" -p 1 -r 300 -s 60 >/dev/null &
churn=$!
check "a segment lived for less than $short ms beside many others" wait_for 20 flash_short
check "its row stays for seconds all the same" wait_for 20 frames \
	'[.[] | select(any(.segments[]; .ipcns == $ns and .shmid == $id and .gone)) | .time]
	| (max - min) >= 5'
kill "$(tr -d ' ' <"/proc/$churn/task/$churn/children")" "$churn"
wait "$churn" 2>/dev/null

kill "$json_view" "$text_view"
check "the view ends well" wait "$json_view"
check "and so does the one as text" wait "$text_view"

done_testing
