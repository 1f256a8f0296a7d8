#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shmtop run: the command has its own input, output, signals and keys; its whole tree is followed; what it left
# behind is told, and is an exit status.
# test-timeout: 600
# shellcheck disable=SC2016,SC2086,SC2317 # inner shells expand; options are words; check calls functions
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

report=$work/report
chmod 755 "$work"

# Where calls cannot be followed there is only --isolate.
follows=yes
if [ "${LIVE_RUNG:-}" = poll ] || ! "$shmtop" doctor -J | jq -e '.probe.calls != "none"' >/dev/null; then
	follows=
fi

# followed "what is claimed" COMMAND ARGS...: what takes events
followed() {
	if [ -n "$follows" ]; then
		check "$@"
	else
		skip "$1" "calls are not followed here"
	fi
}

left_behind() {
	ipcs -m | awk '$2 ~ /^[0-9]+$/ { print $2, $5, $6 }'
}

remove_all() {
	for id in $(left_behind | cut -d' ' -f1); do
		ipcrm -m "$id"
	done
}

# ends N ARGS...: shmtop run ARGS ends with this status, and its report is in $report
ends() {
	ends_status=$1
	shift
	rm -f "$report"
	status "$ends_status" "$shmtop" run -o "$report" "$@"
}

# the same, as JSON
ends_json() {
	ends_json_status=$1
	shift
	ends "$ends_json_status" -J "$@"
}

says() {
	grep -qE -e "$1" "$report" && return 0
	sed 's/^/# /' "$report"
	return 1
}

tells() {
	json "$report" "$@"
}

leave="$helpers/holdstate --leave --attach 0"

# Everything that needs no events is seen in the isolated way, too.
modes=isolated
[ -z "$follows" ] || modes="followed isolated"

