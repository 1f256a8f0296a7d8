/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/suppress.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "base/units.h"
#include "report/json_parts.h"

enum { SHOWN_LEN = 160, KEY_LEN = 16 };

static const char blanks[] = " \t\r\n\v\f";

enum word_kind { WORD_KEY, WORD_COMM, WORD_FUNCTION, WORD_KINDS };

static const char *const word_names[WORD_KINDS] = {
	[WORD_KEY] = "key",
	[WORD_COMM] = "comm",
	[WORD_FUNCTION] = "function",
};

struct suppress_word {
	enum word_kind kind;
	char *pattern; /* owned */
};

/* ---- reading ------------------------------------------------------------------------------- */

static char *safe_copy(const char *text)
{
	char safe[SHOWN_LEN];

	text_safe(safe, sizeof(safe), text, strlen(text));
	return strdup(safe);
}

/* 0, -EINVAL: not one of "key=PATTERN" ..., or -ENOMEM */
static int parse_word(const char *text, struct suppress_word *out)
{
	for (unsigned int kind = 0; kind < WORD_KINDS; kind++) {
		size_t length = strlen(word_names[kind]);

		if (strncmp(text, word_names[kind], length) != 0 || text[length] != '=' ||
		    text[length + 1] == '\0')
			continue;
		out->kind = (enum word_kind)kind;
		out->pattern = strdup(text + length + 1);
		return out->pattern ? 0 : -ENOMEM;
	}
	return -EINVAL;
}

/* Where an error lies, for people */
struct place {
	const char *name;
	unsigned int line;
	char *why;
};

static int complain(const struct place *place, const char *word)
{
	char shown[SHOWN_LEN];

	text_safe(shown, sizeof(shown), word, strlen(word));
	snprintf(place->why, SUPPRESS_WHY_LEN,
		 "%.80s:%u: '%.60s' is none of key=PATTERN, comm=PATTERN and function=PATTERN",
		 place->name, place->line, shown);
	return -EINVAL;
}

static int add_word(struct suppression *row, const char *text, const struct place *place)
{
	struct suppress_word word;
	void *grown = reallocarray(row->words, row->word_count + 1, sizeof(word));
	int error;

	if (!grown)
		return -ENOMEM;
	row->words = grown;
	error = parse_word(text, &word);
	if (error == -EINVAL)
		return complain(place, text);
	if (!error)
		row->words[row->word_count++] = word;
	return error;
}

static void free_row(struct suppression *row)
{
	for (size_t i = 0; i < row->word_count; i++)
		free(row->words[i].pattern);
	free(row->words);
	free(row->text);
}

static int keep_row(struct suppressions *out, const struct suppression *row)
{
	void *rows = out->rows;
	int error =
		array_reserve(&rows, &out->capacity, out->count + 1, sizeof(struct suppression));

	out->rows = rows;
	if (!error)
		out->rows[out->count++] = *row;
	return error;
}

static int parse_line(char *line, const struct place *place, struct suppressions *out)
{
	struct suppression row = {.line = place->line};
	char *rest, *end = line + strcspn(line, "\n");
	int error = 0;

	*end = '\0';
	row.text = safe_copy(line + strspn(line, blanks));
	if (!row.text)
		return -ENOMEM;
	for (char *word = strtok_r(line, blanks, &rest); word && word[0] != '#' && !error;
	     word = strtok_r(NULL, blanks, &rest))
		error = add_word(&row, word, place);
	if (!error && row.word_count > 0)
		error = keep_row(out, &row);
	if (error || row.word_count == 0)
		free_row(&row);
	return error;
}

int suppress_parse(FILE *in, const char *name, struct suppressions *out,
		   char why[static SUPPRESS_WHY_LEN])
{
	char *line = NULL;
	size_t capacity = 0;
	int error = 0;

	why[0] = '\0';
	out->name = safe_copy(name);
	if (!out->name)
		error = -ENOMEM;

	struct place place = {.name = out->name, .why = why};

	while (!error && (errno = 0, getline(&line, &capacity, in) >= 0)) {
		place.line++;
		error = parse_line(line, &place, out);
	}
	if (!error && ferror(in))
		error = errno ? -errno : -EIO;
	if (error && why[0] == '\0')
		snprintf(why, SUPPRESS_WHY_LEN, "%.120s: %s", out->name ? out->name : "",
			 strerror(-error));
	free(line);
	if (error)
		suppress_free(out);
	return error;
}

