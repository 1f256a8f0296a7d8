/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON, as exact text: names and their order are a promise to those who read them. */
#include "sample.h"

#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "report/owner.h"
#include "report/report.h"

static int set_up(void **state)
{
	static struct column_context context;

	context = sample_new();
	*state = &context;
	return 0;
}

static int tear_down(void **state)
{
	sample_free(*state);
	return 0;
}

/* Frees the object. */
static void assert_json(struct json_object *object, const char *expected)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(object);
	assert_non_null(out);
	json_print(out, object);
	fclose(out);
	assert_true(length > 0 && text[length - 1] == '\n');
	text[length - 1] = '\0';
	assert_string_equal(text, expected);
	free(text);
}

/* ---- events ---------------------------------------------------------------------------------- */

static const struct column_context nowhere;

#define EVENT_HEAD                                                                                 \
	"{\"schema\":\"shmtop.event/1\",\"time\":1714565070.500000000,\"op\":\"%s\",\"pid\":7713," \
	"\"tid\":7714,\"comm\":\"tst\",\"uid\":1000,\"ipcns\":1,\"ipcns_label\":null,"             \
	"\"args\":%s,%s,\"shmid\":229383,\"inferred\":%s,\"explain\":null,\"repeats\":null,"       \
	"\"stack\":null}"

static void assert_event(const struct event *event, const char *op, const char *args,
			 const char *result)
{
	char expected[1024];

	snprintf(expected, sizeof(expected), EVENT_HEAD, op, args, result,
		 event->inferred ? "true" : "false");
	assert_json(json_event(&nowhere, event), expected);
}

static void calls_are_told(void **state)
{
	struct event event = sample_event(FACT_SHMGET, 500);

	(void)state;
	event.key = (int32_t)0xf000162e;
	event.size = UINT64_MAX;
	event.flags = IPC_CREAT | SHM_HUGETLB | 21u << 26 | 0640;
	event.ret = 229383;
	event.created = true;
	assert_event(&event, "shmget",
		     "{\"key\":-268429778,\"key_hex\":\"0xf000162e\",\"size\":18446744073709551615,"
		     "\"flags\":[\"IPC_CREAT\",\"SHM_HUGETLB\",\"SHM_HUGE_2MB\"],"
		     "\"mode\":\"0640\",\"raw_flags\":1409289120}",
		     "\"ret\":229383,\"errno\":null,\"took_ns\":12345,\"created\":true");

	event = sample_event(FACT_SHMAT, 500);
	event.ret = 0x7f2a40000000;
	event.addr = 0x400000;
	event.flags = SHM_RDONLY | 1;
	assert_event(&event, "shmat",
		     "{\"shmid\":229383,\"addr\":\"0x400000\",\"flags\":[\"SHM_RDONLY\",\"0x1\"],"
		     "\"raw_flags\":4097}",
		     "\"ret\":139819439095808,\"errno\":null,\"took_ns\":12345");

	event = sample_event(FACT_SHMDT, 500);
	event.addr = 0x7f2a40000000;
	event.ret = -22;
	event.took = 0;
	assert_event(&event, "shmdt", "{\"addr\":\"0x7f2a40000000\"}",
		     "\"ret\":-22,\"errno\":\"EINVAL\",\"took_ns\":null");
}

static void commands_are_told(void **state)
{
	static const char done[] = "\"ret\":0,\"errno\":null,\"took_ns\":12345";
	struct event event = sample_event(FACT_SHMCTL, 500);

	(void)state;
	event.cmd = IPC_SET;
	assert_event(&event, "shmctl", "{\"shmid\":229383,\"cmd\":\"IPC_SET\",\"set\":null}", done);
	event.has_set = true;
	event.set_uid = 1000;
	event.set_gid = UINT32_MAX;
	event.set_mode = 0640;
	assert_event(&event, "shmctl",
		     "{\"shmid\":229383,\"cmd\":\"IPC_SET\","
		     "\"set\":{\"uid\":1000,\"gid\":4294967295,\"mode\":\"0640\"}}",
		     done);
	event.cmd = SHM_STAT;
	event.index = 7;
	assert_event(&event, "shmctl", "{\"shmid\":229383,\"cmd\":\"SHM_STAT\",\"index\":7}", done);
	event.cmd = IPC_RMID;
	assert_event(&event, "shmctl", "{\"shmid\":229383,\"cmd\":\"IPC_RMID\"}", done);
}