for mode in $modes; do
	run_options=
	[ "$mode" = followed ] || run_options=--isolate

	# ---- the command is as it would be without shmtop

	check "$mode: status 0" ends 0 $run_options -- true
	check "$mode: nothing is left" says '^left behind: nothing$'
	check "$mode: the command's own status" ends 7 $run_options -- sh -c 'exit 7'
	check "$mode: and 3 as its own" ends 3 $run_options -- sh -c 'exit 3'
	check "$mode: the report has it" says ': status 3 after '
	check "$mode: killed by a signal" ends 137 $run_options -- sh -c 'kill -9 $$'
	check "$mode: the report names the signal" says 'ended by signal 9 '
	check "$mode: ended by SIGTERM" ends 143 $run_options -- sh -c 'kill $$'
	check "$mode: a program that is not there" status 127 "$shmtop" run $run_options -- "$work/none"
	check "$mode: a program that is not there: one line" one_line "$work/none: No such file or directory"
	check "$mode: a command that is not known" status 127 "$shmtop" run $run_options -- shm-no-such-command
	check "$mode: a command that is not known: one line" one_line "shm-no-such-command: command not found"
	check "$mode: a file that is no program" status 126 "$shmtop" run $run_options -- /etc/passwd
	check "$mode: a file that is no program: one line" one_line "/etc/passwd: Permission denied"
	check "$mode: a folder" status 126 "$shmtop" run $run_options -- /etc

	echo from-stdin >"$work/in"
	own_input() {
		"$shmtop" run $run_options -- sh -c 'cat; echo to-stderr >&2' <"$work/in" >"$work/out" 2>"$work/err" 9>&-
	}
	check "$mode: stdin, stdout and stderr" own_input
	check "$mode: stdout is the command's alone" same "$(cat "$work/out")" from-stdin
	check "$mode: stderr is the command's, then the report's" same \
		"$(sed -n '1p; 2,$s/: .*//p' "$work/err" | sort -u | tr '\n' ' ')" "shmtop to-stderr "

	# Signals as they were (one that is ignored stays so), and no descriptor of shmtop's
	inside='grep -E "^Sig(Blk|Ign|Cgt)" /proc/self/status; ls /proc/self/fd; cat'
	sh -c "trap '' USR1; $inside" <"$work/in" >"$work/plain" 9>&-
	inherited() {
		sh -c "trap '' USR1; exec \"\$@\"" sh "$shmtop" run $run_options -o "$report" -- sh -c "$inside" \
			<"$work/in" >"$work/out" 9>&-
	}
	check "$mode: it runs with an ignored signal" inherited
	check "$mode: signals and descriptors are as they were" same "$(cat "$work/out")" "$(cat "$work/plain")"
	closed_pipe() {
		{
			"$shmtop" run $run_options -o "$report" -- yes
			echo $? >"$work/status"
		} | head -n 1 >"$work/out"
	}
	check "$mode: a closed pipe" closed_pipe
	check "$mode: a closed pipe: the command ends by its signal" same "$(cat "$work/status")" 141

	# ---- what is left

	check "$mode: a segment is left: status 3" ends_json 3 $run_options -- $leave
	check "$mode: it is told" tells '.schema == "shmtop.run/1" and .status == 0 and .signal == null
		and (.left | length == 1)
		and (.left[0] | .size == 16384 and .nattch == 0 and .creator.comm == "holdstate")'
	check "$mode: the most at once" tells '.peak == {"segments": 1, "bytes": 16384, "inferred": (.calls == null)}'
	check "$mode: its verdict is sure" tells '.left[0].verdict | .kind == "orphan" and .confidence == "high"
		and (.because | length > 0)'
	check "$mode: the command is named" tells --arg program "$helpers/holdstate" \
		'.command == [$program, "--leave", "--attach", "0"]'
	check "$mode: the command's own failure is its status" ends_json 5 $run_options -- \
		sh -c "$leave </dev/null; exit 5"
	check "$mode: and what is left is told all the same" tells '.status == 5 and (.left | length == 1)'
	check "$mode: in words" ends 3 $run_options -- $leave --segments 3
	check "$mode: in words: how many" says '^left behind: 3 segments, 49152 bytes \(48.0K\)'
	check "$mode: in words: whose" says '^  made by .*holdstate'
	check "$mode: removed at the end: status 0" ends 0 $run_options -- "$helpers/holdstate"
	check "$mode: removed while it is attached" ends 0 $run_options -- "$helpers/holdstate" --dest --leave
	check "$mode: a mailbox is meant to stay" ends 0 $run_options -- $leave --key 0x4e545031
	remove_all

	# ---- the whole tree

	check "$mode: children and grandchildren" ends_json 3 $run_options -- \
		sh -c "(sh -c '$leave </dev/null; true'; true) & $leave </dev/null; wait"
	check "$mode: children and grandchildren: both" tells '.left | length == 2'

	# A daemon that leaves its parent, its session and its terminal makes its segment when the command is
	# long gone.
	daemon="setsid sh -c 'until [ -e $work/go ]; do sleep 0.05; done; $leave </dev/null; : >$work/done' >/dev/null 2>&1 &"
	rm -f "$work/go" "$report"
	"$shmtop" run $run_options --grace 60 -J -o "$report" -- sh -c "($daemon) </dev/null" >"$work/out" 2>"$work/err" \
		</dev/null 9>&- &
	runner=$!
	check "$mode: a daemon is waited for, and named" \
		wait_for 20 grep -qE 'waiting up to 60 s for what it left running: [0-9]+ sh ' "$work/err"
	: >"$work/go"
	wait "$runner"
	check "$mode: a daemon's segment is its status" same "$?" 3
	check "$mode: a daemon's segment" tells '(.left | length == 1) and .running == []'

	rm -f "$work/go" "$work/done"
	check "$mode: --grace 0 does not wait" ends_json 3 $run_options --grace 0 -- sh -c "$leave </dev/null; $daemon"
	check "$mode: --grace 0: it says who runs" tells '.running | length == 1 and .[0].pid > 1'
	: >"$work/go"
	wait_for 20 test -e "$work/done"
	remove_all

	# A shell that becomes shmtop leaves it children that are none of the command's.
	strangers() {
		timeout 20 sh -c 'sleep 30 & echo $! >"$1"; shift; exec "$@"' sh "$work/stranger" \
			"$shmtop" run $run_options --grace 60 -o "$report" -- sh -c 'sleep 0.1 &'
	}
	check "$mode: strangers are not waited for" strangers
	kill "$(cat "$work/stranger")"

	# ---- signals

	rm -f "$work/runs"
	"$shmtop" run $run_options -o "$report" -- \
		sh -c "trap 'exit 9' TERM; : >$work/runs; while :; do sleep 0.05; done" </dev/null 9>&- &
	runner=$!
	wait_for 20 test -e "$work/runs"
	kill -TERM "$runner"
	wait "$runner"
	check "$mode: SIGTERM is passed on" same "$?" 9
	check "$mode: and the report comes" says ': status 9 after '

	# ---- suppressions

	cat >"$work/known" <<-END
		# what is known
		comm=hold* key=0x1234567?
		comm=nobody
	END
	check "$mode: what is known to stay is no failure" ends_json 0 $run_options --suppress "$work/known" -- \
		$leave --key 0x12345678
	check "$mode: what was suppressed is counted" tells '.left == []
		and [.suppressed[] | [.line, .count]] == [[2, 1], [3, 0]]'
	remove_all
	check "$mode: the rest is told" ends 3 $run_options --suppress "$work/known" -- \
		$leave --segments 2 --key 0x1234567f
	check "$mode: in words: suppressed" says "^suppressed: 1 segment by $work/known\$"
	check "$mode: in words: one line was of no use" says "^unused: $work/known:3: comm=nobody\$"
	check "$mode: in words: the rest" says '^left behind: 1 segment, '
	remove_all
	printf 'comm=x\nsize=4\n' >"$work/wrong"
	check "$mode: a line that is wrong" status 2 "$shmtop" run $run_options --suppress "$work/wrong" -- touch "$work/ran"
	check "$mode: a line that is wrong: its place" one_line "$work/wrong:2: 'size=4'"
	check "$mode: no such file" status 2 "$shmtop" run $run_options --suppress "$work/none" -- touch "$work/ran"
	check "$mode: no such file: one line" one_line "$work/none"
	check "$mode: a report that cannot be written" status 1 "$shmtop" run $run_options -o "$work/none/report" -- \
		touch "$work/ran"
	check "$mode: a report that cannot be written: one line" one_line "$work/none/report"
	check "$mode: nothing was run then" test ! -e "$work/ran"
	full() {
		"$shmtop" run $run_options -o /dev/full -- true 2>"$work/err" 9>&-
	}
	full
	check "$mode: a full disk: status 1" same "$?" 1
	check "$mode: a full disk: one line" one_line "No space left on device"
