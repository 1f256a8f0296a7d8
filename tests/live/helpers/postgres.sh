# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # for the tests; $work is of live.sh
#
# A PostgreSQL server on System V shared memory, for tests: sourced behind live.sh, whose $work it lives in.
#	$postgres_bin	empty: it is not installed
#	$server		pid of the server that was started last

postgres_bin=$(find /usr/lib/postgresql -name initdb -type f 2>/dev/null | sort -V | tail -n 1)
postgres_bin=${postgres_bin%/initdb}
postgres_user=nobody
id postgres >/dev/null 2>&1 && postgres_user=postgres

# In a subshell, which becomes the command
become_postgres() {
	exec setpriv --reuid="$postgres_user" --regid="$(id -g "$postgres_user")" --clear-groups "$@"
}
as_postgres() {
	(become_postgres "$@")
}
# A cluster in $work/postgres
postgres_init() {
	chmod 755 "$work"
	install -d -o "$postgres_user" -m 700 "$work/postgres"
	as_postgres "$postgres_bin/initdb" -N -A trust -D "$work/postgres"
}
postgres_ready() {
	as_postgres "$postgres_bin/pg_isready" -q -h "$work/postgres"
}
# In the background; what it says goes to $work/postgres.log.
postgres_start() {
	become_postgres "$postgres_bin/postgres" -D "$work/postgres" -c shared_memory_type=sysv \
		-c listen_addresses= -c "unix_socket_directories=$work/postgres" \
		-c shared_buffers=16MB -c fsync=off >>"$work/postgres.log" 2>&1 &
	server=$!
}
# A session that sleeps, in the background
postgres_session() {
	become_postgres psql -q -h "$work/postgres" -d postgres -c 'select pg_sleep(60)' \
		>/dev/null 2>&1 &
}
# The pids of the backends of those, one a line
postgres_sleepers() {
	as_postgres psql -At -h "$work/postgres" -d postgres -c \
		"select pid from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()"
}
