#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The first and only process that a guest starts by itself. It does what run.sh left in /, and ends the
# guest:
#	/command	a shell's input; its output goes to the second serial port
#	/tests		lines "LIMIT RUNG TEST [ARGS...]"; there each one's output goes between two lines,
#			"@@ begin TEST RUNG" and "@@ end STATUS SECONDS"
# The third serial port is told "status N" when all of it was done. The first has the kernel's messages.

/bin/busybox --install -s /usr/lib/busybox
export PATH=/usr/sbin:/usr/bin:/usr/lib/busybox HOME=/root LC_ALL=C
export CMOCKA_MESSAGE_OUTPUT=TAP
# What is emulated takes its time.
export LIVE_SLOW=5 LIVE_SECONDS=1 LIVE_GUEST=1

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /dev/pts
mount -t devpts devpts /dev/pts
for folder in /tmp /run /dev/shm; do
	mount -t tmpfs -o mode=1777 tmpfs "$folder"
done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
ip link set lo up
echo 8 >/proc/sys/vm/nr_hugepages

# What is told goes through a pipe: a terminal would make programs behave in another way.
stty -F /dev/ttyS1 raw
stty -F /dev/ttyS2 raw
mkfifo /run/told
cat /run/told >/dev/ttyS1 &
teller=$!
exec 5>/run/told

# Ends the processes that a test has left behind; those of the kernel have no program.
end_others() {
	for process in /proc/[0-9]*; do
		pid=${process#/proc/}
		case $pid in
		1 | "$teller") continue ;;
		esac
		[ -e "$process/exe" ] && kill -9 "$pid"
	done
}

run_tests() {
	echo "@@ up"
	while read -r limit rung test; do
		echo "@@ begin ${test%% *} $rung"
		unset LIVE_RUNG
		[ "$rung" = - ] || export LIVE_RUNG="$rung"
		begin=$(date +%s)
		# shellcheck disable=SC2086 # the test's arguments are words
		timeout -k 10 "$limit" $test 2>&1 </dev/null
		status=$?
		echo
		echo "@@ end $status $(($(date +%s) - begin))"
		end_others 2>/dev/null
		rm -rf /tmp/*
	done </tests
}

cd /shmtop || exit
if [ -e /command ]; then
	sh /command >&5 2>&1 </dev/null 5>&-
	status=$?
else
	run_tests >&5 5>&-
	status=0
fi
end_others 2>/dev/null
exec 5>&-
wait "$teller"
echo "status $status" >/dev/ttyS2
poweroff -f
