/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mappings of a stack by the maps files: which are taken, and whose. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "observe/process.h"
#include "observe/stack_maps.h"
#include "tests/tap.h"
#include "tests/unit/chance.h"

#define PC   UINT64_C(0x401234)
#define WORD UINT64_C(0x7f0000001500)

static const uint64_t words[] = {1, WORD, 0xffff};

static void begin(struct stack_record *record)
{
	memset(record, 0, sizeof(*record));
	record->unmapped = true;
	record->sample.registers[SAMPLE_REGISTER_PC] = PC;
	record->sample.stack = (const unsigned char *)words;
	record->sample.stack_length = sizeof(words);
	record->sample.mappings = record->mappings;
}

static void test_program_counter_and_words(void **state)
{
	struct stack_record record;

	(void)state;
	begin(&record);
	assert_true(stack_maps_take(&record,
				    "00400000-00402000 r-xp 00003000 fe:01 77                 "
				    "        /usr/bin/a b"));
	assert_true(stack_maps_take(
		&record, "7f0000001000-7f0000002000 r-xp 00000000 00:1f 78 /lib/x.so (deleted)"));
	assert_int_equal(record.sample.mapping_count, 2);
	assert_int_equal(record.mappings[0].start, 0x400000);
	assert_int_equal(record.mappings[0].end, 0x402000);
	assert_int_equal(record.mappings[0].offset, 0x3000);
	assert_int_equal(record.mappings[0].inode, 77);
	assert_int_equal(record.mappings[0].size, 0);
	assert_string_equal(record.mappings[0].path, "/usr/bin/a b");
	assert_string_equal(record.mappings[1].path, "/lib/x.so (deleted)");
}

static void test_left_alone(void **state)
{
	static const char *const lines[] = {
		"00400000-00402000 r--p 00000000 fe:01 77 /not/executable",
		"00402000-00403000 r-xp 00000000 fe:01 77 /nobody/points/here",
		"00400000-00401234 r-xp 00000000 fe:01 77 /ends/before/it",
		"00401235-00402000 r-xp 00000000 fe:01 77 /begins/behind/it",
		"",
		"nonsense",
		"00400000-00402000 r-xp 00003000 fe:01",
		"00400000 00402000 r-xp 00003000 fe:01 77 /x",
	};
	struct stack_record record;

	(void)state;
	begin(&record);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_true(stack_maps_take(&record, lines[i]));
	assert_int_equal(record.sample.mapping_count, 0);
}

static void test_no_file(void **state)
{
	static const char *const lines[] = {
		"00400000-00402000 r-xp 00000000 00:00 0",
		"00400000-00402000 r-xp 00000000 00:00 0 ",
		"00400000-00402000 r-xp 00000000 00:00 0                          [vdso]",
	};
	struct stack_record record;

	(void)state;
	begin(&record);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_true(stack_maps_take(&record, lines[i]));
		assert_int_equal(record.sample.mapping_count, i + 1);
		assert_string_equal(record.mappings[i].path, "");
	}
}

static void test_newline_in_a_name(void **state)
{
	struct stack_record record;

	(void)state;
	begin(&record);
	assert_true(stack_maps_take(&record,
				    "00400000-00402000 r-xp 00000000 fe:01 77 /a\\012b\\01\\012"));
	assert_string_equal(record.mappings[0].path, "/a\nb\\01\n");
}

static void test_no_room(void **state)
{
	static char line[STACK_RECORD_PATHS + 128];
	struct stack_record record;

	(void)state;
	begin(&record);
	for (int i = 0; i < SAMPLE_MAPPINGS; i++)
		assert_true(
			stack_maps_take(&record, "00400000-00402000 r-xp 00000000 fe:01 77 /x"));
	assert_false(stack_maps_take(&record, "00400000-00402000 r-xp 00000000 fe:01 77 /x"));
	assert_int_equal(record.sample.mapping_count, SAMPLE_MAPPINGS);

	begin(&record);
	snprintf(line, sizeof(line), "00400000-00402000 r-xp 00000000 fe:01 77 /%0*d",
		 STACK_RECORD_PATHS, 0);
	assert_false(stack_maps_take(&record, line));
	assert_int_equal(record.sample.mapping_count, 1);
	assert_string_equal(record.mappings[0].path, "");
}

