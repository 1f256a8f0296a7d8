/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/sysvipc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <unistd.h>

#include "base/array.h"

static const char table_path[] = "/proc/sysvipc/shm";

enum {
	BUFFER_FIRST = 64 * 1024,
	BUFFER_ROOM = 4096, /* the kernel fills at most a page a read */
	HEADER_COLUMNS = 64,
};

/* The unit of the largest overshoot: a segment's last huge page may reach past its end. */
static const uint64_t huge_page_size = UINT64_C(2) << 20;

struct column {
	const char *name;
	uint32_t bit; /* enum fact_column */
	unsigned int base;
	bool negative; /* may have a minus sign */
	bool wide;     /* the field has 64 bits, else 32 */
	uint64_t max;
	size_t field;
};

#define DECIMAL(title, column, limit, member)                                               \
	{                                                                                   \
		.name = title, .bit = column, .base = 10, .max = limit,                     \
		.wide = sizeof(((struct segment_facts *)NULL)->member) == sizeof(uint64_t), \
		.field = offsetof(struct segment_facts, member),                            \
	}

/* The kernel prints times as unsigned: one before 1970 has its top bit set and is right again once
 * it stands in the signed field. */
static const struct column columns[] = {
	{
		.name = "key",
		.bit = FACT_COL_KEY,
		.base = 10,
		.negative = true,
		.max = INT32_MAX,
		.field = offsetof(struct segment_facts, key),
	},
	{
		.name = "perms",
		.bit = FACT_COL_MODE,
		.base = 8,
		.max = UINT32_MAX,
		.field = offsetof(struct segment_facts, mode),
	},
	DECIMAL("shmid", FACT_COL_SHMID, INT32_MAX, shmid),
	DECIMAL("size", FACT_COL_SIZE, UINT64_MAX, size),
	DECIMAL("cpid", FACT_COL_CPID, INT32_MAX, cpid),
	DECIMAL("lpid", FACT_COL_LPID, INT32_MAX, lpid),
	DECIMAL("nattch", FACT_COL_NATTCH, UINT64_MAX, nattch),
	DECIMAL("uid", FACT_COL_UID, UINT32_MAX, uid),
	DECIMAL("gid", FACT_COL_GID, UINT32_MAX, gid),
	DECIMAL("cuid", FACT_COL_CUID, UINT32_MAX, cuid),
	DECIMAL("cgid", FACT_COL_CGID, UINT32_MAX, cgid),
	DECIMAL("atime", FACT_COL_ATIME, UINT64_MAX, atime),
	DECIMAL("dtime", FACT_COL_DTIME, UINT64_MAX, dtime),
	DECIMAL("ctime", FACT_COL_CTIME, UINT64_MAX, ctime),
	DECIMAL("rss", FACT_COL_RSS, UINT64_MAX, rss),
	DECIMAL("swap", FACT_COL_SWAP, UINT64_MAX, swap),
};

/* What stands where, by the header line; NULL is a column that nobody here knows. */
struct header {
	const struct column *columns[HEADER_COLUMNS];
	size_t count;
	bool has_shmid;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static const char *skip_word(const char *at, const char *end)
{
	while (at < end && !is_blank(*at))
		at++;
	return at;
}

static const struct column *column_find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (strlen(columns[i].name) == length && !memcmp(columns[i].name, name, length))
			return &columns[i];
	}
	return NULL;
}

static void header_parse(const char *at, const char *end, struct header *header)
{
	header->count = 0;
	header->has_shmid = false;
	while (header->count < HEADER_COLUMNS) {
		at = skip_blanks(at, end);
		if (at == end)
			return;

		const char *word_end = skip_word(at, end);
		const struct column *column = column_find(at, (size_t)(word_end - at));

		header->columns[header->count++] = column;
		if (column && column->bit == FACT_COL_SHMID)
			header->has_shmid = true;
		at = word_end;
	}
}

/* Stores one word in its field. Returns its end; NULL when it is no number that the field holds. */
static const char *column_parse(const struct column *column, const char *at, const char *end,
				struct segment_facts *row)
{
	const bool minus = column->negative && *at == '-';
	uint64_t value = 0;

	if (minus)
		at++;

	const char *const digits = at;

