/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/array.h"
#include "stack/call_paths_internal.h"

/* A hostile program can have any number of long names: what does not fit is unknown. */
enum { TEXT_BYTES_MOST = 32 << 20 };

struct kept_text {
	UT_hash_handle hh;
	char text[];
};

/* A call_name, its texts among the kept ones */
struct kept_name {
	const char *function, *file;
	int line;
	uint64_t into;
};

struct place_key {
	const struct call_module *module;
	uint64_t offset;
	uint64_t exact;
};

struct call_place {
	struct place_key key;
	struct call_step step;
	bool named;
	uint32_t site_id; /* the first path that has its call site here; 0 none */
	size_t count;
	struct kept_name *names;
	UT_hash_handle hh;
};

struct kept_path {
	struct call_path path;
	struct call_frame *frames; /* as path.frames */
	size_t count;              /* of places[] */
	size_t site;               /* index in places[] */
	uint64_t *addrs;           /* behind places[] */
	UT_hash_handle hh;         /* key: cut and places[] */
	uintptr_t cut;
	struct call_place *places[];
};

struct call_paths {
	struct kept_path **kept;
	size_t count, capacity;
	size_t named; /* the paths before this one have all their names */
	struct kept_path *index;
	struct call_place *places;
	struct kept_text *texts;
	size_t text_bytes;
};

