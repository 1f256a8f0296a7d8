#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# test-timeout: 900
#
# Where something is missing or forbidden: one line says what is wrong and what to do, in every command,
# and what can still be seen is right. Each state is made for real, in a private mount namespace, with
# capabilities taken away, under limits, or by strace, which answers for the kernel.
# shellcheck disable=SC2016,SC2317 # jq and inner shells expand; functions are called by check
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"
# shellcheck source=tests/live/helpers/degraded.sh
. tests/live/helpers/degraded.sh

# with_empty "FOLDERS" COMMAND...: those that there are have nothing in them
with_empty() {
	with_folders=$1
	shift
	unshare -m sh -c 'for folder in $1; do
			[ ! -d "$folder" ] || mount -t tmpfs none "$folder" || exit 99
		done
		shift
		exec "$@"' sh "$with_folders" "$@"
}

# Strace answers for the kernel: the system calls do nothing but fail.
failing_bpf() {
	failing_error=$1
	shift
	strace -f -o /dev/null -e trace=bpf -e "inject=bpf:error=$failing_error" "$@"
}

# ---- no table

# nothing "STATE" "TEXT" COMMAND...: there is nothing to look at, and no empty table that looks fine
nothing() {
	state=$1 text=$2
	shift 2
	for arguments in doctor "doctor -J" list "list -J" "show 0" "trace -d 0.1" "-b -n 1" "-b -J -n 1"; do
		# shellcheck disable=SC2086 # words
		check "$state: $arguments" status 1 "$@" "$shmtop" $arguments
		check "$state: $arguments: one line" one_line "$text"
		check "$state: $arguments: nothing else" test ! -s "$work/out"
	done
}

stands() {
	"$@" "$shmtop" doctor -J 2>/dev/null </dev/null |
		jq -c '[.probe | .calls, .compat, .life, .attachers, .exact], .probe.why'
}
whole=$(stands env)
check "doctor: what stands where nothing was taken away" test -n "$whole"

# ---- what the kernel needs to load programs

# libbpf looks for BTF in more than one place.
poorer "no BTF" "CONFIG_DEBUG_INFO_BTF" right \
	with_empty "/sys/kernel/btf /boot /lib/modules /usr/lib/modules /usr/lib/debug"

low_memory() {
	prlimit --memlock=65536:65536 setpriv --bounding-set=-sys_resource "$@"
}
case $(uname -r) in
5.10.*)
	poorer "a low limit of locked memory" "ulimit -l" right low_memory
	check "a low limit of locked memory is raised by those who may" same \
		"$(stands prlimit --memlock=65536:65536)" "$whole"
	;;
*)
	check "a low limit of locked memory does not matter since 5.11" same "$(stands low_memory)" "$whole"
	;;
esac

poorer "a low limit of open files" "ulimit -n" right prlimit --nofile=16:16

# ---- who may

poorer "a user namespace" "user namespaces" unknown unshare -Ur
check "without CAP_BPF" status 0 setpriv --bounding-set=-bpf,-sys_admin "$shmtop" doctor -J
check "without CAP_BPF: one line names it" json "$work/out" \
	'.probe.calls == "none" and (.probe.why | contains("CAP_BPF"))'

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	poorer "bpf() is refused by a filter" "seccomp" right failing_bpf EPERM --seccomp-bpf
	explains "bpf() is refused by a module" "security module" failing_bpf EPERM
	explains "bpf() is not there" "CONFIG_BPF_SYSCALL" failing_bpf ENOSYS
	nothing "a kernel without System V IPC" "CONFIG_SYSVIPC" \
		with_empty /proc/sysvipc strace -f -o /dev/null -e inject=shmget,shmat,shmdt,shmctl:error=ENOSYS
else
	skip "bpf() is refused" "strace is missing, or may not trace"
	skip "a kernel without System V IPC" "strace is missing, or may not trace"
fi

nothing "a /proc without the table" "/proc/sysvipc/shm" with_empty /proc/sysvipc
nothing "no /proc" "/proc/sysvipc/shm" with_empty /proc

# ---- tracefs

# The folder that it would be mounted on is not there.
without_tracefs() {
	mkdir -p "$work/kernel"
	unshare -m sh -c 'mount -t tmpfs none "$1" && mkdir "$1/btf" &&
			mount -o bind /sys/kernel/btf "$1/btf" && mount -o rbind "$1" /sys/kernel &&
			shift && exec "$@"' sh "$work/kernel" "$@"
}
unmounted_tracefs() {
	with_empty "/sys/kernel/tracing /sys/kernel/debug" setpriv \
		--bounding-set=-all,+bpf,+perfmon,+dac_read_search,+dac_override,+sys_ptrace,+sys_resource \
		"$@"
}

# tracefs "STATE" "TEXT" COMMAND...: events go on where they need none
tracefs() {
	state=$1 text=$2
	shift 2
	if [ "$(stands "$@" | head -n 1 | jq -r '.[0]')" = fexit ]; then
		check "$state: all stands as before" same "$(stands "$@")" "$whole"
	else
		check "$state: doctor" status 0 "$@" "$shmtop" doctor -J
		check "$state: doctor: no calls" json "$work/out" '.probe.calls == "none"'
		check "$state: trace" status 0 "$@" "$shmtop" trace -d 0.1
		check "$state: trace: one line" one_line "shmtop: trace: "
	fi
	check "$state: trace --probe=tracepoint" status 1 "$@" "$shmtop" trace --probe=tracepoint -d 0.1
	check "$state: trace --probe=tracepoint: why, in one line" one_line "$text"
}
tracefs "no tracefs" "CONFIG_FTRACE_SYSCALLS" without_tracefs
looks "no tracefs" right without_tracefs
tracefs "tracefs is not mounted and may not be" "mount -t tracefs" unmounted_tracefs

# ---- without CAP_SYS_ADMIN: the own namespace only

outside=$(readlink "/proc/$PPID/ns/ipc" | tr -dc 0-9)
check "without CAP_SYS_ADMIN: list" status 0 unmounted_tracefs "$shmtop" list -J
check "without CAP_SYS_ADMIN: list: the own namespace and its holders" knows right
check "without CAP_SYS_ADMIN: list: one line on the others" one_line "could not be read: only root may enter it (CAP_SYS_ADMIN): host"
check "without CAP_SYS_ADMIN: doctor" status 0 unmounted_tracefs "$shmtop" doctor
check "without CAP_SYS_ADMIN: doctor: the own namespace" grep -q "namespace here ($ipcns)\$" "$work/out"
if [ "$outside" != "$ipcns" ]; then
	check "without CAP_SYS_ADMIN: doctor: the others are unknown" same \
		"$(grep -cE "^IPC namespace .*$outside.*: limits not known \(only root may enter it" "$work/out")" 1
fi

done_testing
