#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What trace prints, for people and for scripts: its clocks, columns and colours, the sum of it all, and how it ends.
# Which events it tells is in test_filters.sh, and that none is missing in test_counting.sh.
# shellcheck disable=SC2016,SC2086,SC2317 # the $ are jq's and awk's; options are words; check calls functions
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

calls=$helpers/calls
escape=$(printf '\033')

# ---- the sum -----------------------------------------------------------------------------------

# summed "TRACE OPTIONS" COMMAND...: traces it into $work/out, its last line into $work/sum. A kernel that can be
# preempted anywhere may skip a probe: then once more.
summed() {
	sum_options=$1
	shift
	"$shmtop" trace -J $sum_options -- "$@" >"$work/out" 2>"$work/err" </dev/null 9>&- || return 1
	tail -n 1 "$work/out" >"$work/sum"
	[ "$(jq .lost "$work/sum")" = 0 ]
}
# what it says of itself adds up
adds_up='([.calls[].count] | add) == ([.processes[].count, .other_processes.count] | add)
	and ([.calls[].failed] | add) == ([.processes[].failed, .other_processes.failed] | add)
	and ([.calls[].took_ns] | add) == ([.processes[].took_ns, .other_processes.took_ns] | add)
	and ([.calls[].failed] | add) == ([.failures[].count] | add // 0)
	and .events == ([.ops[]] | add)
	and (.calls | map_values(.count)) == (.ops | {shmget, shmat, shmdt, shmctl})'

check "-s: a program was traced" wait_for 20 summed -s "$calls" -f 7 -k 2 20
check "-s: one line" same "$(wc -l <"$work/out")" 1
check "-s: its calls, each of them" json "$work/sum" '.schema == "shmtop.summary/1"
	and (.calls | map_values(.count)) == {shmget: 29, shmat: 20, shmdt: 20, shmctl: 20}'
check "-s: its failures" json "$work/sum" '.calls.shmget.failed == 7 and .calls.shmget.errors == {ENOENT: 7}
	and (.failures | map([.op, .errno, .count])) == [["shmget", "ENOENT", 7]]
	and .failures[0].explain != null'
check "-s: its process" json "$work/sum" '.processes | map([.comm, .count, .failed]) == [["calls", 89, 7]]'
check "-s: its segments" json "$work/sum" '.segments == {made: 22, ended: 20, left: 2, left_bytes: 8192}'
check "-s: calls take time, and it adds up" json "$work/sum" "$adds_up and (.calls.shmat | .took_ns > .longest_ns
	and .longest_ns > 0)"

