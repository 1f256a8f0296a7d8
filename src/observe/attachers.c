/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/attachers.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attachers.skel.h"
#include "base/array.h"
#include "bpf/shm_event.h"
#include "observe/attachers_maps.h"
#include "observe/attachment_list.h"
#include "observe/loader.h"
#include "observe/record.h"

/* A multiple of both records; the kernel hands out no more than its own buffer of 8 pages. */
enum { BUFFER_SIZE = 32 * 1024 };

struct attachers {
	struct attachers_bpf *skeleton; /* NULL: no iterator stands */
	enum attachers_method method;
	char why[LOADER_WHY_LEN];
	struct attachers_identity
		*identities; /* for the maps files, where only tasks are iterated */
	size_t identity_count;
	size_t identity_capacity;
	char buffer[BUFFER_SIZE];
};

/* ---- iterators ----------------------------------------------------------------------------- */

static int load(bool mappings, struct attachers_bpf **out)
{
	struct attachers_bpf *skeleton = attachers_bpf__open();
	int error;

	if (!skeleton)
		return -errno;
	skeleton->rodata->viewer_pidns = loader_pidns();
	skeleton->rodata->page_shift = (unsigned int)__builtin_ctzl(sysconf(_SC_PAGESIZE));
	bpf_program__set_autoload(skeleton->progs.dump_mappings, mappings);
	error = attachers_bpf__load(skeleton);
	if (!error)
		error = attachers_bpf__attach(skeleton);
	if (error) {
		attachers_bpf__destroy(skeleton);
		return error;
	}
	*out = skeleton;
	return 0;
}

/* Linux 5.10 iterates over tasks, but not yet over their mappings. */
static void load_best(struct attachers *attachers)
{
	int error;

	libbpf_set_print(NULL);
	error = load(true, &attachers->skeleton);
	if (!error) {
		attachers->method = ATTACHERS_ITERATOR;
		return;
	}
	/* Not to be found, though the other one loads. */
	if (!load(false, &attachers->skeleton) && error == -ESRCH)
		snprintf(attachers->why, sizeof(attachers->why),
			 "the iterator over mappings needs Linux 5.13");
	else
		loader_why(error, attachers->why);
}

int attachers_open(bool want_iterator, struct attachers **out)
{
	struct attachers *attachers = calloc(1, sizeof(*attachers));

	if (!attachers)
		return -ENOMEM;
	attachers->method = ATTACHERS_MAPS;
	if (want_iterator)
		load_best(attachers);
	else
		snprintf(attachers->why, sizeof(attachers->why), "not asked for");
	*out = attachers;
	return 0;
}

void attachers_close(struct attachers *attachers)
{
	if (!attachers)
		return;
	attachers_bpf__destroy(attachers->skeleton);
	free(attachers->identities);
	free(attachers);
}

enum attachers_method attachers_method(const struct attachers *attachers)
{
	return attachers->method;
}

const char *attachers_why(const struct attachers *attachers)
{
	return attachers->why;
}

typedef int record_taker(void *context, const void *record);

/* Runs an iterator once and hands out its records. Each read brings whole records; -EAGAIN says that the
 * kernel looked at very many objects and found nothing to tell yet. */
static int iterate(struct attachers *attachers, const struct bpf_link *link, size_t size,
		   record_taker *taker, void *context)
{
	const int fd = bpf_iter_create(bpf_link__fd(link));
	int error = 0;

	if (fd < 0)
		return -errno;
	while (!error) {
		const ssize_t length = read(fd, attachers->buffer, sizeof(attachers->buffer));

		if (length < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (length < 0)
			error = -errno;
		else if ((size_t)length % size)
			error = -EIO;
		if (length <= 0)
			break;
		for (size_t at = 0; !error && at < (size_t)length; at += size)
			error = taker(context, attachers->buffer + at);
	}
	close(fd);
	return error;
}

static int take_mapping(void *context, const void *data)
{
	struct shm_attachment record;

	memcpy(&record, data, sizeof(record));

	const struct attachment row = {
		.mm = record.mm,
		.start_time = record.start_time,
		.start = record.start,
		.length = record.end - record.start,
		.offset = record.offset,
		.ipcns = record.ipcns,
		.shmid = record.shmid,
		.pid = (int32_t)record.tgid,
		.flags = record_vm_flags(record.vm_flags),
	};

	return attachment_list_add(context, &row);
}

static int take_identity(void *context, const void *data)
{
	struct attachers *attachers = context;
	struct shm_task record;
	void *rows = attachers->identities;
	const int error =
		array_reserve(&rows, &attachers->identity_capacity, attachers->identity_count + 1,
			      sizeof(attachers->identities[0]));

	attachers->identities = rows;
	if (error)
		return error;
	memcpy(&record, data, sizeof(record));
	if (record.mm)
		attachers->identities[attachers->identity_count++] = (struct attachers_identity){
			.pid = (int32_t)record.tgid,
			.mm = record.mm,
		};
	return 0;
}

static int take_namespace(void *context, const void *data)
{
	struct shm_task record;

	memcpy(&record, data, sizeof(record));
	if (!record.ipcns)
		return 0;
	return namespaces_add(context, record.ipcns, (int)record.tgid, record.start_time);
}

/* ---- scans --------------------------------------------------------------------------------- */

static int compare_identities(const void *left, const void *right)
{
	const struct attachers_identity *a = left;
	const struct attachers_identity *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int scan_maps(struct attachers *attachers, struct attachment_list *list)
{
	attachers->identity_count = 0;
	if (attachers->skeleton && iterate(attachers, attachers->skeleton->links.dump_tasks,
					   sizeof(struct shm_task), take_identity, attachers))
		attachers->identity_count = 0;
	if (attachers->identity_count)
		qsort(attachers->identities, attachers->identity_count,
		      sizeof(attachers->identities[0]), compare_identities);
	return attachers_maps_scan(attachers->identities, attachers->identity_count, list);
}

int attachers_scan(struct attachers *attachers, struct attachment_list *list)
{
	int error = -ENOSYS;

	list->count = 0;
	list->hidden = 0;
	if (attachers->method == ATTACHERS_ITERATOR) {
		error = iterate(attachers, attachers->skeleton->links.dump_mappings,
				sizeof(struct shm_attachment), take_mapping, list);
		if (error && error != -ENOMEM) {
			attachers->method = ATTACHERS_MAPS;
			loader_why(error, attachers->why);
		}
	}
	if (attachers->method == ATTACHERS_MAPS) {
		list->count = 0;
		error = scan_maps(attachers, list);
	}
	if (error) {
		list->count = 0;
		return error;
	}
	list->partial = list->hidden > 0 || loader_pidns() != 0;
	attachment_list_settle(list);
	return 0;
}

int attachers_namespaces(struct attachers *attachers, struct namespace_list *list)
{
	list->count = 0;
	if (attachers->skeleton && !iterate(attachers, attachers->skeleton->links.dump_tasks,
					    sizeof(struct shm_task), take_namespace, list))
		return 0;
	list->count = 0;
	return namespaces_scan_proc(list);
}
