#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# IPC namespaces of containers: each has a name, is found by it, and is never kept from ending. Two that look like
# those of docker and of Kubernetes are made of an IPC and a pid namespace in a control group of that name.
# shellcheck disable=SC2016,SC2317 # the $ are jq's; functions are called by check and wait_for
# shellcheck source=tests/live/helpers/live.sh
. "$(dirname "$0")/helpers/live.sh"

docker_id=3f2a91c07be15d4c8e6a0b9f7d2c4e81a5b3c6d9f0e1728394a5b6c7d8e9f001
kube_id=9f8e7d6c5b4a39281706f5e4d3c2b1a08e6a0b9f7d2c4e81f0e1d2c3b4a59687
pod=1a2b3c4d-5e6f-4711-8899-aabbccddeeff

# ---- containers

groups=
for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
	if [ -e "$root/cgroup.procs" ] && mkdir "$root/shmtop-test-$$" 2>/dev/null; then
		groups=$root/shmtop-test-$$
		break
	fi
done
docker_group=$groups/docker-$docker_id.scope
pod_group=$groups/kubepods-burstable-pod$(echo "$pod" | tr - _).slice
kube_group=$pod_group/cri-containerd-$kube_id.scope
[ -z "$groups" ] || mkdir -p "$docker_group" "$kube_group"

containers_end() {
	exec 6>&- 7>&- 8>&-
	wait
	[ -z "$groups" ] || rmdir "$docker_group" "$kube_group" "$pod_group" "$groups"
	live_end
}
trap containers_end EXIT

# start NAME GROUP OPTIONS...: what is in $work/NAME says its state; it holds that while $work/NAME.in is open.
start() {
	name=$1 group=$2
	shift 2
	rm -f "$work/$name.in"
	mkfifo "$work/$name.in"
	sh -c '[ ! -d "$1" ] || echo $$ >"$1/cgroup.procs" || exit; shift; exec "$@"' sh "$group" \
		unshare -i -p -f --mount-proc "$helpers/holdstate" "$@" <"$work/$name.in" >"$work/$name" \
		6>&- 7>&- 8>&- 9>&- &
	started=$!
}
is_ready() {
	grep -q '^ready' "$work/$1"
}
ipcns_of() {
	readlink "/proc/$1/ns/ipc" | tr -dc 0-9
}

start docker "$docker_group" --segments 2 --size 8192 --leave
docker=$started
exec 8>"$work/docker.in"
start kube "$kube_group" --segments 1 --size 67108864 --touch --leave
kube=$started
exec 7>"$work/kube.in"
check "a container" wait_for 10 is_ready docker
check "another" wait_for 10 is_ready kube
docker_ns=$(ipcns_of "$docker")
kube_ns=$(ipcns_of "$kube")
if [ -n "$groups" ]; then
	docker_label="docker 3f2a91c07be1" kube_label="k8s 1a2b3c4d/9f8e7d6c"
else
	docker_label="$docker_ns (unshare $docker)" kube_label="$kube_ns (unshare $kube)"
fi

# ---- names

of_both() {
	file=$1
	shift
	json "$file" --argjson docker "$docker_ns" --argjson kube "$kube_ns" \
		--arg docker_label "$docker_label" --arg kube_label "$kube_label" "$@"
}
check "list" status 0 "$shmtop" list -J
check "the same shmid in two containers: two rows, two labels" of_both "$work/out" \
	'[.segments[] | select(.shmid == 0 and (.ipcns == $docker or .ipcns == $kube)) | [.ipcns_label, .size]]
	| sort == ([[$docker_label, 8192], [$kube_label, 67108864]] | sort)'
check "the namespaces stand beside the segments" of_both "$work/out" \
	--argjson own "$ipcns" '.namespaces | any(.ipcns == $own) and
	any(.ipcns == $docker and .label == $docker_label and .readable and .segments == 2 and .error == null
		and .comm == "unshare")'
check "pids are the viewer's, with the container's beside" of_both "$work/out" \
	'.segments[] | select(.ipcns == $kube) | .creator.inner_pid == 1 and .creator.pid != 1
	and .holders[0].inner_pid == 1'
if [ -n "$groups" ]; then
	check "what the labels stand for" of_both "$work/out" \
		--arg id "$docker_id" --arg kube_id "$kube_id" --arg pod "$pod" '.namespaces |
		any(.ipcns == $docker and .runtime == "docker" and .container == $id and .pod == null) and
		any(.ipcns == $kube and .runtime == "containerd" and .container == $kube_id and .pod == $pod)'
