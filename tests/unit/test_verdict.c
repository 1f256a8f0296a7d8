/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each rule: when it holds, and when it must not */
#include "verdict_fixture.h"

/* ---- what needs nobody's attention ---------------------------------------------------------- */

static void without_a_count_nothing_is_known(void **state)
{
	struct segment_facts row = a_row(5, 100, 0);

	row.known &= ~(uint32_t)FACT_COL_NATTCH;
	snapshot(*state, &row, 1, AT(60));
	assert_verdict(*state, 5, VERDICT_UNKNOWN, VERDICT_NONE);
}

static void one_that_is_attached_is_in_use(void **state)
{
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(101), ADDR);
	attach(*state, 5, 200, AT(102), ADDR);
	exited(*state, 100, AT(103), 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_IN_USE, VERDICT_NONE);

	assert_reason(&verdict, "nattch 1, held by 200 comm200");
}

static void within_the_grace_period_it_is_new(void **state)
{
	struct judge_context context = context_at(*state, AT(109.9));
	struct verdict verdict;

	make_private(*state, 5, 100, AT(100));
	exited(*state, 100, AT(101), 0);
	verdict_judge(&context, find(*state, 5), &verdict);
	assert_int_equal(verdict.kind, VERDICT_NEW);
	assert_int_equal(verdict.confidence, VERDICT_NONE);
	assert_int_equal(verdict.since, AT(100));
	assert_reason(&verdict, "made 9s ago");
	assert_reason(&verdict, "nobody has attached it yet");
	context.now = AT(110);
	assert_int_equal(verdict_kind(&context, find(*state, 5), NULL), VERDICT_ORPHAN);
	context.grace = 20 * CLOCK_SECOND;
	assert_int_equal(verdict_kind(&context, find(*state, 5), NULL), VERDICT_NEW);
}

/* ---- orphans -------------------------------------------------------------------------------- */

static void an_orphan_is_sure_where_nobody_can_use_it_again(void **state)
{
	leave_behind(*state, 5);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_HIGH);

	assert_int_equal(verdict.since, AT(103));
	assert_reason(&verdict, "nattch 0 for 58m");
	assert_reason(&verdict, "creator 100 comm100 exited 58m ago");
	assert_reason(&verdict, "nobody else ever attached it");
	assert_int_equal(verdict.count, 3);
}

static void how_its_creator_ended_is_told(void **state)
{
	static const struct {
		int32_t status;
		const char *reason;
	} ends[] = {
		{9, "creator 100 comm100 was killed by signal 9 58m ago"},
		{3 << 8, "creator 100 comm100 exited with status 3 58m ago"},
	};

	for (size_t i = 0; i < 2; i++) {
		int32_t shmid = 5 + (int32_t)i;
		struct event event = made(shmid, 100, AT(100), 8192);
		const struct process *wanted;

		event.key = IPC_PRIVATE;
		event.start_time = AT(10 + i);
		event.ppid = 50;
		apply(*state, &event);
		event.op = FACT_EXIT;
		event.time = AT(103);
		event.status = ends[i].status;
		apply(*state, &event);
		while ((wanted = model_next_wanted(*state)))
			model_process_missing(*state, wanted, AT(104));
		nobody_is_left(*state);
		const struct verdict verdict =
			assert_verdict(*state, shmid, VERDICT_ORPHAN, VERDICT_HIGH);

		assert_reason(&verdict, ends[i].reason);
		assert_reason(&verdict, "never attached in 58m");
	}
}

static void others_that_attached_it_and_are_gone_are_told(void **state)
{
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 200, AT(101), ADDR);
	exited(*state, 200, AT(102), 0);
	exited(*state, 100, AT(103), 0);
	nobody_is_left(*state);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_HIGH);

	assert_reason(&verdict, "all others that attached it are gone");
}

static void by_a_key_anybody_may_come(void **state)
{
	make_with_key(*state, 5, 100, AT(100), 0x52010203);
	exited(*state, 100, AT(103), 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict, "key 0x52010203: any process may attach it by key");
}

