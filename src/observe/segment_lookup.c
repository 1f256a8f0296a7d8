/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/segment_lookup.h"

#include <errno.h>
#include <sys/shm.h>

int segment_lookup_id(int32_t shmid, struct segment_facts *facts)
{
	struct shmid_ds segment;

	*facts = (struct segment_facts){.known = FACT_COL_SHMID, .shmid = shmid};
	if (shmctl(shmid, IPC_STAT, &segment))
		return errno == EINVAL || errno == EIDRM ? -ENOENT : -errno;
	*facts = (struct segment_facts){
		.known = FACT_COL_ALL & ~(FACT_COL_RSS | FACT_COL_SWAP),
		.shmid = shmid,
		.key = segment.shm_perm.__key,
		.mode = segment.shm_perm.mode,
		.size = segment.shm_segsz,
		.cpid = segment.shm_cpid,
		.lpid = segment.shm_lpid,
		.nattch = segment.shm_nattch,
		.uid = segment.shm_perm.uid,
		.gid = segment.shm_perm.gid,
		.cuid = segment.shm_perm.cuid,
		.cgid = segment.shm_perm.cgid,
		.atime = segment.shm_atime,
		.dtime = segment.shm_dtime,
		.ctime = segment.shm_ctime,
	};
	return 0;
}

/* Without a size, flags and permissions that it asks for, it fails for one reason only. */
int segment_lookup_key(int32_t key, struct segment_facts *facts)
{
	const int shmid = shmget(key, 0, 0);

	*facts = (struct segment_facts){0};
	return shmid < 0 ? -errno : segment_lookup_id(shmid, facts);
}
