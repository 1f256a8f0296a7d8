/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/container.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "observe/process.h"

enum {
	ID_LENGTH = 64, /* hexadecimal digits of a container's id */
	ID_SHORT = 12,  /* of them in a label */
	POD_SHORT = 8,
};

/* How a runtime names the group of a container: the id stands between the two. */
struct group_pattern {
	const char *prefix, *suffix, *runtime;
	bool named; /* by its user: no id */
};

/* The first that fits counts. Groups of monitors (libpod-conmon-ID, lxc.monitor.NAME) are none. */
static const struct group_pattern group_patterns[] = {
	{"docker-", ".scope", "docker", false},
	{"libpod-payload-", "", "podman", false},
	{"libpod-", ".scope", "podman", false},
	{"libpod-", "", "podman", false},
	{"cri-containerd-", ".scope", "containerd", false},
	{"crio-", ".scope", "cri-o", false},
	{"crio-", "", "cri-o", false},
	{"nerdctl-", ".scope", "nerdctl", false},
	{"machine-qemu\\x2d", ".scope", "qemu", true},
	{"machine-", ".scope", "nspawn", true},
	{"systemd-nspawn@", ".service", "nspawn", true},
	{"lxc.payload.", "", "lxc", true},
};

/* Groups, and words in front of a colon, behind which a container stands by its bare id or name */
struct group_parent {
	const char *name, *runtime;
	bool named;
};

static const struct group_parent group_parents[] = {
	{"docker", "docker", false},        {"moby", "docker", false},
	{"libpod_parent", "podman", false}, {"default", "containerd", false},
	{"k8s.io", "containerd", false},    {"cri-containerd", "containerd", false},
	{"crio", "cri-o", false},           {"lxc", "lxc", true},
	{"lxc.payload", "lxc", true},
};

/* What a path names, the more telling last */
enum group_rank { GROUP_NOTHING, GROUP_SLICE, GROUP_UNIT, GROUP_CONTAINER };

/* ---- words: parts of a path ------------------------------------------------------------------ */

struct word {
	const char *text;
	size_t length;
};

/* Up to the first `mark`; `rest` is behind it, empty if there is none. */
static struct word word_split(struct word word, char mark, struct word *rest)
{
	const char *at = memchr(word.text, mark, word.length);
	size_t length = at ? (size_t)(at - word.text) : word.length;

	*rest = (struct word){at ? at + 1 : word.text + length, at ? word.length - length - 1 : 0};
	return (struct word){word.text, length};
}

static bool word_ends(struct word word, const char *text)
{
	size_t length = strlen(text);

	return word.length >= length && memcmp(word.text + word.length - length, text, length) == 0;
}

static bool word_is(struct word word, const char *text)
{
	return word.length == strlen(text) && word_ends(word, text);
}

/* What stands between the two. Returns whether they are there, and something between them. */
static bool word_between(struct word word, const char *prefix, const char *suffix, struct word *out)
{
	size_t before = strlen(prefix), around = before + strlen(suffix);

	if (word.length <= around || memcmp(word.text, prefix, before) != 0 ||
	    !word_ends(word, suffix))
		return false;
	*out = (struct word){word.text + before, word.length - around};
	return true;
}