int call_paths_new(struct call_paths **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void call_paths_free(struct call_paths *paths)
{
	struct call_place *place, *next_place;
	struct kept_text *text, *next_text;

	if (!paths)
		return;
	HASH_CLEAR(hh, paths->index);
	for (size_t i = 0; i < paths->count; i++) {
		free(paths->kept[i]->frames);
		free(paths->kept[i]);
	}
	free(paths->kept);
	HASH_ITER (hh, paths->places, place, next_place) {
		HASH_DEL(paths->places, place);
		free(place->names);
		free(place);
	}
	HASH_ITER (hh, paths->texts, text, next_text) {
		HASH_DEL(paths->texts, text);
		free(text);
	}
	free(paths);
}

const struct call_path *call_paths_get(const struct call_paths *paths, uint32_t id)
{
	return id && id <= paths->count ? &paths->kept[id - 1]->path : NULL;
}

size_t call_paths_count(const struct call_paths *paths)
{
	return paths->count;
}

bool call_paths_is_full(const struct call_paths *paths)
{
	return paths->count >= CALL_PATHS_MOST;
}

/* ---- adding -------------------------------------------------------------------------------- */

static struct call_place *place_of(struct call_paths *paths, const struct call_step *step,
				   bool may_add)
{
	const struct place_key key = {step->module, step->offset, step->exact};
	struct call_place *place;

	HASH_FIND(hh, paths->places, &key, sizeof(key), place);
	if (place || !may_add)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		return NULL;
	place->key = key;
	place->step = *step;
	place->named = !step->module;
	HASH_ADD(hh, paths->places, key, sizeof(key), place);
	if (!place->hh.tbl) {
		free(place);
		return NULL;
	}
	return place;
}

static size_t site_of(const struct call_step *steps, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (!steps[i].module || !steps[i].module->is_libc)
			return i;
	return count - 1;
}

static size_t key_length(size_t count)
{
	return sizeof(uintptr_t) + count * sizeof(struct call_place *);
}

/* The frames by what is known of the places; those that have no room are missing at the outer end. Without
 * memory they stay as they were. */
static void make_frames(struct kept_path *kept)
{
	struct call_frame *frames;
	size_t room = 0, count = 0;

	for (size_t i = 0; i < kept->count; i++)
		room += kept->places[i]->count ? kept->places[i]->count : 1;
	frames = calloc(room, sizeof(*frames));
	if (!frames)
		return;
	for (size_t i = 0; i < kept->count; i++) {
		const struct call_place *place = kept->places[i];
		const size_t names = place->count ? place->count : 1;

		if (i == kept->site)
			kept->path.site = count;
		for (size_t j = 0; j < names; j++, count++) {
			const struct kept_name *name = j < place->count ? &place->names[j] : NULL;

			frames[count] = (struct call_frame){
				.addr = kept->addrs[i],
				.module = place->key.module,
				.offset = place->key.offset,
				.inlined = j + 1 < names,
				.function = name ? name->function : "",
				.into = name ? name->into : 0,
				.file = name ? name->file : "",
				.line = name ? name->line : 0,
			};
		}
	}
	if (count > CALL_PATH_FRAMES) {
		count = CALL_PATH_FRAMES;
		kept->path.cut = true;
		if (kept->path.site >= count)
			kept->path.site = count - 1;
	}
	free(kept->frames);
	kept->frames = frames;
	kept->path.frames = frames;
	kept->path.count = count;
}

/* Takes `kept` over. */
static uint32_t keep(struct call_paths *paths, struct kept_path *kept)
{
	if (array_reserve((void **)&paths->kept, &paths->capacity, paths->count + 1,
			  sizeof(struct kept_path *)))
		goto out_path;
	make_frames(kept);
	if (!kept->frames)
		goto out_path;
	HASH_ADD_KEYPTR(hh, paths->index, &kept->cut, key_length(kept->count), kept);
	if (!kept->hh.tbl)
		goto out_frames;
	paths->kept[paths->count++] = kept;
	kept->path.id = (uint32_t)paths->count;

	struct call_place *site = kept->places[kept->site];

	if (!site->site_id)
		site->site_id = kept->path.id;
	kept->path.site_id = site->site_id;
	return kept->path.id;

out_frames:
	free(kept->frames);
out_path:
	free(kept);
	return 0;
}

uint32_t call_paths_add(struct call_paths *paths, const struct call_step *steps, size_t count,
			bool cut)
{
	const bool full = call_paths_is_full(paths);
	struct kept_path *kept, *known;

	if (count > CALL_PATH_FRAMES) {
		count = CALL_PATH_FRAMES;
		cut = true;
	}
	kept = calloc(1, sizeof(*kept) + count * (sizeof(struct call_place *) + sizeof(uint64_t)));
	if (!kept)
		return 0;
	kept->addrs = (uint64_t *)&kept->places[count];
	kept->path.cut = cut;
	kept->cut = cut;
	kept->count = count;
	kept->site = site_of(steps, count);
	for (size_t i = 0; i < count; i++) {
		kept->addrs[i] = steps[i].addr;
		kept->places[i] = place_of(paths, &steps[i], !full);
		if (!kept->places[i]) {
			free(kept);
			return 0;
		}
	}
	HASH_FIND(hh, paths->index, &kept->cut, key_length(count), known);
	if (!known && !full)
		return keep(paths, kept);
	free(kept);
	return known ? known->path.id : 0;
}

/* ---- names --------------------------------------------------------------------------------- */

struct call_place *call_paths_unnamed(struct call_paths *paths)
{
	for (; paths->named < paths->count; paths->named++) {
		struct kept_path *kept = paths->kept[paths->named];

		if (kept->path.named)
			continue;
		for (size_t i = 0; i < kept->count; i++)
			if (!kept->places[i]->named)
				return kept->places[i];
		make_frames(kept);
		kept->path.named = true;
	}
	return NULL;
}

const struct call_step *call_place_step(const struct call_place *place)
{
	return &place->step;
}

static const char *keep_text(struct call_paths *paths, const char *text)
{
	const size_t length = strlen(text);
	struct kept_text *kept;

	if (!length)
		return "";
	HASH_FIND(hh, paths->texts, text, length, kept);
	if (kept)
		return kept->text;
	if (paths->text_bytes + sizeof(*kept) + length + 1 > TEXT_BYTES_MOST)
		return "";
	kept = malloc(sizeof(*kept) + length + 1);
	if (!kept)
		return "";
	memcpy(kept->text, text, length + 1);
	HASH_ADD_KEYPTR(hh, paths->texts, kept->text, length, kept);
	if (!kept->hh.tbl) {
		free(kept);
		return "";
	}
	paths->text_bytes += sizeof(*kept) + length + 1;
	return kept->text;
}

void call_paths_name(struct call_paths *paths, struct call_place *place,
		     const struct call_name *names, size_t count)
{
	place->named = true;
	if (!count)
		return;
	free(place->names);
	place->names = calloc(count, sizeof(*place->names));
	place->count = place->names ? count : 0;
	for (size_t i = 0; i < place->count; i++)
		place->names[i] = (struct kept_name){
			.function = keep_text(paths, names[i].function),
			.file = keep_text(paths, names[i].file),
			.line = names[i].line,
			.into = names[i].into,
		};
}

static bool is_named(const struct kept_path *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		if (!kept->places[i]->named)
			return false;
	return true;
}

void call_paths_name_again(struct call_paths *paths, const struct call_module *module)
{
	struct call_place *place, *next;

	HASH_ITER (hh, paths->places, place, next)
		if (place->key.module == module)
			place->named = false;
	for (size_t i = 0; i < paths->named; i++)
		paths->kept[i]->path.named = is_named(paths->kept[i]);
	paths->named = 0;
}

/* ---- texts --------------------------------------------------------------------------------- */

char *call_frame_text(const struct call_frame *frame, char out[static CALL_FRAME_LEN])
{
	const char *slash = strrchr(frame->file, '/');
	const char *file = slash && slash[1] ? slash + 1 : frame->file;
	const char *space = *frame->function ? " " : "";

	if (*file && frame->line)
		snprintf(out, CALL_FRAME_LEN, "%s%s%s:%d", frame->function, space, file,
			 frame->line);
	else if (*file)
		snprintf(out, CALL_FRAME_LEN, "%s%s%s", frame->function, space, file);
	else if (*frame->function)
		snprintf(out, CALL_FRAME_LEN, "%s+0x%" PRIx64, frame->function, frame->into);
	else if (frame->module && *frame->module->path)
		snprintf(out, CALL_FRAME_LEN, "%s+0x%" PRIx64, frame->module->path, frame->offset);
	else
		snprintf(out, CALL_FRAME_LEN, "0x%" PRIx64, frame->addr);
	return out;
}

char *call_paths_site(const struct call_paths *paths, uint32_t id, char out[static CALL_FRAME_LEN])
{
	const struct call_path *path = call_paths_get(paths, id);

	out[0] = 0;
	return path ? call_frame_text(&path->frames[path->site], out) : out;
}
