#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What people suffer from, made for real, and the one command whose output has the answer: the table "What do you
# want to know?" of the README.
# shellcheck disable=SC2016,SC2046,SC2086,SC2317 # inner shells expand; options are words; check calls functions
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"
# shellcheck source=tests/live/helpers/postgres.sh
. tests/live/helpers/postgres.sh

# said PATTERN...: each is in what the last command printed.
said() {
	for pattern; do
		grep -qE -e "$pattern" "$work/out" && continue
		echo "# no line has: $pattern"
		sed 's/^/# /' "$work/out"
		return 1
	done
}
list_has() {
	"$shmtop" list -J -F ns=here >"$work/list" && json "$work/list" ".segments | $1"
}
remove() {
	"$shmtop" rm --yes --force "$@" >/dev/null
}
key_of() {
	printf '0x%08x' "$1"
}
# why COMMAND...: it fails; trace says why, in $work/out.
why() {
	"$shmtop" trace -x -- "$@" >"$work/out" 2>"$work/err" </dev/null 9>&-
	grep -qE '= ?E[A-Z]+|E[A-Z]+ ' "$work/out" && return 0
	sed 's/^/# /' "$work/out" "$work/err"
	return 1
}
# KEY SIZE FLAGS, each 0x... or octal: one shmget
get='shmget(oct $ARGV[0], oct $ARGV[1], oct $ARGV[2]) // exit 1'
as_nobody='setpriv --reuid=65534 --regid=65534 --clear-groups'

# ---- PostgreSQL: "pre-existing shared memory block is still in use"

stuck_server() {
	postgres_start
	wait_for 30 postgres_ready || return 1
	postgres_session
	wait_for 20 eval '[ -n "$(postgres_sleepers)" ]' || return 1
	backend=$(postgres_sleepers)
	kill -STOP "$backend"
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	wait_for 30 list_has "length == 1 and (.[0].holders | map(.pid) == [$backend])" || return 1
	postgres_start
	wait "$server" 2>/dev/null
	block=$(sed -n 's/.*pre-existing shared memory block (key \([0-9]*\), ID \([0-9]*\)).*/\1 \2/p' \
		"$work/postgres.log" | tail -n 1)
	[ -n "$block" ]
}
if [ -n "$postgres_bin" ]; then
	hold --attach 1
	check "a PostgreSQL cluster" status 0 postgres_init
	# In a namespace of its own, as in a pod: the first segment of each has the id 0.
	mkfifo "$work/pod"
	unshare -i sh -c '. tests/live/helpers/postgres.sh; work=$1; postgres_start
		echo "$server" >"$work/pod.pid"; read -r line; kill -INT "$server"; wait "$server"' sh "$work" \
		<"$work/pod" 9>&- &
	pod=$!
	exec 8>"$work/pod"
	check "2: PostgreSQL in a namespace of its own" wait_for 30 postgres_ready
	place=$(readlink "/proc/$(cat "$work/pod.pid")/ns/ipc" | tr -dc 0-9)
	check "2: the id in two namespaces" status 0 "$shmtop" list -o ns,shmid,owner,holders
	check "2: a row each, with its holders" said "^here .* 0 root +$(sed -n 's/^process //p' "$work/held")\$" \
		"^$place .* 0 $postgres_user +$(cat "$work/pod.pid") "
	check "2: by namespace and id" status 0 "$shmtop" show "$place:0"
	check "2: who holds it there" said "^Namespace .*$place" "^ +$(cat "$work/pod.pid") postgres"
	exec 8>&-
	wait "$pod"
	release

	check "1: a stopped backend holds what its killed server made" stuck_server
	check "1: who holds it" status 0 "$shmtop" show "$(key_of "${block%% *}")"
	check "1: its pid, since when, that it is stopped, its command line" said \
		"^ +$backend postgres .* stopped +postgres: "
	check "1: its creator is gone" said '^Creator +[0-9]+ .*gone'
	check "1: by the figures of PostgreSQL's message" status 0 "$shmtop" show "${block#* }"
	check "1: the key of the message, as it stands there" status 0 "$shmtop" show "${block%% *}"
	check "1: by the key: the same segment" said "^Segment +${block#* }\$"
	kill -KILL "$backend"
	check "1: PostgreSQL starts once it has let go" eval 'wait_for 20 list_has "all(.nattch == 0)" &&
		postgres_start && wait_for 30 postgres_ready'
	kill -INT "$server"
	wait "$server"
	check "1: and removes its segment" wait_for 20 list_has 'length == 0'
