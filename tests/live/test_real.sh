#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Real programs under list, trace and the view: what they make, who holds it, how it ends.
# test-timeout: 240
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

have() {
	command -v "$1" >/dev/null
}

# list_has FILTER ARGS...: list -J now shows this, given the segments of the private namespace
list_has() {
	list_filter=$1
	shift
	"$shmtop" list -J 9>&- >"$work/list" || return 1
	json "$work/list" --argjson ns "$ipcns" "$@" \
		"[.segments[] | select(.ipcns == \$ns)] | $list_filter" >/dev/null
}

# The same for the last frame of the view
view_has() {
	view_filter=$1
	shift
	"$shmtop" -b -J -n 2 -d 0.2 9>&- | tail -n 1 >"$work/view" || return 1
	json "$work/view" --argjson ns "$ipcns" "$@" \
		"[.segments[] | select(.ipcns == \$ns and .gone == null)] | $view_filter" >/dev/null
}

# A program that waits on its standard input: start NAME COMMAND ARGS...
start() {
	start_name=$1
	shift
	rm -f "$work/input"
	mkfifo "$work/input"
	"$@" <"$work/input" >"$work/$start_name" 2>&1 9>&- &
	started=$!
	exec 9>"$work/input"
	wait_for 20 grep -q ready "$work/$start_name"
}

stop() {
	exec 9>&-
	wait "$started"
}

# ---- stress-ng

stress_seconds=${LIVE_SECONDS:-3}
if have stress-ng; then
	check "stress-ng under trace" status 0 "$shmtop" trace -J -- \
		stress-ng --quiet --temp-path "$work" --shm-sysv 2 -t "$stress_seconds"
	grep '^{' "$work/out" >"$work/trace"
	for op in shmget shmat shmdt shmctl fork exit; do
		check "stress-ng under trace: $op" test "$(events "$work/trace" "$op")" -gt 0
	done
	check "stress-ng under trace: only its own events" same \
		"$(jq -c --argjson ns "$ipcns" 'select(.op and .ipcns != $ns)' "$work/trace" | head -n 3)" ""

	stress-ng --quiet --temp-path "$work" --shm-sysv 2 -t 600 9>&- &
	stress=$!
	check "stress-ng under list: its segments, by their creator" wait_for 10 list_has \
		'any(.creator.comm // "" | startswith("stress-ng"))'
	check "stress-ng under list: its holders" wait_for 10 list_has \
		'any(.[].holders[]?; .comm // "" | startswith("stress-ng"))'
	check "stress-ng under the view: its segments" wait_for 10 view_has \
		'any(.creator.comm // "" | startswith("stress-ng"))'
	check "stress-ng under the view: its events, and none lost for want of room" json "$work/view" \
		'.probe.lost == .probe.skipped and any(.events[]; .comm // "" | startswith("stress-ng"))'
	kill -INT "$stress"
	wait "$stress"
	check "after stress-ng nothing is left" wait_for 10 list_has 'length == 0'
else
	skip "stress-ng" "it is not installed"
fi

# ---- PostgreSQL

# shellcheck source=tests/live/helpers/postgres.sh
. tests/live/helpers/postgres.sh

# The server and all its processes, sorted, as a JSON array
postgres_processes() {
	for stat in /proc/[0-9]*/stat; do
		sed 's/^\([0-9]*\) (.*) . \([0-9]*\) .*/\1 \2/' "$stat" 2>/dev/null
	done | awk -v server="$server" '$1 == server || $2 == server { print $1 }' | sort -n |
		jq -cs .
}

