#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shmtop rm: what it shows, whom it asks, what it refuses, and that it removes what was meant and nothing else.
# shellcheck disable=SC2016,SC2086,SC2317 # inner shells expand; options are words; check calls functions
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

chmod 755 "$work"
left_behind() {
	ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2 }'
}
exists() {
	left_behind | grep -qxF "$1"
}
lacks() {
	! exists "$1"
}
said() {
	grep -qE -e "$1" "$work/out" && return 0
	sed 's/^/# /' "$work/out"
	return 1
}
# make OPTIONS...: a segment that stays; its id is $made
make() {
	made=$("$helpers/holdstate" --leave --attach 0 "$@" </dev/null | sed -n 's/^segment //p')
}

# ---- what is wrong

check "no ID" status 2 "$shmtop" rm
check "no ID: one line" one_line "wants IDs"
check "what is no ID" status 2 "$shmtop" rm --yes 12x
check "what is no ID: one line" one_line "'12x' is no ID"
make
check "one of two is no ID" status 2 "$shmtop" rm --yes "$made" 0xfoo
check "one of two is no ID: nothing is done" exists "$made"
check "no such segment" status 1 "$shmtop" rm --yes 424242
check "no such segment: one line" one_line "no segment '424242' now"
check "without a terminal" status 2 "$shmtop" rm "$made"
check "without a terminal: what to do" one_line "--yes"
check "without a terminal: nothing is done" exists "$made"

# ---- removal

check "by shmid" status 0 "$shmtop" rm -y "$made"
check "by shmid: it is gone" lacks "$made"
check "by shmid: what it was" said "^$made in here: 16.0K, key -, owner root, age .*, made by [0-9]+\+"
check "by shmid: what it is taken for" said '^  new: made or last used [0-9]+s ago, nobody has attached it yet$'
check "by shmid: nobody had it" said '^  attached by nobody$'
check "by shmid: what came back" said "^segment $made removed: 0 of memory came back\$"
make --key 0x5200abcd
check "by key" status 0 "$shmtop" rm --yes 0x5200abcd
check "by key: it is gone" lacks "$made"
make --size 8192
check "by namespace" status 0 "$shmtop" rm --yes "$ipcns:$made"
check "by namespace: it is gone" lacks "$made"
# Every namespace begins with shmid 0: one that is not one's own must be named.
mkfifo "$work/far"
unshare -i "$helpers/holdstate" --attach 0 --key 0x5200f0f0 <"$work/far" >"$work/far.out" 2>&1 &
far=$!
exec 8>"$work/far"
check "another namespace's: it stands" wait_for 10 grep -q '^ready' "$work/far.out"
check "another namespace's, not named" status 1 "$shmtop" rm --yes 0x5200f0f0
check "another namespace's, not named: how it is" one_line "name it as "
named=$(sed -n 's/.*name it as //p' "$work/err")
check "another namespace's, named" status 0 "$shmtop" rm --yes "${named:-none}"
exec 8>&-
wait "$far"
make
other=$made
make
check "several, one of which is none: status 1" status 1 "$shmtop" rm --yes "$made" 424242 "$other"
check "several: the others are gone" same "$(left_behind)" ""

# ---- attached

hold --touch
held_id=$(held_segment)
check "attached: status 1" status 1 "$shmtop" rm --yes "$held_id"
check "attached: one line" one_line "$held_id is attached: not removed"
check "attached: by whom" said "^  1 attachment, by $(sed -n 's/^process //p' "$work/held") holdstate\$"
check "attached: it stays as it was" same "$("$shmtop" list -J | jq -c --argjson id "$held_id" --argjson ns "$ipcns" \
	'.segments[] | select(.shmid == $id and .ipcns == $ns) | .flags')" '[]'
check "--force" status 0 "$shmtop" rm --yes --force "$held_id"
check "--force: it ends later" said "^segment $held_id marked dest: it ends when the last of 1 attachment is let go, then 16.0K of memory come back\$"
check "--force: it is marked" same "$("$shmtop" list -J | jq -c --argjson id "$held_id" --argjson ns "$ipcns" \
	'.segments[] | select(.shmid == $id and .ipcns == $ns) | .flags')" '["dest"]'
