#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The runner of the tests in other kernels, with a qemu that is made up: what it counts, shows and calls
# a failure.
#
# Functions are called by check.
# shellcheck disable=SC2317
set -u

. tests/tap.sh

[ "$(uname -m)" = x86_64 ] || skip_all "the guests are for x86-64"
command -v cpio >/dev/null || skip_all "cpio is missing"
command -v busybox >/dev/null || skip_all "busybox is missing"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/build"
export BUILD="$work/build" IMAGE=/dev/null PATH="$work/bin:$PATH"
for kernel in 5.10 6.1 6.12; do
	mkdir -p "$BUILD/kernels/$kernel"
	echo "Linux $kernel" >"$BUILD/kernels/$kernel/vmlinuz"
	echo "of a suite" >"$BUILD/kernels/$kernel/version"
done

# Says what is in guest.KERNEL, or else in guest, and leaves kernel and status to be read.
cat >"$work/bin/qemu-system-x86_64" <<END
#!/bin/sh
serial=0
while [ \$# -gt 0 ]; do
	case \$1 in
	-kernel) kernel=\$(basename "\$(dirname "\$2")") ;;
	-append) echo "\$2" >>"$work/arguments" ;;
	-serial)
		serial=\$((serial + 1))
		[ \$serial = 1 ] && console=\${2#file:}
		[ \$serial = 3 ] && status=\${2#file:}
		;;
	esac
	shift
done
guest=$work/guest.\$kernel
[ -e "\$guest" ] || guest=$work/guest
[ -e "$work/console.\$kernel" ] && cat "$work/console.\$kernel" >"\$console" || : >"\$console"
cat "\$guest"
[ -e "$work/dies.\$kernel" ] || echo "status \$(cat "$work/status")" >"\$status"
END
chmod +x "$work/bin/qemu-system-x86_64"

# An apt that knows no mirror
printf '#!/bin/sh\n' >"$work/bin/apt-get"
chmod +x "$work/bin/apt-get"

# told FILE TAP [STATUS]: what a guest says of test_attachers
told() {
	cat >"$work/$1" <<-END
		@@ up
		@@ begin build/tests/live/test_attachers -
		$2
		@@ end ${3:-0} 2
	END
}

fresh() {
	rm -f "$work"/guest* "$work"/console.* "$work"/dies.* "$work/arguments"
	echo 0 >"$work/status"
	told guest "ok 1 - one
ok 2 - two
1..2"
}

# run ARGS...: the last line and the status are left in $last and $status, all of it in $work/said
run() {
	status=0
	tests/kernels/run.sh "$@" >"$work/said" 2>&1 3>&- || status=$?
	last=$(tail -n 1 "$work/said")
}

# counts STATUS LINE ARGS...
counts() {
	counts_status=$1 counts_last=$2
	shift 2
	run "$@" test_attachers
	[ "$status $last" = "$counts_status $counts_last" ] && return
	echo "# status $status, '$last', not $counts_status, '$counts_last'"
	return 1
}

same_plan() {
	[ "$(grep -c '^ok' "$work/said")" = "$(sed -n 's/^1\.\.//p' "$work/said")" ]
}

lacks_others() {
	! grep -vqE '^(ok|not ok|1\.\.)' "$work/said"
}

says() {
	grep -qE -e "$1" "$work/said"
}

fresh
check "the tests of several kernels are added up" counts 0 "4 passed, 0 failed, 0 skipped" -k 5.10 -k 6.1
check "the table has a column for each" says "^test_attachers +- +passed 2 s +passed 2 s *$"
check "what it was is told" says "^6.1 +of a suite"

fresh
check "arguments for the kernel" counts 0 "2 passed, 0 failed, 0 skipped" -k 6.1 -a "one=two"
check "arguments for the kernel: it has them" grep -q 'console=ttyS0 .*one=two' "$work/arguments"

fresh
told guest.6.1 "ok 1 - one
not ok 2 - two
# the reason of two
1..2" 1
check "a test that fails in one kernel" counts 1 "3 passed, 1 failed, 0 skipped" -k 5.10 -k 6.1
check "a test that fails in one kernel: the table" says "passed 2 s +FAILED 1"
check "a test that fails in one kernel: its output" says "the reason of two"

fresh
told guest.6.1 "ok 1 - one
1..2"
check "a plan that does not match" counts 1 "1 passed, 1 failed, 0 skipped" -k 6.1

fresh
told guest.6.1 "ok 1 - one
ok 2 - two # SKIP not here
1..2"
check "a claim that is skipped in one kernel" counts 0 "3 passed, 0 failed, 1 skipped" -k 5.10 -k 6.1
check "a claim that is skipped in one kernel: the table" says "passed 2 s +skipped 1"
check "a claim that is skipped in one kernel: why" says "^skipped: 6.1 - test_attachers: two: not here"
cp "$work/guest.6.1" "$work/guest.5.10"
check "a claim that is skipped in all" counts 1 "2 passed, 1 failed, 2 skipped" -k 5.10 -k 6.1
check "a claim that is skipped in all: it is named" says "^SKIPPED ON EVERY KERNEL: test_attachers -: two"
check "a claim that is skipped in the only one" counts 0 "1 passed, 0 failed, 1 skipped" -k 6.1

fresh
touch "$work/dies.6.1"
echo "[    1.000000] the last words" >"$work/console.6.1"
check "a guest that dies after its tests" counts 1 "2 passed, 1 failed, 0 skipped" -k 6.1
check "a guest that dies: its last words" says "the last words"
sed '/@@ end/d' "$work/guest" >"$work/guest.6.1"
check "a guest that dies in a test" counts 1 "2 passed, 2 failed, 0 skipped" -k 6.1
: >"$work/guest.6.1"
check "a guest that dies before its tests" counts 1 "2 passed, 1 failed, 0 skipped" -k 5.10 -k 6.1
check "a guest that dies before its tests: the table" says "passed 2 s +not run"

for words in "WARNING: CPU: 1 PID: 7 at ipc/shm.c:1 shm_open+0x1/0x2" "WARNING: suspicious RCU usage" \
	"BUG: kernel NULL pointer dereference" "kernel BUG at ipc/shm.c:1!" "Oops: 0000 [#1] PREEMPT SMP"; do
	fresh
	echo "[    1.000000] $words" >"$work/console.6.1"
	check "a kernel says $words" counts 1 "2 passed, 1 failed, 0 skipped" -k 6.1
	check "a kernel says $words: it is shown" says "    \| .*${words%% *}"
done
fresh
echo "[    0.100000] RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable" >"$work/console.6.1"
check "a kernel warns of its processor" counts 0 "2 passed, 0 failed, 0 skipped" -k 6.1

fresh
check "a kernel that cannot be had is skipped" counts 0 "2 passed, 0 failed, 1 skipped" -k 6.1 -k sid
check "a kernel that cannot be had: it is said" says '^\*\*\* Linux sid: NOT RUN'
check "a kernel that cannot be had: the table" says "passed 2 s +not run"
check "no kernel at all is no success" counts 1 "0 passed, 0 failed, 1 skipped" -k sid

fresh
tests/kernels/run.sh -t -k 6.1 -k sid test_attachers 3>"$work/progress" >"$work/said" 2>/dev/null
check "in TAP: a plan that matches" same_plan
check "in TAP: nothing but TAP" lacks_others
check "in TAP: the kernel that is missing" says "^ok - kernel sid # SKIP NOT RUN"
check "in TAP: the table is progress" grep -q '^test_attachers' "$work/progress"
check "in TAP: so is the notice" grep -q 'Linux sid: NOT RUN' "$work/progress"

fresh
echo 7 >"$work/status"
printf 'some\nwords' >"$work/guest"
run -k 6.1 -c "a command"
check "a command: its status" [ "$status" -eq 7 ]
check "a command: its output, as it is" cmp "$work/said" "$work/guest"
touch "$work/dies.6.1"
run -k 6.1 -c "a command"
check "a command in a guest that dies" [ "$status" -eq 125 ]

for wrong in "-k 6.2" "-r fast" "-x" "no_such_test" "-c command" "-k 6.1 -k 5.10 -c command"; do
	# shellcheck disable=SC2086 # words
	run $wrong
	check "wrong usage: $wrong" [ "$status" -eq 2 ]
done

done_testing
