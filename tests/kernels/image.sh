#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes the file system of the guests, as a cpio archive on stdout, from the build and this machine's
# programs:
#	BUILD=build tests/kernels/image.sh >FILE
# The project is in /shmtop, laid out as it is here. A program that this machine lacks is left out; what
# the tests need besides those named below is busybox's.
set -u
umask 022

programs="sh bash awk sed grep find xargs sort comm cut tr head tail wc date sleep timeout mktemp stat
	install id ps free strace jq bpftool unshare nsenter setpriv prlimit mount ipcs ipcrm ipcmk lsipc
	script env xargs setsid perl php stress-ng"

cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
if [ ! -x "$build/shmtop" ] || [ ! -d "$build/tests/live" ] || [ ! -d "$build/tests/bench" ]; then
	echo "image.sh: there is no build with its tests in $build: make tests" >&2
	exit 1
fi
root=$(mktemp -d) || exit 1
trap 'rm -rf "$root"' EXIT
trap 'exit 1' INT TERM HUP
chmod 755 "$root"

# put FILE...: where it is on this machine, with links resolved
put() {
	for file; do
		place=$root$(readlink -f "$(dirname "$file")")
		mkdir -p "$place"
		[ -e "$place/${file##*/}" ] || cp -L "$file" "$place/"
	done
}

put_programs() {
	for program in $programs; do
		path=$(command -v "$program") && put "$path"
	done
	cp "$(readlink -f "$(command -v busybox)")" "$root/usr/bin/busybox"
}

# What the programs have been linked with
put_libraries() {
	find "$root" -type f \( -perm -100 -o -name '*.so*' \) -exec ldd {} + 2>/dev/null |
		sed -n 's/^[^/]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u | while read -r library; do
		put "$library"
	done
}

# The newest server that there is. Without the part that needs a compiler's library.
put_postgres() {
	server=$(find /usr/lib/postgresql -name initdb -type f 2>/dev/null | sort -V | tail -n 1)
	[ -n "$server" ] || return
	server=${server%/bin/initdb}
	put "$server/bin/initdb" "$server/bin/postgres" "$server/bin/psql" "$server/bin/pg_isready"
	find "$server/lib" -name '*.so' ! -name 'llvm*' | while read -r library; do
		put "$library"
	done
	mkdir -p "$root/usr/share/postgresql"
	cp -RL "/usr/share/postgresql/${server##*/}" "$root/usr/share/postgresql/"
	rm -rf "$root/usr/share/postgresql/${server##*/}/man"
	ln -s "$server/bin/psql" "$root/usr/bin/psql"
	for zone in UTC GMT Etc/UTC; do
		[ -e "/usr/share/zoneinfo/$zone" ] && put "/usr/share/zoneinfo/$zone"
	done
}

put_php_shmop() {
	shmop=$(php -r 'echo PHP_EXTENSION_DIR;' 2>/dev/null)/shmop.so
	[ -e "$shmop" ] || return
	put "$shmop"
	settings=$root$(php -r 'echo PHP_CONFIG_FILE_SCAN_DIR;')
	mkdir -p "$settings"
	echo "extension=shmop" >"$settings/shmop.ini"
}

put_users() {
	cat >"$root/etc/passwd" <<-END
		root:x:0:0:root:/root:/bin/sh
		postgres:x:100:100:postgres:/tmp:/bin/sh
		nobody:x:65534:65534:nobody:/:/bin/sh
	END
	cat >"$root/etc/group" <<-END
		root:x:0:
		postgres:x:100:
		nogroup:x:65534:
	END
}

put_project() {
	mkdir -p "$root/shmtop/tests" "$root/shmtop/build/tests" "$root/shmtop/build/bpf"
	cp -R tests/live tests/bench tests/tap.sh "$root/shmtop/tests/"
	cp "$build/shmtop" "$build"/shm-* "$root/shmtop/build/"
	find "$build/tests/live" "$build/tests/helpers" "$build/tests/bench" -maxdepth 1 -type f ! -name '*.[od]' |
		while read -r file; do
			place=$root/shmtop/build/tests/$(basename "$(dirname "$file")")
			mkdir -p "$place"
			cp "$file" "$place/"
		done
	for file in "$build"/bpf/*.bpf.o; do
		[ -e "$file" ] && cp "$file" "$root/shmtop/build/bpf/"
	done
}

mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/usr/lib/busybox" \
	"$root/dev" "$root/etc" "$root/proc" "$root/root" "$root/run" "$root/sys" "$root/tmp" "$root/var"
for folder in bin sbin lib lib64; do
	ln -s "usr/$folder" "$root/$folder"
done
ln -s ../tmp "$root/var/tmp"
put_programs
put_postgres
put_php_shmop
put_users
put_project
put_libraries
cp tests/kernels/init.sh "$root/init"
chmod 755 "$root/init"
cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet
