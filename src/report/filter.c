/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/text.h"
#include "base/units.h"
#include "report/filter.h"

enum {
	FILTER_LENGTH_MAX = 4096,
	FILTER_DEPTH_MAX = 64,
	FILTER_TOKEN_LEN = 40, /* of a token in a message */
};

#define FILTER_BLANKS     " \t\r\n"
#define FILTER_VALUE_ENDS FILTER_BLANKS "()"
#define FILTER_NAME_ENDS  FILTER_VALUE_ENDS "=!<>~'\""

enum filter_op {
	FILTER_OR,
	FILTER_AND,
	FILTER_NOT,
	FILTER_WORD,
	FILTER_EQUAL,
	FILTER_UNEQUAL,
	FILTER_LESS,
	FILTER_LESS_EQUAL,
	FILTER_MORE,
	FILTER_MORE_EQUAL,
	FILTER_CONTAINS,
	FILTER_LACKS,
};

/* Longer signs come before those that they begin with. */
static const struct filter_sign {
	const char *text;
	enum filter_op op;
	bool order; /* needs values that are more or less */
} filter_signs[] = {
	{"!=", FILTER_UNEQUAL, false},   {"!~", FILTER_LACKS, false},
	{"<=", FILTER_LESS_EQUAL, true}, {">=", FILTER_MORE_EQUAL, true},
	{"=", FILTER_EQUAL, false},      {"<", FILTER_LESS, true},
	{">", FILTER_MORE, true},        {"~", FILTER_CONTAINS, false},
};

static const char *const filter_expected[] = {
	[COLUMN_KIND_NUMBER] = "a number, decimal or 0x...",
	[COLUMN_KIND_SIZE] = "a size like 4096, 64K or 1.5G",
	[COLUMN_KIND_AGE] = "a time like 90, 5m, 1h or 3d",
	[COLUMN_KIND_TIME] = "seconds since the epoch",
	[COLUMN_KIND_TEXT] = "text",
	[COLUMN_KIND_VERDICT] = ("in-use, new, dest, idle, mailbox, orphan, growing, dest-pinned, "
				 "failed-removal, attach-leak or gone"),
	[COLUMN_KIND_FLAGS] = "dest, locked, hugetlb, noreserve, leak, new or gone",
};

/* "and" and "or" have all their operands as children: a long chain makes no deep tree. */
struct filter_node {
	enum filter_op op;
	size_t child; /* first operand, an index into nodes; 0: none */
	size_t next;  /* the parent's next operand; 0: none */
	enum column_id column;
	int64_t number; /* constant of a comparison: ns of an age, bit of a flag */
	char *text;     /* the constant or the word as written; owned */
};

struct filter {
	struct filter_node *nodes; /* the first one stands for none */
	size_t count;
	size_t capacity;
	size_t root;
};

struct filter_parser {
	struct filter *filter;
	const char *text;
	size_t at;
	unsigned int depth;
	struct filter_error *error;
};

/* ---- words ----------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int filter_fail(struct filter_parser *parser,
							     size_t position, const char *format,
							     ...)
{
	va_list args;

	parser->error->position = position;
	va_start(args, format);
	vsnprintf(parser->error->message, sizeof(parser->error->message), format, args);
	va_end(args);
	return -EINVAL;
}

static void filter_skip_blanks(struct filter_parser *parser)
{
	parser->at += strspn(parser->text + parser->at, FILTER_BLANKS);
}

static bool filter_is_keyword(const struct filter_parser *parser, const char *keyword)
{
	const char *text = parser->text + parser->at;
	size_t length = strcspn(text, FILTER_NAME_ENDS);

	return length == strlen(keyword) && strncasecmp(text, keyword, length) == 0;
}

static bool filter_take_keyword(struct filter_parser *parser, const char *keyword)
{
	filter_skip_blanks(parser);
	if (!filter_is_keyword(parser, keyword))
		return false;
	parser->at += strlen(keyword);
	return true;
}

static const struct filter_sign *filter_take_sign(struct filter_parser *parser)
{
	filter_skip_blanks(parser);
	for (size_t i = 0; i < sizeof(filter_signs) / sizeof(filter_signs[0]); i++) {
		size_t length = strlen(filter_signs[i].text);

		if (strncmp(parser->text + parser->at, filter_signs[i].text, length) == 0) {
			parser->at += length;
			return &filter_signs[i];
		}
	}
	return NULL;
}

/* A quoted text, or all up to one of `ends`, into *out. */
static int filter_take_text(struct filter_parser *parser, const char *ends, char **out)
{
	const char *start = parser->text + parser->at;
	const char quote[] = {start[0], '\0'};
	bool quoted = start[0] == '\'' || start[0] == '"';
	size_t length;

	start += quoted;
	length = strcspn(start, quoted ? quote : ends);
	if (quoted && !start[length])
		return filter_fail(parser, parser->at, "this quote has no end");
	*out = strndup(start, length);
	if (!*out)
		return -ENOMEM;
	parser->at += length + (quoted ? 2 : 0);
	return 0;
}