static void life_is_told(void **state)
{
	static const char nothing[] = "\"ret\":null,\"errno\":null,\"took_ns\":null";
	struct event event = sample_event(FACT_FORK, 500);

	(void)state;
	event.child = 7720;
	assert_event(&event, "fork", "{\"child\":7720}", nothing);
	event = sample_event(FACT_EXEC, 500);
	assert_event(&event, "exec", "{}", nothing);
	event = sample_event(FACT_EXIT, 500);
	event.status = 3 << 8;
	assert_event(&event, "exit", "{\"status\":{\"code\":3}}", nothing);
	event.status = 9;
	assert_event(&event, "exit", "{\"status\":{\"signal\":\"SIGKILL\"}}", nothing);
	event = sample_event(FACT_DETACH, 500);
	event.reason = FACT_REASON_EXIT;
	event.maps = 2;
	assert_event(&event, "detach",
		     "{\"reason\":\"exit\",\"maps\":2,\"addr\":null,\"size\":null}", nothing);
	event = sample_event(FACT_ATTACH, 500);
	event.reason = FACT_REASON_SPLIT;
	event.maps = 1;
	event.addr = 0x7f2a40001000;
	event.size = 8192;
	assert_event(&event, "attach",
		     "{\"reason\":\"split\",\"maps\":1,\"addr\":\"0x7f2a40001000\","
		     "\"size\":8192}",
		     nothing);
	event = sample_event(FACT_DESTROY, 500);
	event.reason = FACT_REASON_LAST_DETACH;
	assert_event(&event, "destroy", "{\"reason\":\"last_detach\"}", nothing);
}

static void what_looks_tell_is_marked(void **state)
{
	static const char nothing[] = "\"ret\":null,\"errno\":null,\"took_ns\":null";
	struct event event = sample_event(FACT_CREATE, 500);

	(void)state;
	event.inferred = true;
	event.key = 0x162e;
	event.size = 65536;
	assert_event(&event, "create", "{\"key\":5678,\"key_hex\":\"0x0000162e\",\"size\":65536}",
		     nothing);
	event = sample_event(FACT_ATTACH, 500);
	event.inferred = true;
	event.maps = 2;
	assert_event(&event, "attach",
		     "{\"reason\":\"unknown\",\"maps\":2,\"addr\":null,\"size\":null}", nothing);
	event.op = FACT_DETACH;
	assert_event(&event, "detach",
		     "{\"reason\":\"unknown\",\"maps\":2,\"addr\":null,\"size\":null}", nothing);
	event.op = FACT_DESTROY;
	assert_event(&event, "destroy", "{\"reason\":\"unknown\"}", nothing);
}

static void user_of_a_known_process_may_be_unknown(void **state)
{
	struct event event = sample_event(FACT_DETACH, 500);
	struct json_object *object;

	(void)state;
	event.uid = FACT_UID_UNKNOWN;
	object = json_event(&nowhere, &event);
	assert_true(json_object_object_get_ex(object, "uid", NULL));
	assert_null(json_object_object_get(object, "uid"));
	assert_int_equal(json_object_get_int(json_object_object_get(object, "pid")), 7713);
	json_object_put(object);
}

static void unknown_is_null_in_events(void **state)
{
	const struct event event = {
		.time = SAMPLE_NOW + 1, .op = FACT_SHMGET, .ret = -28, .shmid = -1};

	(void)state;
	assert_json(json_event(&nowhere, &event),
		    "{\"schema\":\"shmtop.event/1\",\"time\":1714565071.000000001,"
		    "\"op\":\"shmget\",\"pid\":null,\"tid\":null,\"comm\":null,\"uid\":null,"
		    "\"ipcns\":null,\"ipcns_label\":null,"
		    "\"args\":{\"key\":0,\"key_hex\":\"0x00000000\",\"size\":0,"
		    "\"flags\":[],\"mode\":\"0000\",\"raw_flags\":0},\"ret\":-28,"
		    "\"errno\":\"ENOSPC\",\"took_ns\":null,\"created\":false,\"shmid\":null,"
		    "\"inferred\":false,\"explain\":null,\"repeats\":null,\"stack\":null}");
}

