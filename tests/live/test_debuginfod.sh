#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Debug information that is nowhere installed, from a debuginfod server: with --debuginfod, and never without.
# test-timeout: 300
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

for program in debuginfod-find dwz objcopy strip readelf perl; do
	command -v "$program" >/dev/null || skip_all "$program is missing"
done
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
chmod 755 "$work"

# ---- a program without debug information, and a server that has it

served=$work/served
mkdir "$served" "$work/debug" "$work/bin"
for program in creator creator-static holdstate; do
	cp "$helpers/$program" "$work/$program"
	objcopy --only-keep-debug "$work/$program" "$work/debug/$program"
	strip "$work/$program"
done
mv "$work/creator" "$work/sought"
sought=$work/sought

id_of() {
	readelf -n "$1" 2>/dev/null | sed -n 's/.*Build ID: //p'
}
id=$(id_of "$sought")

perl tests/live/helpers/debuginfod.pl "$served" &
server=$!
live_end() {
	release
	kill "$server"
	rm -rf "$work"
}
wait_for 10 test -e "$served/port"
port=$(cat "$served/port")

# What of this machine's user could play a part
unset SUDO_UID SUDO_GID DEBUGINFOD_TIMEOUT DEBUGINFOD_VERBOSE DEBUGINFOD_PROGRESS
DEBUGINFOD_URLS=http://127.0.0.1:$port/
export DEBUGINFOD_URLS

# Each call of the program, and what it may do
find_program=$(command -v debuginfod-find)
calls=$work/calls
cat >"$work/bin/debuginfod-find" <<-END
	#!/bin/sh
	{
		echo "call \$*"
		echo "user \$(id -u) \$HOME \$(readlink /proc/self/fd/0)"
		sed -n 's/^\(CapEff\|CapPrm\|NoNewPrivs\):/\1/p' /proc/self/status
		find /proc/self/fd/ -lname 'anon_inode:*'
	} >>'$calls'
	exec '$find_program' "\$@"
END
chmod 755 "$work/bin/debuginfod-find"
PATH=$work/bin:$PATH
export PATH

turn=0
# A cache without anything in it: what a server did not have is remembered there, too.
start_anew() {
	remove_all
	turn=$((turn + 1))
	DEBUGINFOD_CACHE_PATH=$work/cache.$turn
	export DEBUGINFOD_CACHE_PATH
	: >"$calls"
	: >"$served/log"
	chmod 666 "$calls"
}

# The server has FILE for the build ID, or nothing, or no answer.
serve() {
	rm -rf "${served:?}/$1"
	case $2 in
	nothing) ;;
	silence) mkdir "$served/$1" ;;
	*) cp "$2" "$served/$1" ;;
	esac
}

# In JSON: the four functions with their lines; names of functions at most, and none of this program
chain='[.[]? | select((.file // "" | endswith("creator.c")) and .line > 0) | .function]
	| map(if . == "creator_a" then "a" else . end | select(. == "c" or . == "b" or . == "a" or . == "main"))
	== ["c", "b", "a", "main"]'