/* ---- grammar --------------------------------------------------------------------------------- */

static int filter_node_new(struct filter *filter, enum filter_op op, size_t child, size_t *out)
{
	void *grown = filter->nodes;
	int err =
		array_reserve(&grown, &filter->capacity, filter->count + 1, sizeof(*filter->nodes));

	if (err)
		return err;
	filter->nodes = grown;
	filter->nodes[filter->count] = (struct filter_node){.op = op, .child = child};
	*out = filter->count++;
	return 0;
}

static int filter_parse_number(const char *text, int64_t *number)
{
	bool negative = text[0] == '-';
	uint64_t magnitude;
	int err = units_parse_number(text + negative, INT64_MAX, &magnitude);

	if (!err)
		*number = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return err;
}

static int filter_parse_flag(const char *text, int64_t *bit)
{
	for (size_t i = 0; i < COLUMN_FLAGS_COUNT; i++) {
		const struct column_flag_word *flag = &column_flag_table[i];
		bool letter = text[0] == flag->letter && !text[1];

		if (letter || strcasecmp(text, flag->word) == 0) {
			*bit = flag->flag;
			return 0;
		}
	}
	return -EINVAL;
}

static int filter_parse_verdict(const char *text)
{
	for (int i = VERDICT_UNKNOWN + 1; i < VERDICT_KINDS; i++)
		if (strcmp(verdict_kind_name((enum verdict_kind)i), text) == 0)
			return 0;
	return -EINVAL;
}

/* Reads the constant of a comparison by the kind of its column. */
static int filter_parse_constant(struct filter_node *node)
{
	enum column_kind kind = column_table[node->column].kind;
	bool as_text = node->op == FILTER_CONTAINS || node->op == FILTER_LACKS;
	uint64_t magnitude = 0;
	int err = 0;

	if (kind == COLUMN_KIND_FLAGS)
		return filter_parse_flag(node->text, &node->number);
	if (kind == COLUMN_KIND_TEXT || as_text)
		return 0;
	if (kind == COLUMN_KIND_VERDICT)
		return filter_parse_verdict(node->text);
	if (kind == COLUMN_KIND_NUMBER || kind == COLUMN_KIND_TIME)
		return filter_parse_number(node->text, &node->number);
	err = kind == COLUMN_KIND_SIZE ? units_parse_size(node->text, &magnitude)
				       : units_parse_duration(node->text, &magnitude);
	node->number = magnitude < INT64_MAX ? (int64_t)magnitude : INT64_MAX;
	return err;
}

static bool filter_has_order(enum column_kind kind)
{
	return kind != COLUMN_KIND_TEXT && kind != COLUMN_KIND_VERDICT && kind != COLUMN_KIND_FLAGS;
}

static int filter_parse_comparison(struct filter_parser *parser, size_t name, size_t length,
				   const struct filter_sign *sign, size_t *out)
{
	enum column_id column = column_by_name(parser->text + name, length);
	char token[FILTER_TOKEN_LEN];
	struct filter_node *node;
	size_t value;
	int err;

	text_safe(token, sizeof(token), parser->text + name, length);
	if (column == COLUMNS_COUNT)
		return filter_fail(parser, name, "unknown column '%s'; known: %s", token,
				   column_names());
	if (sign->order && !filter_has_order(column_table[column].kind))
		return filter_fail(parser, parser->at - strlen(sign->text),
				   "%s has no order: use = != ~ !~", column_table[column].name);
	filter_skip_blanks(parser);
	value = parser->at;
	if (!strcspn(parser->text + value, FILTER_VALUE_ENDS))
		return filter_fail(parser, value, "%s%s wants %s", column_table[column].name,
				   sign->text, filter_expected[column_table[column].kind]);
	err = filter_node_new(parser->filter, sign->op, 0, out);
	if (err)
		return err;
	node = &parser->filter->nodes[*out];
	node->column = column;
	err = filter_take_text(parser, FILTER_VALUE_ENDS, &node->text);
	if (err)
		return err;
	if (!filter_parse_constant(node))
		return 0;
	text_safe(token, sizeof(token), node->text, strlen(node->text));
	return filter_fail(parser, value, "%s wants %s, not '%s'", column_table[column].name,
			   filter_expected[column_table[column].kind], token);
}