static void shmid_0_is_a_shmid(void **state)
{
	struct event event = sample_event(FACT_SHMDT, 500);
	struct json_object *object;

	(void)state;
	event.shmid = 0;
	object = json_event(&nowhere, &event);
	assert_json(json_object_get(json_object_object_get(object, "shmid")), "0");
	json_object_put(object);
}

static void events_of_a_segment(void **state)
{
	const struct column_context *context = *state;
	struct json_object *events = json_events(context, sample_segment(context, 229383));

	assert_int_equal(json_object_array_length(events), 5);
	assert_string_equal(json_object_get_string(json_object_object_get(
				    json_object_array_get_idx(events, 0), "op")),
			    "shmget");
	assert_string_equal(json_object_get_string(json_object_object_get(
				    json_object_array_get_idx(events, 4), "op")),
			    "destroy");
	json_object_put(events);
	assert_json(json_events(context, sample_segment(context, 0)), "[]");
}

/* ---- segments -------------------------------------------------------------------------------- */

static void segment_with_holders(void **state)
{
	assert_json(json_segment(*state, sample_segment(*state, 32769)),
		    "{\"ipcns\":1,\"ipcns_label\":null,\"shmid\":32769,\"key\":1375797763,\"key_"
		    "hex\":\"0x52010203\","
		    "\"mode\":\"0600\",\"flags\":[],\"size\":8589934592,\"rss\":7516192768,"
		    "\"swap\":4096,\"nattch\":3,\"mapped\":3,\"drift\":0,\"uid\":4000000001,"
		    "\"owner\":null,\"gid\":5,\"cuid\":4000000001,\"cgid\":5,\"atime\":1714565069,"
		    "\"dtime\":0,\"ctime\":1711022671,\"born\":null,\"gone\":null,"
		    "\"creator\":{\"pid\":1021,\"inner_pid\":null,\"comm\":\"postgres\","
		    "\"cmdline\":\"/usr/bin/postgres -D /data\",\"exe\":\"/usr/bin/postgres\","
		    "\"uid\":26,\"cgroup\":\"/system.slice/postgresql.service\",\"alive\":true},"
		    "\"last\":{\"pid\":1022,\"inner_pid\":null,\"comm\":\"tst\\\\x1b[31m\","
		    "\"cmdline\":\"postgres: writer\",\"exe\":null,\"uid\":26,\"cgroup\":null,"
		    "\"alive\":true},"
		    "\"holders\":[{\"pid\":1021,\"inner_pid\":null,\"comm\":\"postgres\","
		    "\"cmdline\":\"/usr/bin/postgres -D /data\",\"exe\":\"/usr/bin/postgres\","
		    "\"uid\":26,\"cgroup\":\"/system.slice/postgresql.service\",\"alive\":true,"
		    "\"maps\":2,\"mode\":\"rw\",\"addr\":\"0x7f0000000000\",\"since\":null,"
		    "\"how\":\"scan\",\"state\":null},"
		    "{\"pid\":1022,\"inner_pid\":null,\"comm\":\"tst\\\\x1b[31m\",\"cmdline\":"
		    "\"postgres: writer\","
		    "\"exe\":null,\"uid\":26,\"cgroup\":null,\"alive\":true,\"maps\":1,"
		    "\"mode\":\"r-\",\"addr\":\"0x7e0000000000\",\"since\":null,\"how\":\"scan\","
		    "\"state\":null}],"
		    "\"verdict\":{\"kind\":\"in-use\",\"confidence\":\"none\",\"since\":null,"
		    "\"because\":[\"nattch 3, held by 1021 postgres and others\"],"
		    "\"stack\":null}}");
}

