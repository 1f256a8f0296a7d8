/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/sysvipc.h"
#include "tests/unit/chance.h"

#define OLD_COLUMNS                                                                                \
	"       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  " \
	"cgid      atime      dtime      ctime"
#define OLD_FIELDS                                                                                \
	"1375797763      32769  1600              67108864  9912   881      3  1000   100     0 " \
	"    7 1795410000 1795410001 1795409999"
#define OLD_HEADER OLD_COLUMNS "\n"
#define OLD_ROW    OLD_FIELDS "\n"
#define HEADER     OLD_COLUMNS "                   rss                  swap\n"
#define ROW        OLD_FIELDS "              41943040                  8192\n"

enum {
	ROW_LEN = 320,
	FACT_COL_NO_RSS = FACT_COL_ALL & ~(FACT_COL_RSS | FACT_COL_SWAP),
};

static struct sysvipc_table table;

static int teardown(void **state)
{
	(void)state;
	sysvipc_free(&table);
	return 0;
}

/* Parses from memory that ends where the text ends, for the address sanitizer. */
static int parse_bytes(const char *text, size_t length)
{
	char *copy = malloc(length ? length : 1);

	assert_non_null(copy);
	memcpy(copy, text, length);

	const int error = sysvipc_parse(copy, length, &table);

	free(copy);
	return error;
}

static void parse(const char *text, size_t rows, size_t unreadable)
{
	assert_int_equal(parse_bytes(text, strlen(text)), 0);
	assert_int_equal(table.count, rows);
	assert_int_equal(table.unreadable, unreadable);
}

/* As the kernel prints it */
static size_t print_facts(char *out, size_t room, const struct segment_facts *facts)
{
	return (size_t)snprintf(
		out, room,
		"%10d %10d  %4o %21" PRIu64 " %5d %5d  %5" PRIu64 " %5u %5u %5u %5u %10" PRId64
		" %10" PRId64 " %10" PRId64 " %21" PRIu64 " %21" PRIu64 "\n",
		facts->key, facts->shmid, facts->mode, facts->size, facts->cpid, facts->lpid,
		facts->nattch, facts->uid, facts->gid, facts->cuid, facts->cgid, facts->atime,
		facts->dtime, facts->ctime, facts->rss, facts->swap);
}

static void assert_facts(const struct segment_facts *is, const struct segment_facts *wanted)
{
	char text[2][ROW_LEN];

	print_facts(text[0], ROW_LEN, is);
	print_facts(text[1], ROW_LEN, wanted);
	assert_string_equal(text[0], text[1]);
	assert_int_equal(is->known, wanted->known);
}

/* What ROW says */
static const struct segment_facts row_facts = {
	.known = FACT_COL_ALL,
	.shmid = 32769,
	.key = 1375797763,
	.mode = 01600,
	.size = 67108864,
	.cpid = 9912,
	.lpid = 881,
	.nattch = 3,
	.uid = 1000,
	.gid = 100,
	.cuid = 0,
	.cgid = 7,
	.atime = 1795410000,
	.dtime = 1795410001,
	.ctime = 1795409999,
	.rss = 41943040,
	.swap = 8192,
};

static void test_every_column(void **state)
{
	(void)state;
	parse(HEADER ROW, 1, 0);
	assert_facts(&table.rows[0], &row_facts);
	assert_true(table.rows[0].mode & FACT_MODE_DEST);
}

static void test_old_kernel_without_rss(void **state)
{
	struct segment_facts wanted = row_facts;

	(void)state;
	wanted.known = FACT_COL_NO_RSS;
	wanted.rss = 0;
	wanted.swap = 0;
	parse(OLD_HEADER OLD_ROW OLD_ROW, 2, 0);
	assert_facts(&table.rows[1], &wanted);

	/* A newer kernel's row below an older header: what has no name is passed over. */
	parse(OLD_HEADER ROW, 1, 0);
	assert_facts(&table.rows[0], &wanted);
}

