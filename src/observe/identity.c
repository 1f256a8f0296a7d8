/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/identity.h"

#include <errno.h>

enum { IDENTITY_FACTS = FACT_COL_SHMID | FACT_COL_SIZE | FACT_COL_CTIME | FACT_COL_CPID };

int identity_error(int error)
{
	return error == EINVAL ? -EIDRM : -error;
}

int identity_check(const struct segment_facts *facts, struct shmid_ds *found)
{
	if ((facts->known & IDENTITY_FACTS) != IDENTITY_FACTS)
		return -EINVAL;
	if (shmctl(facts->shmid, IPC_STAT, found))
		return identity_error(errno);
	return found->shm_segsz == facts->size && found->shm_ctime == facts->ctime &&
			       found->shm_cpid == facts->cpid
		       ? 0
		       : -ESTALE;
}
