/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame as text, and what it shows as JSON, in a file of the current folder. */
#include "ui/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "report/report.h"

enum { DUMP_NAME_LEN = 128, DUMP_MODE = 0600, DUMP_COLUMNS = 1024 };

/* "shmtop-db01-20250101-120000.txt" */
static void dump_name(const struct screen *screen, const struct column_context *context,
		      const char *extension, char out[static DUMP_NAME_LEN])
{
	time_t seconds = context->wall / (int64_t)CLOCK_SECOND;
	char host[sizeof(screen->host)], when[32] = "";
	struct tm local;

	snprintf(host, sizeof(host), "%s", screen->host);
	/* What a host is called is no path. */
	for (char *at = host; *at; at++)
		if (*at == '/' || *at == '\\' || *at == ' ')
			*at = '_';
	if (localtime_r(&seconds, &local))
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &local);
	snprintf(out, DUMP_NAME_LEN, "shmtop-%s-%s.%s", host, when, extension);
}

/* A new file: what is there, or a link that somebody put there, is not touched. NULL with errno. */
static FILE *dump_create(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, DUMP_MODE);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (fd >= 0 && !out)
		close(fd);
	return out;
}

/* Says where it is now, or takes away what could not be written. */
static void dump_finish(struct screen *screen, const struct column_context *context,
			const char *name, FILE *out, int error)
{
	char path[PATH_MAX + DUMP_NAME_LEN] = "";

	if (fflush(out) && !error)
		error = -errno;
	if (fclose(out) && !error)
		error = -errno;
	if (error)
		unlink(name);
	if (getcwd(path, PATH_MAX) && strcmp(path, "/") != 0)
		strcat(path, "/");
	strcat(path, name);
	view_say_path(screen, context, error, "written:", path);
}

/* One row of the screen without blanks at its end */
static void dump_row(FILE *out, int row)
{
	wchar_t text[DUMP_COLUMNS + 1];
	int length = mvinnwstr(row, 0, text, DUMP_COLUMNS);

	while (length > 0 && text[length - 1] == L' ')
		length--;
	for (int i = 0; i < length; i++)
		fprintf(out, "%lc", (wint_t)text[i]);
	fputc('\n', out);
}

enum screen_result dump_text(struct screen *screen, const struct column_context *context, int key)
{
	char name[DUMP_NAME_LEN];
	FILE *out;

	(void)key;
	dump_name(screen, context, "txt", name);
	out = dump_create(name);
	if (!out) {
		view_say_path(screen, context, -errno, "", name);
		return SCREEN_GO_ON;
	}
	for (int row = 0; row < LINES; row++)
		dump_row(out, row);
	dump_finish(screen, context, name, out, 0);
	return SCREEN_GO_ON;
}

static struct json_object *dump_events(const struct column_context *context)
{
	const struct model *model = context->model;
	struct json_object *array = json_object_new_array();
	uint64_t end = model_events_end(model);

	for (uint64_t at = model_events_first(model); array && at < end; at++) {
		const struct event event = event_named(model, model_event(model, at));

		json_object_array_add(array, json_event(context, &event));
	}
	return array;
}

/* The document of `shmtop -J`, with the segments that the list shows and all events that are kept */
static int dump_document(FILE *out, struct screen *screen, const struct column_context *context)
{
	const struct segment_list *list = &screen->segments;
	struct json_object *document = json_document("list", context);
	struct json_object *events = dump_events(context);

	if (!document || !events) {
		json_object_put(document);
		json_object_put(events);
		return -ENOMEM;
	}
	json_object_object_add(document, "events", events);
	segments_select(screen, context);
	return json_print_segments(out, document, "segments", context, list->ids, list->count);
}

enum screen_result dump_json(struct screen *screen, const struct column_context *context, int key)
{
	char name[DUMP_NAME_LEN];
	FILE *out;

	(void)key;
	dump_name(screen, context, "json", name);
	out = dump_create(name);
	if (!out) {
		view_say_path(screen, context, -errno, "", name);
		return SCREEN_GO_ON;
	}
	dump_finish(screen, context, name, out, dump_document(out, screen, context));
	return SCREEN_GO_ON;
}
