/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/trace_output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "base/text.h"
#include "report/source.h"

void trace_output_free(struct trace_output *output)
{
	free(output->inferred);
	trace_summary_free(&output->summary);
}

bool trace_output_is_full(const struct trace_output *output)
{
	return output->config->count && output->told >= output->config->count;
}

bool trace_output_sums(const struct trace_output *output)
{
	return output->config->with_summary || output->config->only_summary;
}

static bool prints_lines(const struct trace_output *output)
{
	return !output->config->json && !output->config->only_summary;
}

/* ---- columns ------------------------------------------------------------------------------- */

/* What the longest name takes */
static size_t ns_width(const struct column_context *context)
{
	char name[COLUMN_CELL_LEN];
	size_t count, longest = 0;
	const struct namespace_state *states = model_namespaces(context->model, &count);

	for (size_t i = 0; i < count; i++) {
		size_t width = text_width(column_ns_name(context, states[i].facts.ipcns, name));

		if (width > longest)
			longest = width;
	}
	return longest;
}

static void choose_layout(struct trace_output *output, const struct column_context *context)
{
	const struct trace_config *config = output->config;
	const struct event_style style = {
		.time = config->time,
		.relative = config->relative,
		.took = config->took,
		.ns = output->has_ns ? ns_width(context) : 0,
		.width = report_width(stdout),
	};

	output->layout = event_layout(&style);
}

static void print_heading(const struct trace_output *output)
{
	char line[EVENT_LINE_LEN];

	if (output->layout.width)
		palette_print(stdout, output->coloured, PALETTE_HEADING,
			      event_layout_heading(line, &output->layout));
}

void trace_output_start(struct trace_output *output, struct collector *collector)
{
	const struct column_context context = collector_context(collector);
	size_t count;
	const struct namespace_state *states = model_namespaces(context.model, &count);

	output->collector = collector;
	output->coloured = palette_wanted(output->config->colours, STDOUT_FILENO);
	output->ipcns = count == 1 ? states[0].facts.ipcns : context.own_ipcns;
	output->has_ns = count > 1 && !output->following;
	output->summary.began = context.now;
	output->summary.tally.before = model_generation(context.model);
	if (!prints_lines(output))
		return;
	choose_layout(output, &context);
	print_heading(output);
	fflush(stdout);
}

/* A namespace may come, and the terminal may get another width. */
static void adapt_layout(struct trace_output *output, const struct column_context *context,
			 const struct event *event)
{
	bool foreign = !output->has_ns && event->ipcns && event->ipcns != output->ipcns;

	if (!foreign && (!output->layout.width || output->layout.width == report_width(stdout)))
		return;
	output->has_ns |= foreign;
	choose_layout(output, context);
	if (foreign)
		print_heading(output);
}

/* ---- events -------------------------------------------------------------------------------- */

static enum palette_role role_of(const struct event *event)
{
	if (event->ret < 0)
		return PALETTE_BAD;
	if (event->op == FACT_DESTROY || (event->op == FACT_SHMCTL && event->cmd == IPC_RMID))
		return PALETTE_ENDING;
	return event->inferred ? PALETTE_FAINT : PALETTE_PLAIN;
}

/* Where the call was made, with all names that can be found. */
static void find_stack(const struct trace_output *output, struct event *event)
{
	if (!output->config->with_stacks || !event->sampled)
		return;
	event->stack = collector_stack(output->collector, event);
	collector_name_stacks(output->collector);
}

/* The words below the failure before are those of this one, too. */
static bool is_explained(struct trace_output *output, const struct event *event)
{
	bool same = event->ret < 0 && event->failure == output->explained.failure &&
		    event->op == output->explained.op && event->ret == output->explained.ret;

	if (event->ret < 0)
		output->explained = *event;
	return same;
}

static void print_line(struct trace_output *output, const struct column_context *context,
		       const struct event *event)
{
	int64_t since = output->line_time ? (int64_t)(event->time - output->line_time) : 0;
	char name[COLUMN_CELL_LEN], line[EVENT_LINE_LEN];

	adapt_layout(output, context, event);
	event_layout_line(line, &output->layout, event,
			  event->ipcns ? column_ns_name(context, event->ipcns, name) : "-", since);
	palette_print(stdout, output->coloured, role_of(event), line);
	output->line_time = event->time;
	if (!is_explained(output, event))
		event_print_explanation(stdout, context, event, "    ");
	if (event->stack)
		table_print_stack(stdout, context->paths, event->stack,
				  "                         ");
}

static void print_event(struct trace_output *output, const struct event *told)
{
	struct event event = *told;
	struct column_context context;

	find_stack(output, &event);
	context = collector_context(output->collector);
	if (output->config->json)
		json_print(stdout, json_event(&context, &event));
	else
		print_line(output, &context, &event);
}

