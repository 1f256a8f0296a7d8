/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/remove.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "observe/identity.h"
#include "observe/namespaces.h"
#include "observe/process.h"

enum { PR_NAME_LEN = 16 }; /* as the kernel has it (TASK_COMM_LEN) */

struct removal {
	const struct segment_facts *facts;
	bool attached;
	uint64_t nattch;
	struct event *call;
};

static int remove_call(int shmid, struct event *call)
{
	const uint64_t began = clock_now();
	const int error = shmctl(shmid, IPC_RMID, NULL) ? errno : 0;

	call->time = clock_now();
	call->took = call->time - began;
	call->ret = -error;
	return error;
}

/* Who makes the call, and about what */
static struct event remove_event(const struct namespace_facts *place,
				 const struct segment_facts *facts)
{
	char comm[PR_NAME_LEN] = "";
	struct event event = {
		.ipcns = place->ipcns,
		.shmid = facts->shmid,
		.pid = getpid(),
		.tid = gettid(),
		.ppid = getppid(),
		.inner_pid = getpid(),
		.uid = getuid(),
		.gid = getgid(),
		.op = FACT_SHMCTL,
		.cmd = IPC_RMID,
	};

	process_start_time(event.pid, &event.start_time);
	prctl(PR_GET_NAME, comm);
	text_safe(event.comm, sizeof(event.comm), comm, strlen(comm));
	return event;
}

static int remove_visit(void *context)
{
	struct removal *removal = context;
	struct shmid_ds segment;
	int error = identity_check(removal->facts, &segment);

	if (error)
		return error;
	if (segment.shm_nattch && !removal->attached)
		return -EBUSY;
	error = remove_call(removal->facts->shmid, removal->call);
	if (error)
		return identity_error(error);
	removal->nattch = segment.shm_nattch;
	return 0;
}

int remove_segment(const struct namespace_facts *place, const struct segment_facts *facts,
		   bool attached, uint64_t *nattch, struct event *call)
{
	struct removal removal = {.facts = facts, .attached = attached, .call = call};
	int error;

	*call = remove_event(place, facts);
	error = namespaces_visit(place, remove_visit, &removal);
	*nattch = removal.nattch;
	return error;
}