static void test_reordered_and_unknown_columns(void **state)
{
	struct segment_facts wanted = row_facts;

	(void)state;
	parse("swap\trss shmid  flags key\tctime dtime atime cgid cuid gid uid nattch lpid cpid "
	      "size "
	      "perms label\t \n"
	      "\t8192 41943040 32769 huge,-1 1375797763 1795409999 1795410001 1795410000 7 0 100 "
	      "1000 3 881 9912 67108864 1600   0x12(:\t\n",
	      1, 0);
	assert_facts(&table.rows[0], &wanted);

	parse("shmid nattch\n5 2\n0 0\n", 2, 0);
	wanted = (struct segment_facts){
		.known = FACT_COL_SHMID | FACT_COL_NATTCH, .shmid = 5, .nattch = 2};
	assert_facts(&table.rows[0], &wanted);
	wanted.shmid = 0;
	wanted.nattch = 0;
	assert_facts(&table.rows[1], &wanted);

	/* Names are whole words. */
	parse("shmid shmidx xshmid siz\n5 1 2 3\n", 1, 0);
	assert_int_equal(table.rows[0].shmid, 5);
	assert_int_equal(table.rows[0].known, FACT_COL_SHMID);
}

static void test_more_columns_than_anyone_knows(void **state)
{
	char text[4096] = "shmid";
	size_t length = strlen(text);

	(void)state;
	for (int i = 0; i < 200; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, " c%d", i);
	length += (size_t)snprintf(text + length, sizeof(text) - length, "\n7");
	for (int i = 0; i < 200; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, " %d", i);
	snprintf(text + length, sizeof(text) - length, "\n");
	parse(text, 1, 0);
	assert_int_equal(table.rows[0].shmid, 7);
}

static void test_no_header(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"\n\n",
		ROW,
		"   \n" ROW,
		"key perms\n",
		"shmidd\n1 2 3\n",
		"key SHMID perms\n1 2 3\n",
	};

	(void)state;
	parse(HEADER ROW, 1, 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse_bytes(texts[i], strlen(texts[i])), -EINVAL);
		assert_int_equal(table.count, 0);
		assert_int_equal(table.unreadable, 0);
	}
	parse(HEADER, 0, 0);
	parse("key shmid", 0, 0);
}

static void test_cut_last_line(void **state)
{
	static const char text[] = HEADER ROW ROW;
	const size_t first = strlen(HEADER ROW);
	const size_t last_word = (size_t)(strrchr(text, ' ') - text) + 1;

	(void)state;
	for (size_t length = first + 1; length < sizeof(text); length++) {
		const bool taken = length > last_word;

		assert_int_equal(parse_bytes(text, length), 0);
		assert_int_equal(table.count, taken ? 2 : 1);
		assert_int_equal(table.unreadable, taken ? 0 : 1);
		assert_facts(&table.rows[0], &row_facts);
	}
	assert_facts(&table.rows[1], &row_facts);

	/* With its newline a short line is no cut one: it lacks columns. */
	parse(HEADER "1375797763 32769 1600\n", 1, 0);
	assert_int_equal(table.rows[0].known, FACT_COL_KEY | FACT_COL_SHMID | FACT_COL_MODE);
	parse(HEADER "1375797763\n", 0, 1);
}

static void test_lines_that_cannot_be_read(void **state)
{
	(void)state;
	parse(HEADER ROW "\n   \t \nhello\n" ROW, 2, 3);
	parse(HEADER ROW "1 x\n1 2x\n1 -2\n1 +2\n- 2\n--1 2\n1- 2\n1 2 8\n1 2 0x1\n" ROW, 2, 9);
	parse(HEADER "1 2147483648\n1 99999999999999999999999999\n" ROW, 1, 2);
	parse(HEADER "2147483648 2\n-2147483649 2\n" ROW, 1, 2);
	parse(HEADER "1 2 600 -1\n1 2 600 18446744073709551616\n" ROW, 1, 2);
	parse(HEADER "1 2 600 1 4294967296\n1 2 600 1 1 1 1 4294967296\n" ROW, 1, 2);
	parse(HEADER "1 2 600 1 1 1 1 1 1 1 1 18446744073709551616\n" ROW, 1, 1);
	parse(HEADER "1 2 600 1 1 1 1 1 1 1 1 1.5\n" ROW, 1, 1);
	assert_facts(&table.rows[0], &row_facts);

	static const char with_nul[] = "key shmid\n1 2\0\n3 4\n";

	assert_int_equal(parse_bytes(with_nul, sizeof(with_nul) - 1), 0);
	assert_int_equal(table.count, 1);
	assert_int_equal(table.unreadable, 1);
	assert_int_equal(table.rows[0].shmid, 4);
}

