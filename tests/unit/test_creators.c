/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who made how much of what fills a namespace. */
#include "sample.h"

#include <stdio.h>

#include "report/creators.h"
#include "report/owner.h"

static int set_up(void **state)
{
	static struct column_context context;

	context = sample_new();
	*state = &context;
	return 0;
}

static int tear_down(void **state)
{
	sample_free(*state);
	return 0;
}

static const struct creator *only(const struct creator_list *list, uint32_t ipcns, size_t at,
				  size_t of)
{
	size_t count;
	const struct creator *rows = creators_of(list, ipcns, &count);

	assert_int_equal(count, of);
	return &rows[at];
}

static void each_namespace_has_its_own(void **state)
{
	struct creator_list list = {0};
	const struct creator *creator;
	size_t count;

	assert_int_equal(creators_collect(*state, &list), 0);
	creator = only(&list, SAMPLE_HOST, 0, 2);
	assert_string_equal(creator->program, "/usr/bin/postgres");
	assert_int_equal(creator->uid, 4000000001);
	assert_int_equal(creator->segments, 1);
	assert_int_equal(creator->unattached, 0);
	assert_int_equal(creator->bytes, UINT64_C(8) << 30);
	assert_true(creator->has_times);
	assert_int_equal(creator->first, SAMPLE_DATE - 41 * SAMPLE_DAY);
	assert_int_equal(creator->last, SAMPLE_DATE - 41 * SAMPLE_DAY);
	creator = only(&list, SAMPLE_HOST, 1, 2);
	assert_string_equal(creator->program, "-");
	assert_int_equal(creator->uid, 4000000002);
	assert_int_equal(creator->unattached, 1);
	creator = only(&list, SAMPLE_OTHER, 0, 1);
	assert_string_equal(creator->program, "-");
	assert_int_equal(creator->uid, 0);
	assert_null(creators_of(&list, 3, &count));
	assert_int_equal(count, 0);
	creators_free(&list);
	assert_null(list.rows);
	assert_null(creators_of(&list, SAMPLE_HOST, &count));
}

/* Many of the third user's, made one after the other; some by nobody knows whom, of several users */
static void look(struct model *model, const struct segment_facts *rows, size_t count)
{
	assert_int_equal(model_reconcile_segments(model, SAMPLE_HOST, rows, count, 0,
						  SAMPLE_NOW - CLOCK_SECOND / 4),
			 0);
}

static void makers_that_are_gone_are_told_apart_by_their_user(void **state)
{
	const struct column_context *context = *state;
	struct segment_facts rows[10];
	struct creator_list list = {0};
	const struct creator *creator;

	for (int i = 0; i < 10; i++)
		rows[i] = (struct segment_facts){
			.known = i == 3 ? FACT_COL_ALL & ~FACT_COL_UID : FACT_COL_ALL,
			.shmid = 1000 + i,
			.size = 4097,
			.cpid = 20000 + i,
			.uid = i < 3 ? 33 : 34,
			.nattch = i == 9,
			.ctime = SAMPLE_DATE - 100 + i,
		};
	look(sample_model(context), rows, 10);
	assert_int_equal(creators_collect(context, &list), 0);
	creator = only(&list, SAMPLE_HOST, 0, 3);
	assert_string_equal(creator->program, "-");
	assert_int_equal(creator->uid, 34);
	assert_int_equal(creator->segments, 6);
	assert_int_equal(creator->unattached, 5);
	assert_int_equal(creator->bytes, 6 * 8192); /* as the kernel counts */
	assert_int_equal(creator->first, SAMPLE_DATE - 96);
	assert_int_equal(creator->last, SAMPLE_DATE - 91);
	creator = only(&list, SAMPLE_HOST, 1, 3);
	assert_int_equal(creator->uid, 33);
	assert_int_equal(creator->segments, 3);
	creator = only(&list, SAMPLE_HOST, 2, 3);
	assert_int_equal(creator->uid, FACT_UID_UNKNOWN);
	assert_int_equal(creator->segments, 1);
	creators_free(&list);
}