static void one_older_than_shmtop_is_never_sure(void **state)
{
	struct segment_facts row = a_row(5, 100, 0);

	row.key = 0;
	row.lpid = 200;
	row.atime = row.dtime = EPOCH + 55;
	snapshot(*state, &row, 1, AT(60));
	for (int i = 0; i < 2; i++)
		model_process_missing(*state, model_next_wanted(*state), AT(61));
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict, "creator 100 is gone");
	assert_reason(&verdict, "last user 200 is gone");
	assert_reason(&verdict, "made when nobody watched: who else knows it is not known");
}

/* One that was there before the first look, in a namespace that is new: its last use is known to the second. */
static void one_that_was_there_before_has_its_grace_period_too(void **state)
{
	struct segment_facts row = a_row(5, 100, 0);
	const struct segment_id id = {.ipcns = NS + 1, .shmid = 5};
	struct judge_context context = context_at(*state, AT(64.9));
	struct verdict verdict;

	row.atime = row.dtime = EPOCH + 55;
	assert_int_equal(model_reconcile_segments(*state, NS + 1, &row, 1, 0, AT(60)), 0);
	verdict_judge(&context, model_find(*state, &id), &verdict);
	assert_int_equal(verdict.kind, VERDICT_NEW);
	assert_int_equal(verdict.since, AT(55));
	assert_reason(&verdict, "made or last used 9s ago");
	context.now = AT(65);
	assert_int_not_equal(verdict_kind(&context, model_find(*state, &id), NULL), VERDICT_NEW);
}

/* As in a container: the pids of others cannot be seen. */
static void where_not_all_are_known_it_is_one_to_watch(void **state)
{
	struct segment_facts rows[3] = {a_row(5, 100, 0), a_row(6, 0, 0), a_row(7, 0, 0)};

	for (size_t i = 0; i < 3; i++)
		rows[i].atime = rows[i].dtime = EPOCH + 55;
	rows[1].lpid = 200;
	snapshot(*state, rows, 3, AT(60));
	/* nobody has looked yet whether they live */
	assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_LOW);
	assert_verdict(*state, 6, VERDICT_IDLE, VERDICT_LOW);
	for (int i = 0; i < 2; i++)
		model_process_missing(*state, model_next_wanted(*state), AT(61));
	assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_LOW);
	assert_verdict(*state, 6, VERDICT_ORPHAN, VERDICT_LOW);
	const struct verdict verdict = assert_verdict(*state, 7, VERDICT_IDLE, VERDICT_LOW);

	assert_reason(&verdict, "its creator is not known");
}

static void after_a_loss_nothing_is_sure(void **state)
{
	leave_behind(*state, 5);
	model_distrust(*state);
	scan(*state, NULL, 0, AT(200));
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict, "events were lost since it was made: others may know it");
}

static void an_attach_that_nobody_told_makes_it_unsure(void **state)
{
	struct segment_facts row = a_row(5, 100, 0);

	row.key = 0;
	row.ctime = EPOCH + 100;
	row.atime = row.dtime = EPOCH + 150;
	leave_behind(*state, 5);
	snapshot(*state, &row, 1, AT(160));
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict, "not every attach or fork was seen: others may know it");
}

static void where_no_life_is_told_it_is_unsure(void **state)
{
	const struct source_status status = {
		.calls = "tracepoint", .compat = "none", .life = "none", .attachers = "iter"};

	leave_behind(*state, 5);
	model_set_status(*state, &status);
	assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);
}

/* Whoever lets go of a dying address space last stands in the table, and need not know what that was. */
static void where_all_is_known_the_last_user_of_the_table_does_not_count(void **state)
{
	const struct process_facts monitor = {.pid = 900, .start_time = start_of(900)};
	struct segment_facts row = a_row(5, 100, 0);
	const struct process *wanted;

	row.key = 0;
	row.ctime = EPOCH + 100;
	row.atime = EPOCH + 101;
	row.dtime = EPOCH + 103;
	row.lpid = 900;
	leave_behind(*state, 5);
	snapshot(*state, &row, 1, AT(160));
	while ((wanted = model_next_wanted(*state)))
		if (wanted->pid == 900)
			model_process_known(*state, wanted, &monitor, AT(161));
	assert_int_equal(find(*state, 5)->last->pid, 900);
	assert_true(find(*state, 5)->last->alive);
	assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_HIGH);
}