fi
check "list as text" status 0 "$shmtop" list
check "list as text: a row each" same \
	"$(grep -cE "^($docker_label|$kube_label) +0 |^$docker_ns \(.*\) +0 |^$kube_ns \(.*\) +0 " "$work/out")" 2
check "list for scripts" status 0 "$shmtop" list --raw -o ns,shmid
check "list for scripts: the inode" grep -qx "$kube_ns 0" "$work/out"
check "show" status 0 "$shmtop" show "$kube_ns:0"
check "show: whose it is" grep -qF "Namespace    $kube_label" "$work/out"
check "show: the pid inside" grep -qE '^Creator +[0-9]+ \(1 inside\) holdstate' "$work/out"
check "poll, too" status 0 "$shmtop" list -J --probe=poll
check "poll, too: labels" of_both "$work/out" \
	'any(.segments[]; .ipcns == $docker and .ipcns_label == $docker_label)'

# ---- one of them

only() {
	what=$1 ns=$2
	shift 2
	check "$what" status 0 "$shmtop" "$@" -J --ns "$ns"
}
shows_docker_only() {
	of_both "$work/out" '[.segments[].ipcns] == [$docker, $docker] and ([.namespaces[].ipcns] == [$docker])'
}
for ns in "$docker_ns" "pid:$docker" "$docker_label"; do
	only "list --ns '$ns'" "$ns" list
	check "list --ns '$ns': only that" shows_docker_only
done
if [ -n "$groups" ]; then
	for ns in 3f2a91 docker "$docker_id" 3f2a91c07be1; do
		only "list --ns $ns" "$ns" list
		check "list --ns $ns: only that" shows_docker_only
	done
	check "a name in front of a shmid" status 0 "$shmtop" show -J 3f2a91c07be1:1
	check "a name in front of a shmid: that" of_both "$work/out" '.segment | .ipcns == $docker and .shmid == 1'
	check "filter ns=docker" status 0 "$shmtop" list -J -F 'ns=docker and shmid=0'
	check "filter ns=docker: that" of_both "$work/out" '[.segments[].ipcns] == [$docker]'
	check "filter ns~5e6f" status 0 "$shmtop" list -J -F 'ns~5e6f'
	check "filter ns~5e6f: that pod" of_both "$work/out" '[.segments[].ipcns] == [$kube]'
fi
check "filter by inode" status 0 "$shmtop" list -J -F "ns=$kube_ns"
check "filter by inode: that" of_both "$work/out" '[.segments[].ipcns] == [$kube]'
only "frames" "$docker_ns" -n 1
check "frames: only that" shows_docker_only
check "doctor" status 0 "$shmtop" doctor -J --ns "$docker_ns"
check "doctor: only that" of_both "$work/out" '[.limits[].ipcns] == [$docker]'
only "leaks" "$docker_ns" leaks
check "here" status 0 "$shmtop" list -J --ns here
check "here: one's own" json "$work/out" --argjson own "$ipcns" '[.namespaces[].ipcns] == [$own]'
check "none has the name" status 1 "$shmtop" list --ns no-such-name
check "none has the name: what there is" one_line "no IPC namespace 'no-such-name'; there are: "
if [ -n "$groups" ]; then # a part of both ids
	check "several have a part of it" status 1 "$shmtop" list --ns 8e6a0b9f7d2c4e81
	check "several have a part of it: the one" one_line "$docker_label ($docker_ns)"
	check "several have a part of it: and the other" one_line "$kube_label ($kube_ns)"
fi
check "no such process" status 1 "$shmtop" list --ns pid:2147483647
check "no such process: why" one_line "no such process"

# ---- trace of one of them: both call, one is told

call_in() {
	while [ ! -e "$work/enough" ]; do
		nsenter -i -t "$1" ipcmk -M 4096 >/dev/null 2>&1
	done
}
making=create
"$shmtop" trace -x -d 0.05 >/dev/null 2>&1 && making=shmget
call_in "$docker" 6>&- 7>&- 8>&- 9>&- &
one=$!
call_in "$kube" 6>&- 7>&- 8>&- 9>&- &
other=$!
check "trace" status 0 timeout 60 "$shmtop" trace -J -n 12 -o "$making" --ns "$kube_ns"
touch "$work/enough"
wait "$one" "$other"
check "trace: so many as asked for, of that one" of_both "$work/out" -s \
	'map(select(.op)) | length == 12 and all(.ipcns == $kube and .ipcns_label == $kube_label)'