static void test_largest_and_smallest_numbers(void **state)
{
	struct segment_facts wanted = {
		.known = FACT_COL_ALL,
		.shmid = INT32_MAX,
		.key = INT32_MIN,
		.mode = 03777,
		.size = UINT64_MAX,
		.cpid = INT32_MAX,
		.lpid = INT32_MAX,
		.nattch = UINT64_MAX,
		.uid = UINT32_MAX,
		.gid = UINT32_MAX,
		.cuid = UINT32_MAX,
		.cgid = UINT32_MAX,
		.atime = -1, /* printed as unsigned */
		.dtime = INT64_MAX,
		.ctime = INT64_MIN,
		.rss = UINT64_MAX,
		.swap = UINT64_MAX,
	};

	(void)state;
	parse(HEADER "-2147483648 2147483647 3777 18446744073709551615 2147483647 2147483647 "
		     "18446744073709551615 4294967295 4294967295 4294967295 4294967295 "
		     "18446744073709551615 9223372036854775807 9223372036854775808 "
		     "18446744073709551615 18446744073709551615\n"
		     "2147483647 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		     "-1 00 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
	      3, 0);
	assert_facts(&table.rows[0], &wanted);
	wanted = (struct segment_facts){.known = FACT_COL_ALL, .key = INT32_MAX};
	assert_facts(&table.rows[1], &wanted);
	wanted.key = -1;
	assert_facts(&table.rows[2], &wanted);
}

static void test_impossible_rss_is_unknown(void **state)
{
	static const struct {
		uint64_t size, rss;
		bool possible;
	} cases[] = {
		{.size = 0, .rss = 0, .possible = true},
		{.size = 0, .rss = 1, .possible = false},
		{.size = 1, .rss = 4096, .possible = true},
		{.size = 1, .rss = 2 << 20, .possible = true},
		{.size = 1, .rss = (2 << 20) + 1, .possible = false},
		{.size = 2 << 20, .rss = 2 << 20, .possible = true},
		{.size = 2 << 20, .rss = (2 << 20) + 4096, .possible = false},
		{.size = (2 << 20) + 1, .rss = 4 << 20, .possible = true},
		{.size = 4 << 20, .rss = 1 << 30, .possible = false},
		{.size = UINT64_MAX, .rss = UINT64_MAX, .possible = true},
		{.size = UINT64_MAX - 1, .rss = 4096, .possible = true},
		{.size = 4096, .rss = UINT64_MAX, .possible = false},
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "rss swap shmid size\n%" PRIu64 " 0 1 %" PRIu64 "\n",
			 cases[i].rss, cases[i].size);
		parse(text, 1, 0);
		assert_int_equal(table.rows[0].known,
				 FACT_COL_SHMID | FACT_COL_SIZE |
					 (cases[i].possible ? FACT_COL_RSS | FACT_COL_SWAP : 0));
	}
	/* Without the size nothing speaks against it. */
	parse("shmid rss swap\n1 1073741824 0\n", 1, 0);
	assert_int_equal(table.rows[0].known, FACT_COL_SHMID | FACT_COL_RSS | FACT_COL_SWAP);
}

static void test_table_is_reused(void **state)
{
	(void)state;
	parse(HEADER ROW ROW ROW, 3, 0);

	const struct segment_facts *rows = table.rows;

	parse(HEADER "x\n" ROW, 1, 1);
	assert_ptr_equal(table.rows, rows);
	assert_facts(&table.rows[0], &row_facts);
	sysvipc_free(&table);
	assert_null(table.rows);
	assert_int_equal(table.capacity, 0);
	sysvipc_free(&table);
	sysvipc_free(NULL);
}

/* ---- chance -------------------------------------------------------------------------------- */

static struct segment_facts random_facts(struct chance *chance)
{
	const uint64_t size = chance_number(chance, 62);

	return (struct segment_facts){
		.known = FACT_COL_ALL,
		.shmid = (int32_t)chance_number(chance, 31),
		.key = (int32_t)chance_number(chance, 32),
		.mode = (uint32_t)chance_number(chance, 11),
		.size = size,
		.cpid = (int32_t)chance_number(chance, 22),
		.lpid = (int32_t)chance_number(chance, 22),
		.nattch = chance_number(chance, 63),
		.uid = (uint32_t)chance_number(chance, 32),
		.gid = (uint32_t)chance_number(chance, 32),
		.cuid = (uint32_t)chance_number(chance, 32),
		.cgid = (uint32_t)chance_number(chance, 32),
		.atime = (int64_t)chance_number(chance, 40),
		.dtime = (int64_t)chance_number(chance, 40),
		.ctime = (int64_t)chance_number(chance, 40),
		.rss = size ? chance_next(chance) % size : 0,
		.swap = chance_number(chance, 63),
	};
}

