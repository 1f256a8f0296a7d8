/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mouse: a click is the same as a key, the wheel as some of them. */
#include "ui/keys.h"
#include "ui/view.h"

enum { MOUSE_WHEEL_LINES = 3 };

static enum screen_result mouse_click(struct screen *screen, const struct column_context *context,
				      int row, int column)
{
	const struct view_ops *view = view_table[screen->view];
	const struct mouse_spot *spot = mouse_spot_at(&screen->mouse, row, column);
	size_t index, count;

	if (spot && spot->key)
		return keys_run(screen, context, spot->key);
	if (spot) {
		segments_sort_by(screen, spot->column);
	} else if (view->go && mouse_item_at(&screen->mouse, row, column, &index)) {
		/* So does the second half of a double click. */
		if (view->index(screen, context, &count) == index)
			return keys_run(screen, context, '\r');
		view->go(screen, context, index);
	}
	return SCREEN_GO_ON;
}

/* The list of the dialog is one, too. */
static void mouse_scroll(struct screen *screen, const struct column_context *context,
			 enum view_move move)
{
	for (int i = 0; i < MOUSE_WHEEL_LINES; i++) {
		if (screen->remove.prompt.active)
			page_move(&screen->remove.page, move);
		else
			view_table[screen->view]->move(screen, context, move);
	}
}

enum screen_result mouse_run(struct screen *screen, const struct column_context *context)
{
	const struct mouse_press press = screen->mouse.press;

	if (screen->prompt.active)
		return SCREEN_GO_ON;
	screen->message_end = 0;
	if (press.button == MOUSE_WHEEL_UP)
		mouse_scroll(screen, context, MOVE_UP);
	else if (press.button == MOUSE_WHEEL_DOWN)
		mouse_scroll(screen, context, MOVE_DOWN);
	if (press.button == MOUSE_LEFT && !screen->remove.prompt.active)
		return mouse_click(screen, context, press.row, press.column);
	return SCREEN_GO_ON;
}