static void of_too_many_users_nobody_is_sure(void **state)
{
	make_private(*state, 5, 100, AT(100));
	for (int pid = 200; pid < 210; pid++) {
		attach(*state, 5, pid, AT(101), ADDR);
		detach(*state, 5, pid, AT(102), ADDR);
	}
	for (int pid = 200; pid < 210; pid++)
		exited(*state, pid, AT(103), 0);
	exited(*state, 100, AT(103), 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict, "more than 8 at once have attached it: not all are known");
}

/* Its whole purpose is to make a segment for somebody else. */
static void what_ipcmk_makes_is_for_others(void **state)
{
	struct event event = made(5, 100, AT(100), 8192);

	event.key = IPC_PRIVATE;
	snprintf(event.comm, sizeof(event.comm), "ipcmk");
	apply(*state, &event);
	event.op = FACT_EXIT;
	event.time = AT(101);
	apply(*state, &event);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_MEDIUM);

	assert_reason(&verdict, "made by ipcmk: its id was printed for somebody");
}

/* ---- idle ----------------------------------------------------------------------------------- */

static void while_its_creator_lives_it_is_idle(void **state)
{
	make_private(*state, 5, 100, AT(100));
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_NONE);

	assert_int_equal(verdict.since, AT(100));
	assert_reason(&verdict, "never attached in 58m");
	assert_reason(&verdict, "creator 100 comm100 lives");
}

static void while_one_that_attached_it_lives_it_is_idle(void **state)
{
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 200, AT(101), ADDR);
	detach(*state, 5, 200, AT(102), ADDR);
	exited(*state, 100, AT(103), 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_NONE);

	assert_reason(&verdict, "200 comm200, which attached it, lives");
}

static void while_a_child_lives_it_is_idle(void **state)
{
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(100.1), ADDR);
	detach(*state, 5, 100, AT(100.2), ADDR);
	fork_aside(*state, 100, 200, AT(101));
	fork_aside(*state, 200, 300, AT(102));
	exited(*state, 100, AT(103), 0);
	exited(*state, 200, AT(104), 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_NONE);

	assert_reason(&verdict, "300 comm200, which comes from 100 comm100 by fork, lives");
	exited(*state, 300, AT(105), 0);
	nobody_is_left(*state);
	assert_verdict(*state, 5, VERDICT_ORPHAN, VERDICT_HIGH);
}

/* The table names the last user: after a loss that may be one that no event told of. */
static void while_the_last_user_of_the_table_lives_it_is_idle(void **state)
{
	const struct process_facts facts = {.pid = 200, .start_time = AT(20)};
	struct segment_facts row = a_row(5, 100, 0);

	row.lpid = 200;
	row.atime = row.dtime = EPOCH + 55;
	snapshot(*state, &row, 1, AT(60));
	model_process_missing(*state, model_next_wanted(*state), AT(61));
	model_process_known(*state, model_next_wanted(*state), &facts, AT(61));
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_NONE);

	assert_reason(&verdict, "last user 200 lives");
}

/* ---- a removal that was refused -------------------------------------------------------------- */

static void a_refused_removal_is_sure_once_all_have_left(void **state)
{
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 200, AT(101), ADDR);
	control(*state, 5, 200, AT(102), IPC_RMID, -EPERM);
	/* in use, idle: not yet */
	const struct verdict in_use = assert_verdict(*state, 5, VERDICT_IN_USE, VERDICT_NONE);

	assert_reason(&in_use, "IPC_RMID refused (EPERM) to 200 comm200 58m ago");
	exited(*state, 200, AT(103), 0);
	assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_NONE);
	exited(*state, 100, AT(104), 0);
	/* who was told the id may attach it yet */
	assert_verdict(*state, 5, VERDICT_FAILED_REMOVAL, VERDICT_MEDIUM);
	nobody_is_left(*state);
	const struct verdict verdict =
		assert_verdict(*state, 5, VERDICT_FAILED_REMOVAL, VERDICT_HIGH);

	assert_reason(&verdict, "IPC_RMID refused (EPERM) to 200 comm200 58m ago");
	assert_reason(&verdict, "creator 100 comm100 exited 58m ago");
}

