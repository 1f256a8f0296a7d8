/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker: does to shared memory what test_workload tells it to do, see tests/live/worker.h.
 *
 *   worker SLOT
 *
 * It keeps no record of its attachments: it asks the kernel, so that it can be forked, replaced and
 * remapped at will. It ends when the test does.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/live/kernel_view.h"
#include "tests/live/worker.h"

enum { PAGE = 4096, MAPPINGS = 4096, PAGES_MAX = 16, KEYS = 8 };

struct worker {
	int slot;
	const char *program; /* absolute */
};

static const key_t key_base = 0x5e650000;

static long mappings_read(struct kernel_mapping *rows)
{
	/* not /proc/self: it shows nothing once the first thread has ended */
	return kernel_maps_read("/proc/thread-self/maps", getpid(), rows, 0, MAPPINGS);
}

/* Any mapping of a segment. */
static int mapping_pick(uint32_t random, struct kernel_mapping *mapping)
{
	static struct kernel_mapping rows[MAPPINGS];
	long count = mappings_read(rows);

	if (count < 1)
		return -ENOENT;
	*mapping = rows[random % (uint32_t)count];
	return 0;
}

/* Some pages of a mapping; often all. */
static char *mapping_part(const struct kernel_mapping *mapping, uint32_t random, size_t *length)
{
	uint64_t pages = mapping->length / PAGE;
	uint64_t first = (random >> 8) % pages;
	uint64_t count = 1 + (random >> 16) % (pages - first);

	if (random >> 31) {
		first = 0;
		count = pages;
	}
	*length = count * PAGE;
	return (char *)mapping->start + first * PAGE;
}

static int result_of(long value)
{
	return value == -1 ? -errno : 0;
}

static int segment_get(const struct work_command *command)
{
	bool keyed = command->work == WORK_SHMGET_KEY;
	key_t key = keyed ? key_base + (key_t)(command->random % KEYS) : IPC_PRIVATE;
	size_t size = (1 + (command->random >> 8) % PAGES_MAX) * PAGE;
	int shmid = shmget(key, size, IPC_CREAT | 0600);

	return shmid < 0 ? -errno : shmid;
}

static int segment_attach(int shmid, const void *address, int flags)
{
	return shmat(shmid, address, flags) == (void *)-1 ? -errno : 0;
}

static int segment_control(int shmid, int operation)
{
	struct shmid_ds ds;

	return result_of(shmctl(shmid, operation, &ds));
}

static int segment_detach(uint32_t random)
{
	struct kernel_mapping mapping;
	int error = mapping_pick(random, &mapping);

	if (error)
		return error;
	return result_of(shmdt((void *)mapping.start));
}

/* Over a mapping that is long enough, else over reserved addresses: never over anything else. */
static int segment_remap(int shmid, uint32_t random)
{
	struct kernel_mapping mapping;
	struct shmid_ds ds;
	void *place;

	if (shmctl(shmid, IPC_STAT, &ds) < 0)
		return -errno;
	if (mapping_pick(random, &mapping) == 0 && mapping.length >= ds.shm_segsz) {
		place = (void *)mapping.start;
	} else {
		place = mmap(NULL, (PAGES_MAX + 1) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
		if (place == MAP_FAILED)
			return -errno;
	}
	return segment_attach(shmid, place, SHM_REMAP);
}

static int part_move(char *from, size_t length)
{
	void *to = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (to == MAP_FAILED)
		return -errno;
	to = mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	return to == MAP_FAILED ? -errno : 0;
}

static int part_change(const struct work_command *command)
{
	static const int protections[] = {PROT_READ, PROT_NONE, PROT_READ | PROT_WRITE};
	uint32_t random = command->random;
	struct kernel_mapping mapping;
	int error = mapping_pick(random, &mapping);
	size_t length;
	char *start;

	if (error)
		return error;
	start = mapping_part(&mapping, random, &length);
	switch (command->work) {
	case WORK_MUNMAP:
		return result_of(munmap(start, length));
	case WORK_MPROTECT:
		return result_of(mprotect(start, length, protections[(random >> 4) % 3]));
	case WORK_MOVE:
		return part_move(start, length);
	case WORK_DUPLICATE:
		start = mremap(start, 0, length, MREMAP_MAYMOVE);
		return start == MAP_FAILED ? -errno : 0;
	case WORK_DONTFORK:
		return result_of(madvise(start, length, random & 16 ? MADV_DONTFORK : MADV_DOFORK));
	}
	return -EINVAL;
}

static int child_vfork(const struct worker *worker, const struct work_command *command)
{
	pid_t child = vfork();

	if (child == 0) {
		if (command->work == WORK_VFORK)
			shmat(command->shmid, NULL, 0);
		else
			execl(worker->program, worker->program, (char *)NULL);
		_exit(0);
	}
	return result_of(child);
}

static void worker_reply(const struct worker *worker, int64_t result)
{
	static struct kernel_mapping rows[MAPPINGS];
	struct work_reply reply = {
		.result = result,
		.pid = getpid(),
		.mappings = (uint32_t)mappings_read(rows),
	};

	if (send(WORKER_FD + worker->slot, &reply, sizeof(reply), MSG_NOSIGNAL) != sizeof(reply))
		_exit(1);
}

static void worker_loop(struct worker *worker);

static void *worker_thread(void *context)
{
	worker_reply(context, 0);
	worker_loop(context);
	return NULL;
}

/* The calling thread ends for good, the process lives on. */
static int worker_leave(struct worker *worker)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	error = pthread_create(&thread, &attributes, worker_thread, worker);
	if (error == 0)
		syscall(SYS_exit, 0);
	return -error;
}

