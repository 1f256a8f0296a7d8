#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetches a kernel of Debian for clouds:
#	tests/kernels/fetch.sh FOLDER SUITE [VERSION]
# The newest one that the suite has, or the newest of this version. Then FOLDER/vmlinuz is the kernel, and
# FOLDER/version says what it is. One that is there already stays for a week; then a newer one is looked for,
# and if that fails the one that is there stays. Status 1 when there is none. What went wrong is on stderr, the
# last line in short.
#
# The mirror is the one that this machine's apt knows, and so are the keys that sign its suites; apt's own
# lists, settings and packages are left as they are.
set -u
umask 022

[ $# -ge 2 ] || exit 2
folder=$1 suite=$2 version=${3:-}
kept=''
if [ -s "$folder/vmlinuz" ] && [ -s "$folder/version" ]; then
	kept=$(cat "$folder/version")
	[ -n "$(find "$folder/version" -mtime +6)" ] || exit 0
fi

fail() {
	[ -z "$kept" ] || {
		echo "$kept is a week old and was not brought up to date: $1" >&2
		exit 0
	}
	echo "$1" >&2
	exit 1
}

command -v apt-get >/dev/null || fail "there is no apt to fetch it with"
mkdir -p "$folder" || exit 1
apt=$(cd "$folder" && pwd)/apt
trap 'rm -rf "$apt"' EXIT
trap 'exit 1' INT TERM HUP

# A world of its own. The hooks of this machine's settings would work on this machine.
apt_settings() {
	cat <<-END
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		Dir::State "$apt/state";
		Dir::State::status "/dev/null";
		Dir::Cache "$apt/cache";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		APT::Architecture "amd64";
		#clear APT::Architectures;
		APT::Sandbox::User "root";
		APT::Get::AllowUnauthenticated "false";
		Acquire::AllowInsecureRepositories "false";
		Acquire::Languages "none";
		Acquire::Retries "2";
		Acquire::http::Timeout "30";
		Acquire::https::Timeout "30";
	END
}

# The archive's own keys where apt does not trust them for every source
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] && signed_by=" signed-by=$keyring"

# update MIRROR: apt knows what the suite has there. What went wrong is in $apt/log.
update() {
	rm -rf "$apt"
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	apt_settings >"$apt/settings"
	echo "deb [arch=amd64${signed_by:-}] $1 $suite main" >"$apt/sources.list"
	apt-get -q -c "$apt/settings" update >"$apt/log" 2>&1
}

# Newer ones are in a package "binary", and "image" only depends on it.
newest() {
	number=$(echo "${version:+$version.}" | sed 's/\./\\./g')
	apt-cache -c "$apt/settings" search --names-only '^linux-(image|binary)-[0-9].*-cloud-amd64$' |
		sed -n "s/^linux-\([a-z]*\)-\(${number}[^ ]*\) .*/\2 \1/p" | sort -V | awk '
			$1 != release { name = "" }
			name == "" || $2 == "binary" { name = "linux-" $2 "-" $1 }
			{ release = $1 }
			END { print name }'
}

package=
# shellcheck disable=SC2016 # apt's words
for mirror in $(apt-get indextargets --format '$(LABEL) $(REPO_URI)' | sed -n 's/^Debian //p' | sort -u); do
	update "$mirror" && package=$(newest)
	[ -n "$package" ] && break
done
[ -e "$apt/log" ] || fail "no mirror of Debian is among apt's sources"
if [ -z "$package" ]; then
	grep '^[EW]: ' "$apt/log" | head -n 3 >&2
	fail "$suite has no kernel${version:+ $version} that could be fetched"
fi
release=$(apt-cache -c "$apt/settings" show --no-all-versions "$package" | sed -n 's/^Version: //p')
if [ "$kept" = "$suite: $package $release" ]; then
	touch "$folder/version"
	exit 0
fi

cd "$apt" || exit 1
if ! apt-get -q -c settings download "$package" >log 2>&1; then
	grep '^[EW]: ' log | head -n 3 >&2
	fail "$package could not be fetched"
fi
dpkg-deb --fsys-tarfile ./*.deb | tar -xO --wildcards '*/vmlinuz*' >vmlinuz
[ -s vmlinuz ] || fail "there is no kernel in $package"
echo "$suite: $package $release" >version
mv vmlinuz version ..