int suppress_read(const char *path, struct suppressions *out, char why[static SUPPRESS_WHY_LEN])
{
	FILE *in = fopen(path, "re");
	char shown[SHOWN_LEN];
	int error;

	if (!in) {
		error = -errno;
		text_safe(shown, sizeof(shown), path, strlen(path));
		snprintf(why, SUPPRESS_WHY_LEN, "cannot read '%.120s': %s", shown,
			 strerror(-error));
		return error;
	}
	error = suppress_parse(in, path, out, why);
	fclose(in);
	return error;
}

void suppress_free(struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->count; i++)
		free_row(&suppressions->rows[i]);
	free(suppressions->rows);
	free(suppressions->name);
	*suppressions = (struct suppressions){0};
}

/* ---- matching ------------------------------------------------------------------------------ */

static bool key_matches(const char *pattern, const struct segment *segment)
{
	char key[KEY_LEN];
	uint64_t number;

	if (!segment->has_key)
		return false;
	if (segment->key == 0)
		return fnmatch(pattern, "private", FNM_CASEFOLD) == 0;
	/* A number is a number, however it is written; anything else is a pattern of eight digits. */
	if (units_parse_number(pattern, UINT32_MAX, &number) == 0)
		return number == (uint32_t)segment->key;
	snprintf(key, sizeof(key), "0x%08" PRIx32, (uint32_t)segment->key);
	return fnmatch(pattern, key, FNM_CASEFOLD) == 0;
}

static bool comm_matches(const char *pattern, const struct segment *segment)
{
	const struct process *creator = segment->creator;

	return creator && creator->comm[0] && fnmatch(pattern, creator->comm, 0) == 0;
}

static bool function_matches(const char *pattern, const struct call_path *path)
{
	for (size_t i = 0; path && i < path->count; i++)
		if (path->frames[i].function[0] &&
		    fnmatch(pattern, path->frames[i].function, 0) == 0)
			return true;
	return false;
}

static bool word_matches(const struct suppress_word *word, const struct segment *segment,
			 const struct call_path *path)
{
	switch (word->kind) {
	case WORD_KEY:
		return key_matches(word->pattern, segment);
	case WORD_COMM:
		return comm_matches(word->pattern, segment);
	default:
		return function_matches(word->pattern, path);
	}
}

bool suppress_match(struct suppressions *suppressions, const struct segment *segment,
		    const struct call_paths *paths)
{
	const struct call_path *path = paths ? call_paths_get(paths, segment->stack) : NULL;

	for (size_t i = 0; i < suppressions->count; i++) {
		struct suppression *row = &suppressions->rows[i];
		size_t held = 0;

		while (held < row->word_count && word_matches(&row->words[held], segment, path))
			held++;
		if (held < row->word_count)
			continue;
		row->used++;
		suppressions->used++;
		return true;
	}
	return false;
}

/* ---- telling ------------------------------------------------------------------------------- */

void suppress_print_unused(FILE *out, const struct suppressions *suppressions, const char *label)
{
	for (size_t i = 0; i < suppressions->count; i++)
		if (suppressions->rows[i].used == 0)
			fprintf(out, "%s%s:%u: %s\n", label, suppressions->name,
				suppressions->rows[i].line, suppressions->rows[i].text);
}

static struct json_object *json_suppression(const struct suppression *row)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	json_add(object, "line", json_object_new_uint64(row->line));
	json_add(object, "text", json_object_new_string(row->text));
	json_add(object, "count", json_object_new_uint64(row->used));
	return object;
}

struct json_object *suppress_json(const struct suppressions *suppressions)
{
	struct json_object *array = suppressions->name ? json_object_new_array() : NULL;

	for (size_t i = 0; array && i < suppressions->count; i++)
		json_object_array_add(array, json_suppression(&suppressions->rows[i]));
	return array;
}
