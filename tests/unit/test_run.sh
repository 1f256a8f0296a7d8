#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The runner of all tests, fed with programs that are made up.
#
# Functions are called by check.
# shellcheck disable=SC2317
set -u

. tests/tap.sh

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# make NAME: a program whose script is on stdin
make() {
	{
		echo '#!/bin/sh'
		cat
	} >"$work/$1.sh"
	chmod +x "$work/$1.sh"
}

# run ARGS...: the last line and the status are left in $last and $status, all of it in $work/said
run() {
	status=0
	tests/run.sh "$@" >"$work/said" 2>&1 || status=$?
	last=$(tail -n 1 "$work/said")
}

# counts STATUS LINE NAME...: these programs together give that status and last line.
counts() {
	want_status=$1 want_last=$2
	shift 2
	for name; do
		set -- "$@" "$work/$name.sh"
		shift
	done
	run "$@"
	[ "$status $last" = "$want_status $want_last" ] && return
	echo "# status $status, '$last', not $want_status, '$want_last'"
	return 1
}

says() {
	grep -qF -e "$1" "$work/said"
}

lacks() {
	! says "$1"
}

make good <<'END'
echo 1..2; echo "ok 1 - one"; echo "ok 2"
END
make bad <<'END'
echo 1..2; echo "ok 1 - one"; echo "not ok 2 - two"; echo "the reason of two" >&2; exit 1
END
make skips <<'END'
echo "ok 1 - here"; echo "ok 2 - there # SKIP no such thing"; echo 1..2
END
make cmocka_skips <<'END'
echo 1..2; echo "# skip: not on this kernel"; echo "not ok 1 # SKIP one"; echo "ok 2 - two"
END
make skips_all <<'END'
echo "1..0 # SKIP needs root"
END
make crash <<'END'
echo 1..1; echo "ok 1 - one"; kill -SEGV $$
END
make status <<'END'
echo 1..1; echo "ok 1 - one"; exit 3
END
make plain_skips <<'END'
echo 1..1; echo "no huge pages"; echo "not ok 1 # SKIP one"
END
make verbose <<'END'
echo 1..1; seq 1000; echo "not ok 1 - one"
END
make silent </dev/null
make planless <<'END'
echo "ok 1 - one"
END
make short <<'END'
echo 1..3; echo "ok 1 - one"; echo "ok 2 - two"
END
make long <<'END'
echo 1..1; echo "ok 1 - one"; echo "ok 2 - two"
END
make two_groups <<'END'
echo 1..1; echo "ok 1 - one"; echo 1..2; echo "ok 1 - two"; echo "ok 2 - three"
END
make hangs <<'END'
# test-timeout: 1
echo 1..1; echo "ok 1 - one"; exec sleep 60
END
make noise <<'END'
echo "okay"; echo "# not ok - group"; echo "  not ok 1 - inner"; echo 1..1; echo "ok 1 - not ok"
END
make reads <<'END'
echo 1..1; if read -r line; then echo "not ok 1"; else echo "ok 1"; fi
END

check "passing tests are counted" counts 0 "2 passed, 0 failed, 0 skipped" good
check "several programs are added up" counts 1 "3 passed, 1 failed, 0 skipped" good bad
check "a failed program's output is shown" says "    | the reason of two"
check "skipped tests are no failures" counts 0 "1 passed, 0 failed, 1 skipped" skips
check "the reason of a skipped test is shown" says "there: no such thing"
check "what cmocka calls not ok is skipped" counts 0 "1 passed, 0 failed, 1 skipped" cmocka_skips
check "the reason that cmocka has no place for" says "one: not on this kernel"
check "a skip by cmocka without a mark" counts 1 "0 passed, 0 failed, 1 skipped" plain_skips
check "the reason may be any line" says "one: no huge pages"
check "very much output fails all the same" counts 1 "0 passed, 1 failed, 0 skipped" verbose
check "its end is shown" says "    | 1000"
check "its middle is not" lacks "    | 500"
check "nothing but skipped is no success" counts 1 "0 passed, 0 failed, 1 skipped" skips_all
check "the reason of a skipped program is shown" says "skips_all.sh: needs root"
check "skipped programs do not spoil others" counts 0 "2 passed, 0 failed, 1 skipped" good skips_all
check "a crash fails" counts 1 "1 passed, 1 failed, 0 skipped" crash
check "a crash is named" says "ended by signal 11"
check "an unexplained status fails" counts 1 "1 passed, 1 failed, 0 skipped" status
check "a program without a test fails" counts 1 "0 passed, 1 failed, 0 skipped" silent
check "that is named" says "ran no test"
check "a missing plan fails" counts 1 "1 passed, 1 failed, 0 skipped" planless
check "that is named, too" says "announced no plan"
check "too few tests fail" counts 1 "2 passed, 1 failed, 0 skipped" short
check "too many tests fail" counts 1 "2 passed, 1 failed, 0 skipped" long
check "plans of several groups are added up" counts 0 "3 passed, 0 failed, 0 skipped" two_groups
check "a program that hangs fails" counts 1 "1 passed, 1 failed, 0 skipped" hangs
check "the limit is named" says "no end within 1 seconds"
check "only whole result lines count" counts 0 "1 passed, 0 failed, 0 skipped" noise
check "there is no input" counts 0 "1 passed, 0 failed, 0 skipped" reads
check "a program that does not exist fails" counts 1 "2 passed, 1 failed, 0 skipped" good absent

run
check "no program at all is wrong usage" [ "$status" -eq 2 ]

done_testing
