/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stack that comes over the wire becomes a sample, or is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/types.h>

#include "bpf/shm_event.h"
#include "observe/stack_record.h"
#include "tests/unit/chance.h"

enum { LETTER_MOST = 8192 };

/* A record on its way: head, then what was put behind it */
struct letter {
	_Alignas(8) unsigned char bytes[LETTER_MOST];
	size_t length;
};

static struct shm_stack *head_of(struct letter *letter)
{
	return (struct shm_stack *)letter->bytes;
}

static void put(struct letter *letter, const void *data, size_t length)
{
	assert_true(letter->length + length <= LETTER_MOST);
	memcpy(letter->bytes + letter->length, data, length);
	letter->length += length;
	head_of(letter)->size = (__u32)letter->length;
}

static void begin(struct letter *letter)
{
	const struct shm_stack head = {
		.kind = SHM_EVENT_SHMGET,
		.time = 2,
		.start_time = 3,
		.tgid = 4,
		.tid = 5,
		.ppid = 6,
		.ipcns = 7,
		.shmid = 8,
		.registers = {[0] = 100, [SAMPLE_REGISTERS - 1] = 117},
	};

	memset(letter, 0, sizeof(*letter));
	put(letter, &head, sizeof(head));
}

/* Two mappings of files, and one without */
static void whole_letter(struct letter *letter)
{
	static const uint64_t words[] = {11, 12, 13};
	static const char paths[] = "true\0bin\0libc.so\0lib\0usr";
	const struct shm_stack_mapping mappings[] = {
		{.start = 0x1000,
		 .end = 0x3000,
		 .offset = 0x40,
		 .inode = 21,
		 .size = 22,
		 .path = 0,
		 .path_length = 9},
		{.start = 0x5000,
		 .end = 0x6000,
		 .inode = 31,
		 .size = 32,
		 .path = 9,
		 .path_length = 16},
		{.start = 0x7000, .end = 0x8000},
	};

	begin(letter);
	put(letter, words, sizeof(words));
	put(letter, mappings, sizeof(mappings));
	put(letter, paths, sizeof(paths));
	head_of(letter)->stack_length = sizeof(words);
	head_of(letter)->mapping_count = 3;
	head_of(letter)->paths_length = sizeof(paths);
}

static int decode(const struct letter *letter, struct stack_record *record)
{
	return stack_record_decode(letter->bytes, letter->length, record);
}

static void test_head(void **state)
{
	struct stack_record record;
	struct letter letter;

	(void)state;
	whole_letter(&letter);
	assert_int_equal(decode(&letter, &record), 0);

	const struct stack_sample *sample = &record.sample;

	assert_int_equal(sample->time, 2);
	assert_int_equal(record.start_time, 3);
	assert_int_equal(sample->pid, 4);
	assert_int_equal(sample->tid, 5);
	assert_int_equal(sample->ppid, 6);
	assert_int_equal(sample->ipcns, 7);
	assert_int_equal(sample->shmid, 8);
	assert_int_equal(sample->op, FACT_SHMGET);
	assert_int_equal(sample->registers[0], 100);
	assert_int_equal(sample->registers[SAMPLE_REGISTERS - 1], 117);
	assert_false(sample->cut);
	assert_false(record.unmapped);
}

static void test_flags(void **state)
{
	struct stack_record record;
	struct letter letter;

	(void)state;
	whole_letter(&letter);
	head_of(&letter)->kind = SHM_EVENT_SHMAT;
	head_of(&letter)->flags = SHM_STACK_CUT;
	assert_int_equal(decode(&letter, &record), 0);
	assert_int_equal(record.sample.op, FACT_SHMAT);
	assert_true(record.sample.cut);
	assert_false(record.unmapped);
	head_of(&letter)->flags = SHM_STACK_UNMAPPED;
	assert_int_equal(decode(&letter, &record), 0);
	assert_false(record.sample.cut);
	assert_true(record.unmapped);
}

static void test_what_stands_behind(void **state)
{
	struct stack_record record;
	struct letter letter;
	uint64_t words[3];

	(void)state;
	whole_letter(&letter);
	assert_int_equal(decode(&letter, &record), 0);

	const struct stack_sample *sample = &record.sample;

	assert_int_equal(sample->stack_length, sizeof(words));
	memcpy(words, sample->stack, sizeof(words));
	assert_int_equal(words[0], 11);
	assert_int_equal(words[2], 13);
	assert_int_equal(sample->mapping_count, 3);
	assert_int_equal(sample->mappings[0].start, 0x1000);
	assert_int_equal(sample->mappings[0].end, 0x3000);
	assert_int_equal(sample->mappings[0].offset, 0x40);
	assert_int_equal(sample->mappings[0].inode, 21);
	assert_int_equal(sample->mappings[0].size, 22);
	assert_string_equal(sample->mappings[0].path, "/bin/true");
	assert_string_equal(sample->mappings[1].path, "/usr/lib/libc.so");
	assert_string_equal(sample->mappings[2].path, "");
}

