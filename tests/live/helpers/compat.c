/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four calls by the 32-bit entry of an x86-64 kernel: by ipc(2), and by the numbers of their own; some
 * fail. Writes a line of JSON a call, what was asked for and what came of it, as `shmtop trace -J` names it.
 *
 * The first segment stays attached, twice, until input ends: {"held":SHMID} says that it is.
 *
 * Built twice: as a 32-bit program (compat32), and as a 64-bit one that comes in by the same door (int80).
 * Neither has a C library, so no package is needed to build them; what is pointed to stands below 4 GiB.
 */
#include <stdbool.h>
#include <stdint.h>

/* arch/x86/entry/syscalls/syscall_32.tbl */
enum {
	NR_EXIT = 1,
	NR_READ = 3,
	NR_WRITE = 4,
	NR_IPC = 117,
	NR_SHMGET = 395,
	NR_SHMCTL = 396,
	NR_SHMAT = 397,
	NR_SHMDT = 398,
};

/* include/uapi/linux/ipc.h and shm.h */
enum {
	IPC_SEMGET = 2,
	IPC_SHMAT = 21,
	IPC_SHMDT = 22,
	IPC_SHMGET = 23,
	IPC_SHMCTL = 24,
	IPC_OTHER_VERSION = 1 << 16,
	IPC_CREAT = 01000,
	IPC_RMID = 0,
	IPC_STAT = 2,
	IPC_64 = 0x100,
	SHM_RDONLY = 010000,
};

enum {
	SIZE = 8192,
	ABSENT_KEY = (int)0xdeadbeef, /* negative */
	ABSENT_ID = 0x7fffffff,
	UNALIGNED = 0x10001,
	HIGHEST = -1, /* address */
	ODD_COMMAND = 99,
	MAX_ERRNO = 4095,
	LINE_LEN = 256,
};

struct line {
	char text[LINE_LEN];
	unsigned int length;
};

static struct line line;
static uint32_t attached_at; /* ipc(2) writes the address here */
static char status[256];     /* struct shmid64_ds */
static char input[16];

/* The kernel looks at the lower halves alone, so a 64-bit caller may leave anything in the upper ones. */
#ifdef __x86_64__
typedef uint64_t word;
#define UPPER     UINT64_C(0xabadcafe00000000)
#define CLOBBERED "memory", "r8", "r9", "r10", "r11"
#else
typedef uint32_t word;
#define UPPER     0
#define CLOBBERED "memory"
#endif

static int32_t call(int number, uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e)
{
	word result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"((word)number), "b"(UPPER | a), "c"(UPPER | b), "d"(UPPER | c),
			   "S"(UPPER | d), "D"(UPPER | e)
			 : CLOBBERED);
	return (int32_t)result;
}

static uint32_t address_of(void *place)
{
	return (uint32_t)(uintptr_t)place;
}

/* ---- lines --------------------------------------------------------------------------------- */

static void add_text(const char *text)
{
	while (*text && line.length < LINE_LEN)
		line.text[line.length++] = *text++;
}

static void add_digits(uint32_t value, uint32_t base)
{
	static const char digits[] = "0123456789abcdef";
	char text[12];
	unsigned int at = sizeof(text) - 1;

	text[at] = '\0';
	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value);
	add_text(text + at);
}

static void add_number(int32_t value)
{
	if (value < 0)
		add_text("-");
	add_digits(value < 0 ? -(uint32_t)value : (uint32_t)value, 10);
}

static void add_address(uint32_t address)
{
	add_text("\"0x");
	add_digits(address, 16);
	add_text("\"");
}

static void end_line(void)
{
	add_text("\n");
	call(NR_WRITE, 1, address_of(line.text), line.length, 0, 0);
	line.length = 0;
}

static bool is_error(int32_t result)
{
	return (uint32_t)result > (uint32_t) - (MAX_ERRNO + 1);
}

/* Addresses are no negative numbers. */
static void end_call(int32_t result)
{
	add_text("},\"ret\":");
	if (is_error(result))
		add_number(result);
	else
		add_digits((uint32_t)result, 10);
	add_text(",\"errno\":");
	add_text(!is_error(result) ? "null" : result == -2 ? "\"ENOENT\"" : "\"EINVAL\"");
	add_text("}");
	end_line();
}