else
	skip "1 and 2: PostgreSQL" "it is not installed"
fi

# ---- segments that stay

# 4 and 5 take looks that lie seconds apart: what grows is told by how it grew.
view() {
	"$shmtop" -b -J -d 1 -F ns=here >"$work/view" 2>"$work/view.err" </dev/null 9>&- 8>&- &
	viewer=$!
	wait_for 20 test -s "$work/view"
}
view_has() {
	tail -n 1 "$work/view" >"$work/frame" && json "$work/frame" "$1"
}
view_end() {
	kill -INT "$viewer"
	wait "$viewer"
}
again() {
	echo >&8
	sleep 0.5
	view_has "$1"
}

view
"$BUILD/shm-leak-demo" --rate 20 --leaks 1000 >/dev/null 2>&1 9>&- 8>&- &
leaker=$!
check "4: who leaks: growth by creator, and the verdict" wait_for 60 view_has \
	'any(.segments[]; .verdict.kind == "growing" and .creator.comm == "shm-leak-demo")'
kill -INT "$leaker"
wait "$leaker" 2>/dev/null
view_end
remove $("$shmtop" list -J -F ns=here | jq '.segments[].shmid')

mkfifo "$work/client"
view
"$helpers/pinner" <"$work/client" >"$work/pinner" 9>&- &
pinner=$!
exec 8>"$work/client"
check "5: removed segments that one stranger holds, more and more" wait_for 60 again \
	'any(.segments[]; .verdict.kind == "dest-pinned")'
view_end
id=$(sed -n 's/^segment //p' "$work/pinner" | tail -n 1)
display=$(sed -n 's/^server //p' "$work/pinner")
check "5, 8: one that does not go" status 0 "$shmtop" show "$id"
check "5, 8: removed, and who alone holds it" said '^State .*removed' "^ +$display Xdisplay "
exec 8>&-
wait "$pinner"

# Two databases crashed; one is up again.
hold --attach 1 --key 0x0ac1
second=$("$helpers/holdstate" --leave --key 0x0ac2 </dev/null | sed -n 's/^segment //p')
check "7: which one is an orphan" status 0 "$shmtop" list -o shmid,key,owner,nattch,creator,verdict -F ns=here
check "7: one is in use, the other not" said '^ +[0-9]+ 0x00000ac1 .* in-use' \
	'^ +[0-9]+ 0x00000ac2 .* [0-9]+\+.* (new|orphan)'
check "7: the wrong one is not removed" status 1 "$shmtop" rm --yes 0x0ac1
check "7: the right one is" status 0 "$shmtop" rm --yes "$second"
release

# ---- who removed it

cp "$(command -v ipcrm)" "$work/systemd-logind"
removed_by_logind() {
	"$shmtop" trace --ns here -o shmctl,destroy -n 2 >"$work/out" 2>"$work/err" </dev/null 9>&- &
	tracer=$!
	until_told() {
		id=$("$helpers/holdstate" --leave </dev/null | sed -n 's/^segment //p')
		"$work/systemd-logind" -m "$id" && ! kill -0 "$tracer" 2>/dev/null
	}
	wait_for 20 until_told
	wait "$tracer"
}
check "9: who removes them" removed_by_logind
check "9: its name, the call, and the end" said 'systemd-logind .* shmctl\([0-9]+, IPC_RMID\)' \
	'systemd-logind .* destroy'