done

# ---- calls

followed "calls and failures" ends_json 0 -- perl -e '
	shmget(0x11, 4096, 0600); shmget(0x11, 4096, 0600);
	my $id = shmget(0x11, 4096, 01600) // die; shmget(0x11, 4096, 03600);
	my $two = shmget(0, 8192, 01600) // die;
	shmctl($id, 0, 0) // die; shmctl($two, 0, 0) // die;'
followed "calls and failures: counted" tells '(.calls.shmget | {count, failed, errors}) == {"count": 5, "failed": 3,
	"errors": {"ENOENT": 2, "EEXIST": 1}} and .calls.shmctl.count == 2 and .made == 2 and .probe.lost == 0
	and .peak == {"segments": 2, "bytes": 12288, "inferred": false}'
if [ -n "$follows" ]; then
	rm -f "$work/runs" "$report"
	"$shmtop" run -J -o "$report" -- sh -c ": >$work/runs; until [ -e $work/others ]; do sleep 0.05; done" </dev/null 9>&- &
	runner=$!
	wait_for 20 test -e "$work/runs"
	$leave </dev/null >/dev/null
	: >"$work/others"
	wait "$runner"
	check "what others leave is none of the command's" same "$?" 0
	check "what others do is not counted" tells '.calls.shmget.count == 0 and .made == 0 and .left == []'
	remove_all
fi

# ---- where it was made