/* A comparison, or a bare word. */
static int filter_parse_leaf(struct filter_parser *parser, size_t *out)
{
	size_t start = parser->at;
	size_t length = strcspn(parser->text + start, FILTER_NAME_ENDS);
	char first = parser->text[start];
	const struct filter_sign *sign;
	int err;

	if (!first)
		return filter_fail(parser, start, "a comparison or a word is missing at the end");
	if (length == 0 && first != '\'' && first != '"')
		return filter_fail(parser, start,
				   "a comparison or a word is missing in front of '%c'", first);
	if (filter_is_keyword(parser, "and") || filter_is_keyword(parser, "or"))
		return filter_fail(parser, start,
				   "a comparison or a word is missing in front of '%.*s'",
				   (int)length, parser->text + start);
	if (length > 0) {
		parser->at = start + length;
		sign = filter_take_sign(parser);
		if (sign)
			return filter_parse_comparison(parser, start, length, sign, out);
		parser->at = start;
	}
	err = filter_node_new(parser->filter, FILTER_WORD, 0, out);
	if (err)
		return err;
	return filter_take_text(parser, FILTER_NAME_ENDS, &parser->filter->nodes[*out].text);
}

static int filter_parse_expression(struct filter_parser *parser, size_t *out);

static int filter_parse_factor(struct filter_parser *parser, size_t *out)
{
	size_t start, child = 0;
	int err;

	filter_skip_blanks(parser);
	start = parser->at;
	if (parser->depth == FILTER_DEPTH_MAX)
		return filter_fail(parser, start, "nested deeper than %d", FILTER_DEPTH_MAX);
	parser->depth++;
	if (filter_take_keyword(parser, "not")) {
		err = filter_parse_factor(parser, &child);
		if (!err)
			err = filter_node_new(parser->filter, FILTER_NOT, child, out);
	} else if (parser->text[start] == '(') {
		parser->at++;
		err = filter_parse_expression(parser, out);
		filter_skip_blanks(parser);
		if (!err && parser->text[parser->at] != ')')
			err = filter_fail(parser, start, "this '(' has no ')'");
		else if (!err)
			parser->at++;
	} else {
		err = filter_parse_leaf(parser, out);
	}
	parser->depth--;
	return err;
}

/* operand { keyword operand } */
static int filter_parse_chain(struct filter_parser *parser, const char *keyword, enum filter_op op,
			      int (*operand)(struct filter_parser *, size_t *), size_t *out)
{
	size_t last, next;
	int err = operand(parser, out);

	if (err || !filter_take_keyword(parser, keyword))
		return err;
	last = *out;
	err = filter_node_new(parser->filter, op, last, out);
	if (err)
		return err;
	do {
		err = operand(parser, &next);
		if (err)
			return err;
		parser->filter->nodes[last].next = next;
		last = next;
	} while (filter_take_keyword(parser, keyword));
	return 0;
}

static int filter_parse_term(struct filter_parser *parser, size_t *out)
{
	return filter_parse_chain(parser, "and", FILTER_AND, filter_parse_factor, out);
}

static int filter_parse_expression(struct filter_parser *parser, size_t *out)
{
	return filter_parse_chain(parser, "or", FILTER_OR, filter_parse_term, out);
}

static int filter_parse_all(struct filter_parser *parser)
{
	size_t none;
	int err = filter_node_new(parser->filter, FILTER_WORD, 0, &none);

	filter_skip_blanks(parser);
	if (err || !parser->text[parser->at])
		return err;
	if (strlen(parser->text) > FILTER_LENGTH_MAX)
		return filter_fail(parser, FILTER_LENGTH_MAX, "longer than %d bytes",
				   FILTER_LENGTH_MAX);
	err = filter_parse_expression(parser, &parser->filter->root);
	filter_skip_blanks(parser);
	if (!err && parser->text[parser->at] == ')')
		err = filter_fail(parser, parser->at, "this ')' has no '('");
	else if (!err && parser->text[parser->at])
		err = filter_fail(parser, parser->at,
				  "'and' or 'or' is missing here; texts with blanks need quotes");
	return err;
}

int filter_parse(const char *text, struct filter **out, struct filter_error *error)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	struct filter_parser parser = {.filter = filter, .text = text, .error = error};
	int err;

	if (!filter)
		return -ENOMEM;
	err = filter_parse_all(&parser);
	if (err) {
		filter_free(filter);
		return err;
	}
	*out = filter;
	return 0;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->count; i++)
		free(filter->nodes[i].text);
	free(filter->nodes);
	free(filter);
}

