/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any keys, on a terminal of any size, while anything happens to the model: nothing may crash, get stuck, or
 * reach the terminal that does not belong there, and each way out gives the terminal back.
 *
 *   fuzz [-s SEED] [-t SECONDS]		default: another seed each time, for 60 seconds
 *
 * The seed is printed: it gives the same keys, sizes and changes again. `make check` runs it with the
 * sanitizers.
 */
#include "tests/tap.h"

#include <dirent.h>
#include <errno.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/contents.h"
#include "fuzz_model.h"
#include "script.h"
#include "ui/keys.h"
#include "ui/screen.h"
#include "ui/screen_parts.h"
#include "watcher.h"

enum { KEYS_LEN = 256, ROWS_MOST = 200, COLUMNS_MOST = 500, SWEEP = 200, KEYS_WAIT_MS = 10000 };

struct fuzz {
	struct chance chance;
	uint64_t now;
	unsigned long step;
	struct model *model;
	struct watcher watcher;
	int master, slave;
	FILE *in, *out;
	struct termios before;
	struct screen *screen;
	char keys[KEYS_LEN];
	size_t length;
};

static uint64_t fuzz_seed, fuzz_seconds = 60;
static unsigned long fuzz_steps; /* told when the sanitizer ends it */

/* Set before the environment's own. A handler that the view sets must not hide what is found. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "handle_segv=2:handle_abort=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2";
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void fuzz_died(void)
{
	fprintf(stderr, "fuzz: ended in step %lu of: fuzz -s %llu\n", fuzz_steps,
		(unsigned long long)fuzz_seed);
}

static int below(struct fuzz *fuzz, int end)
{
	return (int)chance_below(&fuzz->chance, (size_t)end);
}

static struct column_context fuzz_context(struct fuzz *fuzz)
{
	return (struct column_context){
		.model = fuzz->model,
		.now = fuzz->now,
		.wall = SCRIPT_WALL + (int64_t)(fuzz->now - SCRIPT_NOW),
		.own_ipcns = SCRIPT_IPCNS,
		.own_cpu = below(fuzz, 100) / 50.0 - 0.5,
	};
}

/* ---- the machine ----------------------------------------------------------------------------- */

static int fuzz_error(struct fuzz *fuzz)
{
	static const int errors[] = {0, 0, 0, -ESTALE, -EPERM, -EIDRM, -ESRCH, -ETIMEDOUT};

	return errors[below(fuzz, sizeof(errors) / sizeof(*errors))];
}

static int fuzz_remove(void *context, uint32_t ipcns, const struct segment_facts *facts,
		       uint64_t *nattch)
{
	struct fuzz *fuzz = context;

	(void)ipcns, (void)facts;
	*nattch = chance_number(&fuzz->chance, 8);
	return fuzz_error(fuzz);
}

static int fuzz_resident(void *context, const struct process *process, uint64_t address,
			 uint64_t length, uint64_t *bytes)
{
	struct fuzz *fuzz = context;

	(void)process, (void)address, (void)length;
	*bytes = chance_number(&fuzz->chance, 64);
	return fuzz_error(fuzz);
}

/* Less than was asked for, holes where they cannot be, any bytes */
static int fuzz_contents(void *context, const struct segment *segment, uint64_t offset,
			 size_t length, struct contents *out, const struct process **through)
{
	static const struct process process = {.pid = 1, .comm = "fuzz"};
	struct fuzz *fuzz = context;

	(void)segment;
	assert_in_range(length, 1, CONTENTS_MAX);
	*through = &process;
	out->offset = offset;
	out->length = below(fuzz, 8) ? length : (size_t)below(fuzz, (int)length);
	out->hole_count = (size_t)below(fuzz, CONTENTS_HOLES + 1);
	for (size_t i = 0; i < out->hole_count; i++)
		out->holes[i] = (struct contents_hole){offset + (uint64_t)below(fuzz, 256),
						       (uint64_t)below(fuzz, 256)};
	for (size_t i = 0; i < length; i++)
		out->bytes[i] = (unsigned char)below(fuzz, 256);
	return fuzz_error(fuzz);
}

/* ---- open and close -------------------------------------------------------------------------- */

static void fuzz_size(struct fuzz *fuzz)
{
	bool usual = below(fuzz, 3) == 0;
	struct winsize size = {
		.ws_row = (unsigned short)(usual ? 24 : 1 + below(fuzz, ROWS_MOST)),
		.ws_col = (unsigned short)(usual ? 80 : 1 + below(fuzz, COLUMNS_MOST)),
	};

	if (below(fuzz, 4) == 0)
		size.ws_row = (unsigned short)(1 + below(fuzz, 12));
	if (below(fuzz, 4) == 0)
		size.ws_col = (unsigned short)(1 + below(fuzz, 60));
	assert_int_equal(ioctl(fuzz->master, TIOCSWINSZ, &size), 0);
}