	while (at < end) {
		const unsigned int digit = (unsigned int)(unsigned char)*at - '0';

		if (digit >= column->base)
			break;
		if (__builtin_mul_overflow(value, column->base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return NULL;
		at++;
	}
	/* The range of two's complement: one more below zero than above */
	if (at == digits || (at < end && !is_blank(*at)) || value > column->max + minus)
		return NULL;
	if (minus)
		value = -value;

	char *const field = (char *)row + column->field;

	if (column->wide)
		memcpy(field, &value, sizeof(value));
	else
		memcpy(field, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
	row->known |= column->bit;
	return at;
}

static uint64_t huge_pages(uint64_t bytes)
{
	return bytes / huge_page_size + (bytes % huge_page_size != 0);
}

/* `cut`: the line had no newline. Returns whether the row can be used. */
static bool row_parse(const struct header *header, const char *at, const char *end, bool cut,
		      struct segment_facts *row)
{
	size_t index;

	memset(row, 0, sizeof(*row));
	for (index = 0; index < header->count; index++) {
		at = skip_blanks(at, end);
		if (at == end)
			break;
		if (header->columns[index])
			at = column_parse(header->columns[index], at, end, row);
		else
			at = skip_word(at, end);
		if (!at)
			return false;
	}
	if (cut && index < header->count)
		return false;

	const uint32_t both = FACT_COL_RSS | FACT_COL_SIZE;

	if ((row->known & both) == both && huge_pages(row->rss) > huge_pages(row->size))
		row->known &= ~(uint32_t)(FACT_COL_RSS | FACT_COL_SWAP);
	return row->known & FACT_COL_SHMID;
}

static int table_reserve(struct sysvipc_table *table, size_t need)
{
	void *rows = table->rows;
	const int error = array_reserve(&rows, &table->capacity, need, sizeof(*table->rows));

	table->rows = rows;
	return error;
}

static int buffer_reserve(struct sysvipc_table *table, size_t need)
{
	void *buffer = table->buffer;
	const int error = array_reserve(&buffer, &table->buffer_capacity, need, 1);

	table->buffer = buffer;
	return error;
}

static const char *line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return newline ? newline : end;
}

int sysvipc_parse(const char *text, size_t length, struct sysvipc_table *table)
{
	struct header header;

	table->count = 0;
	table->unreadable = 0;
	if (!length)
		return -EINVAL;

	const char *const end = text + length;
	const char *stop = line_end(text, end);

	header_parse(text, stop, &header);
	if (!header.has_shmid)
		return -EINVAL;

	/* `stop` is the newline of the line before, or the end of the text. */
	while (end - stop > 1) {
		const char *const at = stop + 1;
		const int error = table_reserve(table, table->count + 1);

		if (error)
			return error;
		stop = line_end(at, end);
		if (row_parse(&header, at, stop, stop == end, &table->rows[table->count]))
			table->count++;
		else
			table->unreadable++;
	}
	return 0;
}

int sysvipc_check(char why[static SYSVIPC_WHY_LEN])
{
	struct shminfo limits;
	const int fd = open(table_path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		return 0;
	}

	const int error = -errno;

	if (error != -ENOENT)
		snprintf(why, SYSVIPC_WHY_LEN, "cannot read %s: %s", table_path, strerror(-error));
	else if (shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) < 0 && errno == ENOSYS)
		snprintf(why, SYSVIPC_WHY_LEN,
			 "this kernel has no System V IPC: needs one with CONFIG_SYSVIPC");
	else
		snprintf(why, SYSVIPC_WHY_LEN, "no %s: needs /proc mounted, and the whole of it",
			 table_path);
	return error;
}

int sysvipc_read(struct sysvipc_table *table)
{
	size_t length = 0;
	int error;

	table->count = 0;
	table->unreadable = 0;
	error = buffer_reserve(table, BUFFER_FIRST);
	if (error)
		return error;

	const int fd = open(table_path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (;;) {
		const ssize_t got =
			read(fd, table->buffer + length, table->buffer_capacity - length);

		if (got < 0)
			error = -errno;
		if (got <= 0)
			break;
		length += (size_t)got;
		error = buffer_reserve(table, length + BUFFER_ROOM);
		if (error)
			break;
	}
	close(fd);
	return error ? error : sysvipc_parse(table->buffer, length, table);
}

int sysvipc_sum(struct sysvipc_sum *sum)
{
	struct shm_info info;

	if (shmctl(0, SHM_INFO, (struct shmid_ds *)&info) < 0)
		return -errno;
	*sum = (struct sysvipc_sum){
		.segments = (uint64_t)info.used_ids,
		.pages = info.shm_tot,
		.rss = info.shm_rss,
		.swap = info.shm_swp,
	};
	return 0;
}

void sysvipc_free(struct sysvipc_table *table)
{
	if (!table)
		return;
	free(table->rows);
	free(table->buffer);
	*table = (struct sysvipc_table){0};
}