/* ---- the four calls ------------------------------------------------------------------------ */

static int32_t shmget(bool by_ipc, int key, uint32_t size, int flags)
{
	const int32_t result =
		by_ipc ? call(NR_IPC, IPC_SHMGET, (uint32_t)key, size, (uint32_t)flags, 0)
		       : call(NR_SHMGET, (uint32_t)key, size, (uint32_t)flags, 0, 0);

	add_text("{\"op\":\"shmget\",\"args\":{\"key\":");
	add_number(key);
	add_text(",\"size\":");
	add_digits(size, 10);
	add_text(",\"raw_flags\":");
	add_number(flags);
	end_call(result);
	return result;
}

static uint32_t shmat(bool by_ipc, int id, uint32_t address, int flags)
{
	int32_t result;

	if (by_ipc) {
		result = call(NR_IPC, IPC_SHMAT, (uint32_t)id, (uint32_t)flags,
			      address_of(&attached_at), address);
		if (!result)
			result = (int32_t)attached_at;
	} else {
		result = call(NR_SHMAT, (uint32_t)id, address, (uint32_t)flags, 0, 0);
	}
	add_text("{\"op\":\"shmat\",\"args\":{\"shmid\":");
	add_number(id);
	add_text(",\"addr\":");
	add_address(address);
	add_text(",\"raw_flags\":");
	add_number(flags);
	end_call(result);
	return (uint32_t)result;
}

/* The kernel heeds the version of none of them but shmat. */
static void shmdt(bool by_ipc, uint32_t address)
{
	const int32_t result =
		by_ipc ? call(NR_IPC, IPC_SHMDT | IPC_OTHER_VERSION, 0, 0, 0, address)
		       : call(NR_SHMDT, address, 0, 0, 0, 0);

	add_text("{\"op\":\"shmdt\",\"args\":{\"addr\":");
	add_address(address);
	end_call(result);
}

static void shmctl(bool by_ipc, int id, int command, const char *name)
{
	const int32_t result =
		by_ipc ? call(NR_IPC, IPC_SHMCTL, (uint32_t)id, (uint32_t)command | IPC_64, 0,
			      address_of(status))
		       : call(NR_SHMCTL, (uint32_t)id, (uint32_t)command, address_of(status), 0, 0);

	add_text("{\"op\":\"shmctl\",\"args\":{\"shmid\":");
	add_number(id);
	add_text(",\"cmd\":\"");
	add_text(name);
	add_text("\"");
	end_call(result);
}

/* ---- what is done -------------------------------------------------------------------------- */

static void wait_for_end(int id)
{
	add_text("{\"held\":");
	add_number(id);
	add_text("}");
	end_line();
	while (call(NR_READ, 0, address_of(input), sizeof(input), 0, 0) > 0)
		continue;
}

static void all_calls(bool by_ipc, bool hold)
{
	const int id = shmget(by_ipc, 0, SIZE, IPC_CREAT | 0600);
	uint32_t first, second;

	shmget(by_ipc, ABSENT_KEY, SIZE, 0);
	first = shmat(by_ipc, id, 0, 0);
	second = shmat(by_ipc, id, 0, SHM_RDONLY);
	shmat(by_ipc, id, UNALIGNED, 0);
	shmat(by_ipc, ABSENT_ID, 0, 0);
	shmctl(by_ipc, id, IPC_STAT, "IPC_STAT");
	shmctl(by_ipc, id, ODD_COMMAND, "99");
	/* ipc(2) about something else, which nobody may take for one of the four */
	call(NR_IPC, IPC_SEMGET, (uint32_t)ABSENT_KEY, 1, 0, 0);
	if (hold)
		wait_for_end(id);
	shmdt(by_ipc, first);
	shmdt(by_ipc, second);
	shmdt(by_ipc, first);
	shmdt(by_ipc, (uint32_t)HIGHEST);
	shmctl(by_ipc, id, IPC_RMID, "IPC_RMID");
	shmctl(by_ipc, id, IPC_STAT, "IPC_STAT");
}

void _start(void);

__attribute__((noreturn, force_align_arg_pointer)) void _start(void)
{
	all_calls(false, true);
	all_calls(true, false);
	call(NR_EXIT, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}