static void fuzz_open(struct fuzz *fuzz)
{
	const struct screen_options options = {
		.order = (enum column_id)below(fuzz, COLUMNS_COUNT),
		.has_order = below(fuzz, 2),
		.descending = below(fuzz, 2),
		.interval = CLOCK_SECOND,
		.ascii = below(fuzz, 4) == 0,
		.mouse = below(fuzz, 4) == 0,
		.title = below(fuzz, 2) ? "demo" : NULL,
		.machine = {.remove = below(fuzz, 4) ? fuzz_remove : NULL,
			    .resident = below(fuzz, 4) ? fuzz_resident : NULL,
			    .contents = below(fuzz, 4) ? fuzz_contents : NULL,
			    .context = fuzz},
	};
	char why[256];

	fuzz_size(fuzz);
	setenv("NO_COLOR", below(fuzz, 4) ? "" : "1", 1);
	fuzz->model = fuzz_model(&fuzz->chance, fuzz->now);
	fuzz->in = fdopen(dup(fuzz->slave), "r");
	fuzz->out = fdopen(dup(fuzz->slave), "w");
	assert_non_null(fuzz->in);
	assert_non_null(fuzz->out);
	assert_int_equal(tcgetattr(fuzz->slave, &fuzz->before), 0);
	assert_int_equal(screen_start(fuzz->in, fuzz->out, "db01", &options, &fuzz->screen, why),
			 0);
}

/* Nothing that was written is wrong so far. */
static void fuzz_check(struct fuzz *fuzz)
{
	const char *fault = watcher_sync(&fuzz->watcher, fuzz->slave);

	if (fault)
		fail_msg("written to the terminal: %s (step %lu, -s %llu)", fault, fuzz->step,
			 (unsigned long long)fuzz_seed);
}

static void fuzz_close(struct fuzz *fuzz)
{
	struct termios after;
	char why[WATCHER_FAULT_LEN];

	tcflush(fuzz->slave, TCIFLUSH); /* keys behind the one that ended it */
	curses_screen.close(fuzz->screen);
	fclose(fuzz->in);
	fclose(fuzz->out);
	model_free(fuzz->model);
	fuzz_check(fuzz);
	if (!watcher_is_clean(&fuzz->watcher, why))
		fail_msg("after the end: %s (step %lu, -s %llu)", why, fuzz->step,
			 (unsigned long long)fuzz_seed);
	assert_int_equal(tcgetattr(fuzz->slave, &after), 0);
	assert_int_equal(after.c_iflag, fuzz->before.c_iflag);
	assert_int_equal(after.c_oflag, fuzz->before.c_oflag);
	assert_int_equal(after.c_cflag, fuzz->before.c_cflag);
	assert_int_equal(after.c_lflag, fuzz->before.c_lflag);
	assert_memory_equal(after.c_cc, fuzz->before.c_cc, sizeof(after.c_cc));
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void key_add(struct fuzz *fuzz, const char *bytes, size_t length)
{
	if (fuzz->length + length > KEYS_LEN)
		return;
	memcpy(fuzz->keys + fuzz->length, bytes, length);
	fuzz->length += length;
}

/* One that means something somewhere */
static void key_meant(struct fuzz *fuzz)
{
	const struct key_action *action = &key_table[chance_below(&fuzz->chance, key_count)];
	int count = 0, key;
	char *sequence;

	while (count < KEYS_PER_ACTION && action->keys[count])
		count++;
	key = action->keys[below(fuzz, count)];
	if (key < 0x100) {
		key_add(fuzz, &(char){(char)key}, 1);
		return;
	}
	sequence = keybound(key, 0);
	if (sequence)
		key_add(fuzz, sequence, strlen(sequence));
	free(sequence);
}

static void key_text(struct fuzz *fuzz)
{
	static const char *const texts[] = {
		"size>1G",   "not (nattch=0",
		"comm~x",    "idle>1h and flag=dest",
		"131074\r",  "32769\r",
		"\r",        "3\r",
		"\025",      "\033",
		"owner=www", "ns=here\r",
		"1\r",       "verdict=orphan\r",
		"x\r",       "日本",
	};
	const char *text = texts[below(fuzz, sizeof(texts) / sizeof(*texts))];

	key_add(fuzz, text, strlen(text));
}

/* A click, a drag or the wheel; some of them outside of the screen, or cut off */
static void key_mouse(struct fuzz *fuzz)
{
	char text[48];
	int length;

	if (below(fuzz, 2))
		length = snprintf(text, sizeof(text), "\033[<%d;%d;%d%c", below(fuzz, 100),
				  below(fuzz, 2 * COLUMNS_MOST), below(fuzz, 2 * ROWS_MOST),
				  below(fuzz, 2) ? 'M' : 'm');
	else
		length = snprintf(text, sizeof(text), "\033[M%c%c%c", ' ' + below(fuzz, 90),
				  '!' + below(fuzz, 90), '!' + below(fuzz, 90));
	if (below(fuzz, 8) == 0)
		length = 1 + below(fuzz, length);
	key_add(fuzz, text, (size_t)length);
}

static void key_any(struct fuzz *fuzz)
{
	char bytes[6];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)chance_next(&fuzz->chance);
	if (below(fuzz, 3) == 0) /* the beginning of a character, or its middle */
		bytes[0] = (char)(0x80 | below(fuzz, 0x80));
	else if (below(fuzz, 3) == 0)
		memcpy(bytes, "\033[", 2);
	key_add(fuzz, bytes, 1 + chance_below(&fuzz->chance, sizeof(bytes)));
}

