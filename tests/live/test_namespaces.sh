#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Segments of other IPC namespaces: shown with theirs, never mixed up, and never kept from ending.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

# A state in a namespace inside of this one, next to the one that `hold` makes: other NAME
other() {
	mkfifo "$work/$1.in"
	unshare -i sh -c 'readlink /proc/self/ns/ipc | tr -dc 0-9; echo; exec "$@"' sh \
		"$helpers/holdstate" --segments 2 --leave --size "$inner_size" --touch <"$work/$1.in" >"$work/$1" 9>&- &
	other=$!
	exec 8>"$work/$1.in"
	wait_for 10 grep -q '^ready' "$work/$1"
}

shmem() {
	awk '/^Shmem:/ { print $2 }' /proc/meminfo
}

# Big enough to be missed in the memory of the machine
inner_size=67108864
shmem_before=$(shmem)

hold --segments 1 --size 8192
check "a namespace beside this one" other inner
inner=$(head -n 1 "$work/inner")
maker=$(sed -n 's/^process //p' "$work/inner")

check "list" status 0 "$shmtop" list -J
check "the same shmid in two namespaces is two segments" json "$work/out" \
	--argjson own "$ipcns" --argjson inner "$inner" \
	'[.segments[] | select(.shmid == 0 and (.ipcns == $own or .ipcns == $inner)) | .size]
	| sort == [8192, 67108864]'
check "the other namespace's holders are known" json "$work/out" --argjson inner "$inner" \
	--argjson maker "$maker" '[.segments[] | select(.ipcns == $inner)]
	| length == 2 and all(.nattch == 1 and .holders[0].pid == $maker and .drift == 0)'
check "by the maps files as well" status 0 "$shmtop" list -J --probe=poll
check "by the maps files as well: the same holders" json "$work/out" --argjson inner "$inner" \
	--argjson maker "$maker" '[.segments[] | select(.ipcns == $inner)]
	| length == 2 and all(.nattch == 1 and .holders[0].pid == $maker)'
check "show by namespace" status 0 "$shmtop" show -J "$inner:0"
check "show by namespace: that segment" json "$work/out" --argjson inner "$inner" \
	'.segment.ipcns == $inner and .segment.size == 67108864'

# ---- the end of a namespace

# A view that still held it would keep its segments alive, and their pages. The kernel ends a namespace
# some time after its last process.
"$shmtop" -b -J -d 0.2 >"$work/frames" 8>&- 9>&- &
view=$!
of_inner='[.segments[] | select(.ipcns == $inner and .gone == null)] | length'
shows() {
	[ "$(tail -n 1 "$work/frames" | jq --argjson inner "$inner" "$of_inner" 2>/dev/null)" = "$1" ]
}
check "the view shows its segments" wait_for 20 shows 2

freed() {
	[ "$(shmem)" -lt $((shmem_before + 65536)) ]
}
check "its memory is in use" eval '! freed'
exec 8>&-
wait "$other"
check "the view notices that the namespace ended" wait_for 30 shows 0
pinned() {
	readlink "/proc/$view/fd/"* 2>/dev/null | grep -q "ipc:\[$inner\]"
}
check "no descriptor of the view holds it" eval '! pinned'
check "its memory is free again, while the view is open" wait_for 30 freed
check "its segments ended with it" json "$work/frames" -s --argjson inner "$inner" \
	'any(.[]; any(.events[]?; .op == "destroy" and .ipcns == $inner and .args.reason == "namespace"))'
kill "$view"
check "the view ends well" wait "$view"
release

done_testing
