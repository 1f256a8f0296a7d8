/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When lines are in colour, and what is then printed. */
#include "tests/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/palette.h"

static const char *printed(bool coloured, enum palette_role role, const char *line)
{
	static char text[128];
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	palette_print(out, coloured, role, line);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void each_role_has_a_colour_of_its_own(void **state)
{
	char seen[PALETTE_ROLES][32];

	(void)state;
	for (int role = PALETTE_BAD; role < PALETTE_ROLES; role++) {
		const char *text = printed(true, (enum palette_role)role, "x");

		assert_int_equal(text[0], '\033');
		assert_string_equal(strchr(text, 'x'), "x\033[0m\n");
		snprintf(seen[role], sizeof(seen[role]), "%s", text);
		for (int other = PALETTE_BAD; other < role; other++)
			assert_string_not_equal(text, seen[other]);
	}
	assert_string_equal(printed(true, PALETTE_PLAIN, "two\nlines"), "two\nlines\n");
}

static void without_colours_there_is_no_escape(void **state)
{
	(void)state;
	for (int role = 0; role < PALETTE_ROLES; role++)
		assert_string_equal(printed(false, (enum palette_role)role, "a line"), "a line\n");
}

/* A terminal; the other end is `*held`. */
static int terminal_open(int *held)
{
	int fd;

	*held = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(*held >= 0);
	assert_int_equal(grantpt(*held), 0);
	assert_int_equal(unlockpt(*held), 0);
	fd = open(ptsname(*held), O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	return fd;
}

static void wanted_on_a_terminal_that_can(void **state)
{
	static const struct {
		const char *terminal, *no_color;
		bool wanted;
	} cases[] = {
		{"xterm-256color", NULL, true}, {"linux", "", true}, {"xterm", "1", false},
		{"dumb", NULL, false},          {"", NULL, false},   {NULL, NULL, false},
	};
	int held, fd = terminal_open(&held), pipe_fds[2];

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsetenv("TERM");
		unsetenv("NO_COLOR");
		if (cases[i].terminal)
			setenv("TERM", cases[i].terminal, 1);
		if (cases[i].no_color)
			setenv("NO_COLOR", cases[i].no_color, 1);
		assert_int_equal(palette_wanted(PALETTE_AUTO, fd), cases[i].wanted);
		assert_false(palette_wanted(PALETTE_AUTO, pipe_fds[1]));
		assert_true(palette_wanted(PALETTE_ALWAYS, pipe_fds[1]));
		assert_false(palette_wanted(PALETTE_NEVER, fd));
	}
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(fd);
	close(held);
}

static void words_choose(void **state)
{
	enum palette_when when = PALETTE_NEVER;

	(void)state;
	assert_int_equal(palette_parse("auto", &when), 0);
	assert_int_equal(when, PALETTE_AUTO);
	assert_int_equal(palette_parse(NULL, &when), 0);
	assert_int_equal(when, PALETTE_ALWAYS);
	assert_int_equal(palette_parse("never", &when), 0);
	assert_int_equal(when, PALETTE_NEVER);
	assert_int_equal(palette_parse("sometimes", &when), -EINVAL);
	assert_int_equal(when, PALETTE_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_role_has_a_colour_of_its_own),
		cmocka_unit_test(without_colours_there_is_no_escape),
		cmocka_unit_test(wanted_on_a_terminal_that_can),
		cmocka_unit_test(words_choose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