/* Those that the terminal keeps for itself (signals, and what stops its output) never get through. */
static void keys_strain(struct fuzz *fuzz)
{
	size_t kept = 0;

	for (size_t i = 0; i < fuzz->length; i++)
		if (!fuzz->keys[i] || !strchr("\003\021\023\026\032\034", fuzz->keys[i]))
			fuzz->keys[kept++] = fuzz->keys[i];
	fuzz->length = kept;
}

/* They arrive together, so that the same ones are read at once the next time. */
static void keys_write(struct fuzz *fuzz)
{
	uint64_t end = clock_now() + KEYS_WAIT_MS * CLOCK_MS;
	int before = 0, there = 0;

	assert_int_equal(ioctl(fuzz->slave, FIONREAD, &before), 0);
	assert_int_equal(write(fuzz->master, fuzz->keys, fuzz->length), fuzz->length);
	while (there < before + (int)fuzz->length && clock_now() < end)
		assert_int_equal(ioctl(fuzz->slave, FIONREAD, &there), 0);
}

static void fuzz_keys(struct fuzz *fuzz)
{
	static void (*const kinds[])(struct fuzz * fuzz) = {
		key_meant, key_meant, key_meant, key_meant, key_text, key_mouse, key_any,
	};
	struct column_context context = fuzz_context(fuzz);
	enum screen_result result;

	fuzz->length = 0;
	for (int count = 1 + below(fuzz, 12); count > 0; count--)
		kinds[below(fuzz, sizeof(kinds) / sizeof(*kinds))](fuzz);
	keys_strain(fuzz);
	if (fuzz->length == 0)
		return;
	keys_write(fuzz);
	result = curses_screen.input(fuzz->screen, &context);
	if (result == SCREEN_REFRESH)
		curses_screen.draw(fuzz->screen, &context);
	/* Where it is easy to leave, little else would be reached. */
	if (result == SCREEN_QUIT && below(fuzz, 4) == 0) {
		fuzz_close(fuzz);
		fuzz_open(fuzz);
	}
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* What the keys have written into the folder */
static void fuzz_sweep(void)
{
	DIR *folder = opendir(".");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		unlink(entry->d_name);
	if (folder)
		closedir(folder);
}

static void fuzz_step(struct fuzz *fuzz)
{
	struct column_context context = fuzz_context(fuzz);
	int kind = below(fuzz, 16);

	fuzz_steps = ++fuzz->step;
	if (kind < 9) {
		fuzz_keys(fuzz);
	} else if (kind < 14) {
		fuzz->now += chance_number(&fuzz->chance, 32);
		fuzz_model_change(fuzz->model, &fuzz->chance, fuzz->now);
		context = fuzz_context(fuzz);
		curses_screen.draw(fuzz->screen, &context);
	} else {
		fuzz_size(fuzz);
		curses_screen.resize(fuzz->screen, &context);
	}
	fuzz_check(fuzz);
	if (fuzz->step % SWEEP == 0)
		fuzz_sweep();
}

static void test_anything(void **state)
{
	struct fuzz fuzz = {.chance = {fuzz_seed}, .now = SCRIPT_NOW};
	uint64_t end = clock_now() + fuzz_seconds * CLOCK_SECOND;

	(void)state;
	assert_int_equal(openpty(&fuzz.master, &fuzz.slave, NULL, NULL, NULL), 0);
	watcher_start(&fuzz.watcher, fuzz.master);
	fuzz_open(&fuzz);
	while (clock_now() < end)
		fuzz_step(&fuzz);
	fuzz_close(&fuzz);
	close(fuzz.slave);
	watcher_stop(&fuzz.watcher);
	print_message("# %lu steps, %llu bytes written\n", fuzz.step,
		      (unsigned long long)fuzz.watcher.bytes);
}

/* Its files must not be anybody's. */
static void enter_folder(char *folder)
{
	if (!mkdtemp(folder) || chdir(folder)) {
		perror(folder);
		exit(1);
	}
	setenv("HOME", folder, 1);
	setenv("XDG_CONFIG_HOME", folder, 1);
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
	unsetenv("LINES");
	unsetenv("COLUMNS");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_anything)};
	char folder[] = "/tmp/shmtop-fuzz-XXXXXX";
	int letter, failed;

	fuzz_seed = clock_now() ^ (uint64_t)getpid() << 32;
	while ((letter = getopt(argc, argv, "s:t:")) != -1) {
		if (letter == 's')
			fuzz_seed = strtoull(optarg, NULL, 0);
		else if (letter == 't')
			fuzz_seconds = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	if (fuzz_seed == 0)
		fuzz_seed = 1;
	fprintf(stderr, "# fuzz -s %llu\n", (unsigned long long)fuzz_seed);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(fuzz_died);
	enter_folder(folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fuzz_sweep();
	if (chdir("/") == 0)
		rmdir(folder);
	return failed;
}
