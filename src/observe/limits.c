/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "base/clock.h"
#include "observe/text_file.h"

/* Some 60 lines of 28 bytes, with room for those to come */
enum { MEMINFO_LEN = 16 * 1024 };

/* semctl(2) leaves the declaration to its callers. */
union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

static const struct meminfo_line {
	const char *title;
	uint64_t unit; /* bytes for sizes, else 1 */
	size_t field;
} meminfo_lines[] = {
	{
		.title = "HugePages_Total:",
		.unit = 1,
		.field = offsetof(struct limits_facts, hugepages_total),
	},
	{
		.title = "HugePages_Free:",
		.unit = 1,
		.field = offsetof(struct limits_facts, hugepages_free),
	},
	{
		.title = "HugePages_Rsvd:",
		.unit = 1,
		.field = offsetof(struct limits_facts, hugepages_reserved),
	},
	{
		.title = "Hugepagesize:",
		.unit = 1024,
		.field = offsetof(struct limits_facts, hugepage_size),
	},
};

enum { MEMINFO_LINES = sizeof(meminfo_lines) / sizeof(meminfo_lines[0]) };

/* The number behind the title and blanks of a line that ends at `end` with a newline */
static bool figure_parse(const char *at, const char *end, uint64_t unit, uint64_t *figure)
{
	uint64_t value = 0;

	while (at < end && *at == ' ')
		at++;
	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
		    __builtin_add_overflow(value, (unsigned int)(*at - '0'), &value))
			return false;
	}
	return !__builtin_mul_overflow(value, unit, figure);
}

void limits_parse_meminfo(const char *text, size_t length, struct limits_facts *limits)
{
	const char *const end = text + length;
	unsigned int found = 0;
	const char *stop;

	for (const char *line = text; line < end; line = stop + 1) {
		stop = memchr(line, '\n', (size_t)(end - line));
		if (!stop)
			break;
		for (size_t i = 0; i < MEMINFO_LINES; i++) {
			const struct meminfo_line *known = &meminfo_lines[i];
			const size_t title = strlen(known->title);
			uint64_t figure;

			if ((size_t)(stop - line) < title || memcmp(line, known->title, title) ||
			    !figure_parse(line + title, stop, known->unit, &figure))
				continue;
			memcpy((char *)limits + known->field, &figure, sizeof(figure));
			found |= 1u << i;
		}
	}
	limits->has_hugepages = found == (1u << MEMINFO_LINES) - 1;
}

static int meminfo_read(struct limits_facts *limits)
{
	char text[MEMINFO_LEN];
	int error = 0;
	const int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	/* One read: the kernel hands it out whole. */
	const ssize_t length = read(fd, text, sizeof(text));

	if (length < 0)
		error = -errno;
	else
		limits_parse_meminfo(text, (size_t)length, limits);
	close(fd);
	return error;
}

/* kernel.sem takes negative limits, which allow nothing. */
static uint64_t at_least_zero(int figure)
{
	return figure > 0 ? (uint64_t)figure : 0;
}

static int shm_read(struct limits_facts *limits)
{
	struct shminfo max;
	struct shm_info used;

	if (shmctl(0, IPC_INFO, (struct shmid_ds *)&max) < 0 ||
	    shmctl(0, SHM_INFO, (struct shmid_ds *)&used) < 0)
		return -errno;

	limits->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	limits->segments = (struct fact_use){
		.used = at_least_zero(used.used_ids),
		.max = max.shmmni,
	};
	limits->pages = (struct fact_use){.used = used.shm_tot, .max = max.shmall};
	limits->shmmax = max.shmmax;
	limits->rss = used.shm_rss * limits->page_size;
	limits->swap = used.shm_swp * limits->page_size;
	return 0;
}

/* SEM_INFO and MSG_INFO fill in the limits too, and overwrite fields that nobody uses with the use.
 */
static int sem_read(struct limits_facts *limits)
{
	struct seminfo info;

	if (semctl(0, 0, SEM_INFO, (union semun){.info = &info}) < 0)
		return -errno;
	limits->semsets = (struct fact_use){
		.used = at_least_zero(info.semusz),
		.max = at_least_zero(info.semmni),
	};
	limits->sems = (struct fact_use){
		.used = at_least_zero(info.semaem),
		.max = at_least_zero(info.semmns),
	};
	return 0;
}

static int msg_read(struct limits_facts *limits)
{
	struct msginfo info;

	if (msgctl(0, MSG_INFO, (struct msqid_ds *)&info) < 0)
		return -errno;
	limits->queues = (struct fact_use){
		.used = at_least_zero(info.msgpool),
		.max = at_least_zero(info.msgmni),
	};
	limits->messages = at_least_zero(info.msgmap);
	limits->message_bytes = at_least_zero(info.msgtql);
	limits->msgmnb = at_least_zero(info.msgmnb);
	limits->msgmax = at_least_zero(info.msgmax);
	return 0;
}

/* The calling thread's namespace has its own /proc/sys/kernel/shm*. */
static void sysctls_read(struct limits_facts *limits)
{
	int64_t value;

	limits->rmid_forced =
		text_file_number(AT_FDCWD, "/proc/sys/kernel/shm_rmid_forced", &value) && value;
	limits->has_next_id =
		text_file_number(AT_FDCWD, "/proc/sys/kernel/shm_next_id", &value) && value >= 0;
	limits->next_id = limits->has_next_id ? (int32_t)value : 0;
}

int limits_read(uint32_t ipcns, struct limits_facts *limits)
{
	int error;

	*limits = (struct limits_facts){.ipcns = ipcns, .time = clock_now()};
	error = shm_read(limits);
	if (!error)
		error = sem_read(limits);
	if (!error)
		error = msg_read(limits);
	if (error)
		return error;
	sysctls_read(limits);
	return meminfo_read(limits);
}
