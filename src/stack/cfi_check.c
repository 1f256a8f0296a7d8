/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dwarf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "stack/cfi_check.h"

enum {
	REGISTERS_MOST = 128,
	REMEMBERED_MOST = 8,
	EXPRESSION_BYTES_MOST = 1024, /* of all expressions of an entry */
	ALIGNMENT_MOST = 64,
};

/* What is left of an entry; `good` becomes false where too little is. */
struct rest {
	const unsigned char *at, *end;
	bool good;
};

/* What an FDE takes from its CIE */
struct form {
	bool sized;          /* augmentation data has a length */
	size_t address_size; /* of a start, a range and DW_CFA_set_loc */
};

static void skip(struct rest *rest, uint64_t count)
{
	if (count > (uint64_t)(rest->end - rest->at)) {
		rest->good = false;
		count = (uint64_t)(rest->end - rest->at);
	}
	rest->at += count;
}

static uint8_t byte(struct rest *rest)
{
	const unsigned char *at = rest->at;

	skip(rest, 1);
	return rest->good ? *at : 0;
}

/* LEB128. No longer than a number of 64 bits can be; of a signed one the value is of no use. */
static uint64_t number(struct rest *rest)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 70; shift += 7) {
		const uint8_t next = byte(rest);

		if (shift < 64)
			value |= (uint64_t)(next & 0x7f) << shift;
		if (!(next & 0x80))
			return value;
	}
	rest->good = false;
	return 0;
}

static void register_number(struct rest *rest)
{
	if (number(rest) >= REGISTERS_MOST)
		rest->good = false;
}

static void expression(struct rest *rest, size_t *bytes)
{
	const uint64_t length = number(rest);

	if (length > EXPRESSION_BYTES_MOST - *bytes) {
		rest->good = false;
		return;
	}
	*bytes += length;
	skip(rest, length);
}

static struct rest rest_of(const unsigned char *entry)
{
	uint32_t length;

	memcpy(&length, entry, sizeof(length));
	/* Behind the length and the id */
	return (struct rest){entry + 8, entry + 4 + length, length >= 4};
}

/* ---- instructions -------------------------------------------------------------------------- */

static void check_one(struct rest *rest, uint8_t opcode, const struct form *form,
		      size_t *expression_bytes)
{
	switch (opcode) {
	case DW_CFA_nop:
	case DW_CFA_GNU_window_save: /* arm64: the return address is signed from here on */
		break;
	case DW_CFA_set_loc:
		skip(rest, form->address_size);
		break;
	case DW_CFA_advance_loc1:
		skip(rest, 1);
		break;
	case DW_CFA_advance_loc2:
		skip(rest, 2);
		break;
	case DW_CFA_advance_loc4:
		skip(rest, 4);
		break;
	case DW_CFA_restore_extended:
	case DW_CFA_undefined:
	case DW_CFA_same_value:
	case DW_CFA_def_cfa_register:
		register_number(rest);
		break;
	case DW_CFA_register:
		register_number(rest);
		register_number(rest);
		break;
	case DW_CFA_offset_extended:
	case DW_CFA_offset_extended_sf:
	case DW_CFA_def_cfa:
	case DW_CFA_def_cfa_sf:
	case DW_CFA_val_offset:
	case DW_CFA_val_offset_sf:
	case DW_CFA_GNU_negative_offset_extended:
		register_number(rest);
		number(rest);
		break;
	case DW_CFA_def_cfa_offset:
	case DW_CFA_def_cfa_offset_sf:
	case DW_CFA_GNU_args_size:
		number(rest);
		break;
	case DW_CFA_expression:
	case DW_CFA_val_expression:
		register_number(rest);
		expression(rest, expression_bytes);
		break;
	case DW_CFA_def_cfa_expression:
		expression(rest, expression_bytes);
		break;
	default:
		rest->good = false;
		break;
	}
}

static bool check_instructions(struct rest *rest, const struct form *form)
{
	size_t expression_bytes = 0, remembered = 0;

	while (rest->good && rest->at < rest->end) {
		const uint8_t opcode = byte(rest);

		if ((opcode & 0xc0) == DW_CFA_offset)
			number(rest);
		else if (opcode & 0xc0)
			continue; /* DW_CFA_advance_loc, DW_CFA_restore: nothing follows */
		else if (opcode == DW_CFA_remember_state)
			remembered++;
		else if (opcode == DW_CFA_restore_state)
			remembered -= remembered > 0;
		else
			check_one(rest, opcode, form, &expression_bytes);
		if (remembered > REMEMBERED_MOST)
			return false;
	}
	return rest->good;
}

/* ---- entries ------------------------------------------------------------------------------- */

/* Of an address or a pointer; 0 one that linkers do not use here */
static size_t encoded_size(uint8_t encoding)
{
	switch (encoding & 0x07) {
	case DW_EH_PE_absptr:
		return 8;
	case DW_EH_PE_udata2:
		return 2;
	case DW_EH_PE_udata4:
		return 4;
	case DW_EH_PE_udata8:
		return 8;
	default:
		return 0;
	}
}

/* libdw reads letters up to the first that it does not know: behind one of those that are not known to all its
 * versions nothing may come that they would read differently. */
static void read_augmentation(const char *letters, struct rest *data, struct form *form)
{
	bool last = false;

	for (; *letters && data->good; letters++) {
		uint8_t encoding;

		switch (*letters) {
		case 'S':
			break;
		case 'B':
		case 'G':
			last = true;
			continue;
		case 'L':
			byte(data);
			break;
		case 'P':
			encoding = byte(data);
			skip(data, encoded_size(encoding));
			if (!encoded_size(encoding))
				data->good = false;
			break;
		case 'R':
			encoding = byte(data);
			form->address_size = encoded_size(encoding);
			if ((encoding & 0xf0) != DW_EH_PE_absptr &&
			    (encoding & 0xf0) != DW_EH_PE_pcrel)
				data->good = false;
			break;
		default:
			data->good = false;
			break;
		}
		if (last)
			data->good = false;
	}
	if (!form->address_size)
		data->good = false;
}

/* Up to its instructions */
static bool read_cie(struct rest *rest, struct form *form)
{
	const uint8_t version = byte(rest);
	const char *letters = (const char *)rest->at;
	struct rest data;
	uint64_t length;

	*form = (struct form){.address_size = 8};
	while (byte(rest))
		;
	if (!rest->good || (version != 1 && version != 3))
		return false;
	if (number(rest) > ALIGNMENT_MOST)
		return false;
	number(rest);
	if (version == 1)
		byte(rest);
	else
		register_number(rest);
	if (!*letters)
		return rest->good;
	if (*letters != 'z')
		return false;
	form->sized = true;
	length = number(rest);
	data = *rest;
	skip(rest, length);
	data.end = rest->at;
	read_augmentation(letters + 1, &data, form);
	return rest->good && data.good;
}

bool cfi_check_cie(const unsigned char *cie)
{
	struct rest rest = rest_of(cie);
	struct form form;

	return rest.good && read_cie(&rest, &form) && check_instructions(&rest, &form);
}

bool cfi_check_fde(const unsigned char *fde, const unsigned char *cie)
{
	struct rest rest = rest_of(fde), before = rest_of(cie);
	struct form form;

	if (!read_cie(&before, &form))
		return false;
	skip(&rest, 2 * form.address_size);
	if (form.sized)
		skip(&rest, number(&rest));
	return check_instructions(&rest, &form);
}