/* The most that there may be of all: each has room. */
static void test_most(void **state)
{
	static struct letter letter;
	static char paths[SHM_STACK_PATHS];
	struct stack_record record;

	(void)state;
	begin(&letter);
	memset(paths, 'x', sizeof(paths));
	for (unsigned int i = 0; i < SHM_STACK_MAPPINGS; i++) {
		const unsigned int length = SHM_STACK_PATHS / SHM_STACK_MAPPINGS;
		const struct shm_stack_mapping mapping = {
			.start = i,
			.end = i + 1,
			.path = (__u16)(i * length),
			.path_length = (__u16)length,
		};

		put(&letter, &mapping, sizeof(mapping));
		for (unsigned int at = 1; at < length; at += 2)
			paths[i * length + at] = '\0';
	}
	for (unsigned int i = 0; i < SHM_STACK_MAPPINGS; i++)
		paths[(i + 1) * (SHM_STACK_PATHS / SHM_STACK_MAPPINGS) - 1] = '\0';
	put(&letter, paths, sizeof(paths));
	head_of(&letter)->mapping_count = SHM_STACK_MAPPINGS;
	head_of(&letter)->paths_length = sizeof(paths);
	assert_int_equal(decode(&letter, &record), 0);
	assert_int_equal(record.sample.mapping_count, SHM_STACK_MAPPINGS);
	for (size_t i = 0; i < SHM_STACK_MAPPINGS; i++) {
		const char *path = record.sample.mappings[i].path;

		assert_int_equal(strlen(path), SHM_STACK_PATHS / SHM_STACK_MAPPINGS);
		assert_memory_equal(path, "/x/x/x", 6);
	}
}

/* Each of these alone makes no sense of a record that is well else. */
static void test_refused(void **state)
{
	struct stack_record record;
	struct letter letter = {0};
	struct shm_stack *head = head_of(&letter);
	struct shm_stack_mapping *mapping = (void *)(letter.bytes + sizeof(*head) + 24);

	(void)state;
	for (int fault = 0; fault < 12; fault++) {
		whole_letter(&letter);
		switch (fault) {
		case 0:
			letter.length--;
			break;
		case 1:
			letter.length = sizeof(*head) - 1;
			break;
		case 2:
			head->size--;
			break;
		case 3:
			head->kind = SHM_EVENT_SHMDT;
			break;
		case 4:
			head->stack_length = 0xfffffff8;
			break;
		case 5:
			head->stack_length -= 4;
			break;
		case 6:
			head->mapping_count = SHM_STACK_MAPPINGS + 1;
			break;
		case 7:
			head->paths_length = SHM_STACK_PATHS + 1;
			break;
		case 8:
			mapping->end = mapping->start;
			break;
		case 9:
			mapping->path_length = 1000;
			break;
		case 10:
			mapping->path = 0xffff;
			break;
		case 11: /* ends within a name */
			mapping->path_length = 7;
			break;
		}
		assert_int_equal(decode(&letter, &record), -EINVAL);
	}
	whole_letter(&letter);
	assert_int_equal(decode(&letter, &record), 0);
}

/* A newer kernel side may have put more behind. */
static void test_longer(void **state)
{
	struct stack_record record;
	struct letter letter;

	(void)state;
	whole_letter(&letter);
	put(&letter, "more", 4);
	assert_int_equal(decode(&letter, &record), 0);
}

/* Whatever comes: nothing outside of it is read, and all paths end. */
static void test_noise(void **state)
{
	struct chance chance = {.state = 4711};
	struct stack_record record;
	struct letter letter;
	size_t taken = 0, sum = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		whole_letter(&letter);
		for (size_t changes = chance_below(&chance, 6); changes; changes--)
			letter.bytes[chance_below(&chance, letter.length)] =
				(unsigned char)chance_number(&chance, 8);

		const size_t length = letter.length - chance_below(&chance, 2);
		unsigned char *bytes = malloc(length); /* ends where the record does */

		assert_non_null(bytes);
		memcpy(bytes, letter.bytes, length);
		if (!stack_record_decode(bytes, length, &record)) {
			taken++;
			for (size_t i = 0; i < record.sample.mapping_count; i++)
				assert_true(strlen(record.sample.mappings[i].path) < LETTER_MOST);
			for (size_t i = 0; i < record.sample.stack_length; i++)
				sum += record.sample.stack[i];
		}
		free(bytes);
	}
	assert_true(taken > 1000 && sum > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_what_stands_behind),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longer),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
