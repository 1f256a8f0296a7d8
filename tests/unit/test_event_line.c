/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events below each other: on a pipe, on terminals of any width, with any clock. */
#include "sample.h"

#include <errno.h>

#include "base/text.h"
#include "report/event_line.h"

#define LABEL "docker 3f2a91c07be1"

static struct event shmget_event(void)
{
	struct event event = sample_event(FACT_SHMGET, 500);

	event.size = 64 << 20;
	event.flags = IPC_CREAT | 0600;
	event.ret = 229383;
	event.created = true;
	return event;
}

static const char *styled(const struct event_style *style, const struct event *event)
{
	static char line[EVENT_LINE_LEN];
	const struct event_layout layout = event_layout(style);

	return event_layout_line(line, &layout, event, LABEL, -1500);
}

static const char *heading(const struct event_style *style)
{
	static char line[EVENT_LINE_LEN];
	const struct event_layout layout = event_layout(style);

	return event_layout_heading(line, &layout);
}

/* Where in the line the text stands, in columns */
static size_t column_of(const char *line, const char *text)
{
	const char *at = strstr(line, text);
	char before[EVENT_LINE_LEN];

	assert_non_null(at);
	snprintf(before, sizeof(before), "%.*s", (int)(at - line), line);
	return text_width(before);
}

static void columns_stand_under_the_heading(void **state)
{
	const struct event event = shmget_event();
	char line[EVENT_LINE_LEN];

	(void)state;
	assert_string_equal(event_heading(line),
			    "TIME                PID COMM                 SHMID "
			    "CALL                                                         "
			    "RESULT                   TOOK");
	assert_string_equal(event_line(line, &event),
			    "12:04:30.500000    7713 tst                 229383 "
			    "shmget(IPC_PRIVATE, 64.0M, IPC_CREAT|0600)                   "
			    "= 229383 created         12.3us");
}

static void the_largest_numbers_and_names_have_room(void **state)
{
	const struct event_style style = {.ns = strlen(LABEL)};
	struct event event = sample_event(FACT_SHMAT, 0);
	const char *line;

	(void)state;
	event.pid = 4194304;
	event.shmid = event.ret = INT32_MAX;
	event.took = 999 * CLOCK_MS;
	strcpy(event.comm, "123456789012345");
	event.addr = UINT64_C(0x7fffffffffffffff);
	event.flags = SHM_RDONLY;
	event.ret = 0x7fffffffffff;
	line = styled(&style, &event);
	assert_int_equal(column_of(line, LABEL), column_of(heading(&style), "NS"));
	assert_int_equal(column_of(line, "shmat"), column_of(heading(&style), "CALL"));
	assert_int_equal(column_of(line, "= 0x7f"), column_of(heading(&style), "RESULT"));
	assert_int_equal(column_of(line, "999ms"), column_of(heading(&style), "TOOK"));
}

static void what_is_unknown_is_said_so(void **state)
{
	const struct event event = {.time = SAMPLE_NOW,
				    .op = FACT_DESTROY,
				    .shmid = 0,
				    .reason = FACT_REASON_NAMESPACE};
	const struct event nobody = {.time = SAMPLE_NOW, .op = FACT_EXEC, .shmid = -1};
	char line[EVENT_LINE_LEN];

	(void)state;
	assert_string_equal(
		event_line(line, &event),
		"12:04:31.000000       - -                        0 destroy (namespace)");
	assert_string_equal(event_line(line, &nobody),
			    "12:04:31.000000       - -                        - exec");
}

static void wide_text_keeps_the_columns(void **state)
{
	struct event event = sample_event(FACT_SHMDT, 0);
	char line[EVENT_LINE_LEN], wide[EVENT_LINE_LEN];

	(void)state;
	event.shmid = -1;
	strcpy(event.comm, "\xe6\xbc\xa2\xe5\xad\x97"); /* two characters, four columns */
	event_line(wide, &event);
	strcpy(event.comm, "abcd");
	event_line(line, &event);
	assert_int_equal(strlen(wide), strlen(line) + 2);
	assert_string_equal(strstr(wide, "shmdt"), strstr(line, "shmdt"));
}

static struct event longest_event(void)
{
	struct event event = sample_event(FACT_SHMGET, 0);

	memset(event.comm, 'x', sizeof(event.comm) - 1);
	event.comm[sizeof(event.comm) - 1] = '\0';
	event.flags = UINT32_MAX;
	event.size = UINT64_MAX;
	event.took = UINT64_MAX;
	return event;
}

static void nothing_is_cut_on_a_pipe(void **state)
{
	const struct event event = longest_event();
	char line[EVENT_LINE_LEN];

	(void)state;
	event_line(line, &event);
	assert_non_null(strstr(line, event.comm));
	assert_non_null(strstr(line, "SHM_HUGE_8EB|0x3ffe000|0777)"));
	assert_non_null(strstr(line, "18446744073s"));
	assert_null(strchr(line, '\n'));
}

