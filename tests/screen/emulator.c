/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "emulator.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { EMULATOR_SYNC_MS = 10000 };

static int emulator_property(VTermProp property, VTermValue *value, void *user)
{
	struct emulator *emulator = user;

	if (property == VTERM_PROP_ALTSCREEN)
		emulator->alternate = value->boolean;
	else if (property == VTERM_PROP_MOUSE)
		emulator->mouse = value->number != VTERM_PROP_MOUSE_NONE;
	return 1;
}

/* The answers of the terminal: only those to emulator_sync() are asked for. */
static void emulator_answer(const char *bytes, size_t length, void *user)
{
	struct emulator *emulator = user;

	if (length >= 4 && memcmp(bytes, "\033[0n", 4) == 0)
		emulator->synced++;
}

void emulator_open(struct emulator *emulator, int rows, int columns, int master)
{
	static const VTermScreenCallbacks callbacks = {.settermprop = emulator_property};

	*emulator = (struct emulator){
		.rows = rows, .columns = columns, .master = master, .cursor_visible = true};
	emulator->terminal = vterm_new(rows, columns);
	vterm_set_utf8(emulator->terminal, 1);
	vterm_output_set_callback(emulator->terminal, emulator_answer, emulator);
	emulator->screen = vterm_obtain_screen(emulator->terminal);
	vterm_screen_set_callbacks(emulator->screen, &callbacks, emulator);
	vterm_screen_enable_altscreen(emulator->screen, 1);
	vterm_screen_reset(emulator->screen, 1);
}

void emulator_close(struct emulator *emulator)
{
	if (emulator->terminal)
		vterm_free(emulator->terminal);
	if (emulator->master >= 0)
		close(emulator->master);
	*emulator = (struct emulator){.master = -1};
}

void emulator_resize(struct emulator *emulator, int rows, int columns)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	vterm_set_size(emulator->terminal, rows, columns);
	emulator->rows = rows;
	emulator->columns = columns;
	if (emulator->master >= 0)
		ioctl(emulator->master, TIOCSWINSZ, &size);
}

static void emulator_write(struct emulator *emulator, const char *bytes, size_t length)
{
	vterm_input_write(emulator->terminal, bytes, length);
}

/* libvterm 0.1 does not take more than one private mode at a time ("\033[?1006;1000h"). */
static void emulator_modes(struct emulator *emulator, char final)
{
	const char *modes = emulator->csi + 3;

	while (*modes) {
		char one[EMULATOR_CSI_LEN + 4];
		size_t length = strspn(modes, "0123456789");
		int written = snprintf(one, sizeof(one), "\033[?%.*s%c", (int)length, modes, final);

		emulator_write(emulator, one, (size_t)written);
		/* libvterm shows the cursor again when the alternate screen is left: a terminal does not. */
		if (length == 2 && strncmp(modes, "25", 2) == 0)
			emulator->cursor_visible = final == 'h';
		modes += length + 1;
	}
}

/* Nor does it know REP ("\033[5b": five times more what was printed last), which the
 * description of an xterm has. */
static void emulator_csi_end(struct emulator *emulator, char final)
{
	long count = strtol(emulator->csi + 2, NULL, 10);

	if (final == 'b')
		for (; count > 0; count--)
			emulator_write(emulator, &emulator->last, 1);
	else if (emulator->csi[2] == '?' && (final == 'h' || final == 'l'))
		emulator_modes(emulator, final);
	else
		emulator_write(emulator, emulator->csi, emulator->csi_length);
	emulator->csi_length = 0;
}

void emulator_feed(struct emulator *emulator, const char *bytes, size_t length)
{
	emulator->fed += length;
	for (size_t i = 0; i < length; i++) {
		char byte = bytes[i];

		if (emulator->csi_length == 0 && byte != '\033') {
			if ((unsigned char)byte >= ' ')
				emulator->last = byte;
			emulator_write(emulator, &byte, 1);
			continue;
		}
		emulator->csi[emulator->csi_length++] = byte;
		emulator->csi[emulator->csi_length] = '\0';
		if (emulator->csi_length == 1)
			continue;
		if (emulator->csi[1] == '[' && emulator->csi_length > 2 && byte >= '@') {
			emulator_csi_end(emulator, byte);
		} else if (emulator->csi[1] != '[' ||
			   emulator->csi_length == EMULATOR_CSI_LEN - 1) {
			if (emulator->csi[1] == '=' || emulator->csi[1] == '>')
				emulator->keypad = emulator->csi[1] == '=';
			emulator_write(emulator, emulator->csi, emulator->csi_length);
			emulator->csi_length = 0;
		}
	}
}

long emulator_read(struct emulator *emulator, int ms)
{
	struct pollfd ready = {.fd = emulator->master, .events = POLLIN};
	char bytes[4096];
	ssize_t length;

	if (poll(&ready, 1, ms) <= 0)
		return 0;
	length = read(emulator->master, bytes, sizeof(bytes));
	if (length <= 0)
		return length < 0 && errno == EINTR ? 0 : -1;
	emulator_feed(emulator, bytes, (size_t)length);
	return length;
}

void emulator_sync(struct emulator *emulator, int slave)
{
	unsigned int wanted = emulator->synced + 1;
	long end = emulator_clock() + EMULATOR_SYNC_MS;

	if (write(slave, "\033[5n", 4) != 4)
		abort();
	while (emulator->synced < wanted && emulator_clock() < end)
		emulator_read(emulator, 100);
	if (emulator->synced < wanted)
		abort();
}

bool emulator_wait(struct emulator *emulator, const char *text, int ms)
{
	long end = emulator_clock() + ms;

	while (!emulator_shows(emulator, text)) {
		if (emulator_clock() >= end)
			return false;
		if (emulator_read(emulator, 50) < 0)
			return emulator_shows(emulator, text);
	}
	return true;
}

bool emulator_shows(const struct emulator *emulator, const char *text)
{
	return emulator_find(emulator, text) >= 0;
}

static size_t emulator_utf8(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

char *emulator_line(const struct emulator *emulator, int row)
{
	char *line = calloc((size_t)emulator->columns * VTERM_MAX_CHARS_PER_CELL + 1, 4);
	size_t length = 0;

	if (!line)
		abort();
	for (int column = 0; column < emulator->columns;) {
		VTermScreenCell cell = emulator_cell(emulator, row, column);

		if (!cell.chars[0])
			line[length++] = ' ';
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
			length += emulator_utf8(line + length, cell.chars[i]);
		column += cell.width > 0 ? cell.width : 1;
	}
	while (length > 0 && line[length - 1] == ' ')
		length--;
	line[length] = '\0';
	return line;
}

char *emulator_text(const struct emulator *emulator)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (int row = 0; row < emulator->rows; row++) {
		char *line = emulator_line(emulator, row);

		fprintf(out, "%s\n", line);
		free(line);
	}
	fclose(out);
	return text;
}

int emulator_find(const struct emulator *emulator, const char *text)
{
	for (int row = 0; row < emulator->rows; row++) {
		char *line = emulator_line(emulator, row);
		bool found = strstr(line, text) != NULL;

		free(line);
		if (found)
			return row;
	}
	return -1;
}

VTermScreenCell emulator_cell(const struct emulator *emulator, int row, int column)
{
	VTermScreenCell cell = {0};

	vterm_screen_get_cell(emulator->screen, (VTermPos){row, column}, &cell);
	return cell;
}

long emulator_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
