/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The live view in the test's own process: on a pty whose other end is an emulated terminal, with the
 * scripted model and a clock that stands still. Failures end the test.
 */
#ifndef SCREEN_STAGE_H
#define SCREEN_STAGE_H

#include <stdatomic.h>
#include <stdio.h>

#include "emulator.h"
#include "script.h"
#include "cmd/screen.h"

/* What the keys of an xterm send */
#define UP     "\033OA"
#define DOWN   "\033OB"
#define HOME   "\033OH"
#define END    "\033OF"
#define PGUP   "\033[5~"
#define PGDN   "\033[6~"
#define F1     "\033OP"
#define F2     "\033OQ"
#define F3     "\033OR"
#define F4     "\033OS"
#define F6     "\033[17~"
#define F7     "\033[18~"
#define F8     "\033[19~"
#define F10    "\033[21~"
#define ESCAPE "\033"
#define STAB   "\033[Z"

struct stage {
	struct model *model;
	struct emulator emulator;
	int slave;
	FILE *in, *out;
	struct screen *screen;
	char why[256];
	struct screen_machine machine; /* of stage_open() */
	atomic_bool drawn;             /* the frame is written: its reader may end */
};

/* For cmocka: *state is the stage; the environment is that of an xterm with UTF-8. */
int stage_setup(void **state);
int stage_teardown(void **state);

/* Only opens the view; NULL: usual options. Returns what screen_ops.open returns. */
int stage_start(struct stage *stage, int rows, int columns, const struct screen_options *options);
/* With the scripted model and its first frame */
void stage_open(struct stage *stage, int rows, int columns);
/* Closes the view and shows what that writes. */
void stage_close(struct stage *stage);
/* Back to before stage_open() */
void stage_clear(struct stage *stage);

void stage_draw(struct stage *stage);
/* The frame as it is so many ns later, with so much CPU used by shmtop itself */
void stage_draw_later(struct stage *stage, uint64_t later, double own_cpu);
void stage_resize(struct stage *stage, int rows, int columns);
enum screen_result stage_press(struct stage *stage, const char *keys);

bool stage_shows(struct stage *stage, const char *text);
void stage_print(struct stage *stage);
/* The number at the start of the line that the cursor is on, or -1 */
long stage_cursor(struct stage *stage);

/* A new empty folder; and one taken away, with all that is in it by these names, NULL last. Its name is
 * freed. */
char *stage_make_folder(void);
void stage_remove_folder(char *folder, const char *const *names);

/* Whether the first line that has `start` has `text`, too */
bool stage_line_has(struct stage *stage, const char *start, const char *text);
#define assert_line(stage, start, text)                               \
	do {                                                          \
		if (!stage_line_has(stage, start, text)) {            \
			stage_print(stage);                           \
			fail_msg("no '%s' beside '%s'", text, start); \
		}                                                     \
	} while (0)
#define assert_shows(stage, text)                            \
	do {                                                 \
		if (!stage_shows(stage, text)) {             \
			stage_print(stage);                  \
			fail_msg("not on screen: %s", text); \
		}                                            \
	} while (0)
#define assert_hides(stage, text)                              \
	do {                                                   \
		if (stage_shows(stage, text)) {                \
			stage_print(stage);                    \
			fail_msg("still on screen: %s", text); \
		}                                              \
	} while (0)

#endif