check "once more: status 1" status 1 "$shmtop" rm --yes --force "$held_id"
check "once more: it is removed already" one_line "$held_id is removed already"
release
check "its holder gone, it is" lacks "$held_id"

# ---- others' segments

as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
make
check "another's: status 1" status 1 as_nobody "$shmtop" rm --yes "$made"
check "another's: one line" one_line "its owner, its creator or root may remove it"
check "another's: it stays" exists "$made"
ipcrm -m "$made"

# In another namespace, where ids collide with ours. It lives as long as a process in it.
mkfifo "$work/there"
unshare -i sh -c "$helpers/holdstate --leave --attach 0 </dev/null >$work/there.made; readlink /proc/self/ns/ipc >$work/there.ns
	read -r _ <$work/there; ipcs -m >$work/there.left" 9>&- &
there=$!
wait_for 20 test -s "$work/there.ns"
there_ns=$(tr -dc 0-9 <"$work/there.ns")
there_id=$(sed -n 's/^segment //p' "$work/there.made")
check "in another namespace" status 0 "$shmtop" rm --yes "$there_ns:$there_id"
echo >"$work/there"
wait "$there"
check "in another namespace: it is gone" same "$(awk '$2 ~ /^[0-9]+$/' "$work/there.left")" ""

# ---- a terminal is asked

default_signals="env --default-signal=INT,QUIT"
# asked ARGS...: shmtop rm ARGS at a terminal; what is written to descriptor 8 is typed
asked() {
	rm -f "$work/keys" "$work/screen"
	: >"$work/screen"
	mkfifo "$work/keys"
	$default_signals script -qefc "exec $shmtop rm $*" /dev/null <"$work/keys" >"$work/screen" 2>&1 9>&- &
	asking=$!
	exec 8>"$work/keys"
}
asks() {
	wait_for 20 grep -qF "$1 [y/N]" "$work/screen"
}
# answered TEXT STATUS
answered() {
	printf '%s\n' "$1" >&8
	answer_status=0
	wait "$asking" || answer_status=$?
	exec 8>&-
	same "$answer_status" "$2" && return 0
	sed 's/^/# /' "$work/screen"
	return 1
}

if command -v script >/dev/null && $default_signals true 2>/dev/null; then
	make
	asked "$made"
	check "a terminal is asked" asks "Remove it?"
	check "no: status 1" answered "" 1
	check "no: it stays" exists "$made"
	asked "$made"
	asks "Remove it?"
	check "yes: status 0" answered y 0
	check "yes: it is gone" lacks "$made"

	# It takes somebody a while to answer.
	make --key 0x66
	asked "$made"
	asks "Remove it?"
	hold --key 0x66 --leave
	check "attached meanwhile: status 1" answered y 1
	check "attached meanwhile: told" grep -q "$made was attached meanwhile: not removed" "$work/screen"
	release
	check "attached meanwhile: it stays" exists "$made"
	asked "$made"
	asks "Remove it?"
	ipcrm -m "$made"
	check "gone meanwhile: status 1" answered y 1
	check "gone meanwhile: told" grep -q "$made is gone already" "$work/screen"

	# The same id, another segment
	make
	asked "$made"
	asks "Remove it?"
	ipcrm -m "$made"
	if sh -c "echo $made >/proc/sys/kernel/shm_next_id" 2>/dev/null; then
		old=$made
		make --size 4096
		check "another one by then: it has the id" same "$made" "$old"
		check "another one by then: status 1" answered y 1
		check "another one by then: told" grep -qE "$made (was changed, or is another|is gone)" "$work/screen"
		check "another one by then: it stays" exists "$made"
		ipcrm -m "$made"
	else
		answered n 1
		skip "another one by then" "the next id cannot be chosen here"
	fi

	make
	other=$made
	make
	asked "$made" "$other"
	asks "Remove it?"
	printf 'n\n' >&8
	wait_for 20 sh -c "test \"\$(grep -cF 'Remove it? [y/N]' '$work/screen')\" -ge 2"
	check "each is asked for: status 1" answered y 1
	check "each is asked for: one stays" exists "$made"
	check "each is asked for: one is gone" lacks "$other"
	ipcrm -m "$made"
else
	skip "a terminal is asked" "script, or an env with --default-signal, is missing"
fi

check "nothing is left of all this" same "$(left_behind)" ""

done_testing