static void tell(struct trace_output *output, const struct model_event *entry, bool passes)
{
	uint32_t ops = output->config->ops ? output->config->ops : FACT_OPS_ALL;

	if (trace_output_is_full(output))
		return;
	passes &= (ops & FACT_OP_BIT(entry->event.op)) != 0;
	/* What was made and removed is told with the failures that it explains. */
	passes &= !output->config->failed || entry->event.ret < 0;
	if (trace_output_sums(output))
		trace_summary_event(&output->summary, collector_model(output->collector), entry,
				    passes);
	if (!passes)
		return;
	output->told++;
	if (!output->config->only_summary)
		print_event(output, &entry->event);
}

/* What a look inferred has not been through the filter of the kernel: it passes where it is known to fit,
 * and never one that asks for calls, threads or a command's processes. */
static bool fits(const struct trace_output *output, const struct event *event)
{
	const struct trace_config *config = output->config;

	if (output->following || config->failed || config->comm)
		return false;
	if (config->user.given && (event->pid <= 0 || event->uid != config->user.uid))
		return false;
	return !config->pid || event->pid == config->pid;
}

static int keep_inferred(struct trace_output *output, const struct model_event *entry)
{
	void *grown = output->inferred;
	int error = array_reserve(&grown, &output->inferred_capacity, output->inferred_count + 1,
				  sizeof(*entry));

	if (error)
		return error;
	output->inferred = grown;
	output->inferred[output->inferred_count++] = *entry;
	return 0;
}

void trace_output_event(struct trace_output *output, const struct model_event *entry)
{
	if (!entry->event.inferred)
		tell(output, entry, true);
	else if (keep_inferred(output, entry))
		tell(output, entry, fits(output, &entry->event)); /* no memory: unnamed */
}

void trace_output_inferred(struct trace_output *output, const struct model *model)
{
	for (size_t i = 0; i < output->inferred_count; i++) {
		struct model_event entry = output->inferred[i];

		entry.event = event_named(model, &entry);
		tell(output, &entry, fits(output, &entry.event));
	}
	output->inferred_count = 0;
}

/* ---- losses -------------------------------------------------------------------------------- */

static struct json_object *json_loss_reasons(const struct probes_loss *loss)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "buffer_full", json_object_new_uint64(loss->ring));
	json_object_object_add(object, "tables_full",
			       json_object_new_uint64(loss->pairs + loss->known));
	json_object_object_add(object, "probe_busy", json_object_new_uint64(loss->skipped));
	json_object_object_add(object, "undecoded", json_object_new_uint64(loss->bad));
	return object;
}

static void print_json_loss(const struct probes_loss *loss)
{
	struct json_object *object = json_object_new_object();
	struct json_object *ops = json_object_new_object();

	for (unsigned int op = 0; op < FACT_OPS; op++)
		if (loss->ops[op])
			json_object_object_add(ops, fact_op_name((enum fact_op)op),
					       json_object_new_uint64(loss->ops[op]));
	json_object_object_add(object, "schema", json_object_new_string("shmtop.loss/1"));
	json_object_object_add(object, "lost", json_object_new_uint64(loss->total));
	json_object_object_add(object, "ops", ops);
	json_object_object_add(object, "reasons", json_loss_reasons(loss));
	json_print(stdout, object);
}

void trace_output_loss(struct trace_output *output, struct probes *probes)
{
	struct probes_loss loss;

	if (!probes)
		return;
	probes_loss(probes, &loss);
	if (loss.total == output->loss.total)
		return;
	output->loss = loss;
	if (output->config->json)
		print_json_loss(&loss);
}

static void print_summary(struct trace_output *output)
{
	const struct trace_config *config = output->config;
	const struct column_context context = collector_context(output->collector);
	struct trace_summary *summary = &output->summary;
	const uint32_t made = FACT_OP_BIT(FACT_SHMGET);

	summary->ended = context.now;
	summary->lost = output->loss.total;
	summary->followed = source_follows(model_status(context.model));
	summary->has_segments =
		summary->followed && !config->failed && (!config->ops || config->ops & made);
	/* Those that are left exist: what no event told comes right. */
	if (summary->has_segments && !trace_output_is_full(output))
		call_tally_look(&summary->tally, context.model, 0);
	if (config->json) {
		json_print(stdout, trace_summary_json(&context, summary));
		return;
	}
	if (output->told && !config->only_summary)
		putchar('\n');
	trace_summary_print(stdout, &context, summary);
}

void trace_output_end(struct trace_output *output)
{
	const struct probes_loss *loss = &output->loss;

	if (loss->total)
		log_error("trace: %" PRIu64 " events were lost (buffer full %" PRIu64
			  ", tables full %" PRIu64 ", probe busy %" PRIu64 ")%s",
			  loss->total, loss->ring, loss->pairs + loss->known, loss->skipped,
			  loss->ring ? ": try a larger --ring-size, or -p, -o, -x" : "");
	if (trace_output_sums(output))
		print_summary(output);
}
