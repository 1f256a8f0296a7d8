/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fail: makes one call fail, for one reason.
 *
 * fail CASE: the name of the thread is CASE from then on. Prints "pid PID", then "ERROR SHMID ADDR" of the
 * failed call (0 for one that succeeds without doing all; what the case has not is -1 and 0), waits until
 * stdin ends, and removes what it made. Status 2: what the case needs cannot be had here, as stderr says.
 */
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <unistd.h>

enum {
	KEY = 0x7e570001,
	NO_KEY = 0x7e570000,    /* that no case gives to a segment */
	OTHER_KEY = 0x7e570002, /* of the segment that the test makes in another namespace */
	PAGE = 4096,
	MEGABYTE = 1 << 20,
	NOBODY = 65534,
	HUGE_64KB = 16 << 26, /* on machines whose pages have 4 KiB there are none of these */
	TRIES = 100000,
};

static int shmid = -1; /* made here */
static int named = -1; /* what the call names */
static char *address;  /* what it points to */
static bool full;      /* by segments that were made here, beside that */

static void cannot(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	if (shmid >= 0)
		shmctl(shmid, IPC_RMID, NULL);
	exit(2);
}

static void make(key_t key, size_t size, int mode)
{
	shmid = named = shmget(key, size, IPC_CREAT | IPC_EXCL | mode);
	if (shmid < 0)
		cannot("shmget");
}

static char *attach(void)
{
	void *at = shmat(shmid, NULL, 0);

	if (at == (void *)-1)
		cannot("shmat");
	address = at;
	return at;
}

static void discard(void)
{
	if (shmctl(shmid, IPC_RMID, NULL))
		cannot("IPC_RMID");
	shmid = -1;
}

static void become_nobody(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		cannot("setuid");
}

/* Comes back as root to remove what it made: only the effective id is another. */
static void act_as_nobody(void)
{
	if (setegid(NOBODY) || seteuid(NOBODY))
		cannot("seteuid");
}

static void limit(int resource, rlim_t most)
{
	const struct rlimit bound = {most, most};

	if (setrlimit(resource, &bound))
		cannot("setrlimit");
}

static int at(void *where, int flags)
{
	address = where;
	return shmat(named, where, flags) == (void *)-1 ? -1 : 0;
}

static int dt(char *where)
{
	address = where;
	return shmdt(where);
}

/* ---- shmget ---------------------------------------------------------------------------------- */

static int get_exists(void)
{
	make(KEY, PAGE, 0640);
	return shmget(KEY, PAGE, IPC_CREAT | IPC_EXCL | 0600);
}

static int get_removed(void)
{
	make(KEY, 3 * PAGE, 0600);
	discard();
	return shmget(KEY, PAGE, 0);
}

static int get_pinned(void)
{
	make(KEY, PAGE, 0600);
	attach();
	discard();
	return shmget(KEY, PAGE, 0);
}

/* Not one that fails: what get-elsewhere and at-elsewhere do not find in theirs */
static int other_key(void)
{
	make(OTHER_KEY, PAGE, 0600);
	return 0;
}

static int get_smaller(void)
{
	make(KEY, PAGE, 0600);
	return shmget(KEY, 2 * PAGE, IPC_CREAT | 0600);
}

static int get_refused(void)
{
	make(KEY, PAGE, 0640);
	if (setgroups(0, NULL))
		cannot("setgroups");
	act_as_nobody();
	return shmget(KEY, PAGE, 0600);
}

/* What it may do in its own user namespace does not count in that of the segment. */
static int get_foreign(void)
{
	make(KEY, PAGE, 0600);
	become_nobody();
	if (unshare(CLONE_NEWUSER))
		cannot("unshare(CLONE_NEWUSER)");
	return shmget(KEY, PAGE, 0600);
}

static int get_full(void)
{
	full = true;
	while (shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600) >= 0)
		continue;
	return -1;
}