static void programs_may_make_for_several_users(void **state)
{
	const struct column_context *context = *state;
	struct segment_facts rows[3] = {sample_host_rows[0], sample_host_rows[0],
					sample_host_rows[0]};
	struct creator_list list = {0};
	const struct creator *creator;

	rows[1].shmid = 32770;
	rows[2].shmid = 32771;
	rows[2].uid = 26;
	look(sample_model(context), rows, 3);
	sample_answer_wanted(sample_model(context));
	assert_int_equal(creators_collect(context, &list), 0);
	creator = only(&list, SAMPLE_HOST, 0, 1);
	assert_string_equal(creator->program, "/usr/bin/postgres");
	assert_int_equal(creator->segments, 3);
	assert_int_equal(creator->uid, FACT_UID_UNKNOWN);
	creators_free(&list);
}

static void words(void **state)
{
	struct creator creator = {
		.program = "/usr/sbin/php-fpm8.2",
		.uid = 4000000003,
		.segments = 4000,
		.unattached = 3990,
		.bytes = 16384000,
		.has_times = true,
		.first = SAMPLE_DATE - 2 * SAMPLE_DAY,
		.last = SAMPLE_DATE - 10,
	};
	char text[CREATORS_WORDS_LEN], name[CREATORS_NAME_LEN];

	assert_string_equal(creators_name(name, *state, &creator),
			    "/usr/sbin/php-fpm8.2 (uid 4000000003)");
	assert_string_equal(creators_words(text, *state, &creator),
			    "4000 segments, 15.6M, 3990 unattached, made 2d00h to 10s ago");
	assert_string_equal(creators_short_name(name, *state, &creator),
			    "php-fpm8.2 (uid 4000000003)");
	creator.last = creator.first;
	creator.segments = 1;
	strcpy(creator.program, "-");
	assert_string_equal(creators_name(name, *state, &creator), "gone (uid 4000000003)");
	assert_string_equal(creators_short_name(name, *state, &creator), "gone (uid 4000000003)");
	assert_string_equal(creators_words(text, *state, &creator),
			    "1 segment, 15.6M, 3990 unattached, made 2d00h ago");
	creator.has_times = false;
	creator.uid = FACT_UID_UNKNOWN;
	assert_string_equal(creators_name(name, *state, &creator), "gone");
	assert_string_equal(creators_words(text, *state, &creator),
			    "1 segment, 15.6M, 3990 unattached");
	/* from a clock that was set back since */
	creator.has_times = true;
	creator.first = creator.last = SAMPLE_DATE + 5;
	assert_string_equal(creators_words(text, *state, &creator),
			    "1 segment, 15.6M, 3990 unattached, made 0s ago");
}

static void of_a_long_path_the_end_is_told(void **state)
{
	struct creator creator = {.uid = FACT_UID_UNKNOWN};
	char name[CREATORS_NAME_LEN];

	memset(creator.program, '/', sizeof(creator.program) - 1);
	strcpy(creator.program + 400,
	       "\xc3\xa4/bin/the-program-itself-is-what-tells-who-it-is-that-"
	       "made-it");
	creators_name(name, *state, &creator);
	assert_string_equal(name, "/bin/the-program-itself-is-what-tells-who-it-is-that-made-it");
}

static void users_have_names(void **state)
{
	struct column_context context = *(struct column_context *)*state;
	struct creator creator = {.program = "x", .uid = 0};
	struct owner_names *owners;
	char name[CREATORS_NAME_LEN];

	assert_int_equal(owner_names_new(&owners), 0);
	context.owners = owners;
	assert_string_equal(creators_name(name, &context, &creator), "x (root)");
	owner_names_free(owners);
}

#define CREATORS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CREATORS_TEST(each_namespace_has_its_own),
		CREATORS_TEST(makers_that_are_gone_are_told_apart_by_their_user),
		CREATORS_TEST(programs_may_make_for_several_users),
		CREATORS_TEST(words),
		CREATORS_TEST(of_a_long_path_the_end_is_told),
		CREATORS_TEST(users_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