nameless='length > 3 and all(.[]; (.file // "") == "" or (.file | endswith("creator.c") | not))
	and any(.[]; (.module // "" | endswith("/sought")) and (.function // "") == "")'

stack_of() {
	stack_from=$1
	shift
	json "$stack_from" --argjson ns "$ipcns" "$@"
}

children_gone() {
	! pgrep --ns $$ --nslist ipc -f "debuginfod-find debuginfo" >/dev/null &&
		! pgrep --ns $$ --nslist ipc -x shmtop-fetch >/dev/null
}

asked() {
	grep -q "$1" "$served/log"
}

not_asked() {
	[ ! -s "$served/log" ] && [ ! -s "$calls" ] && [ ! -e "$DEBUGINFOD_CACHE_PATH" ]
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

# ---- never without the option

serve "$id" "$work/debug/creator"
start_anew
check "without the option: run" status 3 "$shmtop" run -J -o "$work/run" -- "$sought"
check "without the option: run: no names" stack_of "$work/run" ".left[0].verdict.stack | $nameless"
remove_all
watch_start leaks -J -d 600 --grace 0
"$sought"
watch_end
check "without the option: leaks: no names" stack_of "$work/watched" \
	"[.leaks[] | select(.ipcns == \$ns)][0].verdict.stack | $nameless"
remove_all
check "without the option: trace -k" status 0 "$shmtop" trace -J -k -- "$sought"
watch_start show -d 600 0x51a7
"$work/holdstate" --key 0x51a7 --leave </dev/null >"$work/held" 2>&1
watch_end
check "without the option: show -d: no line" sh -c '! grep -q "holdstate.c:" "$1"' sh "$work/watched"
check "without the option nobody is asked, though there is a server" not_asked

# ---- with it, wherever stacks are told

start_anew
check "run" status 3 "$shmtop" run --debuginfod -J -o "$work/run" -- "$sought"
check "run: main > a > b > c, with their lines" stack_of "$work/run" ".left[0].verdict.stack | $chain"
check "run: the server was asked" asked "/buildid/$id/debuginfo"
check "run: once for a file" same "$(grep -c "^call debuginfo $id" "$calls")" 1
check "run: by a program without rights" sh -c '
	! grep "^Cap" "$1" | grep -qv "[[:blank:]]0*$" && grep -q "^NoNewPrivs[[:blank:]]1" "$1" &&
	grep -q "^user 0 .* /dev/null" "$1" && ! grep -q fd/ "$1"' sh "$calls"
check "run, for people: the place in one line" status 3 "$shmtop" run --debuginfod -- "$sought"
check "run, for people: it stands there" grep -Eq "made by .*sought at c creator.c:[0-9]+" "$work/err"

start_anew
watch_start leaks -J -d 600 --grace 0 --debuginfod
check "a shell that ends" status 0 sh -c '"$1"; exit' sh "$sought"
watch_end
check "leaks -d: main > a > b > c, with their lines" stack_of "$work/watched" \
	"[.leaks[] | select(.ipcns == \$ns)][0].verdict.stack | $chain"

start_anew
check "trace -k" status 0 "$shmtop" trace -J -k --debuginfod -- "$sought"
grep '^{' "$work/out" >"$work/trace"
check "trace -k: main > a > b > c, with their lines" stack_of "$work/trace" -s \
	"[.[] | select(.op == \"shmget\")][0].stack | $chain"

start_anew
serve "$(id_of "$work/holdstate")" "$work/debug/holdstate"
watch_start show -d 600 --debuginfod 0x51a7
"$work/holdstate" --key 0x51a7 --leave </dev/null >"$work/held" 2>&1
watch_end
check "show -d: it is there" same "$watched" 0
check "show -d: where it was made, with its line" grep -Eq "main .*holdstate.c:[0-9]+" "$work/watched"

start_anew
watch_start -J -d 0.2 --debuginfod
"$sought"
in_view() {
	tail -n 1 "$work/watched" >"$work/frame"
	stack_of "$work/frame" "[.segments[] | select(.ipcns == \$ns)][0].verdict.stack | . != null and ($chain)" >/dev/null
}
check "the frames of the view: the same" wait_for 30 in_view
watch_end

# ---- what several files share

cp "$work/debug/creator" "$work/debug/own"
cp "$work/debug/creator-static" "$work/debug/other"
(cd "$work/debug" && dwz -m common -M "/nowhere/common" own other)
common=$(id_of "$work/debug/common")
serve "$id" "$work/debug/own"
serve "$common" "$work/debug/common"
start_anew
check "a file that shares" status 3 "$shmtop" run --debuginfod -J -o "$work/run" -- "$sought"
check "a file that shares: main > a > b > c, with their lines" stack_of "$work/run" ".left[0].verdict.stack | $chain"
check "a file that shares: the shared one was asked for" asked "/buildid/$common/debuginfo"
serve "$common" nothing
start_anew
check "what is shared is not there" status 3 "$shmtop" run --debuginfod -J -o "$work/run" -- "$sought"
check "what is shared is not there: no lines" stack_of "$work/run" \
	'.left[0].verdict.stack | all(.[]; (.file // "" | endswith("creator.c") | not))'

# ---- servers that are of no use

# All of it is right but the id
perl -0777 -pe 'BEGIN { $id = pack("H*", shift) } s/\Q$id\E/"x" x length($id)/e' "$id" \
	<"$work/debug/creator" >"$work/debug/wrong"
serve "$id" "$work/debug/wrong"
start_anew
check "another file under this name" status 3 "$shmtop" run --debuginfod -J -o "$work/run" -- "$sought"
check "another file under this name: was fetched" test -s "$DEBUGINFOD_CACHE_PATH/$id/debuginfo"
check "another file under this name: is not believed" stack_of "$work/run" ".left[0].verdict.stack | $nameless"

serve "$id" silence
DEBUGINFOD_TIMEOUT=100
export DEBUGINFOD_TIMEOUT
start_anew
watch_start -J -d 0.2 --debuginfod
"$sought"
check "no answer: the question is put" wait_for 20 asked "$id"
remove_all
"$helpers/creator"
check "no answer: others have their names" wait_for 20 in_view
watch_end
check "no answer: the view ends as ever" same "$watched" 0
check "no answer: no child is left" wait_for 10 children_gone

start_anew
watch_start leaks -J -d 600 --grace 0 --debuginfod
check "^C: a program" status 0 sh -c '"$1"; "$2"; exit' sh "$sought" "$helpers/creator"
check "^C: the question is put" wait_for 20 asked "$id"
kill -TERM "$watcher"
# Of all signals ^C alone is held back.
waiting() {
	grep -q '^SigBlk:[[:blank:]]*0*2$' "/proc/$watcher/status"
}
check "^C: it waits" wait_for 20 waiting
kill -INT "$watcher"
is_over() {
	[ ! -e "/proc/$watcher" ] || grep -q '^State:.Z' "/proc/$watcher/status" 2>/dev/null
}
check "^C ends the wait" wait_for 20 is_over
# 3 where its verdict is sure
reported() {
	[ "$watched" -eq 0 ] || [ "$watched" -eq 3 ] && return 0
	echo "# status $watched"
	sed 's/^/# /' "$work/watched.err"
	return 1
}
watched=0
wait "$watcher" || watched=$?
check "^C: the status is the report's" reported
check "^C: the others have their names" stack_of "$work/watched" \
	"[.leaks[] | select(.ipcns == \$ns)] | length == 2 and any(.[]; .verdict.stack | $chain)"
check "^C: no child is left" wait_for 10 children_gone

DEBUGINFOD_TIMEOUT=1
start_anew
check "a server that hangs" status 3 "$shmtop" run --debuginfod -J -o "$work/run" -- \
	sh -c '"$1"; "$2"' sh "$sought" "$helpers/creator"
check "a server that hangs: it is told" one_line "nothing more is asked: "
check "a server that hangs: the others have their names" stack_of "$work/run" \
	"(.left | length) == 2 and any(.left[]; .verdict.stack | $chain)"
check "a server that hangs: no child is left" wait_for 10 children_gone

serve "$id" "$work/debug/creator"
start_anew
DEBUGINFOD_URLS=http://127.0.0.1:1/ status 3 "$shmtop" run --debuginfod -J -o "$work/run" -- "$sought"
check "a server that is not there: it is told" one_line "--debuginfod: nothing more is asked: "
check "a server that is not there: one question" same "$(grep -c '^call' "$calls")" 1

# ---- under sudo

start_anew
mkdir "$DEBUGINFOD_CACHE_PATH"
chown nobody "$DEBUGINFOD_CACHE_PATH"
SUDO_UID=$(id -u nobody) status 3 "$shmtop" run --debuginfod -J -o "$work/run" -- "$sought"
check "sudo: the one who called it asks" grep -q "^user $(id -u nobody) $(getent passwd nobody | cut -d: -f6) " "$calls"
check "sudo: main > a > b > c, with their lines" stack_of "$work/run" ".left[0].verdict.stack | $chain"
check "sudo: the file is theirs" same "$(stat -c %U "$DEBUGINFOD_CACHE_PATH/$id/debuginfo")" nobody

# ---- what is missing

start_anew
for urls in '' ' '; do
	check "no server ('$urls')" status 1 env DEBUGINFOD_URLS="$urls" "$shmtop" run --debuginfod -- "$sought"
	check "no server ('$urls'): what to do" one_line "DEBUGINFOD_URLS names no server; e.g. DEBUGINFOD_URLS="
done
check "no server, under sudo" status 1 env -u DEBUGINFOD_URLS SUDO_UID=1 "$shmtop" leaks --debuginfod
check "no server, under sudo: what to do" one_line "sudo --preserve-env=DEBUGINFOD_URLS"
check "no program" status 1 env PATH=/nowhere "$shmtop" leaks --debuginfod
check "no program: its package" one_line "debuginfod-find is not installed: package debuginfod"
remove_all

done_testing
