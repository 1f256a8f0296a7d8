/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys: one table from which the dispatch, the bar at the bottom and the help come.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include "cmd/screen.h"
#include "ui/curses.h"

enum { KEYS_PER_ACTION = 5, KEYS_NAME_LEN = 16, KEYS_NAMES_LEN = 80 };

struct key_action {
	int keys[KEYS_PER_ACTION]; /* characters, or KEY_ codes of curses; 0 ends */
	unsigned int views;        /* VIEW_BIT of those where it holds */
	const char *bar;           /* in one word, for the bar; NULL: not there */
	const char *help;
	enum screen_result (*run)(struct screen *screen, const struct column_context *context,
				  int key);
};

extern const struct key_action key_table[];
extern const size_t key_count;

/* Whether it may be done at all: the bar offers nothing else. */
bool keys_allowed(const struct screen *screen, const struct key_action *action);
/* Does what the key means in the view that is open. A key without a meaning does nothing. */
enum screen_result keys_run(struct screen *screen, const struct column_context *context, int key);
/* "F1", "Esc", "^L", "j". Returns out. */
char *keys_name(char out[static KEYS_NAME_LEN], int key);
/* All keys of an action: "F1 h ?". Returns out. */
char *keys_names(char out[static KEYS_NAMES_LEN], const struct key_action *action);

#endif