static int get_privilege(void)
{
	become_nobody();
	return shmget(IPC_PRIVATE, MEGABYTE, IPC_CREAT | SHM_HUGETLB | 0600);
}

static int get_ignored(void)
{
	make(KEY, PAGE, 0600);
	return shmget(KEY, PAGE, SHM_HUGETLB);
}

/* ---- shmat ----------------------------------------------------------------------------------- */

static int at_unknown(void)
{
	named = 1234567;
	return at(NULL, 0);
}

static int at_removed(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	discard();
	return at(NULL, 0);
}

static int at_elsewhere(void)
{
	named = atoi(getenv("FAIL_SHMID"));
	return at(NULL, 0);
}

static int at_negative(void)
{
	return at(NULL, 0);
}

static int at_unaligned(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return at((void *)0x70000001, 0);
}

static int at_remap_null(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return at(NULL, SHM_REMAP);
}

static int at_round_null(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return at((void *)0x123, SHM_REMAP | SHM_RND);
}

static int at_twice(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return at(attach(), 0);
}

/* Over the program itself */
static int at_program(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return at((void *)((uintptr_t)at_program & ~(uintptr_t)(PAGE - 1)), 0);
}

static int at_refused(void)
{
	make(IPC_PRIVATE, PAGE, 0644);
	act_as_nobody();
	return at(NULL, 0);
}

static int at_as_limit(void)
{
	make(IPC_PRIVATE, 64 * MEGABYTE, 0600);
	limit(RLIMIT_AS, 32 * MEGABYTE);
	return at(NULL, 0);
}

/* As many mappings as there may be: two neighbours that may not be merged for each step */
static int at_mappings(void)
{
	int rights[] = {PROT_NONE, PROT_READ};

	make(IPC_PRIVATE, PAGE, 0600);
	for (int i = 0;
	     mmap(NULL, PAGE, rights[i & 1], MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED; i++)
		continue;
	return at(NULL, 0);
}

static int at_no_room(void)
{
	make(IPC_PRIVATE, (size_t)1 << 50, SHM_NORESERVE | 0600);
	return at(NULL, 0);
}

static int at_locked(void)
{
	make(IPC_PRIVATE, 2 * MEGABYTE, 0666);
	limit(RLIMIT_MEMLOCK, MEGABYTE);
	become_nobody();
	if (mlockall(MCL_FUTURE))
		cannot("mlockall");
	return at(NULL, 0);
}

static void *remove_again_and_again(void *context)
{
	int *ids = context;

	while (__atomic_load_n(&ids[1], __ATOMIC_RELAXED) == 0) {
		const int made = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);

		__atomic_store_n(&ids[0], made, __ATOMIC_RELAXED);
		sched_yield();
		shmctl(made, IPC_RMID, NULL);
	}
	return NULL;
}

