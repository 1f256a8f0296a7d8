/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "report/creators.h"
#include "report/json_parts.h"
#include "report/owner.h"

static struct json_object *json_resource(const struct namespace_state *place,
					 enum model_resource resource)
{
	const struct fact_use use = model_use(place, resource);
	struct json_object *object = json_object_new_object();
	uint64_t seconds;

	if (!object)
		return NULL;
	json_add(object, "used", json_object_new_uint64(use.used));
	json_add(object, "max", json_object_new_uint64(use.max));
	json_add(object, "full_in",
		 model_exhaustion(place, resource, &seconds) ? json_object_new_uint64(seconds)
							     : NULL);
	return object;
}

static struct json_object *json_semaphores(const struct namespace_state *place)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "sets", json_resource(place, MODEL_SEMSETS));
	json_add(object, "sems", json_resource(place, MODEL_SEMS));
	return object;
}

static struct json_object *json_queues(const struct namespace_state *place)
{
	const struct limits_facts *limits = &place->limits;
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "queues", json_resource(place, MODEL_QUEUES));
	json_add(object, "messages", json_object_new_uint64(limits->messages));
	json_add(object, "bytes", json_object_new_uint64(limits->message_bytes));
	json_add(object, "msgmnb", json_object_new_uint64(limits->msgmnb));
	json_add(object, "msgmax", json_object_new_uint64(limits->msgmax));
	return object;
}

static struct json_object *json_default_pool(const struct limits_facts *limits)
{
	struct json_object *object = limits->has_hugepages ? json_object_new_object() : NULL;

	if (!object)
		return NULL;
	json_add(object, "size", json_object_new_uint64(limits->hugepage_size));
	json_add(object, "total", json_object_new_uint64(limits->hugepages_total));
	json_add(object, "free", json_object_new_uint64(limits->hugepages_free));
	json_add(object, "reserved", json_object_new_uint64(limits->hugepages_reserved));
	return object;
}

static struct json_object *json_creator(const struct column_context *context,
					const struct creator *creator)
{
	const bool has_uid = creator->uid != FACT_UID_UNKNOWN;
	const bool has_times = creator->has_times;
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "program",
		 json_text(strcmp(creator->program, "-") ? creator->program : NULL));
	json_add(object, "uid", has_uid ? json_object_new_uint64(creator->uid) : NULL);
	json_add(object, "owner",
		 has_uid ? json_text(owner_name(context->owners, creator->uid)) : NULL);
	json_add(object, "segments", json_object_new_uint64(creator->segments));
	json_add(object, "unattached", json_object_new_uint64(creator->unattached));
	json_add(object, "bytes", json_object_new_uint64(creator->bytes));
	json_add(object, "first", has_times ? json_object_new_int64(creator->first) : NULL);
	json_add(object, "last", has_times ? json_object_new_int64(creator->last) : NULL);
	return object;
}

static struct json_object *json_creators(const struct column_context *context,
					 const struct creator_list *creators, uint32_t ipcns)
{
	size_t count;
	const struct creator *rows = creators_of(creators, ipcns, &count);
	struct json_object *array = json_object_new_array_ext((int)count);

	for (size_t i = 0; array && i < count; i++)
		json_object_array_add(array, json_creator(context, &rows[i]));
	return array;
}

struct json_object *json_limits(const struct column_context *context,
				const struct namespace_state *place,
				const struct creator_list *creators)
{
	const struct limits_facts *limits = &place->limits;
	bool known = place->has_limits;
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "ipcns", json_object_new_int64(place->facts.ipcns));
	json_add(object, "ipcns_label", json_ns_label(context, place->facts.ipcns, 0));
	json_add(object, "segments", known ? json_resource(place, MODEL_SEGMENTS) : NULL);
	json_add(object, "pages", known ? json_resource(place, MODEL_PAGES) : NULL);
	json_add(object, "page_size", known ? json_object_new_uint64(limits->page_size) : NULL);
	json_add(object, "shmmax", known ? json_object_new_uint64(limits->shmmax) : NULL);
	json_add(object, "rss", known ? json_object_new_uint64(limits->rss) : NULL);
	json_add(object, "swap", known ? json_object_new_uint64(limits->swap) : NULL);
	json_add(object, "sem", known ? json_semaphores(place) : NULL);
	json_add(object, "msg", known ? json_queues(place) : NULL);
	json_add(object, "hugepages", known ? json_default_pool(limits) : NULL);
	json_add(object, "creators", json_creators(context, creators, place->facts.ipcns));
	json_add(object, "why",
		 !known && place->error ? json_object_new_string(strerror(-place->error)) : NULL);
	return object;
}

static struct json_object *json_pool(const struct fact_hugepool *pool)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "size", json_object_new_uint64(pool->size));
	json_add(object, "total", json_object_new_uint64(pool->total));
	json_add(object, "free", json_object_new_uint64(pool->free));
	json_add(object, "reserved", json_object_new_uint64(pool->reserved));
	json_add(object, "surplus", json_object_new_uint64(pool->surplus));
	json_add(object, "overcommit", json_object_new_uint64(pool->overcommit));
	return object;
}

struct json_object *json_hugepages(const struct column_context *context)
{
	const struct fact_hugepools *pools = model_hugepools(context->model);
	struct json_object *array = json_object_new_array_ext((int)pools->count);

	for (size_t i = 0; array && i < pools->count; i++)
		json_object_array_add(array, json_pool(&pools->rows[i]));
	return array;
}
