/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/trace_output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/array.h"
#include "base/log.h"
#include "report/report.h"

void trace_output_free(struct trace_output *output)
{
	free(output->inferred);
}

void trace_output_heading(const struct trace_output *output)
{
	if (output->config->json || !isatty(STDOUT_FILENO))
		return;
	puts(event_heading());
	fflush(stdout);
}

/* ---- events -------------------------------------------------------------------------------- */

bool trace_output_is_full(const struct trace_output *output)
{
	return output->config->count && output->printed >= output->config->count;
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

/* Where the call was made, with all names that can be found. NULL: nobody asked, or nobody knows. */
static const struct call_paths *find_stack(const struct trace_output *output, struct event *event)
{
	if (!output->collector)
		return NULL;
	event->stack = collector_stack(output->collector, event);
	collector_name_stacks(output->collector);
	return collector_context(output->collector).paths;
}

static void print_event(struct trace_output *output, const struct event *told)
{
	struct event own = *told, *event = &own;
	const struct call_paths *paths;
	uint32_t ops = output->config->ops ? output->config->ops : FACT_OPS_ALL;
	char line[EVENT_LINE_LEN];

	if (!(ops & FACT_OP_BIT(event->op)) || trace_output_is_full(output))
		return;
	output->printed++;
	paths = event->sampled ? find_stack(output, event) : NULL;
	if (output->config->json) {
		json_print(stdout, json_event(event, paths));
		return;
	}
	fputs(event_line(line, event), stdout);
	putchar('\n');
	if (paths)
		table_print_stack(stdout, paths, event->stack, "                         ");
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
	const struct event *event = &entry->event;

	if (!event->inferred)
		print_event(output, event);
	else if (keep_inferred(output, entry) && fits(output, event))
		print_event(output, event); /* without memory it is told unnamed */
}

void trace_output_inferred(struct trace_output *output, const struct model *model)
{
	for (size_t i = 0; i < output->inferred_count; i++) {
		const struct event event = event_named(model, &output->inferred[i]);

		if (fits(output, &event))
			print_event(output, &event);
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

void trace_output_end(const struct trace_output *output)
{
	const struct probes_loss *loss = &output->loss;

	if (loss->total)
		log_error("trace: %" PRIu64 " events were lost (buffer full %" PRIu64
			  ", tables full %" PRIu64 ", probe busy %" PRIu64 ")%s",
			  loss->total, loss->ring, loss->pairs + loss->known, loss->skipped,
			  loss->ring ? ": try a larger --ring-size, or -p, -o, -x" : "");
}