static void segment_with_unknowns(void **state)
{
	const struct segment bare = {.id = {7, 3, 1}, .nattch = 1};

	assert_json(json_segment(*state, &bare),
		    "{\"ipcns\":7,\"ipcns_label\":null,\"shmid\":3,\"key\":null,\"key_hex\":null,"
		    "\"mode\":null,"
		    "\"flags\":[],\"size\":null,\"rss\":null,\"swap\":null,\"nattch\":null,"
		    "\"mapped\":0,\"drift\":0,\"uid\":null,\"owner\":null,\"gid\":null,"
		    "\"cuid\":null,\"cgid\":null,\"atime\":null,\"dtime\":null,\"ctime\":null,"
		    "\"born\":null,\"gone\":null,\"creator\":null,\"last\":null,"
		    "\"holders\":null,\"verdict\":{\"kind\":\"unknown\",\"confidence\":\"none\","
		    "\"since\":null,\"because\":[\"its nattch is not known\"],\"stack\":null}}");
}

static void segment_that_is_gone(void **state)
{
	struct json_object *object = json_segment(*state, sample_segment(*state, 229383));

	assert_json(json_object_get(json_object_object_get(object, "flags")),
		    "[\"dest\",\"noreserve\"]");
	assert_json(json_object_get(json_object_object_get(object, "born")),
		    "1714565066.000000000");
	assert_json(json_object_get(json_object_object_get(object, "gone")),
		    "1714565069.000000000");
	assert_json(json_object_get(json_object_object_get(object, "holders")), "[]");
	json_object_put(object);
}

static void holder_that_was_seen_to_attach(void **state)
{
	struct process process = {.pid = 5, .cmdline = "", .exe = "", .cgroup = ""};
	struct holder holder = {.mm = 1, .process = &process};
	struct mapping fork = {.holder = &holder,
			       .start = 0x2000,
			       .flags = ATTACHMENT_READ | ATTACHMENT_EXEC,
			       .origin = MAPPING_FORK,
			       .since = SAMPLE_NOW - CLOCK_SECOND};
	struct mapping shmat = {.holder = &holder,
				.start = 0x1000,
				.flags = ATTACHMENT_READ | ATTACHMENT_WRITE,
				.origin = MAPPING_SHMAT,
				.since = SAMPLE_NOW,
				.segment_next = &fork};
	const struct segment segment = {.mappings = &shmat};
	struct json_object *object = json_segment(*state, &segment);

	assert_json(json_object_get(json_object_object_get(object, "holders")),
		    "[{\"pid\":5,\"inner_pid\":null,\"comm\":null,\"cmdline\":null,\"exe\":null,"
		    "\"uid\":null,"
		    "\"cgroup\":null,\"alive\":null,\"maps\":2,\"mode\":\"rwx\","
		    "\"addr\":\"0x1000\",\"since\":1714565070.000000000,\"how\":\"fork\",\"state\":"
		    "null}]");
	json_object_put(object);
}

static void segment_with_a_named_owner(void **state)
{
	struct column_context context = *(struct column_context *)*state;
	const struct segment segment = {.facts = {.known = FACT_COL_UID, .uid = 0}};
	struct json_object *object;

	assert_int_equal(owner_names_new(&context.owners), 0);
	object = json_segment(&context, &segment);
	assert_json(json_object_get(json_object_object_get(object, "owner")), "\"root\"");
	json_object_put(object);
	owner_names_free(context.owners);
}

/* ---- documents ------------------------------------------------------------------------------- */

static void document_has_a_head(void **state)
{
	struct utsname machine;
	char expected[1024];

	assert_int_equal(uname(&machine), 0);
	snprintf(expected, sizeof(expected),
		 "{\"schema\":\"shmtop.list/1\",\"time\":1714565071.000000000,\"host\":\"%s\","
		 "\"kernel\":\"%s\",\"probe\":{\"calls\":\"tracepoint\",\"compat\":\"none\","
		 "\"life\":"
		 "\"sched\","
		 "\"attachers\":\"iter\",\"stacks\":null,\"exact\":false,\"unseen\":\"32-bit "
		 "calls\","
		 "\"lost\":0,\"skipped\":0,\"drift\":1,\"why\":\"no fentry\"}}",
		 machine.nodename, machine.release);
	assert_json(json_document("list", *state), expected);
}

static void assert_probe(const struct source_status *status, const char *expected)
{
	struct json_object *object;
	struct model *model;

	assert_int_equal(model_new(NULL, &model), 0);
	model_set_status(model, status);
	const struct column_context context = {.model = model};

	object = json_document("list", &context);
	assert_json(json_object_get(json_object_object_get(object, "probe")), expected);
	json_object_put(object);
	model_free(model);
}