/* ---- match ----------------------------------------------------------------------------------- */

/* A holder is meant by its pid or by a part of its name: the cell shows the first ones only. */
static bool filter_holds(const struct segment *segment, const char *text)
{
	char pid[FILTER_TOKEN_LEN];

	for (const struct mapping *at = segment->mappings; at; at = at->segment_next) {
		snprintf(pid, sizeof(pid), "%" PRId32, at->holder->process->pid);
		if (strcmp(pid, text) == 0 || strcasestr(at->holder->process->comm, text))
			return true;
	}
	return false;
}

/* In the whole text, or in the cell, which may say more than the text. */
static bool filter_contains(const struct column_context *context, const struct segment *segment,
			    enum column_id column, const struct column_value *value,
			    const char *text)
{
	char cell[COLUMN_CELL_LEN];

	if (column == COLUMN_HOLDERS)
		return filter_holds(segment, text);
	if (column == COLUMN_NS && column_ns_has(context, segment->id.ipcns, text))
		return true;
	if (value->type == COLUMN_TEXT && strcasestr(value->text, text))
		return true;
	return strcasestr(column_cell(column, context, segment, cell), text);
}

static bool filter_word(const struct column_context *context, const struct segment *segment,
			const char *text)
{
	for (size_t i = 0; i < COLUMNS_COUNT; i++) {
		struct column_value value;

		if (!column_table[i].word)
			continue;
		column_table[i].value(context, segment, &value);
		if (value.type != COLUMN_UNKNOWN &&
		    filter_contains(context, segment, (enum column_id)i, &value, text))
			return true;
	}
	return false;
}

static int filter_order(const struct filter_node *node, const struct column_value *value)
{
	int64_t number = value->number;

	if (value->type == COLUMN_TEXT)
		return strcmp(value->text, node->text);
	if (column_table[node->column].kind == COLUMN_KIND_AGE)
		number *= (int64_t)CLOCK_SECOND; /* cannot overflow, see column_value_age() */
	return (number > node->number) - (number < node->number);
}

static bool filter_is(const struct filter_node *node, const struct column_context *context,
		      const struct segment *segment, const struct column_value *value)
{
	/* A namespace has several names. */
	if (node->column == COLUMN_NS && column_ns_is(context, segment->id.ipcns, node->text))
		return true;
	return filter_order(node, value) == 0;
}

static bool filter_compare(const struct filter_node *node, const struct column_context *context,
			   const struct segment *segment)
{
	bool flags = column_table[node->column].kind == COLUMN_KIND_FLAGS;
	struct column_value value;

	column_table[node->column].value(context, segment, &value);
	if (value.type == COLUMN_UNKNOWN)
		return false;
	switch (node->op) {
	case FILTER_EQUAL:
		return flags ? value.number & node->number
			     : filter_is(node, context, segment, &value);
	case FILTER_UNEQUAL:
		return flags ? !(value.number & node->number)
			     : !filter_is(node, context, segment, &value);
	case FILTER_LESS:
		return filter_order(node, &value) < 0;
	case FILTER_LESS_EQUAL:
		return filter_order(node, &value) <= 0;
	case FILTER_MORE:
		return filter_order(node, &value) > 0;
	case FILTER_MORE_EQUAL:
		return filter_order(node, &value) >= 0;
	case FILTER_CONTAINS:
	case FILTER_LACKS:
	default:
		break;
	}
	bool has = flags ? value.number & node->number
			 : filter_contains(context, segment, node->column, &value, node->text);

	return has == (node->op == FILTER_CONTAINS);
}

static bool filter_match_node(const struct filter *filter, size_t index,
			      const struct column_context *context, const struct segment *segment)
{
	const struct filter_node *node = &filter->nodes[index];
	bool all = node->op == FILTER_AND;

	switch (node->op) {
	case FILTER_OR:
	case FILTER_AND:
		for (size_t i = node->child; i; i = filter->nodes[i].next) {
			if (filter_match_node(filter, i, context, segment) != all)
				return !all;
		}
		return all;
	case FILTER_NOT:
		return !filter_match_node(filter, node->child, context, segment);
	case FILTER_WORD:
		return filter_word(context, segment, node->text);
	default:
		return filter_compare(node, context, segment);
	}
}

bool filter_match(const struct filter *filter, const struct column_context *context,
		  const struct segment *segment)
{
	return !filter->root || filter_match_node(filter, filter->root, context, segment);
}
