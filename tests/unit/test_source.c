/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands, in words. */
#include "tests/tap.h"

#include <stdio.h>
#include <string.h>

#include "report/source.h"

/* "calls|fexit|every one...": one line each */
static void assert_lines(const struct source_status *status, const char *expected)
{
	struct source_line lines[SOURCE_LINES];
	size_t count = source_lines(status, lines);
	char text[2048] = "";

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(text);

		snprintf(text + length, sizeof(text) - length, "%s|%s|%s\n", lines[i].what,
			 lines[i].stands, lines[i].words);
	}
	assert_string_equal(text, expected);
}

static void assert_name(const char *calls, const char *life, const char *expected)
{
	const struct source_status status = {.calls = calls, .life = life};
	char name[SOURCE_NAME_LEN];

	assert_string_equal(source_name(name, &status), expected);
}

static void best_rung(void **state)
{
	const struct source_status status = {.calls = "fexit",
					     .compat = "fexit",
					     .life = "exact",
					     .attachers = "iter",
					     .exact = FACT_EXACT_ALL};

	(void)state;
	assert_lines(&status, "calls|fexit|every one; other system calls pay nothing\n"
			      "32-bit calls|fexit|every one; other system calls pay nothing\n"
			      "life|exact|each attach, detach and end, as the kernel makes it\n"
			      "attachers|iter|all mappings, read in the kernel\n"
			      "unseen||nothing\n");
	assert_string_equal(source_offer(&status), "");
}

static void tracepoint_rung(void **state)
{
	struct source_status status = {.calls = "tracepoint",
				       .compat = "none",
				       .life = "sched",
				       .attachers = "iter",
				       .unseen = "calls of 32-bit programs",
				       .why = "no fentry here"};

	(void)state;
	assert_lines(&status, "calls|tracepoint|every one; all system calls pay some ns\n"
			      "32-bit calls|none|not followed; --compat follows them, at a cost\n"
			      "life|sched|fork, exec, exit of holders; the rest is concluded\n"
			      "attachers|iter|all mappings, read in the kernel\n"
			      "unseen||calls of 32-bit programs\n"
			      "why not better||no fentry here\n");
	assert_string_equal(source_offer(&status),
			    "not followed; --compat follows them, at a cost");
	status.compat = "raw";
	status.unseen[0] = status.why[0] = '\0';
	assert_lines(&status, "calls|tracepoint|every one; all system calls pay some ns\n"
			      "32-bit calls|raw|every one; all system calls pay some ns\n"
			      "life|sched|fork, exec, exit of holders; the rest is concluded\n"
			      "attachers|iter|all mappings, read in the kernel\n"
			      "unseen||nothing\n");
	assert_string_equal(source_offer(&status), "");
}

static void mixed_rungs(void **state)
{
	const struct source_status status = {.calls = "mixed",
					     .compat = "mixed",
					     .life = "mixed",
					     .attachers = "maps",
					     .exact = FACT_EXACT_ATTACH | FACT_EXACT_INHERIT |
						      FACT_EXACT_DETACH};

	(void)state;
	assert_lines(&status, "calls|mixed|every one; all system calls pay some ns\n"
			      "32-bit calls|mixed|some are not followed; --compat follows all\n"
			      "life|mixed|exact: attach, fork, detach; concluded: end\n"
			      "attachers|maps|/proc/PID/maps of each process\n"
			      "unseen||nothing\n");
	assert_string_equal(source_offer(&status), "some are not followed; --compat follows all");
}

static void assert_unseen(const struct source_status *status, const char *expected)
{
	char unseen[SOURCE_TEXT_LEN];

	assert_string_equal(source_unseen(unseen, status), expected);
}

static void poll_rung(void **state)
{
	struct source_status status = {
		.calls = "none", .compat = "none", .life = "none", .attachers = "maps"};

	(void)state;
	assert_lines(&status, "calls|none|not followed; two looks are compared\n"
			      "32-bit calls|none|not followed; two looks are compared\n"
			      "life|none|not followed; two looks are compared\n"
			      "attachers|maps|/proc/PID/maps of each process\n"
			      "unseen||calls, what comes and goes between two looks\n");
	/* --compat would not help. */
	assert_string_equal(source_offer(&status), "");
	status.partial = true;
	assert_unseen(&status, "calls, what comes and goes between two looks, "
			       "holders that may not be looked at");
}

static void holders_may_be_hidden_on_any_rung(void **state)
{
	struct source_status status = {.calls = "tracepoint", .life = "sched", .partial = true};

	(void)state;
	assert_unseen(&status, "holders that may not be looked at");
	snprintf(status.unseen, sizeof(status.unseen), "munmap");
	assert_unseen(&status, "munmap, holders that may not be looked at");
	status.partial = false;
	assert_unseen(&status, "munmap");
}

static void losses_are_of_events(void **state)
{
	struct source_status status = {.calls = "fexit", .lost = 3};
	char lost[SOURCE_LOST_LEN];

	(void)state;
	assert_string_equal(source_lost(lost, &status), "lost 3");
	status = (struct source_status){.calls = "none"};
	assert_string_equal(source_lost(lost, &status), "lost -");
}

static void nothing_is_known_yet(void **state)
{
	const struct source_status status = {0};

	(void)state;
	assert_lines(&status, "calls|none|not followed; two looks are compared\n"
			      "32-bit calls|none|not followed; two looks are compared\n"
			      "life|none|not followed; two looks are compared\n"
			      "attachers|none|not known\n"
			      "unseen||calls, what comes and goes between two looks\n");
	assert_name(NULL, NULL, "poll");
}

static void names_are_short(void **state)
{
	(void)state;
	assert_name("fexit", "exact", "fexit");
	assert_name("fexit", "sched", "fexit/sched");
	assert_name("fexit", "mixed", "fexit/mixed");
	assert_name("tracepoint", "sched", "tracepoint");
	assert_name("tracepoint", "exact", "tracepoint/exact");
	assert_name("mixed", "exact", "mixed");
	assert_name("none", "none", "poll");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(best_rung),
		cmocka_unit_test(tracepoint_rung),
		cmocka_unit_test(mixed_rungs),
		cmocka_unit_test(poll_rung),
		cmocka_unit_test(holders_may_be_hidden_on_any_rung),
		cmocka_unit_test(losses_are_of_events),
		cmocka_unit_test(nothing_is_known_yet),
		cmocka_unit_test(names_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