check "-S: a program was traced" wait_for 20 summed -S "$calls" -f 3 -k 1 4
check "-S: the events, then their sum" json "$work/out" -s '(map(.schema) | unique | length) == 2
	and last.schema == "shmtop.summary/1" and length - 1 == last.events
	and (map(select(.op).op) | group_by(.) | map({(.[0]): length}) | add)
		== (last.ops | with_entries(select(.value > 0)))
	and ([.[].took_ns // 0] | add) == ([last.calls[].took_ns] | add)'
check "-S: it adds up" json "$work/sum" "$adds_up"

many='for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do '$calls' -f $i 1; done'
check "many processes were traced" wait_for 20 summed -s sh -c "$many"
check "the 20 with most time are told, the rest together" json "$work/sum" "$adds_up"'
	and (.processes | length) == 20 and .other_processes.count > 0
	and ([.calls[].count] | add) == 24 * 4 + 300
	and .processes == (.processes | sort_by(-.took_ns))'

check "-x was traced" wait_for 20 summed "-s -x" "$calls" -f 5 3
check "-x: the sum is that of what it shows" json "$work/sum" "$adds_up"'
	and .events == 5 and .calls.shmget.count == 5 and .segments == null'
check "-o was traced" wait_for 20 summed "-s -o shmget" "$calls" -f 5 -k 2 3
check "-o: the sum is that of what it shows, and segments end all the same" json "$work/sum" "$adds_up"'
	and .events == 10 and .segments == {made: 5, ended: 3, left: 2, left_bytes: 8192}'

# ---- for people --------------------------------------------------------------------------------

row() {
	grep -qE "^ +$1 +$2 .* $3\$" "$work/out"
}
check "as text" status 0 "$shmtop" trace -s -- sh -c "'$calls' -f 4 -k 1 -s 6; '$calls' 2"
check "as text: calls and errors by call" row 13 4 shmget
check "as text: of all" row 39 4 "all calls"
check "as text: by process" grep -qE '^ +31 +4 .* [0-9]+ calls$' "$work/out"
check "as text: failures with a reason" grep -qE '^ +4  shmget +ENOENT +no segment' "$work/out"
check "as text: segments" grep -qx 'segments: 9 made, 8 ended, 1 left (4.00K)' "$work/out"
check "as text: what was changed, and by whom" grep -qE 'IPC_SET .*mode 0600->0640 .* by [0-9]+ calls' "$work/out"
check "as text: no event" test "$(grep -c shmget\( "$work/out")" -eq 0

check "IPC_SET" status 0 "$shmtop" trace -o shmctl -- "$calls" -k 1 -s
check "IPC_SET: what it asks for" grep -qE 'shmctl\([0-9]+, IPC_SET, \{uid=0, gid=0, mode=0640\}\) +=? *0?' "$work/out"

# ---- the end -----------------------------------------------------------------------------------

mkfifo "$work/keep"
"$shmtop" trace -S -o shmget >"$work/out" 9>&- &
trace=$!
called() {
	"$calls" -f 1
	grep -q 'shmget(' "$work/out"
}
check "a trace of everybody" wait_for 20 called
kill -INT "$trace"
check "^C is a good end" wait "$trace"
check "^C: the sum is there" grep -qE '^ +[0-9]+ +[0-9]+ .* shmget$' "$work/out"
check "^C: it counts the events above it" same "$(sed -n 's/ events in .*//p' "$work/out")" \
	"$(grep -c 'shmget(' "$work/out")"
check "-d" status 0 "$shmtop" trace -s -d 0.2
check "-d: the sum is there" grep -qE '^[0-9]+ events in ' "$work/out"

# The command waits until its standard input is closed.
sleep_open() {
	"$shmtop" trace -J -S -n 3 -- "$calls" -w -f 9 <"$work/keep" >"$work/out" 2>"$work/err" 8>&-
}
exec 8<>"$work/keep"
check "-n ends it" sleep_open
check "-n: so many, and their sum" json "$work/out" -s 'length == 4 and last.events == 3 and last.calls.shmget.count == 3'
check "-n: the command goes on, and that is said" grep -q "trace: .* goes on, as process [0-9]" "$work/err"
left=$(sed -n 's/.* goes on, as process //p' "$work/err")
check "-n: it does" test "$(cat "/proc/$left/comm")" = calls
exec 8>&-
gone() {
	[ ! -e "/proc/$left" ]
}
check "-n: its input is its own" wait_for 10 gone

# ---- clocks ------------------------------------------------------------------------------------

# lines "OPTIONS" PATTERN: each line of the trace begins with it.
lines() {
	status 0 "$shmtop" trace $1 -- "$calls" -f 2 3 || return 1
	[ -s "$work/out" ] || return 1
	same "$(grep -cvE "^($2) +[0-9]+ |^    [a-z]" "$work/out")" 0
}
check "the time of day, to the microsecond" lines "" '[0-9:]{8}\.[0-9]{6}'
check "-t: to the second" lines -t '[0-9:]{8}'
check "-ttt: since the epoch" lines -ttt '[0-9]{10}\.[0-9]{6}'
check "-r: since the line before" lines -r ' *[0-9]+\.[0-9]{6}'
check "-r: the first has none before it" grep -qE '^    0\.000000 ' "$work/out"
check "-r -ttt: both" lines "-r -ttt" '[0-9]{10}\.[0-9]{6} +-?[0-9]+\.[0-9]{6}'
check "-r -ttt: they agree" awk '/^[0-9]/ { if (last && ($1 - last - $2) ^ 2 > 9e-12) bad++; last = $1; n++ }
	END { exit bad || !n }' "$work/out"
check "-t now and then" status 2 "$shmtop" trace --time=now
check "-t now and then: what there is" one_line "s, us or epoch"

# ---- columns and colours -----------------------------------------------------------------------

# terminal COLUMNS "ENVIRONMENT" "OPTIONS" COMMAND: traces it on a terminal of that width, into $work/screen.
terminal() {
	env -u NO_COLOR TERM=xterm $2 script -qefc "stty columns $1; exec '$shmtop' trace $3 -- $4" /dev/null \
		</dev/null 2>&1 9>&- | tr -d '\r' >"$work/screen"
}
# Its text without the colours
plain() {
	sed "s/$escape\[[0-9;]*m//g" "$work/screen"
}
widest() {
	plain | awk '/^[0-9 ]/ { if (length > most) most = length } END { print most + 0 }'
}
terminal 160 "" "" "$calls -f 1 1"
check "160 columns: a heading" grep -q 'TIME .* PID COMM .* SHMID CALL .* RESULT .* TOOK' "$work/screen"
check "160 columns: call and result in a line" grep -qE 'shmget\(IPC_PRIVATE, 4.00K, IPC_CREAT\|0600\) += [0-9]+ created +[0-9.]+us' "$work/screen"
below_heading() {
	plain | awk '/^TIME/ { at = index($0, "CALL") }
		/ shm[a-z]+\(/ { if (index($0, "shm") != at) bad++; n++ } END { exit bad || !n }'
}
check "160 columns: all below the heading" below_heading
terminal 80 "" "" "$calls -f 1 1"
check "80 columns: not wider" test "$(widest)" -le 80
check "80 columns: nothing of the call is cut" sh -c \
	"tr -d ' \n' | grep -qF 'shmget(IPC_PRIVATE,4.00K,IPC_CREAT|0600)'" <"$work/screen"
check "80 columns: nor of the result" grep -qE ' ENOENT|^ +ENOENT' "$work/screen"

coloured() {
	grep -q "$escape" "$work/$1"
}
uncoloured() {
	! grep -q "$escape" "$work/$1"
}
check "on a terminal what failed is red" grep -qE "$escape\[31m.*0x7e577e57" "$work/screen"
check "a removal is yellow" grep -qE "$escape\[33m.*IPC_RMID" "$work/screen"
terminal 160 NO_COLOR=1 "" "$calls -f 1 1"
check "NO_COLOR" uncoloured screen
terminal 160 TERM=dumb --color=auto "$calls -f 1 1"
check "TERM=dumb" uncoloured screen
check "a pipe" status 0 "$shmtop" trace -S -- "$calls" -f 1 1
check "a pipe: no colours" uncoloured out
check "a pipe: no heading" test "$(grep -c '^TIME' "$work/out")" -eq 0
check "--color=always on a pipe" status 0 "$shmtop" trace --color=always -- "$calls" -f 1 1
check "--color=always on a pipe: colours" coloured out
check "--color=always: no others than without" same "$(sed "s/$escape\[[0-9;]*m//g" "$work/out" | grep -c .)" \
	"$(grep -c . "$work/out")"
check "--color now and then" status 2 "$shmtop" trace --color=sometimes

# ---- namespaces --------------------------------------------------------------------------------

terminal 200 "" "" "sh -c \"'$calls' 1; '$calls' -i 1\""
check "a command's namespace needs no name" sh -c \
	'plain=$(head -n 1); case $plain in *" NS "*) exit 1 ;; esac' <"$work/screen"
check "until another one comes" sh -c 'grep "^[^ ]*TIME" | tail -n 1 | grep -q " NS "' <"$work/screen"
check "which has its inode" sh -c "grep -qE 'calls +[0-9]{10}.* shmget'" <"$work/screen"
"$shmtop" trace -n 1 -c calls -o shmget >"$work/out" 9>&- &
trace=$!
ended() {
	"$calls" -f 1
	[ -s "$work/out" ]
}
check "everybody's were traced" wait_for 20 ended
wait "$trace"
check "everybody's have a name each" grep -qE 'calls +here +- shmget' "$work/out"

# ---- other shmtops -----------------------------------------------------------------------------

# What they look at is not told; what a program of their name does is.
"$shmtop" trace -J --ns here >"$work/looks" 2>"$work/looks.err" </dev/null 9>&- &
tracer=$!
impostor='$0 = "shmtop"; my $id = shmget(0, 64, 0600) // die; $| = 1;
	do { shmctl($id, 2, my $buffer) or die; select(undef, undef, undef, 0.1) } until -e $ARGV[0];
	shmctl($id, 0, 0) or die'
perl -e "$impostor" "$work/enough" &
impostor=$!
check "a program that is called shmtop is told" wait_for 20 grep -q '"cmd":"IPC_STAT"' "$work/looks"
check "another shmtop looks" status 0 "$shmtop" list
touch "$work/enough"
wait "$impostor"
check "and what comes after it is told" wait_for 20 grep -q '"cmd":"IPC_RMID"' "$work/looks"
kill -INT "$tracer"
wait "$tracer"
check "but not what it looked at" json "$work/looks" -s \
	'all(.[]; .args.cmd != "SHM_INFO" and .args.cmd != "IPC_INFO" and .args.cmd != "SHM_STAT_ANY")'

done_testing