static void document_tells_what_stands(void **state)
{
	struct source_status status = {.calls = "fexit",
				       .compat = "fexit",
				       .life = "exact",
				       .attachers = "iter",
				       .stacks = "kernel",
				       .exact = FACT_EXACT_ALL};

	(void)state;
	assert_probe(&status, "{\"calls\":\"fexit\",\"compat\":\"fexit\",\"life\":\"exact\","
			      "\"attachers\":\"iter\",\"stacks\":\"kernel\",\"exact\":true,"
			      "\"unseen\":\"\",\"lost\":0,"
			      "\"skipped\":0,\"drift\":0,\"why\":\"\"}");
	/* one bit less is not exact */
	status.exact &= ~(uint32_t)FACT_EXACT_DETACH;
	status.compat = "none";
	status.life = "mixed";
	status.lost = 3;
	status.skipped = 2;
	assert_probe(&status, "{\"calls\":\"fexit\",\"compat\":\"none\",\"life\":\"mixed\","
			      "\"attachers\":\"iter\",\"stacks\":\"kernel\",\"exact\":false,"
			      "\"unseen\":\"\",\"lost\":3,"
			      "\"skipped\":2,\"drift\":0,\"why\":\"\"}");
}

static void document_before_anything_is_known(void **state)
{
	struct model *model;
	struct json_object *object;

	(void)state;
	assert_int_equal(model_new(NULL, &model), 0);
	const struct column_context context = {.model = model};

	object = json_document("show", &context);
	assert_json(json_object_get(json_object_object_get(object, "probe")),
		    "{\"calls\":\"none\",\"compat\":\"none\",\"life\":\"none\","
		    "\"attachers\":\"none\",\"stacks\":null,\"exact\":false,"
		    "\"unseen\":\"calls, what comes and goes between two looks\","
		    "\"lost\":null,\"skipped\":null,\"drift\":0,"
		    "\"why\":\"\"}");
	json_object_put(object);
	model_free(model);
}

static void all_segments_in_a_document(void **state)
{
	const struct segment_id ids[] = {
		{SAMPLE_HOST, 65538, 0}, {SAMPLE_HOST, 99, 0}, {SAMPLE_OTHER, 0, 0}};
	struct json_object *document, *whole;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(
		json_print_segments(out, json_document("list", *state), "segments", *state, ids, 3),
		0);
	assert_int_equal(
		json_print_segments(out, json_document("list", *state), "segments", *state, ids, 0),
		0);
	fclose(out);
	*strchr(text, '\n') = '\0';

	/* the same as in one piece */
	whole = json_document("list", *state);
	json_object_object_add(whole, "segments", json_object_new_array());
	for (size_t i = 0; i < 3; i++) {
		const struct segment *segment =
			model_find(((const struct column_context *)*state)->model, &ids[i]);

		if (segment)
			json_object_array_add(json_object_object_get(whole, "segments"),
					      json_segment(*state, segment));
	}
	assert_json(whole, text);

	document = json_tokener_parse(text + strlen(text) + 1);
	assert_non_null(document);
	assert_int_equal(json_object_array_length(json_object_object_get(document, "segments")), 0);
	json_object_put(document);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_told),
		cmocka_unit_test(commands_are_told),
		cmocka_unit_test(life_is_told),
		cmocka_unit_test(what_looks_tell_is_marked),
		cmocka_unit_test(user_of_a_known_process_may_be_unknown),
		cmocka_unit_test(unknown_is_null_in_events),
		cmocka_unit_test(shmid_0_is_a_shmid),
		cmocka_unit_test(events_of_a_segment),
		cmocka_unit_test(segment_with_holders),
		cmocka_unit_test(segment_with_unknowns),
		cmocka_unit_test(segment_that_is_gone),
		cmocka_unit_test(holder_that_was_seen_to_attach),
		cmocka_unit_test(segment_with_a_named_owner),
		cmocka_unit_test(document_has_a_head),
		cmocka_unit_test(document_tells_what_stands),
		cmocka_unit_test(document_before_anything_is_known),
		cmocka_unit_test(all_segments_in_a_document),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