# ---- one that comes and goes while it is looked at

"$shmtop" -J -d 0.2 >"$work/frames" 6>&- 7>&- 8>&- 9>&- &
view=$!
"$shmtop" trace -J >"$work/trace" 2>"$work/trace.err" 6>&- 7>&- 8>&- 9>&- &
trace=$!
of_kube() {
	[ "$(tail -n 1 "$work/frames" | jq --argjson ns "$kube_ns" \
		'[.segments[] | select(.ipcns == $ns and .gone == null and .size == 67108864)] | length' 2>/dev/null)" = "$1" ]
}
check "the view shows the segment" wait_for 20 of_kube 1

start late "$docker_group" --segments 1 --size 12288 --leave
late=$started
exec 6>"$work/late.in"
check "a new container" wait_for 10 is_ready late
late_ns=$(ipcns_of "$late")
of_late() {
	tail -n 1 "$work/frames" | jq -e --argjson ns "$late_ns" \
		'any(.segments[]; .ipcns == $ns and .size == 12288 and .nattch == 1 and .ipcns_label)' >/dev/null 2>&1
}
check "its segment is shown, with a label" wait_for 20 of_late
if [ "$making" = shmget ]; then
	check "as soon as its call is" json "$work/frames" -s --argjson ns "$late_ns" \
		'map(select(any(.events[]; .ipcns == $ns and .created))) | length > 0 and
		all(.[]; any(.segments[]; .ipcns == $ns and .nattch != null and .mode == "0600" and .ipcns_label))'
fi
if [ -n "$groups" ]; then
	check "of two in one container the younger goes by its process" json "$work/frames" -s \
		--argjson ns "$late_ns" '.[-1].namespaces[] | select(.ipcns == $ns)
		| .label == "\(.ipcns) (\(.comm) \(.pid))" and .runtime == "docker"'
fi

shmem() {
	awk '/^Shmem:/ { print $2 }' /proc/meminfo
}
before=$(shmem)
exec 7>&-
wait "$kube"
freed() {
	[ "$(shmem)" -lt $((before - 60000)) ]
}
check "the view and the trace are there" kill -0 "$view" "$trace"
check "the memory of a container that ended is free" wait_for 20 freed
holds() {
	readlink "/proc/$view/fd/"* "/proc/$trace/fd/"* 2>/dev/null | grep -q '^ipc:'
}
check "no descriptor holds a namespace" eval '! holds'
check "the view shows it no more" wait_for 20 of_kube 0
gone_is_named() {
	tail -n 1 "$work/frames" | jq -e --argjson ns "$kube_ns" --arg name "$kube_label" \
		'any(.segments[]; .ipcns == $ns and .gone and .ipcns_label == $name)' >/dev/null 2>&1
}
check "what is gone keeps the name of where it was" wait_for 5 gone_is_named
kill "$view" "$trace"
check "the view ends well" wait "$view"
wait "$trace"

# ---- one without a process

exec 6>&- 8>&-
wait "$docker" "$late"
mkfifo "$work/away.in"
unshare -i sh -c 'readlink /proc/self/ns/ipc | tr -dc 0-9; echo; exec "$@"' sh \
	"$helpers/holdstate" --leave --away <"$work/away.in" >"$work/away" &
away=$!
exec 8>"$work/away.in"
check "only attachments are left in a namespace" wait_for 10 is_ready away
away_ns=$(head -n 1 "$work/away")
check "list" status 0 "$shmtop" list -J
if [ "$(jq -r .probe.attachers "$work/out")" = iter ]; then
	check "list: it is told with the reason" json "$work/out" --argjson ns "$away_ns" \
		'.namespaces[] | select(.ipcns == $ns)
		| .readable == false and .pid == null and .segments == null and (.error | contains("attachments"))'
	check "list: in words" grep -qF "attachments of others keep it: $away_ns" "$work/err"
else
	check "list: files do not tell where a mapping belongs" json "$work/out" --argjson ns "$away_ns" \
		'.namespaces | all(.ipcns != $ns)'
fi
exec 8>&-
wait "$away"

done_testing