if [ -n "$follows" ] && ends_json 3 -- "$helpers/creator" --fork && tells '.left[0].verdict.stack != null' >/dev/null; then
	check "the stack of a process that is gone" tells '[.left[0].verdict.stack[].function] as $names
		| ["c", "b", "creator_a", "main"] | all(. as $name | $names | index($name) != null)'
	check "its lines" tells 'all(.left[0].verdict.stack[] | select(.function == "c" or .function == "b");
		(.file | endswith("creator.c")) and .line > 0)'
	check "in words" ends 3 -- "$helpers/creator" --count 2
	check "in words: the call site" says '^  made by .*creator at c creator.c:[0-9]+$'
	check "in words: the callers" says '^    b creator.c:[0-9]+$'
	check "in words: not what starts a program" same "$(grep -c '_start' "$report")" 0
	check "every frame" ends 3 -k -- "$helpers/creator"
	check "every frame: where it lies" says '^    c creator.c:[0-9]+  \(.*/creator\+0x[0-9a-f]+\)$'
	check "every frame: what starts a program, too" says '^    _start'
	echo "function=creator_?" >"$work/known"
	check "suppressed by a function" ends 0 --suppress "$work/known" -- "$helpers/creator"
	check "no stacks" ends_json 3 --stacks off -- "$helpers/creator"
	check "no stacks: none" tells '.left[0].verdict.stack == null'
	remove_all
else
	skip "where it was made" "no stacks are taken here"
	remove_all
fi

# ---- in use by others: none that is left behind

if [ -n "$follows" ]; then
	hold_later="until [ -e $work/attached ]; do sleep 0.05; done"
	rm -f "$work/attached"
	: >"$work/made"
	"$shmtop" run -J -o "$report" -- sh -c "$leave --key 0x7777 </dev/null >$work/made; $hold_later" </dev/null 9>&- &
	runner=$!
	wait_for 20 grep -q ready "$work/made"
	hold --key 0x7777 --leave
	: >"$work/attached"
	wait "$runner"
	check "what others have attached is not left behind" same "$?" 0
	check "what others have attached is not told" tells '.made == 1 and .left == []'
	release
	remove_all
fi

# ---- what goes wrong costs nothing

echo old >"$work/kept"
check "a command that is not there leaves an earlier report alone" status 127 \
	"$shmtop" run --isolate -o "$work/kept" -- /no/such/command
check "a command that is not there: the report is the old one" same "$(cat "$work/kept")" old
check "one that stops itself, and is continued by its own" status 0 timeout 20 "$shmtop" run --isolate -- \
	sh -c '(sleep 0.3; kill -CONT $$) & kill -STOP $$; wait'

# ---- isolated

check "isolated: its segments are not ours" ends 3 --isolate -- $leave
check "isolated: none is left here" same "$(left_behind)" ""
check "isolated: it sees none of ours" ends 0 --isolate -- sh -c "test \"\$(readlink /proc/self/ns/ipc)\" != 'ipc:[$ipcns]'"

# Not the one that the kernel shows for those who have no name in a user namespace
as_nobody() {
	setpriv --reuid=54321 --regid=54321 --clear-groups "$@"
}
cp "$helpers/holdstate" "$work/holdstate"
chmod 755 "$work/holdstate"
nobody_leaves() {
	as_nobody "$shmtop" run --isolate -J -- "$work/holdstate" --leave --attach 0 </dev/null >"$work/out" 2>"$report" 9>&-
	same "$?" 3
}
if as_nobody unshare -U true 2>/dev/null; then
	check "isolated, as nobody: status 3" nobody_leaves
	check "isolated, as nobody: the segment and its creator" tells '.calls == null and .peak.inferred
		and (.left | length == 1) and .left[0].uid == 54321 and .left[0].creator.comm == "holdstate"'
	check "isolated, as nobody: one's own user" same \
		"$(as_nobody "$shmtop" run --isolate -- id -u 2>/dev/null)" 54321
	check "isolated, as nobody: no right of root" same \
		"$(as_nobody "$shmtop" run --isolate -- grep ^CapEff /proc/self/status 2>/dev/null | cut -f2)" \
		0000000000000000
else
	skip "isolated, as nobody" "no user namespace for nobody here"
fi
check "as nobody, not isolated: status 1" status 1 as_nobody "$shmtop" run -- touch "$work/ran"
check "as nobody, not isolated: what to do" one_line "--isolate"
check "as nobody, not isolated: nothing was run" test ! -e "$work/ran"
check "on the poll rung, not isolated: status 1" status 1 "$shmtop" run --probe=poll -- true
# A system that allows no user namespace: its limit is one's own in a user namespace.
forbidden='echo 0 >/proc/sys/user/max_user_namespaces || exit 77
exec setpriv --bounding-set=-all --inh-caps=-all "$@"'
if unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_user_namespaces' 2>/dev/null; then
	check "no user namespaces: status 1" status 1 unshare -Ur sh -c "$forbidden" sh \
		"$shmtop" run --isolate -- touch "$work/ran"
	check "no user namespaces: what to do" one_line "user.max_user_namespaces"
	check "no user namespaces: nothing was run" test ! -e "$work/ran"