/* What stands behind the first `mark`, if it is there, and anything behind it */
static bool word_behind(struct word word, const char *mark, struct word *out)
{
	const char *at = memmem(word.text, word.length, mark, strlen(mark));

	if (!at)
		return false;
	at += strlen(mark);
	*out = (struct word){at, word.length - (size_t)(at - word.text)};
	return out->length > 0;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool word_is_id(struct word word)
{
	for (size_t i = 0; i < word.length; i++)
		if (hex_digit(word.text[i]) < 0)
			return false;
	return word.length == ID_LENGTH;
}

static void word_copy(struct word word, char out[static FACT_NAME_LEN])
{
	text_safe(out, FACT_NAME_LEN, word.text, word.length);
}

/* The name of a unit has "\x2d" for a dash, which means a step down there. */
static void word_unescape(struct word word, char out[static FACT_NAME_LEN])
{
	char plain[FACT_NAME_LEN];
	size_t length = 0;

	for (size_t i = 0; i < word.length && length < sizeof(plain); i++) {
		const char *at = word.text + i;
		bool escaped = word.length - i >= 4 && at[0] == '\\' && at[1] == 'x' &&
			       hex_digit(at[2]) >= 0 && hex_digit(at[3]) >= 0;

		plain[length++] =
			escaped ? (char)(hex_digit(at[2]) << 4 | hex_digit(at[3])) : at[0];
		i += escaped ? 3 : 0;
	}
	text_safe(out, FACT_NAME_LEN, plain, length);
}

/* ---- groups: the steps of a path ------------------------------------------------------------- */

static bool group_take(struct namespace_owner *owner, const char *runtime, bool named,
		       struct word name)
{
	if (named ? name.length == 0 : !word_is_id(name))
		return false;
	snprintf(owner->runtime, sizeof(owner->runtime), "%s", runtime);
	if (named)
		word_unescape(name, owner->container);
	else
		word_copy(name, owner->container);
	owner->unit[0] = '\0'; /* the unit that holds it is not one that it is in */
	return true;
}

static bool group_by_parent(struct word parent, struct word group, struct namespace_owner *owner)
{
	for (size_t i = 0; i < sizeof(group_parents) / sizeof(group_parents[0]); i++)
		if (word_is(parent, group_parents[i].name))
			return group_take(owner, group_parents[i].runtime, group_parents[i].named,
					  group);
	return group_take(owner, "", false, group);
}

static bool group_is_container(struct word parent, struct word group, struct namespace_owner *owner)
{
	struct word name, rest;

	for (size_t i = 0; i < sizeof(group_patterns) / sizeof(group_patterns[0]); i++) {
		const struct group_pattern *pattern = &group_patterns[i];

		if (word_between(group, pattern->prefix, pattern->suffix, &name) &&
		    group_take(owner, pattern->runtime, pattern->named, name))
			return true;
	}
	/* "SLICE:cri-containerd:ID": names for systemd, used without it */
	word_split(group, ':', &rest);
	if (rest.length > 0)
		parent = word_split(rest, ':', &group);
	return group_by_parent(parent, group, owner);
}

/* "podUID", "kubepods-burstable-podUID.slice", where the uid has underscores for dashes, and what podman has */
static void group_find_pod(struct word group, bool kubernetes, struct namespace_owner *owner)
{
	struct word name, rest;

	if (!word_behind(group, "libpod_pod_", &name) &&
	    (!kubernetes ||
	     (!word_between(group, "pod", "", &name) && !word_behind(group, "-pod", &name))))
		return;
	name = word_split(word_split(name, ':', &rest), '.', &rest);
	word_copy(name, owner->pod);
	for (char *at = owner->pod; *at; at++)
		if (*at == '_')
			*at = '-';
}

static enum group_rank group_find_unit(struct word group, struct namespace_owner *owner)
{
	bool slice = word_ends(group, ".slice");

	if (!slice && !word_ends(group, ".service") && !word_ends(group, ".scope"))
		return GROUP_NOTHING;
	word_copy(group, owner->unit);
	return slice ? GROUP_SLICE : GROUP_UNIT;
}

/* From the root inwards: the innermost container counts, and what is in it. */
static enum group_rank path_parse(struct word path, struct namespace_owner *owner)
{
	enum group_rank rank = GROUP_NOTHING;
	struct word parent = {"", 0};
	bool kubernetes = false;

	if (word_ends(path, " (deleted)"))
		path.length -= strlen(" (deleted)");
	while (path.length > 0) {
		struct word group = word_split(path, '/', &path);
		struct word rest;

		kubernetes = kubernetes || word_is(group, "kubepods") ||
			     word_behind(group, "kubepods", &rest);
		group_find_pod(group, kubernetes, owner);
		if (group_is_container(parent, group, owner)) {
			rank = GROUP_CONTAINER;
		} else {
			enum group_rank unit = group_find_unit(group, owner);

			rank = unit > rank ? unit : rank;
		}
		parent = group;
	}
	return owner->pod[0] ? GROUP_CONTAINER : rank;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static bool unit_tells(const char *unit)
{
	const struct word word = {unit, strlen(unit)};
	struct word rest;

	return !word_ends(word, ".slice") && !word_is(word, "init.scope") &&
	       !word_between(word, "session-", ".scope", &rest) &&
	       !word_between(word, "user@", ".service", &rest);
}

static void set_label(struct namespace_owner *owner)
{
	char label[2 * FACT_NAME_LEN] = "";
	const char *runtime = owner->runtime[0] ? owner->runtime : "container";
	bool podman = strcmp(runtime, "podman") == 0;
	const struct word container = {owner->container, strlen(owner->container)};
	int shown = word_is_id(container) ? ID_SHORT : FACT_LABEL_LEN;

	if (owner->pod[0] && !podman)
		snprintf(label, sizeof(label), "k8s %.*s%s%.*s", POD_SHORT, owner->pod,
			 owner->container[0] ? "/" : "", POD_SHORT, owner->container);
	else if (owner->container[0])
		snprintf(label, sizeof(label), "%s %.*s", runtime, shown, owner->container);
	else if (unit_tells(owner->unit))
		snprintf(label, sizeof(label), "%s", owner->unit);
	/* Cut where a character ends */
	text_safe(owner->label, sizeof(owner->label), label, strlen(label));
}

void container_parse(const char *text, size_t length, struct namespace_owner *out)
{
	struct namespace_owner found = {0};
	struct word rest = {text, length};
	enum group_rank best = GROUP_NOTHING;

	while (rest.length > 0) {
		struct namespace_owner owner = {0};
		struct word path, line = word_split(rest, '\n', &rest);
		enum group_rank rank;

		word_split(line, ':', &path);
		word_split(path, ':', &path);
		rank = path_parse(path, &owner);
		if (rank > best) {
			best = rank;
			found = owner;
		}
	}
	memcpy(out->runtime, found.runtime, sizeof(out->runtime));
	memcpy(out->container, found.container, sizeof(out->container));
	memcpy(out->pod, found.pod, sizeof(out->pod));
	memcpy(out->unit, found.unit, sizeof(out->unit));
	set_label(out);
}

int container_read(const struct namespace_facts *place, struct namespace_owner *out)
{
	char text[PROCESS_CGROUP_LEN];
	ssize_t length;
	int error;

	*out = (struct namespace_owner){
		.pid = place->pid, .start_time = place->start_time, .read = clock_now()};
	length = process_read_cgroup(place->pid, place->start_time, out->comm, text);
	error = length < 0 ? (int)length : 0;
	if (!error)
		container_parse(text, (size_t)length, out);
	/* Whatever else runs in it */
	if (place->ipcns == FACT_IPCNS_HOST)
		strcpy(out->label, "host");
	return error;
}
