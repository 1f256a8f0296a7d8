#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Where segments were made, to the line, wherever it is told: leaks, run, trace, show and the frames of the view.
# The programs are built with -O2 -g and without frame pointers, and are dead when somebody asks.
# test-timeout: 300
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

if [ "${LIVE_RUNG:-}" = poll ] || ! "$shmtop" doctor -J | jq -e '.probe.calls != "none"' >/dev/null; then
	skip_all "no events here"
fi
if ! "$shmtop" trace -J -k -o shmget -- "$helpers/creator" | grep '^{' | jq -e '.stack' >/dev/null; then
	ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2 }' | while read -r id; do ipcrm -m "$id"; done
	skip_all "this kernel hands out no stacks"
fi

remove_all() {
	ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2 }' | while read -r id; do ipcrm -m "$id"; done
}
remove_all

# Lines of tests/live/helpers/creator.c: where c calls shmget, and b and a the next one
line_of() {
	grep -n "$1" tests/live/helpers/creator.c | head -n 1 | cut -d: -f1
}
in_c=$(line_of 'shmget(task->key')
in_b=$(line_of 'int shmid = c(task')

# In JSON: the four functions in this order, in one file, and the lines that are known
chain='[.[] | select((.file // "" | endswith("creator.c")))] as $own
	| ([$own[].function] | map(select(. == "c" or . == "b" or . == "creator_a" or . == "a" or . == "main"))
		| map(if . == "creator_a" then "a" else . end) | .[:4]) == ["c", "b", "a", "main"]
	and any($own[]; .function == "c" and (.line - $c | fabs) <= 2)
	and any($own[]; .function == "b" and (.line - $b | fabs) <= 2)
	and all($own[]; .line > 0)'

stack_of() {
	stack_from=$1
	shift
	json "$stack_from" --argjson c "$in_c" --argjson b "$in_b" --argjson ns "$ipcns" "$@"
}

watching() {
	find "/proc/$watcher/fd" -lname '*timerfd*' 2>/dev/null | grep -q .
}

watch_start() {
	"$shmtop" "$@" >"$work/watched" 2>"$work/watched.err" 9>&- &
	watcher=$!
	wait_for 20 watching
}

watch_end() {
	kill -TERM "$watcher"
	watched=0
	wait "$watcher" || watched=$?
}

for program in creator creator-static creator-shared; do
	watch_start leaks -J -d 600 --grace 0
	# from a shell that ends: one that lives may have been told the id
	check "$program: it runs" status 0 job sh -c '"$1"; exit' sh "$helpers/$program"
	# it was an event for long when the next tick is over
	id=$(ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2 }')
	watch_end
	check "$program: leaks -d: it is sure" same "$watched" 3
	check "$program: leaks -d: main > a > b > c, with their lines" stack_of "$work/watched" \
		--argjson id "${id:-0}" "[.leaks[] | select(.ipcns == \$ns and .shmid == \$id)][0].verdict.stack | $chain"
	remove_all

	check "$program: run" status 3 "$shmtop" run -J -o "$work/run" -- "$helpers/$program"
	check "$program: run: main > a > b > c, with their lines" stack_of "$work/run" \
		"(.left | length) == 1 and (.left[0].verdict.stack | $chain)"
	check "$program: run, for people" status 3 "$shmtop" run -- "$helpers/$program"
	check "$program: run, for people: the place in one line" \
		grep -Eq "made by .*$program at c creator.c:[0-9]+" "$work/err"
	remove_all

	check "$program: trace -k" status 0 "$shmtop" trace -J -k -- "$helpers/$program"
	grep '^{' "$work/out" >"$work/trace"
	check "$program: trace -k: main > a > b > c, with their lines" stack_of "$work/trace" -s \
		"[.[] | select(.op == \"shmget\")][0].stack | $chain"
	remove_all

	watch_start -J -d 0.2
	"$helpers/$program" >/dev/null
	in_view() {
		tail -n 1 "$work/watched" >"$work/frame"
		stack_of "$work/frame" "[.segments[] | select(.ipcns == \$ns)][0].verdict.stack | . != null and ($chain)" >/dev/null
	}
	check "$program: the frames of the view: the same" wait_for 20 in_view
	watch_end
	remove_all
done

watch_start show -d 600 0x51a7
"$helpers/holdstate" --key 0x51a7 --leave </dev/null >"$work/held" 2>&1
watch_end
check "show -d waits for its segment" same "$watched" 0
check "show -d tells where it was made" grep -Eq "main( holdstate.c:[0-9]+|$)" "$work/watched"
remove_all

# ---- many that end at once

watch_start leaks -J -d 600 --grace 0
many=1000
check "$many programs in a row" status 0 job sh -c 'i=0
	while [ $i -lt "$2" ]; do "$1" || exit 1; i=$((i + 1)); done' sh "$helpers/creator" "$many"
watch_end
check "$many programs: all are sure" same "$watched" 3
check "$many programs: $many orphans" json "$work/watched" --argjson ns "$ipcns" --argjson n "$many" \
	'[.leaks[] | select(.ipcns == $ns and .verdict.kind == "orphan")] | length == $n'
check "$many programs: no event was lost" json "$work/watched" '.probe.lost == 0'
check "$many programs: at least 99 in 100 know their line" json "$work/watched" \
	--argjson ns "$ipcns" --argjson n "$many" \
	'[.leaks[] | select(.ipcns == $ns
		and any(.verdict.stack[]?; .function == "c" and .line > 0))] | length >= $n * 0.99'
jq -r --argjson ns "$ipcns" '"# \([.leaks[] | select(.ipcns == $ns
	and any(.verdict.stack[]?; .function == "c" and .line > 0))] | length) of \(.leaks | length) with their line"' \
	"$work/watched"
remove_all

done_testing