else
	skip "no user namespaces" "their number cannot be limited here"
fi

# ---- the terminal

# A shell with job control, at the other end of a pty that types for us
session() {
	rm -f "$work/keys" "$work/runs" "$report"
	mkfifo "$work/keys"
	TERM=dumb PS1='' $default_signals script -qefc 'sh -i' /dev/null <"$work/keys" >"$work/screen" 2>&1 9>&- &
	session=$!
	exec 8>"$work/keys"
}
type_line() {
	printf '%s\n' "$1" >&8
}
session_ended() {
	case $(ps -o state= -p "$session") in
	'' | Z*) ;;
	*) return 1 ;;
	esac
}
# What is still there loses its terminal.
end_session() {
	type_line exit
	exec 8>&-
	wait_for 20 session_ended || kill "$session"
	wait "$session"
}
shown() {
	wait_for 20 grep -qE "$1" "$work/screen" && return 0
	sed 's/^/# /' "$work/screen"
	return 1
}
# state_of FILE: of the process whose pid is there, as ps has it
state_of() {
	ps -o state= -p "$(cat "$1")" | cut -c1
}
is_in_state() {
	case "$2" in
	*"$(state_of "$1")"*) ;;
	*) return 1 ;;
	esac
}

# What a shell starts in the background ignores ^C, and all that comes of it.
default_signals="env --default-signal=INT,QUIT"
if command -v script >/dev/null && $default_signals true 2>/dev/null; then
	loop="echo \$\$ >$work/runs.new; mv $work/runs.new $work/runs; while :; do sleep 0.05; done"

	session
	type_line "$shmtop run --isolate -o $report -- sh -c \"trap 'exit 4' INT; $(echo "$loop" | sed 's/\$/\\$/g')\"; echo ended-\$?"
	check "^C: the command runs" wait_for 20 test -e "$work/runs"
	printf '\003' >&8
	check "^C reaches the command, and shmtop has its status" shown 'ended-4'
	check "^C: the report came" says ': status 4 after '
	end_session

	# The first ^C ends the command, the next one the wait for what it left running.
	session
	type_line "$shmtop run --isolate --grace 600 -o $report -- sh -c \"setsid sleep 300 & $(echo "$loop" | sed 's/\$/\\$/g')\"; echo ended-\$?"
	check "^C twice: the command runs" wait_for 20 test -e "$work/runs"
	printf '\003' >&8
	check "^C twice: the rest is waited for" shown 'waiting up to 600 s for what it left running: [0-9]+ sleep '
	printf '\003' >&8
	check "^C twice: the wait has an end" shown 'ended-130'
	check "^C twice: the report came" says '^still running: 1 process: [0-9]+ sleep$'
	kill "$(sed -n 's/^still running: 1 process: \([0-9]*\) sleep$/\1/p' "$report")"
	end_session

	session
	type_line "$shmtop run --isolate -o $report -- sh -c \"trap 'exit 6' USR1; $(echo "$loop" | sed 's/\$/\\$/g')\""
	check "^Z: the command runs" wait_for 20 test -e "$work/runs"
	ps -o ppid= -p "$(cat "$work/runs")" | tr -d ' ' >"$work/parent"
	printf '\032' >&8
	check "^Z stops the command" wait_for 20 is_in_state "$work/runs" T
	check "^Z stops shmtop" wait_for 20 is_in_state "$work/parent" T
	type_line fg
	check "fg continues shmtop" wait_for 20 is_in_state "$work/parent" SRD
	check "fg continues the command" wait_for 20 is_in_state "$work/runs" SRD
	kill -USR1 "$(cat "$work/runs")"
	wait_for 20 test -s "$report"
	type_line 'echo ended-$?'
	check "^Z and fg: the status is the command's" shown 'ended-6'
	end_session
else
	skip "the terminal" "script, or an env with --default-signal, is missing"
fi

check "nothing is left of all this" same "$(left_behind)" ""

done_testing