static void test_noise(void **state)
{
	static const char model[] = "00400000-00402000 r-xp 00003000 fe:01 77    /usr/\\012/bin";
	static const char likely[] = " -:/rwxp0\\12\n";
	struct chance chance = {.state = 99};
	struct stack_record record;
	char line[sizeof(model)];

	(void)state;
	begin(&record);
	for (int round = 0; round < 20000; round++) {
		memcpy(line, model, sizeof(model));
		line[chance_mutate(&chance, line, sizeof(model) - 1, likely, sizeof(likely) - 1)] =
			'\0';
		if (record.sample.mapping_count == SAMPLE_MAPPINGS)
			begin(&record);
		stack_maps_take(&record, line);
	}
}

/* ---- of this process ------------------------------------------------------------------------- */

__attribute__((noinline)) static void somewhere(void)
{
	__asm__ volatile("");
}

/* As the kernel would have told of this process, but without mappings, or with one that is wrong */
static void begin_own(struct stack_record *record)
{
	begin(record);
	record->sample.pid = getpid();
	record->sample.registers[SAMPLE_REGISTER_PC] = (uintptr_t)somewhere;
	assert_int_equal(process_start_time(getpid(), &record->start_time), 0);
	record->start_time += 1234567; /* the kernel tells it finer than /proc */
	record->mappings[0] = (struct sample_mapping){.start = 1, .end = 2, .path = "/before"};
	record->sample.mapping_count = 1;
}

static void test_own(void **state)
{
	struct stack_record record;
	char path[4096] = "";
	struct stat file;

	(void)state;
	begin_own(&record);
	stack_maps_read(&record);
	assert_false(record.sample.cut);
	assert_int_equal(record.sample.mapping_count, 1);
	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	assert_int_equal(stat(path, &file), 0);
	assert_string_equal(record.mappings[0].path, path);
	assert_int_equal(record.mappings[0].inode, file.st_ino);
	assert_int_equal(record.mappings[0].size, file.st_size);
}

/* Another file stands under the name of the one that is mapped: nothing is known of that. */
static void test_replaced_file(void **state)
{
	char path[] = "/tmp/test-stack-maps-XXXXXX", other[] = "/tmp/test-stack-maps-XXXXXX";
	char deleted[64]; /* as the maps file will have it */
	const int fd = mkstemp(path), other_fd = mkstemp(other);
	struct stack_record record;

	(void)state;
	assert_true(fd >= 0 && other_fd >= 0);
	assert_int_equal(ftruncate(fd, 1), 0);
	snprintf(deleted, sizeof(deleted), "%s (deleted)", path);
	assert_int_equal(rename(other, deleted), 0);

	char *place = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

	for (int round = 0; round < 2 && place != MAP_FAILED; round++) {
		begin_own(&record);
		record.sample.registers[SAMPLE_REGISTER_PC] = (uintptr_t)place;
		stack_maps_read(&record);
		assert_int_equal(record.sample.mapping_count, 1);
		assert_int_equal(record.sample.cut, round);
		assert_int_equal(record.mappings[0].size, !round);
		assert_string_equal(record.mappings[0].path, round ? "" : path);
		unlink(path);
	}
	unlink(path);
	unlink(deleted);
	close(fd);
	close(other_fd);
	if (place == MAP_FAILED)
		skip_because("files in /tmp cannot be mapped as code");
	munmap(place, 1);
}

static void assert_as_before(const struct stack_record *record)
{
	assert_true(record->sample.cut);
	assert_int_equal(record->sample.mapping_count, 1);
	assert_string_equal(record->mappings[0].path, "/before");
}

static void test_another_by_now(void **state)
{
	struct stack_record record;

	(void)state;
	begin_own(&record);
	record.start_time += CLOCK_SECOND;
	stack_maps_read(&record);
	assert_as_before(&record);

	begin_own(&record);
	record.start_time -= CLOCK_SECOND;
	stack_maps_read(&record);
	assert_as_before(&record);

	begin_own(&record); /* the same process, with another program */
	record.sample.registers[SAMPLE_REGISTER_PC] = 4;
	stack_maps_read(&record);
	assert_as_before(&record);

	begin_own(&record);
	record.sample.pid = INT32_MAX;
	stack_maps_read(&record);
	assert_as_before(&record);
}

static void test_not_asked_for(void **state)
{
	struct stack_record record;

	(void)state;
	begin_own(&record);
	record.unmapped = false;
	stack_maps_read(&record);
	assert_false(record.sample.cut);
	assert_string_equal(record.mappings[0].path, "/before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_counter_and_words),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_newline_in_a_name),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_replaced_file),
		cmocka_unit_test(test_another_by_now),
		cmocka_unit_test(test_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