static void clocks_are_those_of_strace(void **state)
{
	static const struct {
		enum event_time time;
		bool relative;
		const char *starts, *heading;
	} cases[] = {
		{EVENT_TIME_SECONDS, false, "12:04:30    7713", "TIME         PID"},
		{EVENT_TIME_MICRO, false, "12:04:30.500000    7713", "TIME                PID"},
		{EVENT_TIME_EPOCH, false, "1714565070.500000    7713", "TIME                  PID"},
		{EVENT_TIME_NONE, true, "   -0.000001    7713", "       SINCE     PID"},
		{EVENT_TIME_SECONDS, true, "12:04:30    -0.000001    7713",
		 "TIME            SINCE     PID"},
	};
	const struct event event = shmget_event();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct event_style style = {.time = cases[i].time,
						  .relative = cases[i].relative};

		assert_ptr_equal(strstr(styled(&style, &event), cases[i].starts),
				 styled(&style, &event));
		assert_ptr_equal(strstr(heading(&style), cases[i].heading), heading(&style));
	}
}

static void a_line_is_told_since_the_one_before(void **state)
{
	const struct event_style style = {.time = EVENT_TIME_NONE, .relative = true};
	const struct event_layout layout = event_layout(&style);
	const struct event event = shmget_event();
	char line[EVENT_LINE_LEN];

	(void)state;
	event_layout_line(line, &layout, &event, "", 0);
	assert_memory_equal(line, "    0.000000 ", 13);
	event_layout_line(line, &layout, &event, "", INT64_C(61000001000));
	assert_memory_equal(line, "   61.000001 ", 13);
}

static void at_80_columns_it_reads_as_strace_does(void **state)
{
	const struct event_style style = {.width = 80}, timed = {.width = 80, .took = true};
	struct event event = shmget_event();

	(void)state;
	assert_string_equal(heading(&style), "TIME             PID COMM            SHMID "
					     "CALL = RESULT");
	assert_string_equal(heading(&timed), "TIME             PID COMM            SHMID "
					     "CALL = RESULT <TOOK>");
	assert_string_equal(styled(&style, &event), "12:04:30.500    7713 tst            229383 "
						    "shmget(IPC_PRIVATE, 64.0M, IPC_CREAT|\n"
						    "                                             "
						    "0600) = 229383 created");
	event = sample_event(FACT_SHMDT, 500);
	event.addr = 0x7f2a40000000;
	strcpy(event.comm, "tst\\x1b[31m");
	assert_string_equal(styled(&style, &event), "12:04:30.500    7713 tst\\x1b[3~     229383 "
						    "shmdt(0x7f2a40000000) = 0");
	assert_string_equal(styled(&timed, &event), "12:04:30.500    7713 tst\\x1b[3~     229383 "
						    "shmdt(0x7f2a40000000) = 0 <12.3us>");
}

static void time_that_was_asked_for_stays(void **state)
{
	const struct event event = shmget_event();
	const struct event_style narrow = {.width = 50},
				 micro = {.width = 50, .time = EVENT_TIME_MICRO};

	(void)state;
	assert_memory_equal(heading(&narrow), "    PID", 7);
	assert_memory_equal(styled(&micro, &event), "12:04:30.500000    7713", 23);
}

/* All that it says, without the blanks between */
static void squeeze(char *out, const char *text)
{
	for (; *text; text++)
		if (*text != ' ' && *text != '\n')
			*out++ = *text;
	*out = '\0';
}

static void a_terminal_of_any_width_gets_all_of_the_call(void **state)
{
	const struct event long_one = longest_event(), short_one = shmget_event();
	char call[EVENT_PART_LEN], result[EVENT_PART_LEN], wanted[2 * EVENT_PART_LEN];

	(void)state;
	for (size_t width = 1; width <= 300; width++) {
		for (int i = 0; i < 2; i++) {
			const struct event *event = i ? &long_one : &short_one;
			const struct event_style style = {
				.width = width, .took = true, .ns = 24, .relative = true};
			char text[EVENT_LINE_LEN], said[EVENT_LINE_LEN];

			snprintf(text, sizeof(text), "%s", styled(&style, event));
			squeeze(said, strstr(text, "shmget"));
			squeeze(wanted, event_call(call, event));
			assert_memory_equal(said, wanted, strlen(wanted));
			squeeze(wanted, event_result(result, event));
			assert_non_null(strstr(said, wanted));
			if (width < 100)
				continue;
			for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
				assert_true(text_width(line) <= width);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_stand_under_the_heading),
		cmocka_unit_test(the_largest_numbers_and_names_have_room),
		cmocka_unit_test(what_is_unknown_is_said_so),
		cmocka_unit_test(wide_text_keeps_the_columns),
		cmocka_unit_test(nothing_is_cut_on_a_pipe),
		cmocka_unit_test(clocks_are_those_of_strace),
		cmocka_unit_test(a_line_is_told_since_the_one_before),
		cmocka_unit_test(at_80_columns_it_reads_as_strace_does),
		cmocka_unit_test(time_that_was_asked_for_stays),
		cmocka_unit_test(a_terminal_of_any_width_gets_all_of_the_call),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
