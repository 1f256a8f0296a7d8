/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "base/log.h"
#include "judge/failures.h"
#include "report/call.h"
#include "report/json_parts.h"

static struct json_object *json_shmid(int32_t shmid)
{
	return shmid >= 0 ? json_object_new_int(shmid) : NULL;
}

static struct json_object *json_call_flags(const struct event *event)
{
	char names[CALL_FLAGS_MAX][CALL_NAME_LEN];
	size_t count = call_flags(event->op, event->flags, names);
	struct json_object *array = json_object_new_array_ext(CALL_FLAGS_MAX);

	for (size_t i = 0; array && i < count; i++)
		json_object_array_add(array, json_object_new_string(names[i]));
	return array;
}

static void json_args_shmget(struct json_object *args, const struct event *event)
{
	json_add(args, "key", json_object_new_int(event->key));
	json_add(args, "key_hex", json_key_hex(event->key));
	json_add(args, "size", json_object_new_uint64(event->size));
	json_add(args, "flags", json_call_flags(event));
	json_add(args, "mode", json_mode(event->flags));
	json_add(args, "raw_flags", json_object_new_int64(event->flags));
}

static void json_args_shmat(struct json_object *args, const struct event *event)
{
	json_add(args, "shmid", json_object_new_int(event->shmid));
	json_add(args, "addr", json_hex(event->addr));
	json_add(args, "flags", json_call_flags(event));
	json_add(args, "raw_flags", json_object_new_int64(event->flags));
}

static void json_args_shmdt(struct json_object *args, const struct event *event)
{
	json_add(args, "addr", json_hex(event->addr));
}

static struct json_object *json_set(const struct event *event)
{
	struct json_object *set = json_object_new_object();

	if (!set)
		return NULL;
	json_add(set, "uid", json_object_new_int64(event->set_uid));
	json_add(set, "gid", json_object_new_int64(event->set_gid));
	json_add(set, "mode", json_mode(event->set_mode));
	return set;
}

static void json_args_shmctl(struct json_object *args, const struct event *event)
{
	char name[CALL_NAME_LEN];

	json_add(args, "shmid", json_object_new_int(event->shmid));
	json_add(args, "cmd", json_object_new_string(call_command(event->cmd, name)));
	if (event->cmd == SHM_STAT || event->cmd == SHM_STAT_ANY)
		json_add(args, "index", json_object_new_int(event->index));
	if (event->cmd == IPC_SET)
		json_add(args, "set", event->has_set ? json_set(event) : NULL);
}

static void json_args_fork(struct json_object *args, const struct event *event)
{
	json_add(args, "child", json_object_new_int(event->child));
}

static void json_args_exit(struct json_object *args, const struct event *event)
{
	struct json_object *status = json_object_new_object();
	char name[CALL_NAME_LEN];

	if (status && WIFSIGNALED(event->status))
		json_add(status, "signal",
			 json_object_new_string(call_signal(WTERMSIG(event->status), name)));
	else if (status)
		json_add(status, "code", json_object_new_int(WEXITSTATUS(event->status)));
	json_add(args, "status", status);
}

/* Several mappings, or one that only a look missed, have no place that is known. */
static void json_args_maps(struct json_object *args, const struct event *event)
{
	json_add(args, "reason", json_object_new_string(fact_reason_name(event->reason)));
	json_add(args, "maps", json_object_new_uint64(event->maps));
	json_add(args, "addr", event->addr ? json_hex(event->addr) : NULL);
	json_add(args, "size", event->size ? json_object_new_uint64(event->size) : NULL);
}

static void json_args_create(struct json_object *args, const struct event *event)
{
	json_add(args, "key", json_object_new_int(event->key));
	json_add(args, "key_hex", json_key_hex(event->key));
	json_add(args, "size", json_object_new_uint64(event->size));
}

static void json_args_destroy(struct json_object *args, const struct event *event)
{
	json_add(args, "reason", json_object_new_string(fact_reason_name(event->reason)));
}

