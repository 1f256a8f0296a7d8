/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "watcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum {
	MODE_WRAP = 7,
	MODE_CURSOR_BLINKS = 12,
	MODE_CURSOR = 25,
};

static void watcher_fault(struct watcher *watcher, const char *what, unsigned long code)
{
	if (watcher->fault[0] == '\0')
		snprintf(watcher->fault, sizeof(watcher->fault), "%s %#lx after %llu bytes", what,
			 code, (unsigned long long)watcher->bytes);
}

/* What no name may bring to the screen: C1, what turns the direction, what takes no room */
static bool watcher_is_hostile(unsigned long code)
{
	return (code >= 0x80 && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x2069) ||
	       code == 0x61c || code == 0xfeff || (code >= 0xd800 && code < 0xe000);
}

static size_t watcher_utf8_size(unsigned char first)
{
	return first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

static void watcher_utf8(struct watcher *watcher, unsigned char byte)
{
	unsigned long code;
	size_t size;

	watcher->utf8[watcher->utf8_length++] = (char)byte;
	size = watcher_utf8_size((unsigned char)watcher->utf8[0]);
	if (size == 0 || (watcher->utf8_length > 1 && (byte & 0xc0) != 0x80)) {
		watcher_fault(watcher, "invalid UTF-8", byte);
		watcher->utf8_length = 0;
		return;
	}
	if (watcher->utf8_length < size)
		return;
	code = (unsigned char)watcher->utf8[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++)
		code = code << 6 | ((unsigned char)watcher->utf8[i] & 0x3f);
	watcher->utf8_length = 0;
	if (watcher_is_hostile(code))
		watcher_fault(watcher, "character", code);
}

static void watcher_mode(struct watcher *watcher, unsigned long mode, bool set)
{
	if (mode == MODE_CURSOR)
		watcher->cursor_hidden = !set;
	else if (mode == MODE_WRAP)
		watcher->no_wrap = !set;
	else if (mode >= WATCHER_MODES)
		watcher_fault(watcher, "mode", mode);
	else if (mode != MODE_CURSOR_BLINKS)
		watcher->modes[mode] = set;
}

static void watcher_csi(struct watcher *watcher, char final)
{
	char *at = watcher->csi;
	bool private = *at == '?';

	if (final == 'n' && strcmp(at, "5") == 0) {
		watcher->syncs++;
		pthread_cond_signal(&watcher->synced);
	} else if (final == 'm') {
		watcher->coloured = *at != '\0' && strcmp(at, "0") != 0 && strcmp(at, "39;49") != 0;
	} else if (private && (final == 'h' || final == 'l')) {
		do
			watcher_mode(watcher, strtoul(at + 1, &at, 10), final == 'h');
		while (*at == ';');
	}
}

static void watcher_text(struct watcher *watcher, unsigned char byte)
{
	if (byte >= 0x80 || watcher->utf8_length > 0)
		watcher_utf8(watcher, byte);
	else if (byte == '\033')
		watcher->state = WATCHER_ESCAPE;
	else if (byte == 0x7f || (byte < ' ' && !strchr("\r\n\b\t", byte)))
		watcher_fault(watcher, "control character", byte);
}

static void watcher_escape(struct watcher *watcher, unsigned char byte)
{
	watcher->state = WATCHER_TEXT;
	if (byte == '[') {
		watcher->state = WATCHER_CSI;
		watcher->csi_length = 0;
	} else if (byte == '(' || byte == ')') {
		watcher->state = WATCHER_CHARSET;
	} else if (byte == '=' || byte == '>') {
		watcher->keypad = byte == '=';
	} else if (!strchr("78McDEH", byte)) {
		watcher_fault(watcher, "escape sequence", byte);
	}
}

static void watcher_byte(struct watcher *watcher, unsigned char byte)
{
	watcher->bytes++;
	switch (watcher->state) {
	case WATCHER_TEXT:
		watcher_text(watcher, byte);
		break;
	case WATCHER_ESCAPE:
		watcher_escape(watcher, byte);
		break;
	case WATCHER_CHARSET:
		watcher->state = WATCHER_TEXT;
		break;
	case WATCHER_CSI:
		if (byte >= '@' && byte <= '~') {
			watcher->csi[watcher->csi_length] = '\0';
			watcher->state = WATCHER_TEXT;
			watcher_csi(watcher, (char)byte);
		} else if (byte < ' ' || watcher->csi_length + 1 >= WATCHER_CSI_LEN) {
			watcher_fault(watcher, "in a control sequence", byte);
			watcher->state = WATCHER_TEXT;
		} else {
			watcher->csi[watcher->csi_length++] = (char)byte;
		}
		break;
	}
}

static void *watcher_run(void *context)
{
	struct watcher *watcher = context;
	char bytes[4096];
	ssize_t length;

	while ((length = read(watcher->master, bytes, sizeof(bytes))) > 0) {
		pthread_mutex_lock(&watcher->lock);
		for (ssize_t i = 0; i < length; i++)
			watcher_byte(watcher, (unsigned char)bytes[i]);
		pthread_mutex_unlock(&watcher->lock);
	}
	return NULL;
}

void watcher_start(struct watcher *watcher, int master)
{
	*watcher = (struct watcher){.master = master};
	pthread_mutex_init(&watcher->lock, NULL);
	pthread_cond_init(&watcher->synced, NULL);
	if (pthread_create(&watcher->thread, NULL, watcher_run, watcher))
		abort();
}

void watcher_stop(struct watcher *watcher)
{
	pthread_join(watcher->thread, NULL);
	pthread_cond_destroy(&watcher->synced);
	pthread_mutex_destroy(&watcher->lock);
	close(watcher->master);
}

const char *watcher_sync(struct watcher *watcher, int slave)
{
	unsigned long wanted;

	pthread_mutex_lock(&watcher->lock);
	wanted = watcher->syncs + 1;
	pthread_mutex_unlock(&watcher->lock);
	if (write(slave, "\033[5n", 4) != 4)
		abort();
	pthread_mutex_lock(&watcher->lock);
	while (watcher->syncs < wanted && watcher->fault[0] == '\0')
		pthread_cond_wait(&watcher->synced, &watcher->lock);
	pthread_mutex_unlock(&watcher->lock);
	return watcher->fault[0] ? watcher->fault : NULL;
}

bool watcher_is_clean(struct watcher *watcher, char why[static WATCHER_FAULT_LEN])
{
	why[0] = '\0';
	if (watcher->state != WATCHER_TEXT || watcher->utf8_length > 0)
		snprintf(why, WATCHER_FAULT_LEN, "a sequence is left open");
	else if (watcher->cursor_hidden)
		snprintf(why, WATCHER_FAULT_LEN, "the cursor is hidden");
	else if (watcher->no_wrap)
		snprintf(why, WATCHER_FAULT_LEN, "lines do not wrap");
	else if (watcher->keypad)
		snprintf(why, WATCHER_FAULT_LEN, "the keypad sends sequences");
	else if (watcher->coloured)
		snprintf(why, WATCHER_FAULT_LEN, "text has attributes");
	for (int mode = 0; mode < WATCHER_MODES && !why[0]; mode++)
		if (watcher->modes[mode])
			snprintf(why, WATCHER_FAULT_LEN, "mode ?%d is set", mode);
	return why[0] == '\0';
}
