/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPC namespaces as JSON */
#include "report/json_parts.h"

struct json_object *json_ns_label(const struct column_context *context, uint32_t ipcns,
				  uint64_t time)
{
	const char *label = column_ns_label(context, ipcns, time);

	return label ? json_object_new_string(label) : NULL;
}

static struct json_object *json_namespace(const struct column_context *context,
					  const struct namespace_state *state)
{
	const struct namespace_owner *owner = &state->owner;
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "ipcns", json_object_new_int64(state->facts.ipcns));
	json_add(object, "label", json_ns_label(context, state->facts.ipcns, 0));
	json_add(object, "readable", json_object_new_boolean(state->readable));
	json_add(object, "error",
		 state->readable ? NULL : json_object_new_string(column_ns_error(state)));
	json_add(object, "pid", state->facts.pid ? json_object_new_int(state->facts.pid) : NULL);
	json_add(object, "comm", json_text(owner->comm));
	json_add(object, "runtime", json_text(owner->runtime));
	json_add(object, "container", json_text(owner->container));
	json_add(object, "pod", json_text(owner->pod));
	json_add(object, "unit", json_text(owner->unit));
	json_add(object, "segments",
		 state->readable ? json_object_new_uint64(state->segments) : NULL);
	return object;
}

struct json_object *json_namespaces(const struct column_context *context)
{
	size_t count;
	const struct namespace_state *states = model_namespaces(context->model, &count);
	struct json_object *array = json_object_new_array_ext((int)count);

	for (size_t i = 0; array && i < count; i++)
		json_object_array_add(array, json_namespace(context, &states[i]));
	return array;
}
