# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2016,SC2154 # the $ are jq's; live.sh assigns the variables
#
# What tests of missing means share; source it behind live.sh. A process holds a segment, attached twice, and
# each command is tried in a state that the arguments behind COMMAND make:
#	poorer "STATE" "TEXT" HOLDERS COMMAND...	no events, and each command tells why in a line with TEXT
#	explains "STATE" "TEXT" COMMAND...		the part of it that is about doctor
#	looks "STATE" HOLDERS COMMAND...		the part of it that is about what is found by looking
# HOLDERS: right; or unknown, where nobody may look at them.

hold --segments 1 --attach 2
segment=$(held_segment)

# knows HOLDERS: the held segment is in $work/out, and its holders: right, or unknown
knows() {
	json "$work/out" --argjson ns "$ipcns" --argjson id "${segment:--1}" --arg holders "$1" \
		'[.segments[] | select(.ipcns == $ns)] | length == 1 and (.[0]
			| .shmid == $id and .nattch == 2 and if $holders == "right"
				then .drift == 0 and (.holders | length == 1 and .[0].maps == 2)
				else .drift == null and .holders == null end)'
}

says_once() {
	same "$(grep -cF -e "$1" "$work/out")" 1
}

looks() {
	looks_state=$1 looks_holders=$2
	shift 2
	check "$looks_state: list" status 0 "$@" "$shmtop" list -J
	check "$looks_state: list: the segment is right, its holders $looks_holders" knows "$looks_holders"
	check "$looks_state: list says nothing else" test ! -s "$work/err"
	check "$looks_state: show" status 0 "$@" "$shmtop" show "$ipcns:$segment"
	check "$looks_state: show: the segment" grep -q '^Attachments: *2' "$work/out"
}

explains() {
	explains_state=$1 explains_text=$2
	shift 2
	check "$explains_state: doctor -J" status 0 "$@" "$shmtop" doctor -J
	check "$explains_state: doctor -J: what does not stand, and why" json "$work/out" \
		--arg text "$explains_text" \
		'.probe.calls == "none" and .probe.life == "none" and .probe.compat == "none"
		and .probe.exact == false and .probe.lost == null and .probe.skipped == null and (.probe.unseen | startswith("calls"))
		and (.probe.why | contains($text))
		and all(.probes[]; .stands or (.why | contains($text) or contains("needs Linux")))'
}

poorer() {
	state=$1 text=$2 holders=$3
	shift 3
	explains "$state" "$text" "$@"
	check "$state: doctor" status 0 "$@" "$shmtop" doctor
	check "$state: doctor: why, in one line" same \
		"$(grep '^why not better ' "$work/out" | grep -cF -e "$text")" 1
	check "$state: the view" status 0 "$@" "$shmtop" -b -n 1 -F ns=here
	check "$state: the view: why, in one line" says_once "$text"
	check "$state: the view: the segment" grep -q "^here  *$segment " "$work/out"
	check "$state: trace" status 0 "$@" "$shmtop" trace -d 0.1
	check "$state: trace: why, in one line" one_line "$text"
	check "$state: trace --probe=fexit" status 1 "$@" "$shmtop" trace --probe=fexit -d 0.1
	check "$state: trace --probe=fexit: one line" one_line "shmtop: trace: "
	check "$state: trace --probe=tracepoint" status 1 "$@" "$shmtop" trace --probe=tracepoint -d 0.1
	check "$state: trace --probe=tracepoint: why, in one line" one_line "$text"
	looks "$state" "$holders" "$@"
}
