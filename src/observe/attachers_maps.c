/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/attachers_maps.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/array.h"
#include "observe/attachment_list.h"
#include "observe/process.h"

enum { PATH_LEN = 64, READ_SIZE = 64 * 1024 };

#define SYNTHETIC_MM (UINT64_C(1) << 63)

/* A process that has segments mapped: count rows of the list, from first on */
struct holder {
	const struct attachment *rows;
	size_t first;
	size_t count;
	int tid; /* a thread that still has the address space */
	bool identified;
};

struct scan {
	int proc; /* descriptor of /proc */
	struct attachers_devices devices;
	const struct attachers_identity *identities;
	size_t identity_count;
	struct attachment_list *list;
	struct holder *holders;
	size_t count;
	size_t capacity;
	char *text;
	size_t text_length;
	size_t text_capacity;
};

/* ---- one line ------------------------------------------------------------------------------ */

/* The number at *cursor, which moves behind it; false when there is none or it is too large. */
static bool parse_number(const char **cursor, const char *end, unsigned int base, uint64_t *out)
{
	const char *at = *cursor;
	uint64_t value = 0;

	for (; at < end && isxdigit((unsigned char)*at); at++) {
		const unsigned int digit = *at <= '9' ? (unsigned int)(*at - '0')
						      : (unsigned int)((*at | 0x20) - 'a' + 10);

		if (digit >= base || value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
	}
	if (at == *cursor)
		return false;
	*cursor = at;
	*out = value;
	return true;
}

static bool parse_char(const char **cursor, const char *end, char expected)
{
	if (*cursor >= end || **cursor != expected)
		return false;
	(*cursor)++;
	return true;
}

static bool parse_mode(const char **cursor, const char *end, uint32_t *flags)
{
	const char *mode = *cursor;

	if (end - mode < 4)
		return false;
	*flags = (mode[0] == 'r' ? ATTACHMENT_READ : 0u) |
		 (mode[1] == 'w' ? ATTACHMENT_WRITE : 0u) | (mode[2] == 'x' ? ATTACHMENT_EXEC : 0u);
	*cursor += 4;
	return true;
}

/* Is it exactly the name that newseg() gives, and that of a file without a directory entry? */
static bool is_segment_name(const char *name, const char *end)
{
	static const char prefix[] = "/SYSV";
	static const char suffix[] = " (deleted)";
	enum { PREFIX = sizeof(prefix) - 1, SUFFIX = sizeof(suffix) - 1, KEY = 8 };

	if (end - name != PREFIX + KEY + SUFFIX || memcmp(name, prefix, PREFIX) != 0)
		return false;
	for (int i = 0; i < KEY; i++) {
		if (!isxdigit((unsigned char)name[PREFIX + i]))
			return false;
	}
	return !memcmp(name + PREFIX + KEY, suffix, SUFFIX);
}

static bool admit_device(const struct attachers_devices *devices, uint64_t number,
			 struct attachment *row)
{
	for (size_t i = 0; i < devices->count; i++) {
		if (devices->rows[i].number != number)
			continue;
		if (devices->rows[i].hugetlb)
			row->flags |= ATTACHMENT_HUGETLB;
		return true;
	}
	return devices->count == 0;
}

/* "7f0c-7f0d rw-s 00000000 00:01 32769      /SYSV00000000 (deleted)" */
static bool parse_line(const char *line, const char *end, const struct attachers_devices *devices,
		       struct attachment *row)
{
	uint64_t last, major, minor, inode;

	if (!parse_number(&line, end, 16, &row->start) || !parse_char(&line, end, '-') ||
	    !parse_number(&line, end, 16, &last) || !parse_char(&line, end, ' ') ||
	    !parse_mode(&line, end, &row->flags) || !parse_char(&line, end, ' ') ||
	    !parse_number(&line, end, 16, &row->offset) || !parse_char(&line, end, ' ') ||
	    !parse_number(&line, end, 16, &major) || !parse_char(&line, end, ':') ||
	    !parse_number(&line, end, 16, &minor) || !parse_char(&line, end, ' ') ||
	    !parse_number(&line, end, 10, &inode) || last <= row->start || inode > INT32_MAX)
		return false;
	while (parse_char(&line, end, ' '))
		;
	row->length = last - row->start;
	row->shmid = (int32_t)inode;
	return is_segment_name(line, end) &&
	       admit_device(devices, makedev((unsigned int)major, (unsigned int)minor), row);
}

/* Most lines of most processes are none of ours: the name is searched, not each line parsed. */
int attachers_parse_maps(const char *text, size_t length, const struct attachers_devices *devices,
			 const struct attachment *label, struct attachment_list *list)
{
	static const char needle[] = "/SYSV";
	const char *const end = text + length;
	const char *at = text;

	while ((at = memmem(at, (size_t)(end - at), needle, sizeof(needle) - 1))) {
		const char *before = memrchr(text, '\n', (size_t)(at - text));
		const char *line = before ? before + 1 : text;
		const char *behind = memchr(at, '\n', (size_t)(end - at));
		struct attachment row = *label;

		if (!behind)
			behind = end;
		if (parse_line(line, behind, devices, &row)) {
			const int error = attachment_list_add(list, &row);

			if (error)
				return error;
		}
		at = behind;
	}
	return 0;
}

/* ---- devices ------------------------------------------------------------------------------- */

static void add_device(struct attachers_devices *devices, unsigned int flags)
{
	const int fd = memfd_create("", MFD_CLOEXEC | flags);
	struct stat file;

	if (fd < 0)
		return;
	if (!fstat(fd, &file)) {
		devices->rows[devices->count].number = file.st_dev;
		devices->rows[devices->count].hugetlb = flags & MFD_HUGETLB;
		devices->count++;
	}
	close(fd);
}

/* Memory files live on the same file systems as segments do, one a page size. */
static void find_devices(struct attachers_devices *devices)
{
	static const unsigned int sizes[] = {MFD_HUGE_64KB,  MFD_HUGE_2MB, MFD_HUGE_32MB,
					     MFD_HUGE_512MB, MFD_HUGE_1GB, MFD_HUGE_16GB};
	_Static_assert(1 + sizeof(sizes) / sizeof(sizes[0]) <= ATTACHERS_DEVICES, "room");

	devices->count = 0;
	add_device(devices, 0);
	if (!devices->count)
		return;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		add_device(devices, MFD_HUGETLB | sizes[i]);
}

/* ---- processes ----------------------------------------------------------------------------- */

/* Reads a file below /proc as a whole into scan->text. */
static int read_text(struct scan *scan, const char *path)
{
	const int fd = openat(scan->proc, path, O_RDONLY | O_CLOEXEC);
	int error = 0;

	scan->text_length = 0;
	if (fd < 0)
		return -errno;
	for (;;) {
		void *text = scan->text;

		error = array_reserve(&text, &scan->text_capacity, scan->text_length + READ_SIZE,
				      1);
		scan->text = text;
		if (error)
			break;

		const ssize_t length = read(fd, scan->text + scan->text_length, READ_SIZE);

		if (length < 0)
			error = -errno;
		if (length <= 0)
			break;
		scan->text_length += (size_t)length;
	}
	close(fd);
	return error;
}

static uint32_t read_ipcns(const struct scan *scan, const char *task)
{
	char path[PATH_LEN];
	char text[PATH_LEN];
	ssize_t length;

	snprintf(path, sizeof(path), "%s/ns/ipc", task);
	length = readlinkat(scan->proc, path, text, sizeof(text) - 1);
	if (length < 0)
		return 0;
	text[length] = '\0';

	unsigned int inode;

	return sscanf(text, "ipc:[%u]", &inode) == 1 ? inode : 0;
}

static uint64_t find_identity(const struct scan *scan, int pid)
{
	size_t low = 0;
	size_t high = scan->identity_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (scan->identities[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < scan->identity_count && scan->identities[low].pid == pid)
		return scan->identities[low].mm;
	return 0;
}

static int add_holder(struct scan *scan, size_t first, int tid, bool identified)
{
	const struct holder holder = {
		.first = first,
		.count = scan->list->count - first,
		.tid = tid,
		.identified = identified,
	};
	void *holders = scan->holders;
	const int error = array_reserve(&holders, &scan->capacity, scan->count + 1, sizeof(holder));

	scan->holders = holders;
	if (error)
		return error;
	scan->holders[scan->count++] = holder;
	return 0;
}

/* Takes the mappings of the text that was just read from "PID" or "PID/task/TID". */
static int take_text(struct scan *scan, const char *task, int pid, int tid)
{
	const uint64_t mm = find_identity(scan, pid);
	const size_t first = scan->list->count;
	struct attachment label = {
		.mm = mm ? mm : SYNTHETIC_MM | (uint32_t)pid,
		.pid = pid,
	};
	int error = attachers_parse_maps(scan->text, scan->text_length, &scan->devices, &label,
					 scan->list);

	if (error || scan->list->count == first)
		return error;
	label.ipcns = read_ipcns(scan, task);
	if (process_start_time(pid, &label.start_time))
		label.start_time = 0;
	for (size_t i = first; i < scan->list->count; i++) {
		scan->list->rows[i].ipcns = label.ipcns;
		scan->list->rows[i].start_time = label.start_time;
	}
	return add_holder(scan, first, tid, mm != 0);
}

/* The number that a directory entry is named by; 0: it is none. */
static int entry_number(const struct dirent *entry)
{
	char *end;
	const long number = strtol(entry->d_name, &end, 10);

	return *end == '\0' && number > 0 && number <= INT_MAX ? (int)number : 0;
}

/* The leader has no address space: a kernel thread, or a zombie whose threads live on. */
static int scan_threads(struct scan *scan, int pid)
{
	char path[PATH_LEN];
	int error = 0;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "%d/task", pid);

	const int fd = openat(scan->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while (!error && (entry = readdir(directory))) {
		const int tid = entry_number(entry);

		if (!tid || tid == pid)
			continue;
		snprintf(path, sizeof(path), "%d/task/%d/maps", pid, tid);
		if (read_text(scan, path) || !scan->text_length)
			continue;
		snprintf(path, sizeof(path), "%d/task/%d", pid, tid);
		error = take_text(scan, path, pid, tid);
		break;
	}
	closedir(directory);
	return error;
}

static int scan_process(struct scan *scan, int pid)
{
	char path[PATH_LEN];

	snprintf(path, sizeof(path), "%d/maps", pid);

	const int error = read_text(scan, path);

	if (error == -EACCES || error == -EPERM) {
		scan->list->hidden++;
		return 0;
	}
	if (error == -ENOMEM || error == -EMFILE || error == -ENFILE)
		return error;
	if (error || !scan->text_length)
		return scan_threads(scan, pid);
	snprintf(path, sizeof(path), "%d", pid);
	return take_text(scan, path, pid, pid);
}

static int scan_processes(struct scan *scan)
{
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	int error = 0;

	if (!directory)
		return -errno;
	scan->proc = dirfd(directory);
	while (!error) {
		errno = 0;
		entry = readdir(directory);
		if (!entry) {
			error = -errno;
			break;
		}

		const int pid = entry_number(entry);

		if (pid)
			error = scan_process(scan, pid);
	}
	closedir(directory);
	return error;
}

/* ---- shared address spaces ----------------------------------------------------------------- */

static int compare_numbers(uint64_t left, uint64_t right)
{
	return (left > right) - (left < right);
}

static int compare_mappings(const struct holder *left, const struct holder *right)
{
	int order = compare_numbers(left->count, right->count);

	for (size_t i = 0; !order && i < left->count; i++) {
		const struct attachment *a = &left->rows[i];
		const struct attachment *b = &right->rows[i];

		order = compare_numbers(a->start, b->start);
		if (!order)
			order = compare_numbers(a->length, b->length);
		if (!order)
			order = compare_numbers((uint32_t)a->shmid, (uint32_t)b->shmid);
		if (!order)
			order = compare_numbers(a->offset, b->offset);
		if (!order)
			order = compare_numbers(a->flags, b->flags);
	}
	return order;
}

/* kcmp() orders address spaces as it compares them: 0 the same, 1 less, 2 greater. Only processes with
 * the same mappings are worth the call. */
static int compare_holders(const void *left, const void *right)
{
	const struct holder *a = left;
	const struct holder *b = right;
	const int order = compare_mappings(a, b);

	if (order)
		return order;

	const long answer = syscall(SYS_kcmp, a->tid, b->tid, KCMP_VM, 0, 0);

	if (answer < 0 || answer > 2)
		return compare_numbers((uint32_t)a->tid, (uint32_t)b->tid);
	return answer == 2 ? 1 : -(int)answer;
}

static void merge_shared(struct scan *scan)
{
	size_t unidentified = 0;

	for (size_t i = 0; i < scan->count; i++) {
		struct holder holder = scan->holders[i];

		holder.rows = &scan->list->rows[holder.first];
		if (!holder.identified)
			scan->holders[unidentified++] = holder;
	}
	if (!unidentified)
		return;
	qsort(scan->holders, unidentified, sizeof(scan->holders[0]), compare_holders);
	for (size_t i = 1; i < unidentified; i++) {
		const struct holder *before = &scan->holders[i - 1];
		const struct holder *holder = &scan->holders[i];

		if (compare_holders(before, holder))
			continue;
		for (size_t row = 0; row < holder->count; row++)
			scan->list->rows[holder->first + row].mm = before->rows->mm;
	}
}

int attachers_maps_scan(const struct attachers_identity *identities, size_t count,
			struct attachment_list *list)
{
	struct scan scan = {
		.identities = identities,
		.identity_count = count,
		.list = list,
	};

	find_devices(&scan.devices);

	const int error = scan_processes(&scan);

	if (!error)
		merge_shared(&scan);
	free(scan.holders);
	free(scan.text);
	return error;
}
