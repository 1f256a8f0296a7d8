/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json_parts.h"
#include "stack/call_paths.h"

static struct json_object *json_frame(const struct call_frame *frame)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "addr", json_hex(frame->addr));
	json_add(object, "function", json_text(frame->function));
	json_add(object, "file", json_text(frame->file));
	json_add(object, "line", frame->line ? json_object_new_int(frame->line) : NULL);
	json_add(object, "module", json_text(frame->module ? frame->module->path : NULL));
	json_add(object, "offset", frame->module ? json_hex(frame->offset) : NULL);
	json_add(object, "inlined", json_object_new_boolean(frame->inlined));
	return object;
}

struct json_object *json_stack(const struct call_paths *paths, uint32_t id)
{
	const struct call_path *path = paths ? call_paths_get(paths, id) : NULL;
	struct json_object *array = path ? json_object_new_array_ext((int)path->count) : NULL;

	for (size_t i = 0; array && i < path->count; i++)
		json_object_array_add(array, json_frame(&path->frames[i]));
	return array;
}