static void test_many_rows_come_back_as_printed(void **state)
{
	enum { ROWS = 4096 };

	const size_t capacity = strlen(HEADER) + ROWS * ROW_LEN;
	struct segment_facts *wanted = calloc(ROWS, sizeof(*wanted));
	char *text = malloc(capacity);
	struct chance chance = {.state = 1};
	size_t length = strlen(HEADER);

	(void)state;
	assert_non_null(wanted);
	assert_non_null(text);
	memcpy(text, HEADER, length);
	for (size_t i = 0; i < ROWS; i++) {
		wanted[i] = random_facts(&chance);
		length += print_facts(text + length, capacity - length, &wanted[i]);
	}
	assert_int_equal(parse_bytes(text, length), 0);
	assert_int_equal(table.count, ROWS);
	assert_int_equal(table.unreadable, 0);
	for (size_t i = 0; i < ROWS; i++)
		assert_facts(&table.rows[i], &wanted[i]);
	free(text);
	free(wanted);
}

static void assert_sane(int error, size_t lines)
{
	assert_true(error == 0 || error == -EINVAL);
	assert_true(table.count + table.unreadable <= lines);
	for (size_t i = 0; i < table.count; i++) {
		const struct segment_facts *row = &table.rows[i];

		assert_true(row->known & FACT_COL_SHMID);
		assert_false(row->known & ~(uint32_t)FACT_COL_ALL);
		assert_true(row->shmid >= 0 && row->cpid >= 0 && row->lpid >= 0);
	}
}

static void test_fuzz(void **state)
{
	static const char sample[] =
		HEADER ROW "-1 0 600 1 2 3 4 5 6 7 8 9 10 11 12 13\n" ROW "garbage\n" ROW;
	static const char likely[] = " \n\t-0189x\0key shmid";
	struct chance chance = {.state = 2};
	char text[sizeof(sample)];

	(void)state;
	for (int round = 0; round < 100000; round++) {
		const size_t length = chance_input(&chance, text, sample, sizeof(sample) - 1,
						   likely, sizeof(likely) - 1);
		size_t lines = 1;

		for (size_t i = 0; i < length; i++)
			lines += text[i] == '\n';
		assert_sane(parse_bytes(text, length), lines);
	}
}

/* ---- the kernel's own table ---------------------------------------------------------------- */

/* What the test makes goes with its process. */
static void need_private_namespace(void)
{
	if (unshare(CLONE_NEWIPC)) {
		print_message("no private IPC namespace: %s\n", strerror(errno));
		skip();
	}
}

static int make_segment(key_t key, size_t size, int flags)
{
	const int shmid = shmget(key, size, IPC_CREAT | IPC_EXCL | flags);

	assert_true(shmid >= 0);
	return shmid;
}

static const struct segment_facts *find_row(int shmid)
{
	size_t i = 0;

	while (i < table.count && table.rows[i].shmid != shmid)
		i++;
	assert_true(i < table.count);
	return &table.rows[i];
}

static void assert_as_stat(int shmid)
{
	const struct segment_facts *row = find_row(shmid);
	struct shmid_ds stat;

	assert_int_equal(shmctl(shmid, IPC_STAT, &stat), 0);

	assert_int_equal(row->known, FACT_COL_ALL);

	/* What shmctl does not tell stays. */
	struct segment_facts wanted = *row;

	wanted.key = stat.shm_perm.__key;
	wanted.mode = stat.shm_perm.mode;
	wanted.size = stat.shm_segsz;
	wanted.cpid = stat.shm_cpid;
	wanted.lpid = stat.shm_lpid;
	wanted.nattch = stat.shm_nattch;
	wanted.uid = stat.shm_perm.uid;
	wanted.gid = stat.shm_perm.gid;
	wanted.cuid = stat.shm_perm.cuid;
	wanted.cgid = stat.shm_perm.cgid;
	wanted.atime = stat.shm_atime;
	wanted.dtime = stat.shm_dtime;
	wanted.ctime = stat.shm_ctime;
	assert_facts(row, &wanted);
}

