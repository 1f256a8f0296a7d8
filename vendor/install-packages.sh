#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs the distribution's packages that are missing, without a question:
#	install-packages.sh [build|test|lint ...]	(default: all three)
# Does nothing, and needs no root, when all are there.
set -eu

here=$(dirname "$0")
wanted=" ${*:-build test lint} "

# The names in a list that are for the wanted uses
packages() {
	while read -r use name; do
		case $use in
		'' | '#'*) continue ;;
		esac
		case $wanted in
		*" $use "*) echo "$name" ;;
		esac
	done <"$here/packages.$1"
}

check_uses() {
	for use in $wanted; do
		case $use in
		build | test | lint) ;;
		*)
			echo "install-packages.sh: '$use' is none of build, test, lint" >&2
			exit 2
			;;
		esac
	done
}

need_root() {
	[ "$(id -u)" = 0 ] && return
	echo "missing packages:$missing" >&2
	echo "run 'make deps' as root to install them" >&2
	exit 1
}

# ---- Debian ----

debian_has() {
	status=$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) || return 1
	[ "$status" = installed ]
}

# The first of "a|b" that is installed, else nothing
debian_installed() {
	for name in $(echo "$1" | tr '|' ' '); do
		if debian_has "$name"; then
			echo "$name"
			return
		fi
	done
}

# The first of "a|b" that can be installed, else nothing
debian_candidate() {
	for name in $(echo "$1" | tr '|' ' '); do
		if apt-cache policy "$name" | grep -q '^  Candidate: [^(]'; then
			echo "$name"
			return
		fi
	done
}

# Sets $names to what is to be installed for $missing. Fails when the archive lacks one.
debian_choose() {
	names=
	for entry in $missing; do
		name=$(debian_candidate "$entry")
		if [ -z "$name" ]; then
			unknown=$entry
			return 1
		fi
		names="$names $name"
	done
}

# The tests start servers of their own. Installing PostgreSQL would also make a database for the whole
# machine and start it, unless this setting, which is there only meanwhile, says otherwise.
debian_no_database() {
	case " $names " in
	*' postgresql '*) ;;
	*) return 0 ;;
	esac
	settings=/etc/postgresql-common/createcluster.d/shmtop.conf
	trap 'rm -f "$settings"' EXIT
	mkdir -p "$(dirname "$settings")"
	echo 'create_main_cluster = false' >"$settings"
}

debian_install() {
	# The words of $names are the arguments.
	# shellcheck disable=SC2086
	apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold $names
}

debian() {
	missing=
	for entry in $(packages debian); do
		[ -n "$(debian_installed "$entry")" ] || missing="$missing $entry"
	done
	[ -n "$missing" ] || exit 0
	need_root
	export DEBIAN_FRONTEND=noninteractive
	updated=false
	if ! debian_choose; then
		apt-get update
		updated=true
		if ! debian_choose; then
			echo "the package archive has no $unknown" >&2
			exit 1
		fi
	fi
	debian_no_database
	# An index that has grown old names files that are gone.
	debian_install && exit 0
	$updated && exit 1
	apt-get update
	debian_install
}

# ---- Fedora ----

fedora() {
	missing=
	for name in $(packages fedora); do
		rpm -q --quiet --whatprovides "$name" || missing="$missing $name"
	done
	[ -n "$missing" ] || exit 0
	need_root
	# shellcheck disable=SC2086
	dnf install -y --setopt=install_weak_deps=False $missing
}

check_uses
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
	debian
elif command -v rpm >/dev/null && command -v dnf >/dev/null; then
	fedora
else
	echo "this distribution is not known here; install what it calls these packages of Debian:" >&2
	packages debian >&2
	exit 1
fi