/* A new worker: forgets what was meant for the one that had the slot before. */
static void worker_start(const struct worker *worker)
{
	struct work_command stale;

	while (recv(WORKER_FD + worker->slot, &stale, sizeof(stale), MSG_DONTWAIT) > 0)
		;
	worker_reply(worker, 0);
}

static int worker_fork(struct worker *worker, int slot)
{
	pid_t child = fork();

	if (child == 0) {
		worker->slot = slot;
		worker_start(worker);
		worker_loop(worker);
	}
	return result_of(child);
}

static int worker_exec(const struct worker *worker)
{
	char slot[16];

	snprintf(slot, sizeof(slot), "%d", worker->slot);
	execl(worker->program, worker->program, slot, (char *)NULL);
	return -errno;
}

static int worker_do(struct worker *worker, const struct work_command *command)
{
	switch (command->work) {
	case WORK_SHMGET:
	case WORK_SHMGET_KEY:
		return segment_get(command);
	case WORK_SHMAT:
	case WORK_KILL_BUSY:
		return segment_attach(command->shmid, NULL, 0);
	case WORK_SHMAT_READONLY:
		return segment_attach(command->shmid, NULL, SHM_RDONLY);
	case WORK_SHMAT_EXEC:
		return segment_attach(command->shmid, NULL, SHM_EXEC);
	case WORK_SHMDT:
		return segment_detach(command->random);
	case WORK_REMOVE:
		return segment_control(command->shmid, IPC_RMID);
	case WORK_STAT:
		return segment_control(command->shmid, IPC_STAT);
	case WORK_LOCK:
		return segment_control(command->shmid, command->random & 1 ? SHM_LOCK : SHM_UNLOCK);
	case WORK_FORK:
		return worker_fork(worker, command->slot);
	case WORK_EXEC:
		return worker_exec(worker);
	case WORK_EXIT:
		_exit(0);
	case WORK_LEADER_EXIT:
		return worker_leave(worker);
	case WORK_VFORK:
	case WORK_VFORK_EXEC:
		return child_vfork(worker, command);
	case WORK_REMAP:
		return segment_remap(command->shmid, command->random);
	}
	return part_change(command);
}

static void worker_loop(struct worker *worker)
{
	struct work_command command;

	while (recv(WORKER_FD + worker->slot, &command, sizeof(command), 0) == sizeof(command))
		worker_reply(worker, worker_do(worker, &command));
	_exit(0);
}

int main(int argc, char **argv)
{
	struct worker worker = {.program = argv[0]};

	if (argc < 2) /* what a vfork child execs: nothing to do */
		return 0;
	worker.slot = atoi(argv[1]);
	signal(SIGCHLD, SIG_IGN);
	worker_start(&worker);
	worker_loop(&worker);
}