/* The other thread takes the segment away while this one is on its way into it. */
static int at_raced(void)
{
	int ids[2] = {-1, 0}, result = -1;
	pthread_t thread;

	if (pthread_create(&thread, NULL, remove_again_and_again, ids))
		cannot("pthread_create");
	for (int i = 0; i < TRIES; i++) {
		named = __atomic_load_n(&ids[0], __ATOMIC_RELAXED);
		void *where = shmat(named, NULL, 0);

		if (where != (void *)-1)
			shmdt(where);
		else if (errno == EIDRM)
			break;
		result = i + 1 < TRIES ? -1 : 0;
	}
	__atomic_store_n(&ids[1], 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	errno = result ? EIDRM : ENOENT;
	if (!result)
		cannot("EIDRM did not come");
	return -1;
}

/* ---- shmdt ----------------------------------------------------------------------------------- */

static int dt_unaligned(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return dt(attach() + 1);
}

static int dt_nothing(void)
{
	return dt((char *)0x70000000);
}

static int dt_twice(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	if (shmdt(attach()))
		cannot("shmdt");
	return dt(address);
}

static int dt_unmapped(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	if (munmap(attach(), PAGE))
		cannot("munmap");
	return dt(address);
}

static int dt_inside(void)
{
	make(IPC_PRIVATE, 2 * PAGE, 0600);
	return dt(attach() + PAGE);
}

/* The program that it becomes finds the address in its environment. */
static int dt_execed(void)
{
	char text[32];

	make(IPC_PRIVATE, PAGE, 0600);
	snprintf(text, sizeof(text), "%p %d", (void *)attach(), shmid);
	setenv("FAIL_ADDRESS", text, 1);
	execl("/proc/self/exe", "fail", "dt-execed", (char *)NULL);
	cannot("exec");
	return -1;
}

static int dt_after_exec(const char *text)
{
	void *where;

	if (sscanf(text, "%p %d", &where, &shmid) != 2)
		cannot("FAIL_ADDRESS");
	named = shmid;
	return dt(where);
}

/* ---- shmctl ---------------------------------------------------------------------------------- */

static int ctl_command(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return shmctl(named, 77, NULL);
}

static int ctl_unknown(void)
{
	struct shmid_ds segment;

	named = 1234567;
	return shmctl(named, IPC_STAT, &segment);
}

static int ctl_twice(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	discard();
	return shmctl(named, IPC_RMID, NULL);
}

static int ctl_place(void)
{
	struct shmid_ds segment;

	return shmctl(32767, SHM_STAT, &segment);
}

static int ctl_refused(void)
{
	struct shmid_ds segment;

	make(IPC_PRIVATE, PAGE, 0600);
	act_as_nobody();
	return shmctl(named, IPC_STAT, &segment);
}

static int ctl_rmid(void)
{
	make(IPC_PRIVATE, PAGE, 0666);
	act_as_nobody();
	return shmctl(named, IPC_RMID, NULL);
}

static int ctl_set(void)
{
	struct shmid_ds segment = {.shm_perm = {.uid = 11, .gid = 12, .mode = 0604}};

	make(IPC_PRIVATE, PAGE, 0666);
	act_as_nobody();
	return shmctl(named, IPC_SET, &segment);
}

static int ctl_lock(void)
{
	make(IPC_PRIVATE, PAGE, 0666);
	act_as_nobody();
	return shmctl(named, SHM_LOCK, NULL);
}

static int ctl_lock_zero(void)
{
	limit(RLIMIT_MEMLOCK, 0);
	act_as_nobody();
	make(IPC_PRIVATE, PAGE, 0600);
	return shmctl(named, SHM_LOCK, NULL);
}

static int ctl_lock_limit(void)
{
	limit(RLIMIT_MEMLOCK, 16 * PAGE);
	act_as_nobody();
	make(IPC_PRIVATE, MEGABYTE, 0600);
	return shmctl(named, SHM_LOCK, NULL);
}

static int ctl_buffer(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return shmctl(named, IPC_STAT, (struct shmid_ds *)8);
}

static int ctl_set_buffer(void)
{
	make(IPC_PRIVATE, PAGE, 0600);
	return shmctl(named, IPC_SET, (struct shmid_ds *)8);
}

static int ctl_unmapped(void)
{
	struct shmid_ds segment = {.shm_perm = {.uid = 4711, .gid = 4712, .mode = 0600}};

	if (unshare(CLONE_NEWUSER | CLONE_NEWIPC))
		cannot("unshare(CLONE_NEWUSER)");
	make(IPC_PRIVATE, PAGE, 0600);
	return shmctl(named, IPC_SET, &segment);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* A shmget, and nothing before it */
static const struct {
	const char *name; /* at most 15 bytes */
	key_t key;
	size_t size;
	int flags;
} plain[] = {
	{"get-missing", NO_KEY, PAGE, 0},
	{"get-elsewhere", OTHER_KEY, PAGE, 0},
	{"get-empty", KEY, 0, IPC_CREAT | 0600},
	{"get-wrapped", KEY, (size_t)-PAGE, IPC_CREAT | 0600},
	{"get-above-max", IPC_PRIVATE, MEGABYTE, IPC_CREAT | 0600},
	{"get-huge-size", IPC_PRIVATE, MEGABYTE, IPC_CREAT | SHM_HUGETLB | HUGE_64KB | 0600},
	{"get-pages", IPC_PRIVATE, MEGABYTE, IPC_CREAT | 0600},
	{"get-memory", IPC_PRIVATE, (size_t)1 << 46, IPC_CREAT | 0600},
	{"get-committed", IPC_PRIVATE, (size_t)1 << 46, IPC_CREAT | 0600},
	{"get-huge", IPC_PRIVATE, (size_t)1 << 42, IPC_CREAT | SHM_HUGETLB | 0600},
};

static const struct {
	const char *name;
	int (*call)(void);
} cases[] = {
	{"get-exists", get_exists},
	{"get-removed", get_removed},
	{"get-pinned", get_pinned},
	{"other-key", other_key},
	{"get-smaller", get_smaller},
	{"get-refused", get_refused},
	{"get-foreign", get_foreign},
	{"get-full", get_full},
	{"get-privilege", get_privilege},
	{"get-ignored", get_ignored},
	{"at-unknown", at_unknown},
	{"at-removed", at_removed},
	{"at-elsewhere", at_elsewhere},
	{"at-negative", at_negative},
	{"at-unaligned", at_unaligned},
	{"at-remap-null", at_remap_null},
	{"at-round-null", at_round_null},
	{"at-twice", at_twice},
	{"at-program", at_program},
	{"at-refused", at_refused},
	{"at-as-limit", at_as_limit},
	{"at-mappings", at_mappings},
	{"at-no-room", at_no_room},
	{"at-locked", at_locked},
	{"at-raced", at_raced},
	{"dt-unaligned", dt_unaligned},
	{"dt-nothing", dt_nothing},
	{"dt-twice", dt_twice},
	{"dt-unmapped", dt_unmapped},
	{"dt-inside", dt_inside},
	{"dt-execed", dt_execed},
	{"ctl-command", ctl_command},
	{"ctl-unknown", ctl_unknown},
	{"ctl-twice", ctl_twice},
	{"ctl-place", ctl_place},
	{"ctl-refused", ctl_refused},
	{"ctl-rmid", ctl_rmid},
	{"ctl-set", ctl_set},
	{"ctl-lock", ctl_lock},
	{"ctl-lock-zero", ctl_lock_zero},
	{"ctl-lock-limit", ctl_lock_limit},
	{"ctl-buffer", ctl_buffer},
	{"ctl-set-buffer", ctl_set_buffer},
	{"ctl-unmapped", ctl_unmapped},
};

/* Those of get-full */
static void remove_all(void)
{
	struct shm_info info;
	struct shmid_ds segment;
	const int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&info);

	for (int place = 0; place <= last; place++) {
		const int found = shmctl(place, SHM_STAT_ANY, &segment);

		if (found >= 0 && segment.shm_cpid == getpid())
			shmctl(found, IPC_RMID, NULL);
	}
}

/* What the call returned; -2: there is no such case. */
static int run(const char *name)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(plain[i].name, name) == 0)
			return shmget(plain[i].key, plain[i].size, plain[i].flags);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(cases[i].name, name) == 0)
			return cases[i].call();
	return -2;
}

int main(int argc, char **argv)
{
	const char *after_exec = getenv("FAIL_ADDRESS");
	int result, error;
	char byte;

	if (argc != 2)
		return 1;
	prctl(PR_SET_NAME, argv[1]);
	result = after_exec ? dt_after_exec(after_exec) : run(argv[1]);
	error = result == -1 ? errno : 0;
	if (result == -2)
		return 1;
	printf("pid %d\n%d %d 0x%lx\n", getpid(), error, named, (unsigned long)address);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	if (geteuid() && !getuid() && seteuid(0))
		return 1;
	if (shmid >= 0)
		shmctl(shmid, IPC_RMID, NULL);
	if (full)
		remove_all();
	return 0;
}