static void test_read_agrees_with_shmctl(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	need_private_namespace();
	assert_int_equal(sysvipc_read(&table), 0);
	assert_int_equal(table.count, 0);

	const int keyed = make_segment((key_t)0xdeadbeef, 3 * page, 0640);
	const int removed = make_segment(0x1234, 100, 0600);
	const int left = make_segment(IPC_PRIVATE, page, 0600);
	char *memory = shmat(keyed, NULL, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	memory[0] = 1;
	assert_ptr_not_equal(shmat(removed, NULL, 0), MAP_FAILED);
	assert_int_equal(shmctl(removed, IPC_RMID, NULL), 0);

	assert_int_equal(sysvipc_read(&table), 0);
	assert_int_equal(table.count, 3);
	assert_int_equal(table.unreadable, 0);
	assert_as_stat(keyed);
	assert_as_stat(left);
	assert_int_equal(find_row(keyed)->key, (int32_t)0xdeadbeef);
	/* Or more, where shared memory may take huge pages */
	assert_true(find_row(keyed)->rss + find_row(keyed)->swap >= page);
	assert_int_equal(find_row(keyed)->cpid, getpid());
	assert_int_equal(find_row(keyed)->nattch, 1);
	assert_int_equal(find_row(left)->rss, 0);
	assert_int_equal(find_row(left)->lpid, 0);
	assert_true(find_row(removed)->mode & FACT_MODE_DEST);
	assert_int_equal(find_row(removed)->key, 0);
	assert_int_equal(shmdt(memory), 0);
}

/* The lowest free one: the same again when nothing was left open. */
static int next_descriptor(void)
{
	const int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

/* Many times what one read(2) hands out, and more than the first buffer */
static void test_read_goes_on_to_the_end(void **state)
{
	enum { SEGMENTS = 1500 };

	(void)state;
	need_private_namespace();

	const int descriptor = next_descriptor();
	int last = -1;

	for (int i = 0; i < SEGMENTS; i++)
		last = make_segment(IPC_PRIVATE, 1, 0600);
	assert_int_equal(sysvipc_read(&table), 0);
	assert_int_equal(table.count, SEGMENTS);
	assert_int_equal(table.unreadable, 0);
	assert_as_stat(last);

	const char *const buffer = table.buffer;

	assert_int_equal(sysvipc_read(&table), 0);
	assert_ptr_equal(table.buffer, buffer);
	assert_int_equal(next_descriptor(), descriptor);
}

static void test_read_of_huge_pages(void **state)
{
	enum { HUGE = 2 << 20 };

	(void)state;
	need_private_namespace();

	const int shmid = shmget(IPC_PRIVATE, 2 * HUGE, IPC_CREAT | SHM_HUGETLB | 0600);

	if (shmid < 0) {
		print_message("no huge pages: %s\n", strerror(errno));
		skip();
	}

	char *memory = shmat(shmid, NULL, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	memory[0] = 1;
	assert_int_equal(sysvipc_read(&table), 0);
	assert_int_equal(table.count, 1);
	/* Right, or not told: never the kernel's overcount. */
	if (table.rows[0].known & FACT_COL_RSS)
		assert_int_equal(table.rows[0].rss, HUGE);
	else
		assert_int_equal(table.rows[0].known, FACT_COL_NO_RSS);
	assert_int_equal(shmdt(memory), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_every_column, teardown),
		cmocka_unit_test_teardown(test_old_kernel_without_rss, teardown),
		cmocka_unit_test_teardown(test_reordered_and_unknown_columns, teardown),
		cmocka_unit_test_teardown(test_more_columns_than_anyone_knows, teardown),
		cmocka_unit_test_teardown(test_no_header, teardown),
		cmocka_unit_test_teardown(test_cut_last_line, teardown),
		cmocka_unit_test_teardown(test_lines_that_cannot_be_read, teardown),
		cmocka_unit_test_teardown(test_largest_and_smallest_numbers, teardown),
		cmocka_unit_test_teardown(test_impossible_rss_is_unknown, teardown),
		cmocka_unit_test_teardown(test_table_is_reused, teardown),
		cmocka_unit_test_teardown(test_many_rows_come_back_as_printed, teardown),
		cmocka_unit_test_teardown(test_fuzz, teardown),
		cmocka_unit_test_teardown(test_read_agrees_with_shmctl, teardown),
		cmocka_unit_test_teardown(test_read_goes_on_to_the_end, teardown),
		cmocka_unit_test_teardown(test_read_of_huge_pages, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