/* Somebody may have looked it up, who has not attached it yet. */
static void a_refused_removal_of_one_with_a_key_is_not_sure(void **state)
{
	struct judge_context context = context_at(*state, LATER);
	enum verdict_confidence confidence;
	struct event lookup = made(5, 300, AT(101), 8192);

	make(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(100.5), ADDR);
	lookup.created = false;
	apply(*state, &lookup);
	control(*state, 5, 100, AT(102), IPC_RMID, -EPERM);
	exited(*state, 100, AT(103), 0);
	const struct verdict verdict = assert_verdict(*state, 5, VERDICT_IDLE, VERDICT_NONE);

	assert_reason(&verdict, "300 comm300, which used it, lives");
	exited(*state, 300, AT(104), 0);
	assert_verdict(*state, 5, VERDICT_FAILED_REMOVAL, VERDICT_MEDIUM);
	context.over = true;
	assert_int_equal(verdict_kind(&context, find(*state, 5), &confidence),
			 VERDICT_FAILED_REMOVAL);
	assert_int_equal(confidence, VERDICT_HIGH);
}

static void a_refusal_tells_nothing_where_it_proves_nothing(void **state)
{
	/* to a stranger */
	make(*state, 5, 100, AT(100));
	control(*state, 5, 300, AT(101), IPC_RMID, -EPERM);
	/* another has used it since */
	make(*state, 6, 100, AT(100));
	control(*state, 6, 100, AT(101), IPC_RMID, -EACCES);
	attach(*state, 6, 200, AT(102), ADDR);
	exited(*state, 200, AT(103), 0);
	/* no refusal, but an error */
	make(*state, 7, 100, AT(100));
	control(*state, 7, 100, AT(101), IPC_RMID, -EINVAL);
	exited(*state, 100, AT(104), 0);
	for (int32_t shmid = 5; shmid <= 7; shmid++)
		assert_verdict(*state, shmid, VERDICT_ORPHAN, VERDICT_MEDIUM);
}

static void after_a_loss_a_refusal_is_not_sure(void **state)
{
	make(*state, 5, 100, AT(100));
	control(*state, 5, 100, AT(102), IPC_RMID, -EPERM);
	model_distrust(*state);
	scan(*state, NULL, 0, AT(103));
	exited(*state, 100, AT(104), 0);
	assert_verdict(*state, 5, VERDICT_FAILED_REMOVAL, VERDICT_MEDIUM);
}

/* ---- all is over ----------------------------------------------------------------------------- */

static void when_all_is_over_it_is_left_behind_for_good(void **state)
{
	struct judge_context context = context_at(*state, AT(102));
	struct verdict verdict;

	context.over = true;
	make(*state, 5, 100, AT(100)); /* new, with a key */
	exited(*state, 100, AT(100.5), 0);
	verdict_judge(&context, find(*state, 5), &verdict);
	assert_int_equal(verdict.kind, VERDICT_ORPHAN);
	assert_int_equal(verdict.confidence, VERDICT_HIGH);
	assert_reason(&verdict, "all that was run is over");
	attach(*state, 5, 100, AT(101), ADDR);
	assert_int_equal(verdict_kind(&context, find(*state, 5), NULL), VERDICT_IN_USE);
	make_with_key(*state, 6, 100, AT(101), 0x4e545030);
	assert_int_equal(verdict_kind(&context, find(*state, 6), NULL), VERDICT_MAILBOX);
	make(*state, 7, 110, AT(101));
	control(*state, 7, 110, AT(101.5), IPC_RMID, -EPERM);
	exited(*state, 110, AT(101.6), 0);
	assert_int_equal(verdict_kind(&context, find(*state, 7), NULL), VERDICT_FAILED_REMOVAL);
}