static void (*const json_args[FACT_OPS])(struct json_object *, const struct event *) = {
	[FACT_SHMGET] = json_args_shmget, [FACT_SHMAT] = json_args_shmat,
	[FACT_SHMDT] = json_args_shmdt,   [FACT_SHMCTL] = json_args_shmctl,
	[FACT_FORK] = json_args_fork,     [FACT_EXIT] = json_args_exit,
	[FACT_ATTACH] = json_args_maps,   [FACT_DETACH] = json_args_maps,
	[FACT_CREATE] = json_args_create, [FACT_DESTROY] = json_args_destroy,
};

static struct json_object *json_event_args(const struct event *event)
{
	struct json_object *args = json_object_new_object();

	if (args && event->op < FACT_OPS && json_args[event->op])
		json_args[event->op](args, event);
	return args;
}

/* Only the four calls have a result. */
static void json_add_result(struct json_object *object, const struct event *event)
{
	bool call = FACT_OP_BIT(event->op) & FACT_OPS_CALLS;
	char name[LOG_ERRNO_LEN];

	json_add(object, "ret", call ? json_object_new_int64(event->ret) : NULL);
	json_add(object, "errno",
		 call && event->ret < 0
			 ? json_object_new_string(log_errno_name((int)event->ret, name))
			 : NULL);
	json_add(object, "took_ns",
		 call && event->took ? json_object_new_uint64(event->took) : NULL);
	if (event->op == FACT_SHMGET)
		json_add(object, "created", json_object_new_boolean(event->created));
}

/* Only what was looked into: what such an error means in general is for people. */
static void json_add_explanation(struct json_object *object, const struct column_context *context,
				 const struct event *event)
{
	const struct failure *failure = failures_get(context->failures, event->failure);

	json_add(object, "explain", failure ? json_text(failure->why) : NULL);
	json_add(object, "repeats", failure ? json_object_new_uint64(failure->count - 1) : NULL);
}

struct json_object *json_event(const struct column_context *context, const struct event *event)
{
	struct json_object *object = json_object_new_object();
	bool process = event->pid > 0;
	bool user = process && event->uid != FACT_UID_UNKNOWN;

	if (!object)
		return NULL;
	json_add(object, "schema", json_object_new_string("shmtop.event/1"));
	json_add(object, "time", json_time(clock_wall(event->time)));
	json_add(object, "op", json_object_new_string(fact_op_name(event->op)));
	json_add(object, "pid", process ? json_object_new_int(event->pid) : NULL);
	json_add(object, "tid", event->tid > 0 ? json_object_new_int(event->tid) : NULL);
	json_add(object, "comm", json_text(event->comm));
	json_add(object, "uid", user ? json_object_new_int64(event->uid) : NULL);
	json_add(object, "ipcns", event->ipcns ? json_object_new_int64(event->ipcns) : NULL);
	json_add(object, "ipcns_label", json_ns_label(context, event->ipcns, event->time));
	json_add(object, "args", json_event_args(event));
	json_add_result(object, event);
	json_add(object, "shmid", json_shmid(event->shmid));
	json_add(object, "inferred", json_object_new_boolean(event->inferred));
	json_add_explanation(object, context, event);
	json_add(object, "stack", json_stack(context->paths, event->stack));
	return object;
}

struct json_object *json_events(const struct column_context *context, const struct segment *segment)
{
	const struct model *model = context->model;
	struct json_object *array = json_object_new_array();
	uint64_t *sequences = NULL;
	size_t count = 0, capacity = 0;

	if (array && event_history(model, segment, &sequences, &count, &capacity)) {
		json_object_put(array);
		array = NULL;
	}
	for (size_t i = 0; array && i < count; i++) {
		const struct event event = event_named(model, model_event(model, sequences[i]));

		json_object_array_add(array, json_event(context, &event));
	}
	free(sequences);
	return array;
}
