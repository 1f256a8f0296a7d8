/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "stack/frame_walk.h"

enum { OPERATIONS_MOST = 128, OPERANDS_MOST = 16 };

#if defined(__x86_64__)
enum { REGISTER_FP = 6 };
#elif defined(__aarch64__)
enum { REGISTER_FP = 29, REGISTER_LR = 30 };
#endif

void frame_walk_begin(struct frame_walk *walk, const struct stack_sample *sample)
{
	*walk = (struct frame_walk){.sample = sample};
	memcpy(walk->registers, sample->registers, sizeof(walk->registers));
	memset(walk->known, true, sizeof(walk->known));
}

uint64_t frame_walk_pc(const struct frame_walk *walk)
{
	return walk->registers[SAMPLE_REGISTER_PC];
}

uint64_t frame_walk_at(const struct frame_walk *walk)
{
	return frame_walk_pc(walk) - (walk->exact ? 0 : 1);
}

static uint64_t stack_pointer(const struct frame_walk *walk)
{
	return walk->registers[SAMPLE_REGISTER_SP];
}

static bool read_word(const struct frame_walk *walk, uint64_t address, uint64_t *out)
{
	const struct stack_sample *sample = walk->sample;
	const uint64_t at = address - sample->registers[SAMPLE_REGISTER_SP];

	if (address < sample->registers[SAMPLE_REGISTER_SP] ||
	    sample->stack_length < sizeof(*out) || at > sample->stack_length - sizeof(*out))
		return false;
	memcpy(out, sample->stack + at, sizeof(*out));
	return true;
}

/* Return addresses may be signed in the bits that no user address has. */
static uint64_t code_address(uint64_t address)
{
#if defined(__aarch64__)
	return address & ((UINT64_C(1) << 48) - 1);
#else
	return address;
#endif
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Evaluates the expressions of CFI: one stack of numbers, no branches. */
struct evaluation {
	const struct frame_walk *walk;
	uint64_t bias;
	uint64_t cfa;
	bool is_value; /* the result is the value itself, and not where it lies */
	uint64_t operands[OPERANDS_MOST];
	size_t count;
};

static bool push(struct evaluation *to, uint64_t value)
{
	if (to->count == OPERANDS_MOST)
		return false;
	to->operands[to->count++] = value;
	return true;
}

static bool push_register(struct evaluation *to, uint64_t number, uint64_t offset)
{
	return number < SAMPLE_REGISTERS && to->walk->known[number] &&
	       push(to, to->walk->registers[number] + offset);
}

static bool unary(struct evaluation *to, uint8_t atom, uint64_t number)
{
	uint64_t *top = to->count ? &to->operands[to->count - 1] : NULL;

	if (!top)
		return false;
	switch (atom) {
	case DW_OP_dup:
		return push(to, *top);
	case DW_OP_drop:
		to->count--;
		return true;
	case DW_OP_deref:
		return read_word(to->walk, *top, top);
	case DW_OP_plus_uconst:
		*top += number;
		return true;
	case DW_OP_neg:
		*top = -*top;
		return true;
	case DW_OP_not:
		*top = ~*top;
		return true;
	case DW_OP_stack_value:
		to->is_value = true;
		return true;
	default:
		return false;
	}
}

static bool binary(struct evaluation *to, uint8_t atom)
{
	uint64_t *left, right;

	if (to->count < 2)
		return false;
	right = to->operands[--to->count];
	left = &to->operands[to->count - 1];
	switch (atom) {
	case DW_OP_plus:
		*left += right;
		return true;
	case DW_OP_minus:
		*left -= right;
		return true;
	case DW_OP_mul:
		*left *= right;
		return true;
	case DW_OP_and:
		*left &= right;
		return true;
	case DW_OP_or:
		*left |= right;
		return true;
	case DW_OP_xor:
		*left ^= right;
		return true;
	case DW_OP_shl:
		*left = right < 64 ? *left << right : 0;
		return true;
	case DW_OP_shr:
		*left = right < 64 ? *left >> right : 0;
		return true;
	case DW_OP_eq:
		*left = *left == right;
		return true;
	case DW_OP_ne:
		*left = *left != right;
		return true;
	case DW_OP_lt:
		*left = (int64_t)*left < (int64_t)right;
		return true;
	case DW_OP_le:
		*left = (int64_t)*left <= (int64_t)right;
		return true;
	case DW_OP_gt:
		*left = (int64_t)*left > (int64_t)right;
		return true;
	case DW_OP_ge:
		*left = (int64_t)*left >= (int64_t)right;
		return true;
	default:
		return false;
	}
}

static bool operate(struct evaluation *to, const Dwarf_Op *op)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		return push(to, op->atom - DW_OP_lit0);
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return push_register(to, op->atom - DW_OP_breg0, op->number);
	switch (op->atom) {
	case DW_OP_nop:
		return true;
	case DW_OP_addr:
		return push(to, op->number + to->bias);
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		return push(to, op->number);
	case DW_OP_bregx:
		return push_register(to, op->number, op->number2);
	case DW_OP_call_frame_cfa:
		return push(to, to->cfa);
	default:
		return unary(to, op->atom, op->number) || binary(to, op->atom);
	}
}

static bool evaluate(struct evaluation *to, const Dwarf_Op *ops, size_t count, uint64_t *out)
{
	if (count > OPERATIONS_MOST)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!operate(to, &ops[i]))
			return false;
	if (!to->count)
		return false;
	*out = to->operands[to->count - 1];
	return true;
}

/* A register of the caller. `*known` is false for one that is not kept. False: it should be, and cannot be
 * read. */
