/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/namespaces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "observe/process.h"

enum { PATH_LEN = 64 };

/* setns() moves a thread, not its process. */
static const char own_path[] = "/proc/thread-self/ns/ipc";

/* The inode in "ipc:[4026531839]", or 0. A link is not followed: it needs no descriptor, so nothing
 * is pinned. */
static uint32_t link_inode(int directory, const char *path)
{
	char text[PATH_LEN];
	const ssize_t length = readlinkat(directory, path, text, sizeof(text) - 1);
	unsigned int inode;

	if (length < 0)
		return 0;
	text[length] = '\0';
	return sscanf(text, "ipc:[%u]", &inode) == 1 ? inode : 0;
}

uint32_t namespaces_own(void)
{
	return link_inode(AT_FDCWD, own_path);
}

uint32_t namespaces_of(int pid)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "/proc/%d/ns/ipc", pid);
	return link_inode(AT_FDCWD, path);
}

/* Where the namespace stands in the list, or would have to be inserted */
static size_t list_position(const struct namespace_list *list, uint32_t ipcns)
{
	size_t low = 0;
	size_t high = list->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (list->rows[middle].ipcns < ipcns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int namespaces_add(struct namespace_list *list, uint32_t ipcns, int pid, uint64_t start_time)
{
	const struct namespace_facts facts = {
		.ipcns = ipcns,
		.pid = pid,
		.start_time = start_time,
	};
	const size_t position = list_position(list, ipcns);

	if (position < list->count && list->rows[position].ipcns == ipcns) {
		if (start_time < list->rows[position].start_time)
			list->rows[position] = facts;
		return 0;
	}

	void *rows = list->rows;
	const int error = array_reserve(&rows, &list->capacity, list->count + 1, sizeof(facts));

	list->rows = rows;
	if (error)
		return error;
	memmove(&list->rows[position + 1], &list->rows[position],
		(list->count - position) * sizeof(facts));
	list->rows[position] = facts;
	list->count++;
	return 0;
}

void namespaces_free(struct namespace_list *list)
{
	if (!list)
		return;
	free(list->rows);
	*list = (struct namespace_list){0};
}

/* A process that ends meanwhile, or may not be looked at, is passed over. */
static int scan_process(int proc, const char *name, struct namespace_list *list)
{
	char path[PATH_LEN];
	uint64_t start_time;
	const int pid = atoi(name);

	snprintf(path, sizeof(path), "%d/ns/ipc", pid);

	const uint32_t ipcns = link_inode(proc, path);

	if (!ipcns || process_start_time(pid, &start_time))
		return 0;
	return namespaces_add(list, ipcns, pid, start_time);
}

int namespaces_scan_proc(struct namespace_list *list)
{
	int error = 0;

	list->count = 0;

	DIR *proc = opendir("/proc");

	if (!proc)
		return -errno;
	while (!error) {
		errno = 0;

		const struct dirent *entry = readdir(proc);

		if (!entry) {
			error = -errno;
			break;
		}
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			error = scan_process(dirfd(proc), entry->d_name, list);
	}
	closedir(proc);
	if (error)
		list->count = 0;
	return error;
}

static int no_namespace(int error)
{
	switch (error) {
	case ENOENT: /* before and after it is reaped */
		return -ESRCH;
	case EACCES: /* another user's process */
		return -EPERM;
	default:
		return -error;
	}
}

/* Moves the thread into the namespace, if the process still lives in it. The descriptor is closed
 * at once: being there is enough. */
static int enter(const struct namespace_facts *place)
{
	char path[PATH_LEN];
	struct stat status;
	int error = 0;

	snprintf(path, sizeof(path), "/proc/%d/ns/ipc", place->pid);

	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return no_namespace(errno);
	if (fstat(fd, &status))
		error = -errno;
	else if (status.st_ino != place->ipcns)
		error = -ESRCH;
	else if (setns(fd, CLONE_NEWIPC))
		error = -errno;
	close(fd);
	return error;
}

int namespaces_visit(const struct namespace_facts *place, namespaces_visitor *visitor,
		     void *context)
{
	if (place->ipcns == namespaces_own())
		return visitor(context);

	const int home = open(own_path, O_RDONLY | O_CLOEXEC);

	if (home < 0)
		return -errno;

	int result = enter(place);

	if (!result) {
		result = visitor(context);
		if (setns(home, CLONE_NEWIPC)) {
			log_error("cannot return to the own IPC namespace: %s", strerror(errno));
			abort();
		}
	}
	close(home);
	return result;
}
