/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/segment_contents.h"

#include <errno.h>

#include "observe/contents.h"
#include "observe/resident.h"

/* Where so many cannot be looked into, the next one cannot either. */
enum { TRIES = 64 };

static bool is_attached(const struct segment *segment)
{
	return !(segment->facts.known & FACT_COL_NATTCH) || segment->nattch > 0;
}

/* Where no mapping is known: why not */
static int nobody_known(const struct model *model, const struct segment *segment)
{
	if (!is_attached(segment))
		return -ENOTCONN;
	/* Else the table and the mappings are of different instants. */
	return model_status(model)->partial ? -EPERM : -ENOENT;
}

int segment_contents_read(const struct model *model, const struct segment *segment, uint64_t offset,
			  size_t length, struct contents *out, const struct mapping **through)
{
	const struct mapping *mapping = segment->mappings;
	int error = nobody_known(model, segment);

	if (segment->gone)
		return -ENOENT;
	for (int i = 0; mapping && i < TRIES; i++, mapping = mapping->segment_next) {
		const struct process *process = mapping->holder->process;
		const struct contents_mapping way = {
			.pid = process->pid,
			.start_time = process->start_time,
			.start = mapping->start,
			.length = mapping->length,
		};
		int failed = contents_read(&way, segment->id.shmid, offset, length, out);

		if (!failed) {
			*through = mapping;
			return 0;
		}
		/* That one may not be looked into tells more than that another has let go. */
		if (failed == -ESRCH || failed == -ESTALE)
			failed = -ENOENT;
		if (i == 0 || error == -ENOENT)
			error = failed;
	}
	return error;
}

int segment_contents_attach(const struct model *model, const struct segment *segment,
			    uint64_t offset, size_t length, struct contents *out)
{
	size_t count;
	const struct namespace_state *places = model_namespaces(model, &count);

	for (size_t i = 0; i < count; i++)
		if (places[i].facts.ipcns == segment->id.ipcns)
			return contents_attach(&places[i].facts, &segment->facts, offset, length,
					       out);
	return -ESRCH;
}

int segment_contents_resident(const struct segment *segment, const struct holder *holder,
			      uint64_t *bytes)
{
	const struct process *process = holder->process;
	int error = 0;

	*bytes = 0;
	for (const struct mapping *at = holder->mappings; at && !error; at = at->holder_next) {
		uint64_t part;

		if (at->segment != segment)
			continue;
		error = resident_read(process->pid, process->start_time, at->start, at->length,
				      &part);
		*bytes += part;
	}
	return error;
}