# ---- why it fails

id=$("$helpers/holdstate" --leave --key 0x0e10 --size 4096 </dev/null | sed -n 's/^segment //p')
if "$shmtop" doctor -J | jq -e '.probe.calls != "none"' >/dev/null; then
	check "10: a smaller one has the key" why perl -e "$get" 0x0e10 0x2000 01600
	check "10: both sizes" said '8\.?0*0?K.*4\.?0*0?K|8192.*4096|4096.*8192'
	check "10: one that is gone by now" why perl -e 'my $id = shmget(0x0e11, 4096, 01600) // die;
		shmget(0x0e11, 8192, 0); shmctl($id, 0, 0)'
	check "10: both sizes all the same" said 'smaller than the 8.00K asked for: 4.00K'
	check "11: a size that wrapped" why perl -e "$get" 0 0xffffffffffffe000 01600
	check "11: what was asked for, against SHMMAX" said 'SHMMAX'
	check "15: no permission" why $as_nobody perl -e "$get" 0x0e10 0x1000 0666
	check "15: mode and owner, and who asked" said 'of root .*mode 0600.*nobody'
	sysctl -qw kernel.shmmni=1
	check "3: no room for one more" why perl -e "$get" 0 0x1000 01600
	check "3: SHMMNI, how many are in use" said 'SHMMNI'
	sysctl -qw kernel.shmmni=4096 kernel.shmall=2
	check "6: no pages for so much" why perl -e "$get" 0 0x10000 01600
	check "6: SHMALL, and the sum" said 'SHMALL'
	sysctl -qw kernel.shmall=18446744073692774399
	check "12: huge pages" why $as_nobody perl -e "$get" 0 0x200000 05600
	check "12: the group, or the pool" said 'hugetlb_shm_group|huge pages'
	hold --attach 1
	elsewhere=$(held_segment)
	check "13: an id of another namespace" why unshare -i perl -e \
		'syscall(($^O eq "linux" && `uname -m` =~ /x86_64/) ? 30 : 196, $ARGV[0] + 0, 0, 0) != -1 or exit 1' \
		"$elsewhere"
	check "13: where it is, and where the caller is" said "$ipcns|namespace"
	release
else
	lacks_rung "3, 6, 10 to 13, 15: why calls fail" "calls are not followed here"
fi
remove "$id"

# ---- limits

sysctl -qw kernel.shmmni=3
hold --segments 3 --size 4096
check "3: how full it is" status 0 "$shmtop" doctor
check "3: 3 of 3, who made them, and that pages are not the matter" said 'SHMMNI.* 3 of 3' 'holdstate'
check "14: set in one namespace, and in force there alone" said \
	'other limits in here .*SHMMNI 3 \(host [0-9]+\)' 'what is set in one reaches no other'
sysctl -qw kernel.shmmni=4096
release
sets=$(sysctl -n kernel.sem | awk '{ print $4 }')
sysctl -qw kernel.sem="$(sysctl -n kernel.sem | awk '{ print $1, $2, $3, 1 }')"
set=$(ipcmk -S 1 | tr -dc '0-9\n' | tail -n 1)
check "16: it is not shared memory: semaphore sets are full" status 0 "$shmtop" doctor
check "16: 1 of 1" said 'semaphore sets.* 1 of 1'
ipcrm -s "$set"
sysctl -qw kernel.sem="$(sysctl -n kernel.sem | awk -v sets="$sets" '{ print $1, $2, $3, sets }')"

# ---- tests that leak

check "17: a suite that leaks ends with 3" status 3 "$shmtop" run -- "$helpers/holdstate" --leave
check "17: how much is left" grep -q 'left behind: 1 segment' "$work/err"
check "17: and the command that removes it" eval \
	'remove "$(sed -n "s/.*shmtop rm \([0-9:]*\)$/\1/p" "$work/err" | tail -n 1)" && list_has "length == 0"'

done_testing
