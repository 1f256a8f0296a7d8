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

# An apt that knows no mirror; or one with the release that is in the file mirror, from which nothing comes when
# there is a file broken. What it was asked is in asked.
mkdir -p "$work/package/boot"
echo "a newer one" >"$work/package/boot/vmlinuz"
cat >"$work/bin/apt-get" <<END
#!/bin/sh
echo "\$*" >>"$work/asked"
[ -e "$work/mirror" ] || exit 0
case \$* in
*indextargets*) echo "Debian http://mirror.invalid" ;;
*download*) [ ! -e "$work/broken" ] && : >some.deb ;;
esac
END
cat >"$work/bin/apt-cache" <<END
#!/bin/sh
case \$* in
*search*) echo "linux-image-\$(cat "$work/mirror")-cloud-amd64 - a kernel" ;;
*show*) echo "Version: 1" ;;
esac
END
cat >"$work/bin/dpkg-deb" <<END
#!/bin/sh
tar -c -C "$work/package" ./boot/vmlinuz
END
chmod +x "$work/bin/apt-get" "$work/bin/apt-cache" "$work/bin/dpkg-deb"

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
	rm -f "$work"/guest* "$work"/console.* "$work"/dies.* "$work/arguments" "$work/mirror" "$work/broken"
	: >"$work/asked"
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

lacks_in() {
	! grep -q -e "$2" "$work/$1"
}

lacks() {
	lacks_in said "$1"
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
	"BUG: kernel NULL pointer dereference" "kernel BUG at ipc/shm.c:1!" "Oops: 0000 [#1] PREEMPT SMP" \
	"rcu: INFO: rcu_preempt self-detected stall on CPU" "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:" \
	"INFO: task foo:12 blocked for more than 120 seconds."; do
	fresh
	echo "[    1.000000] $words" >"$work/console.6.1"
	check "a kernel says $words" counts 1 "2 passed, 1 failed, 0 skipped" -k 6.1
	check "a kernel says $words: it is shown" says "    \| .*${words%% *}"
done
for words in "RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable" \
	"INFO: NMI handler took too long to run: 1.2 msecs" "rcu: INFO: rcu_preempt is there"; do
	fresh
	echo "[    0.100000] $words" >"$work/console.6.1"
	check "a kernel that only says $words" counts 0 "2 passed, 0 failed, 0 skipped" -k 6.1
done

fresh
check "a kernel that cannot be had is skipped" counts 0 "2 passed, 0 failed, 1 skipped" -k 6.1 -k sid
check "a kernel that cannot be had: it is said" says '^\*\*\* Linux sid: NOT RUN'
check "a kernel that cannot be had: the table" says "passed 2 s +not run"
check "no kernel at all is no success" counts 1 "0 passed, 0 failed, 1 skipped" -k sid
check "no kernel at all: it is said" says '^\*\*\* NO KERNEL WAS BOOTED'
run -k sid -c "a command"
check "no kernel at all: a command" [ "$status" -eq 125 ]

fresh
tests/kernels/run.sh -t -k 6.1 -k sid test_attachers 3>"$work/progress" >"$work/said" 2>/dev/null
check "in TAP: a plan that matches" same_plan
check "in TAP: nothing but TAP" lacks_others
check "in TAP: the kernel that is missing" says "^ok - kernel sid # SKIP NOT RUN"
check "in TAP: the table is progress" grep -q '^test_attachers' "$work/progress"
check "in TAP: so is the notice" grep -q 'Linux sid: NOT RUN' "$work/progress"
tests/kernels/run.sh -t -k sid test_attachers 3>"$work/progress" >"$work/said"
check "in TAP: no kernel at all" [ $? -eq 0 ]
check "in TAP: no kernel at all: it is skipped" says "^ok - kernel sid # SKIP NOT RUN"
check "in TAP: no kernel at all: the notice" grep -q 'NO KERNEL WAS BOOTED' "$work/progress"
told guest "not ok 1 - one
1..1" 1
tests/kernels/run.sh -t -k 6.1 -k sid test_attachers 3>/dev/null >"$work/said"
check "in TAP: a failure is one all the same" [ $? -eq 1 ]

# ---- a kernel that is there for long

age() {
	touch -d "8 days ago" "$BUILD/kernels/6.1/version"
	: >"$work/asked"
}

is_kernel() {
	[ "$(cat "$BUILD/kernels/6.1/version"; cat "$BUILD/kernels/6.1/vmlinuz")" = "$1" ]
}

fresh
check "a kernel that is new" counts 0 "2 passed, 0 failed, 0 skipped" -k 6.1
check "a kernel that is new: nobody is asked" [ ! -s "$work/asked" ]
age
check "one that is old, and no mirror" counts 0 "2 passed, 0 failed, 0 skipped" -k 6.1
check "one that is old, and no mirror: it is said" says '^\*\*\* Linux 6.1: of a suite is a week old'
echo 6.1.0-99 >"$work/mirror"
: >"$work/broken"
check "one that is old, and a newer one does not come" counts 0 "2 passed, 0 failed, 0 skipped" -k 6.1
check "one that is old, and a newer one does not come: it is kept" is_kernel "of a suite
Linux 6.1"
rm "$work/broken"
newer="bookworm: linux-image-6.1.0-99-cloud-amd64 1
a newer one"
check "one that is old, and a newer one" counts 0 "2 passed, 0 failed, 0 skipped" -k 6.1
check "one that is old, and a newer one: that is taken" is_kernel "$newer"
check "one that is old, and a newer one: nothing to be said" lacks 'a week old'
age
check "one that is old, and none newer" counts 0 "2 passed, 0 failed, 0 skipped" -k 6.1
check "one that is old, and none newer: it is kept" is_kernel "$newer"
check "one that is old, and none newer: it is not fetched again" lacks_in asked download
: >"$work/asked"
run -k 6.1 test_attachers
check "one that is old, and none newer: the next run asks nobody" [ ! -s "$work/asked" ]

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
