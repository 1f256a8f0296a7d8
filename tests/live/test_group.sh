#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which process group made a segment, as the kernel tells it: whether the id may have been handed on hangs on that.
# Once as the machine numbers groups, once in a pid namespace.
# shellcheck disable=SC2016,SC2317 # the $ are jq's and of another shell; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

if [ "${LIVE_RUNG:-}" = poll ] || ! "$shmtop" doctor -J | jq -e '.probe.calls != "none"' >/dev/null; then
	skip_all "no events here"
fi

# Makes three while leaks watches: in a group that ends, in one that goes on, and in the one that this shell is in.
# The answer is in $work/leaks.
made='
"$shmtop" leaks -J -d 600 -F ns=here --grace 0 >"$work/leaks" 2>"$work/leaks.err" </dev/null &
watcher=$!
until find "/proc/$watcher/fd" -lname "*timerfd*" 2>/dev/null | grep -q .; do
	kill -0 "$watcher" || exit 1
	sleep 0.1
done
setsid -w "$helpers/holdstate" --leave --size 4096 </dev/null >"$work/own"
setsid sh -c "\"\$0\" --leave --size 8192 </dev/null >\"\$1\"; exec cat" "$helpers/holdstate" "$work/other" \
	<"$work/stays" >/dev/null &
other=$!
exec 8>"$work/stays"
until grep -q "^ready" "$work/other" 2>/dev/null; do sleep 0.1; done
echo "$other" >"$work/leader"
"$helpers/holdstate" --leave --size 12288 </dev/null >"$work/ours"
kill -TERM "$watcher"
wait "$watcher"
status=$?
exec 8>&-
wait "$other"
exit "$status"'

# group_test COMMAND...: runs it, by this command
group_test() {
	rm -f "$work/stays" "$work/other"
	mkfifo "$work/stays"
	env shmtop="$shmtop" helpers="$helpers" work="$work" "$@" sh -c "$made"
}

remove_all() {
	ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2 }' | while read -r id; do ipcrm -m "$id"; done
}

# verdict SIZE FILTER: of the segment with this size
verdict() {
	json "$work/leaks" --argjson ns "$ipcns" --argjson size "$1" \
		"[.leaks[] | select(.ipcns == \$ns and .size == \$size)] | length == 1
			and (.[0].verdict | .because |= join(\" \") | $2)"
}

lives() {
	printf '.confidence == "medium" and (.because | test("handed on: %s [a-z]+, of its creator.s process group, lives"))' "$1"
}

group=$(ps -o pgid= -p $$ | tr -d ' ')
check "three are made: what is sure makes it 3" status 3 group_test
check "a group that has ended: sure" verdict 4096 '.confidence == "high"'
check "a group that goes on" verdict 8192 "$(lives "$(cat "$work/leader")")"
check "the group of this test" verdict 12288 "$(lives "$group") or (.because
	| test(\"handed on: its creator.s process group $group is not empty\"))"
remove_all

if unshare -pf --mount-proc true 2>/dev/null; then
	check "in a pid namespace: status 3" status 3 group_test unshare -pf --mount-proc
	check "in a pid namespace: a group that has ended: sure" verdict 4096 '.confidence == "high"'
	check "in a pid namespace: a group that goes on, by its number there" \
		verdict 8192 "$(lives "$(cat "$work/leader")")"
	check "in a pid namespace: its leader has a number of its own there" test "$(cat "$work/leader")" -lt 1000
	check "in a pid namespace: a group that comes from outside" verdict 12288 '.confidence == "medium"
		and (.because | test("handed on: its creator.s process group is not known"))'
	remove_all
else
	skip "in a pid namespace" "none can be made"
fi

done_testing