static bool caller_register(const struct frame_walk *walk, Dwarf_Frame *frame, int number,
			    uint64_t bias, uint64_t cfa, uint64_t *value, bool *known)
{
	struct evaluation evaluation = {.walk = walk, .bias = bias, .cfa = cfa};
	Dwarf_Op memory[3], *ops;
	size_t count;

	*known = false;
	if (dwarf_frame_register(frame, number, memory, &ops, &count))
		return true;
	if (!count) {
		/* Not changed, or not kept */
		*known = !ops && walk->known[number];
		*value = walk->registers[number];
		return true;
	}
	if (count == 1 && (ops[0].atom == DW_OP_regx ||
			   (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31))) {
		const uint64_t from = ops[0].atom == DW_OP_regx
					      ? ops[0].number
					      : ops[0].atom - (uint64_t)DW_OP_reg0;

		*known = from < SAMPLE_REGISTERS && walk->known[from];
		if (*known)
			*value = walk->registers[from];
		return true;
	}
	if (!evaluate(&evaluation, ops, count, value))
		return false;
	*known = evaluation.is_value || read_word(walk, *value, value);
	return *known;
}

/* The registers of the caller by the rules of a frame */
static enum frame_step caller(struct frame_walk *walk, Dwarf_Frame *frame, uint64_t bias)
{
	struct evaluation evaluation = {.walk = walk, .bias = bias};
	struct frame_walk next = *walk;
	uint64_t cfa, unused;
	Dwarf_Op *ops;
	bool signal = false;
	size_t count;
	int back = dwarf_frame_info(frame, &unused, &unused, &signal);

	if (back < 0 || back >= SAMPLE_REGISTERS || dwarf_frame_cfa(frame, &ops, &count) ||
	    !evaluate(&evaluation, ops, count, &cfa))
		return FRAME_LOST;
	for (int i = 0; i < SAMPLE_REGISTERS; i++)
		if (!caller_register(walk, frame, i, bias, cfa, &next.registers[i],
				     &next.known[i]) &&
		    (i == back || i == SAMPLE_REGISTER_SP))
			return FRAME_LOST;
	if (!next.known[back])
		return FRAME_OUTERMOST;
	if (!next.known[SAMPLE_REGISTER_SP] || !signal)
		next.registers[SAMPLE_REGISTER_SP] = cfa;
	next.known[SAMPLE_REGISTER_SP] = true;
	next.registers[SAMPLE_REGISTER_PC] = code_address(next.registers[back]);
	next.known[SAMPLE_REGISTER_PC] = true;
	next.exact = signal;
	/* A caller lies further out: what does not get there never ends. */
	if (!signal && (stack_pointer(&next) < stack_pointer(walk) ||
			(stack_pointer(&next) == stack_pointer(walk) &&
			 frame_walk_pc(&next) == frame_walk_pc(walk))))
		return FRAME_LOST;
	*walk = next;
	return frame_walk_pc(walk) ? FRAME_STEPPED : FRAME_OUTERMOST;
}

enum frame_step frame_walk_by_rules(struct frame_walk *walk, Dwarf_CFI *cfi, uint64_t bias)
{
	Dwarf_Frame *frame = NULL;
	enum frame_step step;

	if (dwarf_cfi_addrframe(cfi, frame_walk_at(walk) - bias, &frame))
		return FRAME_NO_RULES;
	step = caller(walk, frame, bias);
	free(frame);
	return step;
}

/* ---- frame pointers ------------------------------------------------------------------------ */

/* What a caller has in its other registers is not known then. */
static enum frame_step move(struct frame_walk *walk, uint64_t pc, uint64_t sp, uint64_t fp,
			    bool fp_known)
{
	memset(walk->known, false, sizeof(walk->known));
	walk->registers[SAMPLE_REGISTER_PC] = code_address(pc);
	walk->registers[SAMPLE_REGISTER_SP] = sp;
	walk->registers[REGISTER_FP] = fp;
	walk->known[SAMPLE_REGISTER_PC] = true;
	walk->known[SAMPLE_REGISTER_SP] = true;
	walk->known[REGISTER_FP] = fp_known;
	walk->exact = false;
	return FRAME_STEPPED;
}

static bool move_innermost(struct frame_walk *walk,
			   bool (*is_code)(const struct stack_sample *, uint64_t))
{
	uint64_t pc, sp = stack_pointer(walk);

#if defined(__x86_64__)
	if (!read_word(walk, sp, &pc))
		return false;
	sp += sizeof(pc);
#else
	pc = code_address(walk->registers[REGISTER_LR]);
#endif
	if (!is_code(walk->sample, pc))
		return false;
	/* It kept all registers for its caller. */
	walk->registers[SAMPLE_REGISTER_PC] = pc;
	walk->registers[SAMPLE_REGISTER_SP] = sp;
	return true;
}

enum frame_step frame_walk_by_pointers(struct frame_walk *walk, bool innermost,
				       bool (*is_code)(const struct stack_sample *, uint64_t))
{
	const uint64_t fp = walk->registers[REGISTER_FP];
	uint64_t next_fp, pc;

	if (innermost && move_innermost(walk, is_code))
		return FRAME_STEPPED;
	if (!walk->known[REGISTER_FP])
		return FRAME_LOST;
	if (!fp)
		return FRAME_OUTERMOST;
	if (fp < stack_pointer(walk) || !read_word(walk, fp, &next_fp) ||
	    !read_word(walk, fp + sizeof(fp), &pc))
		return FRAME_LOST;
	if (!pc)
		return FRAME_OUTERMOST;
	return move(walk, pc, fp + 2 * sizeof(fp), next_fp, true);
}
