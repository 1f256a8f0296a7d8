/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/contents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "observe/identity.h"
#include "observe/namespaces.h"
#include "observe/process.h"

enum { PATH_LEN = 96 };

/* How the kernel names the files of segments; no other file has such a name outside of the root folder. */
static const char file_name[] = "/SYSV";

/* ---- the file behind a mapping ------------------------------------------------------------- */

static int open_entry(int task, const struct contents_mapping *mapping)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, task,
		 mapping->start, mapping->start + mapping->length);
	/* What is behind it is not opened before it is known: it might be a device by now. */
	const int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	/* The latter is what newer kernels say of one whose memory is gone. */
	if (errno == ENOENT || errno == ESRCH)
		return -ENOENT;
	return errno == EACCES ? -EPERM : -errno;
}

/* A process whose first thread has ended shows its mappings at the others alone. */
static int open_by_threads(const struct contents_mapping *mapping)
{
	const struct dirent *entry;
	char path[PATH_LEN];
	int fd = -ENOENT;

	snprintf(path, sizeof(path), "/proc/%d/task", mapping->pid);
	DIR *tasks = opendir(path);

	if (!tasks)
		return fd;
	while (fd == -ENOENT && (entry = readdir(tasks)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != mapping->pid)
			fd = open_entry(atoi(entry->d_name), mapping);
	closedir(tasks);
	return fd;
}

/* The inode of a segment's file has the shmid as its number. */
static bool is_segment(const char *path, int fd, int32_t shmid)
{
	const size_t length = sizeof(file_name) - 1;
	struct stat file;
	char name[PATH_LEN];

	return fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_ino == (ino_t)shmid &&
	       file.st_nlink == 0 && readlink(path, name, sizeof(name)) > (ssize_t)length &&
	       memcmp(name, file_name, length) == 0;
}

/* Returns a descriptor or -errno. */
static int open_file(const struct contents_mapping *mapping, int32_t shmid)
{
	char path[PATH_LEN];
	int entry = open_entry(mapping->pid, mapping), error, fd;

	if (entry == -ENOENT)
		entry = open_by_threads(mapping);
	/* The entry stays with its process, whoever has the pid later. */
	error = process_check(mapping->pid, mapping->start_time);
	if (entry < 0)
		return entry == -ENOENT && error ? error : entry;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", entry);
	if (error)
		fd = error;
	else if (!is_segment(path, entry, shmid))
		fd = -ESTALE;
	else if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		fd = errno == EACCES ? -EPERM : -errno;
	close(entry);
	return fd;
}

/* ---- its contents -------------------------------------------------------------------------- */

static int read_bytes(int fd, uint64_t from, uint64_t to, struct contents *out)
{
	while (from < to) {
		ssize_t got = pread(fd, out->bytes + (from - out->offset), to - from, (off_t)from);

		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		from += (uint64_t)got;
	}
	return 0;
}

static void add_hole(struct contents *out, uint64_t from, uint64_t to)
{
	struct contents_hole *last = out->hole_count ? &out->holes[out->hole_count - 1] : NULL;

	memset(out->bytes + (from - out->offset), 0, to - from);
	/* A page that was given back meanwhile: two that touch are one. */
	if (last && last->offset + last->length == from)
		last->length += to - from;
	else
		out->holes[out->hole_count++] =
			(struct contents_hole){.offset = from, .length = to - from};
}

/* The next offset that is data or a hole, `end` at most */
static uint64_t seek(int fd, uint64_t from, uint64_t end, int what)
{
	off_t at = lseek(fd, (off_t)from, what);

	/* There is no more of it. */
	if (at < 0 && errno == ENXIO)
		return end;
	/* A file system that does not tell: all of it is data. */
	if (at < 0)
		return what == SEEK_DATA ? from : end;
	return (uint64_t)at < end ? (uint64_t)at : end;
}

static int read_file(int fd, struct contents *out)
{
	const uint64_t end = out->offset + out->length;
	uint64_t at = out->offset;
	int error = 0;

	while (at < end && !error) {
		uint64_t data = seek(fd, at, end, SEEK_DATA);

		if (data > at)
			add_hole(out, at, data);
		at = seek(fd, data, end, SEEK_HOLE);
		error = read_bytes(fd, data, at, out);
	}
	return error;
}

/* As much as there is of it, and as fits */
static int begin(int fd, uint64_t offset, size_t length, struct contents *out)
{
	struct stat file;

	if (fstat(fd, &file))
		return -errno;
	const uint64_t size = (uint64_t)file.st_size;
	const uint64_t left = offset < size ? size - offset : 0;

	out->offset = offset;
	out->hole_count = 0;
	out->length = length < CONTENTS_MAX ? length : CONTENTS_MAX;
	if (out->length > left)
		out->length = left;
	return 0;
}

int contents_read(const struct contents_mapping *mapping, int32_t shmid, uint64_t offset,
		  size_t length, struct contents *out)
{
	const int fd = open_file(mapping, shmid);

	if (fd < 0)
		return fd;
	int error = begin(fd, offset, length, out);

	if (!error)
		error = read_file(fd, out);
	close(fd);
	return error;
}

/* ---- by an attachment of one's own --------------------------------------------------------- */

struct attachment_visit {
	const struct segment_facts *facts;
	uint64_t offset;
	size_t length;
	struct contents *out;
};

static bool rmid_forced(void)
{
	char text[2] = "";
	const int fd = open("/proc/sys/kernel/shm_rmid_forced", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t got = read(fd, text, sizeof(text));

	close(fd);
	return got > 0 && text[0] != '0';
}

/* By the kernel: a page that cannot be had is an error there, where a signal would end this process. */
static int copy(const char *address, const struct attachment_visit *visit)
{
	struct contents *out = visit->out;
	const uint64_t left = visit->facts->size - visit->offset;
	struct iovec from, to = {.iov_base = out->bytes};

	out->offset = visit->offset;
	out->hole_count = 0;
	out->length = visit->length < CONTENTS_MAX ? visit->length : CONTENTS_MAX;
	if (out->length > left)
		out->length = left;
	to.iov_len = out->length;
	from = (struct iovec){.iov_base = (void *)((uintptr_t)address + visit->offset),
			      .iov_len = out->length};
	const ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

	if (got < 0)
		return -errno;
	out->length = (size_t)got;
	return 0;
}

static int attach(void *context)
{
	const struct attachment_visit *visit = context;
	const int32_t shmid = visit->facts->shmid;
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct shmid_ds segment;
	int error = identity_check(visit->facts, &segment);

	if (error)
		return error;
	if (segment.shm_perm.mode & FACT_MODE_DEST)
		return -EBUSY;
	if (rmid_forced())
		return -ENOTSUP;
	if (visit->offset >= visit->facts->size)
		return -EINVAL;
	const char *address = shmat(shmid, NULL, SHM_RDONLY);

	if (address == (const char *)-1)
		return identity_error(errno);
	const struct contents_mapping own = {
		.pid = getpid(),
		.start = (uintptr_t)address,
		.length = (visit->facts->size + page - 1) / page * page,
	};

	error = contents_read(&own, shmid, visit->offset, visit->length, visit->out);
	if (error)
		error = copy(address, visit);
	shmdt(address);
	return error;
}

int contents_attach(const struct namespace_facts *place, const struct segment_facts *facts,
		    uint64_t offset, size_t length, struct contents *out)
{
	struct attachment_visit visit = {
		.facts = facts, .offset = offset, .length = length, .out = out};

	return namespaces_visit(place, attach, &visit);
}