if [ -n "$postgres_bin" ] && have setpriv; then
	check "a PostgreSQL cluster" status 0 postgres_init
	"$shmtop" trace -J -c postgres >"$work/trace" 2>"$work/trace.err" &
	tracer=$!
	# A program of that name that calls until the trace has told of it
	mkdir "$work/canary"
	cp "$helpers/flash" "$work/canary/postgres"
	told() {
		"$work/canary/postgres" >/dev/null && [ -s "$work/trace" ]
	}
	check "PostgreSQL: a trace by name is ready" wait_for 20 told
	postgres_start
	check "PostgreSQL is up" wait_for 30 postgres_ready
	postgres_session
	postgres_session
	postgres_session
	sessions() {
		[ "$(postgres_sleepers | wc -l)" = 3 ]
	}
	check "PostgreSQL has three sessions" wait_for 20 sessions

	# Workers come and go: the two looks may differ for a moment.
	all_held() {
		list_has 'length == 1 and .[0].nattch == (.[0].holders | length)
			and ([.[0].holders[].pid] | sort) == $processes
			and all(.[0].holders[]; .comm == "postgres")' \
			--argjson processes "$(postgres_processes)"
	}
	check "PostgreSQL under list: every process of the server holds its segment" \
		wait_for 20 all_held
	check "PostgreSQL under list: made by the server" list_has \
		'.[0].creator.pid == $server and .[0].creator.comm == "postgres" and .[0].owner == $user' \
		--argjson server "$server" --arg user "$postgres_user"
	check "PostgreSQL under the view: the same, without drift" wait_for 20 view_has \
		'length == 1 and .[0].nattch == (.[0].holders | length) and .[0].drift == 0
		and .[0].nattch >= 8'
	# It crashes, and leaves its segment for its next start to find.
	crashed() {
		list_has 'length == 1 and .[0].nattch == 0'
	}
	recovered() {
		postgres_ready && list_has 'length == 1 and .[0].nattch > 0 and .[0].creator.pid == $server' \
			--argjson server "$server"
	}
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	check "PostgreSQL crashed: nobody has its segment" wait_for 30 crashed
	# its last processes may take a moment to end
	suspected() {
		status 0 "$shmtop" leaks -J --grace 0 -F ns=here && json "$work/out" '.leaks | length == 1
			and .[0].verdict.kind == "orphan" and .[0].verdict.confidence == "medium"
			and (.[0].verdict.because | join(" ") | test("by key"))' >/dev/null
	}
	check "PostgreSQL crashed: leaks suspects it, but it may come back by its key" wait_for 30 suspected
	postgres_start
	check "PostgreSQL starts again, and takes care of it" wait_for 30 recovered
	check "PostgreSQL starts again: nothing leaks" status 0 "$shmtop" leaks -J --grace 0 -F ns=here
	check "PostgreSQL starts again: nothing is told" json "$work/out" '.leaks == []'

	kill -INT "$server"
	wait "$server"
	check "PostgreSQL removes its segment" wait_for 10 list_has 'length == 0'
	traced() {
		jq -sc --argjson server "$server" \
			'([.[] | select(.op == "shmget" and .pid == $server and .created)][0].shmid) as $id
			| {made: ($id != null), ended: any(.op == "destroy" and .shmid == $id),
				forks: ([.[] | select(.op == "fork" and .pid == $server)] | length >= 6),
				exits: any(.op == "detach" and .shmid == $id and .args.reason == "exit"),
				skipped: ([.[].reasons.probe_busy // 0] | max > 0)}' "$work/trace"
	}
	# Where the kernel skips runs one of these may be missing; but not in silence.
	traced_all() {
		traced >"$work/traced"
		jq -e '([.made, .ended, .forks, .exits] | all) or .skipped' "$work/traced" >/dev/null
	}
	check "PostgreSQL under trace: its segment, its forks, how they let go, and the end" \
		wait_for 10 traced_all
	sed 's/^/# /' "$work/traced"
	kill -INT "$tracer"
	wait "$tracer"
else
	skip "PostgreSQL" "it is not installed"
fi

# ---- Perl

perl_program='
$| = 1;
my $id = shmget(0, 4000, 0600) // die;
shmwrite($id, "hello", 0, 5) or die;
shmread($id, my $text, 0, 5) or die;
print "$text $id ready\n";
my $line = <STDIN>;
shmctl($id, 0, 0) or die;
'
if have perl; then
	check "Perl" start perl perl -e "$perl_program"
	check "Perl under list: its segment, made by perl, held by nobody" list_has \
		'length == 1 and .[0].size == 4000 and .[0].nattch == 0
		and .[0].creator.comm == "perl" and .[0].creator.alive and .[0].holders == []'
	check "Perl under the view" view_has 'length == 1 and .[0].creator.comm == "perl"'
	check "Perl ends well" stop
	check "Perl under trace" status 0 "$shmtop" trace -J -- perl -e "$perl_program"
	grep '^{' "$work/out" >"$work/trace"
	check "Perl under trace: one attach for each of shmwrite and shmread" same \
		"$(events "$work/trace" shmget) $(events "$work/trace" shmat) $(events "$work/trace" shmdt)" \
		"1 2 2"
	check "Perl under trace: its removal" json "$work/trace" -s \
		'any(.op == "shmctl" and .args.cmd == "IPC_RMID") and any(.op == "destroy")'
else
	skip "Perl" "it is not installed"
fi

# ---- PHP

php_program='
$shm = shmop_open(0x5e68, "c", 0644, 100);
shmop_write($shm, "hello", 0);
echo shmop_read($shm, 0, 5), " ready\n";
fgets(STDIN);
shmop_delete($shm);
'
if have php && php -r 'exit(function_exists("shmop_open") ? 0 : 1);'; then
	check "PHP" start php php -r "$php_program"
	check "PHP under list: its segment, by key, made and held by it" list_has \
		'length == 1 and .[0].key == 24168 and .[0].key_hex == "0x00005e68"
		and .[0].size == 100 and .[0].mode == "0644" and .[0].nattch == 1
		and (.[0].holders | length == 1) and .[0].holders[0].pid == .[0].creator.pid
		and .[0].holders[0].mode == "rw" and (.[0].creator.comm | startswith("php"))'
	check "PHP under the view" view_has 'length == 1 and .[0].holders[0].alive'
	check "PHP ends well" stop
	check "PHP under trace" status 0 "$shmtop" trace -J -- php -r "$php_program"
	grep '^{' "$work/out" >"$work/trace"
	check "PHP under trace: its calls" same \
		"$(events "$work/trace" shmget) $(events "$work/trace" shmat)" "1 1"
	check "PHP under trace: its end" json "$work/trace" -s 'any(.op == "destroy")'
else
	skip "PHP" "php with shmop is not installed"
fi

done_testing
