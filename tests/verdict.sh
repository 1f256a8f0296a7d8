# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# How the output of a test program is judged and shown; for the runners of tests.

verdict_shown=60 # lines at the beginning and at the end

# limit_of TEST SECONDS: how long a test may take: what a line "test-timeout: SECONDS" at the beginning of
# its source says, else the seconds given here. Its source is itself, or for build/tests/NAME the file
# tests/NAME.c
limit_of() {
	limit_seconds=$(header_of "$1" test-timeout | tr -dc 0-9)
	echo "${limit_seconds:-$2}"
}

# header_of TEST NAME: the rest of the line "NAME: ..." at the beginning of a test's source
header_of() {
	case $1 in
	*.sh) header_source=$1 ;;
	*) header_source=tests/${1##*tests/}.c ;;
	esac
	[ -r "$header_source" ] || return 0
	head -n 20 "$header_source" | sed -n "s/^[^[:alnum:]]*$2: *\(.*[^ ]\) *\$/\1/p"
}

# judge STATUS LATE <TAP: first line: passed failed skipped; then one line for each skipped test and each
# failure of the program as a whole: "skip NAME<tab>REASON" or "fail WHY". LATE is the limit in seconds
# that the program ran into, or 0.
# cmocka says "not ok N # SKIP name" for a skipped test, and has no place for the reason: that is the
# line before it.
judge() {
	awk -v status="$1" -v late="$2" '
	function skipped(name, why) {
		skip++
		sub(/^[ :]+/, "", why)
		note[++notes] = "skip " name "\t" (why == "" ? reason : why)
	}
	/^1\.\.[0-9]+/ {
		planned += substr($1, 4)
		plans++
		if ($1 == "1..0" && toupper($0) ~ /# *SKIP/) {
			sub(/^[^#]*# *[Ss][Kk][Ii][Pp][^ ]*/, "")
			reason = ""
			skipped("", $0)
		}
		next
	}
	/^(not )?ok( |$)/ {
		ran++
		failed = /^not/
		if (!failed)
			reason = ""
		sub(/^(not )?ok *[0-9]* *(- )?/, "")
		if (match(toupper($0), /# *SKIP[^ ]*/)) {
			name = substr($0, 1, RSTART - 1)
			sub(/ +$/, "", name)
			rest = substr($0, RSTART + RLENGTH)
			sub(/^ +/, "", rest)
			if (name == "")
				skipped(rest, "")
			else
				skipped(name, rest)
		} else if (failed) {
			bad++
		} else {
			good++
		}
		reason = ""
		next
	}
	{
		reason = $0
		sub(/^# (skip: )?/, "", reason)
	}
	END {
		why = ""
		if (late > 0)
			why = "no end within " late " seconds"
		else if (status > 128)
			why = "ended by signal " status - 128
		else if (status != 0 && bad == 0)
			why = "ended with status " status
		else if (ran == 0 && skip == 0)
			why = "ran no test"
		else if (plans == 0)
			why = "announced no plan (1..N)"
		else if (planned != ran)
			why = "planned " planned " tests and ran " ran + 0
		if (why != "") {
			bad++
			note[++notes] = "fail " why
		}
		print good + 0, bad + 0, skip + 0
		for (i = 1; i <= notes; i++)
			print note[i]
	}'
}

# show FILE: what a program wrote. The middle of very much is left out.
show() {
	show_lines=$(wc -l <"$1")
	if [ "$show_lines" -le $((2 * verdict_shown)) ]; then
		sed 's/^/    | /' "$1"
		return
	fi
	head -n "$verdict_shown" "$1" | sed 's/^/    | /'
	echo "    ... $((show_lines - 2 * verdict_shown)) lines ..."
	tail -n "$verdict_shown" "$1" | sed 's/^/    | /'
}
