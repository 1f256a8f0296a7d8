/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/remove.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/shm.h>

#include "observe/namespaces.h"

enum { REMOVE_IDENTITY = FACT_COL_SHMID | FACT_COL_SIZE | FACT_COL_CTIME | FACT_COL_CPID };

struct removal {
	const struct segment_facts *facts;
	uint64_t nattch;
};

/* EINVAL is what the kernel says of a shmid that nobody has. */
static int remove_error(int error)
{
	return error == EINVAL ? -EIDRM : -error;
}

static bool remove_same(const struct shmid_ds *segment, const struct segment_facts *facts)
{
	return segment->shm_segsz == facts->size && segment->shm_ctime == facts->ctime &&
	       segment->shm_cpid == facts->cpid;
}

static int remove_visit(void *context)
{
	struct removal *removal = context;
	struct shmid_ds segment;

	if (shmctl(removal->facts->shmid, IPC_STAT, &segment))
		return remove_error(errno);
	if (!remove_same(&segment, removal->facts))
		return -ESTALE;
	if (shmctl(removal->facts->shmid, IPC_RMID, NULL))
		return remove_error(errno);
	removal->nattch = segment.shm_nattch;
	return 0;
}

int remove_segment(const struct namespace_facts *place, const struct segment_facts *facts,
		   uint64_t *nattch)
{
	struct removal removal = {.facts = facts};
	int error;

	if ((facts->known & REMOVE_IDENTITY) != REMOVE_IDENTITY)
		return -EINVAL;
	error = namespaces_visit(place, remove_visit, &removal);
	*nattch = removal.nattch;
	return error;
}
