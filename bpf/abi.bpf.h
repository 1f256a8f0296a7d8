/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the architectures pass the arguments of system calls to the functions that the kernel calls for
 * them (arch/x86/include/asm/syscall_wrapper.h, arch/arm64/include/asm/syscall_wrapper.h), and what
 * 32-bit programs call. A 64-bit kernel keeps their registers in the same struct pt_regs.
 */
#ifndef ABI_BPF_H
#define ABI_BPF_H

#include "task.bpf.h"

#define NATIVE_ARGUMENTS 3
#define COMPAT_ARGUMENTS 5
#define LOWEST_ADDRESS   0x10000 /* of what is mapped (vm.mmap_min_addr) */

/* Set before loading: some kernels' BTF only declares struct pt_regs in the signature of these functions,
 * and lets no program dereference that argument. Its address can be had all the same. */
const volatile bool regs_are_typed = true;

static __always_inline const struct pt_regs *untyped_regs(const unsigned long long *ctx)
{
	const struct pt_regs *regs = NULL;

	bpf_probe_read_kernel(&regs, sizeof(regs), ctx);
	return regs;
}

#if defined(__TARGET_ARCH_x86)

#define NATIVE_FIRST  di
#define NATIVE_SECOND si
#define NATIVE_THIRD  dx

/* arch/x86/entry/syscalls/syscall_32.tbl */
enum { NR_IPC = 117, NR_SHMGET = 395, NR_SHMCTL = 396, NR_SHMAT = 397, NR_SHMDT = 398 };

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum { NR_NATIVE_SHMAT = 30, NR_NATIVE_SHMDT = 67 };

#define SYSCALL_NUMBER orig_ax

/* arch/x86: rax rdx rcx rbx rsi rdi rbp rsp r8 to r15, rip */
enum { STACK_PC = 16 };

/* In the order in which DWARF numbers them. Returns the stack pointer. */
static __always_inline __u64 native_registers(const struct pt_regs *regs, __u64 out[17])
{
	out[0] = regs->ax;
	out[1] = regs->dx;
	out[2] = regs->cx;
	out[3] = regs->bx;
	out[4] = regs->si;
	out[5] = regs->di;
	out[6] = regs->bp;
	out[7] = regs->sp;
	out[8] = regs->r8;
	out[9] = regs->r9;
	out[10] = regs->r10;
	out[11] = regs->r11;
	out[12] = regs->r12;
	out[13] = regs->r13;
	out[14] = regs->r14;
	out[15] = regs->r15;
	out[STACK_PC] = regs->ip;
	return regs->sp;
}

/* Where a thread has what is its own: C libraries put that above its stack. */
static __always_inline __u64 thread_pointer(struct task_struct *task)
{
	return task->thread.fsbase;
}

/* 0: no address that a program could have */
static __always_inline __u64 user_address(__u64 word)
{
	return word >> 47 || word < LOWEST_ADDRESS ? 0 : word;
}

#define TS_COMPAT 0x0002 /* arch/x86/include/asm/thread_info.h: this call came by a 32-bit entry */

static __always_inline bool task_calls_compat(struct task_struct *task)
{
	return READ(task, thread_info.status) & TS_COMPAT;
}

static __always_inline void compat_arguments(const struct pt_regs *regs,
					     __u64 args[COMPAT_ARGUMENTS])
{
	args[0] = (__u32)BPF_CORE_READ(regs, bx);
	args[1] = (__u32)BPF_CORE_READ(regs, cx);
	args[2] = (__u32)BPF_CORE_READ(regs, dx);
	args[3] = (__u32)BPF_CORE_READ(regs, si);
	args[4] = (__u32)BPF_CORE_READ(regs, di);
}

#elif defined(__TARGET_ARCH_arm64)

#define NATIVE_FIRST  regs[0]
#define NATIVE_SECOND regs[1]
#define NATIVE_THIRD  regs[2]

/* arch/arm/tools/syscall.tbl; ipc(2) is not in the EABI */
enum { NR_IPC = -1, NR_SHMAT = 305, NR_SHMDT = 306, NR_SHMGET = 307, NR_SHMCTL = 308 };

/* include/uapi/asm-generic/unistd.h */
enum { NR_NATIVE_SHMAT = 196, NR_NATIVE_SHMDT = 197 };

#define SYSCALL_NUMBER syscallno

/* x0 to x30, sp, pc */
enum { STACK_PC = 32 };

/* In the order in which DWARF numbers them. Returns the stack pointer. */
static __always_inline __u64 native_registers(const struct pt_regs *regs, __u64 out[33])
{
	for (int i = 0; i < 31; i++)
		out[i] = regs->regs[i];
	out[31] = regs->sp;
	out[STACK_PC] = regs->pc;
	return regs->sp;
}

/* Where a thread has what is its own: C libraries put that above its stack. */
static __always_inline __u64 thread_pointer(struct task_struct *task)
{
	return task->thread.uw.tp_value;
}

/* 0: no address that a program could have. Return addresses may be signed: in the bits above the address, but
 * for the one that tells the kernel's from the others. */
static __always_inline __u64 user_address(__u64 word)
{
	const __u64 address = word & ((1ull << 48) - 1);

	return word & 1ull << 55 || address < LOWEST_ADDRESS ? 0 : address;
}

#define TIF_32BIT_FLAG (1ul << 22) /* arch/arm64/include/asm/thread_info.h */

static __always_inline bool task_calls_compat(struct task_struct *task)
{
	return READ(task, thread_info.flags) & TIF_32BIT_FLAG;
}

static __always_inline void compat_arguments(const struct pt_regs *regs,
					     __u64 args[COMPAT_ARGUMENTS])
{
	args[0] = (__u32)BPF_CORE_READ(regs, regs[0]);
	args[1] = (__u32)BPF_CORE_READ(regs, regs[1]);
	args[2] = (__u32)BPF_CORE_READ(regs, regs[2]);
	args[3] = (__u32)BPF_CORE_READ(regs, regs[3]);
	args[4] = (__u32)BPF_CORE_READ(regs, regs[4]);
}

#else
#error "shmtop knows the system calls of x86-64 and arm64"
#endif

/* Is the task inside of a shmat or shmdt, or of an ipc(2) that may be one? Not known before 5.15: no. */
static __always_inline bool task_attaches(struct task_struct *task)
{
	const struct pt_regs *regs;
	long number;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return false;
	regs = (const struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	number = (int)BPF_CORE_READ(regs, SYSCALL_NUMBER);
	if (task_calls_compat(task))
		return number == NR_IPC || number == NR_SHMAT || number == NR_SHMDT;
	return number == NR_NATIVE_SHMAT || number == NR_NATIVE_SHMDT;
}

/* Of the context of a program on such a function: registers are its first argument. */
static __always_inline void native_arguments(const unsigned long long *ctx,
					     __u64 args[NATIVE_ARGUMENTS])
{
	const struct pt_regs *regs;

	if (regs_are_typed) {
		regs = (const struct pt_regs *)ctx[0];
		args[0] = regs->NATIVE_FIRST;
		args[1] = regs->NATIVE_SECOND;
		args[2] = regs->NATIVE_THIRD;
	} else {
		regs = untyped_regs(ctx);
		args[0] = BPF_CORE_READ(regs, NATIVE_FIRST);
		args[1] = BPF_CORE_READ(regs, NATIVE_SECOND);
		args[2] = BPF_CORE_READ(regs, NATIVE_THIRD);
	}
}

#endif