/* A daemon that has left the tree, or a stranger */
static void what_is_over_does_not_count_while_a_user_lives(void **state)
{
	struct judge_context context = context_at(*state, LATER);
	const struct process_facts facts = {.pid = 300, .start_time = AT(20)};
	struct segment_facts row = a_row(7, 200, 0);
	enum verdict_confidence confidence;
	const struct process *wanted;

	context.over = true;
	make_private(*state, 5, 100, AT(100));
	attach(*state, 5, 100, AT(101), ADDR);
	detach(*state, 5, 100, AT(102), ADDR);
	assert_int_equal(verdict_kind(&context, find(*state, 5), &confidence), VERDICT_IDLE);
	assert_int_equal(confidence, VERDICT_NONE);
	make(*state, 6, 100, AT(100));
	control(*state, 6, 100, AT(101), IPC_RMID, -EPERM);
	assert_int_equal(verdict_kind(&context, find(*state, 6), &confidence), VERDICT_IDLE);
	/* the last user of the table */
	row.lpid = 300;
	row.atime = row.dtime = EPOCH + 155;
	snapshot(*state, &row, 1, AT(160));
	while ((wanted = model_next_wanted(*state)))
		if (wanted->pid == 300)
			model_process_known(*state, wanted, &facts, AT(161));
		else
			model_process_missing(*state, wanted, AT(161));
	assert_int_equal(verdict_kind(&context, find(*state, 7), &confidence), VERDICT_IDLE);
	model_process_missing(*state, find(*state, 7)->last, AT(162));
	assert_int_equal(verdict_kind(&context, find(*state, 7), &confidence), VERDICT_ORPHAN);
	assert_int_equal(confidence, VERDICT_HIGH);
}

/* ---- names ----------------------------------------------------------------------------------------- */

static void all_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < VERDICT_KINDS; i++)
		assert_non_null(verdict_kind_name((enum verdict_kind)i));
	assert_string_equal(verdict_kind_name(VERDICT_KINDS), "unknown");
	assert_string_equal(verdict_kind_name(VERDICT_FAILED_REMOVAL), "failed-removal");
	assert_string_equal(verdict_confidence_name(VERDICT_NONE), "none");
	assert_string_equal(verdict_confidence_name(VERDICT_HIGH), "high");
	assert_string_equal(verdict_confidence_word(VERDICT_NONE), "");
	assert_string_equal(verdict_confidence_word(VERDICT_LOW), "watch");
	assert_string_equal(verdict_confidence_word(VERDICT_MEDIUM), "likely");
	assert_string_equal(verdict_confidence_word(VERDICT_HIGH), "sure");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(without_a_count_nothing_is_known),
		MODEL_TEST(one_that_is_attached_is_in_use),
		MODEL_TEST(within_the_grace_period_it_is_new),
		MODEL_TEST(an_orphan_is_sure_where_nobody_can_use_it_again),
		MODEL_TEST(how_its_creator_ended_is_told),
		MODEL_TEST(others_that_attached_it_and_are_gone_are_told),
		MODEL_TEST(by_a_key_anybody_may_come),
		MODEL_TEST(one_older_than_shmtop_is_never_sure),
		MODEL_TEST(one_that_was_there_before_has_its_grace_period_too),
		MODEL_TEST(where_not_all_are_known_it_is_one_to_watch),
		MODEL_TEST(after_a_loss_nothing_is_sure),
		MODEL_TEST(an_attach_that_nobody_told_makes_it_unsure),
		MODEL_TEST(where_no_life_is_told_it_is_unsure),
		MODEL_TEST(where_all_is_known_the_last_user_of_the_table_does_not_count),
		MODEL_TEST(of_too_many_users_nobody_is_sure),
		MODEL_TEST(what_ipcmk_makes_is_for_others),
		MODEL_TEST(while_its_creator_lives_it_is_idle),
		MODEL_TEST(while_one_that_attached_it_lives_it_is_idle),
		MODEL_TEST(while_a_child_lives_it_is_idle),
		MODEL_TEST(while_the_last_user_of_the_table_lives_it_is_idle),
		MODEL_TEST(a_refused_removal_is_sure_once_all_have_left),
		MODEL_TEST(a_refused_removal_of_one_with_a_key_is_not_sure),
		MODEL_TEST(a_refusal_tells_nothing_where_it_proves_nothing),
		MODEL_TEST(after_a_loss_a_refusal_is_not_sure),
		MODEL_TEST(when_all_is_over_it_is_left_behind_for_good),
		MODEL_TEST(what_is_over_does_not_count_while_a_user_lives),
		cmocka_unit_test(all_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
