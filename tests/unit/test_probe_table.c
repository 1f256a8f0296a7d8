/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which probes to stand on, whatever the kernel refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "observe/probe_table.h"
#include "tests/unit/chance.h"

#define FEXIT_RUNG (PROBES_LIFE | PROBES_NATIVE | PROBES_COMPAT)
#define PAIR(exit) (PROBE_BIT(exit) | PROBE_BIT((exit) + 1))
#define VMA_PAIR   (PROBE_BIT(TRACEPOINT_EXIT_SHMDT) | PROBE_BIT(TRACEPOINT_ENTER_SHMDT_VMA))

static const struct probe_request all = {.ops = FACT_OPS_ALL};

/* What this architecture has */
static uint64_t there(uint64_t set)
{
	return set & probe_wish(&all);
}

static void test_the_best(void **state)
{
	(void)state;
	assert_int_equal(probe_plan(&all, 0), there(PROBES_GROUPS | FEXIT_RUNG));
}

static void test_no_fexit_at_all(void **state)
{
	const uint64_t tracepoints = PROBES_TRACEPOINTS & ~PROBE_BIT(TRACEPOINT_ENTER_SHMDT);
	struct probe_request request = all;

	(void)state;
	assert_int_equal(probe_plan(&all, FEXIT_RUNG), PROBES_GROUPS | tracepoints);
	request.rung = PROBES_TRACEPOINT;
	assert_int_equal(probe_plan(&request, 0), PROBES_GROUPS | tracepoints);
	assert_int_equal(probe_wish(&request) & FEXIT_RUNG, 0);
}

static void test_shmdt_without_looking_up(void **state)
{
	const uint64_t vma = PROBE_BIT(TRACEPOINT_ENTER_SHMDT_VMA);
	const uint64_t plan = probe_plan(&all, FEXIT_RUNG | vma);

	(void)state;
	assert_int_equal(plan & VMA_PAIR, PROBE_BIT(TRACEPOINT_EXIT_SHMDT));
	assert_true(plan & PROBE_BIT(TRACEPOINT_ENTER_SHMDT));
}

/* One half that is refused takes its partner along, and the call alone falls. */
static void test_one_call_falls(void **state)
{
	const enum probe halves[] = {FEXIT_SHMAT, FENTRY_SHMAT};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const uint64_t plan = probe_plan(&all, PROBE_BIT(halves[i]));

		assert_int_equal(plan & PAIR(FEXIT_SHMAT), 0);
		assert_int_equal(plan & PROBES_TRACEPOINTS, PAIR(TRACEPOINT_EXIT_SHMAT));
		assert_int_equal(plan & ~PROBES_TRACEPOINTS,
				 there(PROBES_GROUPS | FEXIT_RUNG) & ~PAIR(FEXIT_SHMAT));
	}
}

static void test_no_way_to_follow_a_call(void **state)
{
	const uint64_t refused = PAIR(FEXIT_SHMCTL) | PROBE_BIT(TRACEPOINT_EXIT_SHMCTL);
	const uint64_t plan = probe_plan(&all, refused);

	(void)state;
	assert_int_equal(plan & (PAIR(FEXIT_SHMCTL) | PAIR(TRACEPOINT_EXIT_SHMCTL)), 0);
	assert_int_equal(plan & PAIR(FEXIT_SHMGET), PAIR(FEXIT_SHMGET));
}

static void test_a_life_probe_falls_alone(void **state)
{
	(void)state;
	for (enum probe i = LIFE_DESTROY; i <= LIFE_NEWSEG; i++)
		assert_int_equal(probe_plan(&all, PROBE_BIT(i)),
				 there(PROBES_GROUPS | FEXIT_RUNG) & ~PROBE_BIT(i));
}

static void test_no_group_is_remembered_for_ever(void **state)
{
	(void)state;
	assert_int_equal(probe_plan(&all, PROBE_BIT(SCHED_EXIT)) & PROBES_GROUPS, 0);
	assert_int_equal(probe_plan(&all, PROBE_BIT(SCHED_EXEC)) & PROBES_GROUPS,
			 PROBE_BIT(SCHED_FORK) | PROBE_BIT(SCHED_EXIT));
}

/* Raw tracepoints tax everybody: only where asked for, and where fexit does not see all. */
static void test_compat(void **state)
{
	struct probe_request asked = all;

	(void)state;
	asked.compat = true;
	assert_int_equal(probe_plan(&all, PROBES_COMPAT) & PROBES_RAW, 0);
	assert_int_equal(probe_plan(&asked, 0) & PROBES_RAW, 0);
	assert_int_equal(probe_plan(&asked, PROBES_COMPAT) & PROBES_RAW, PROBES_RAW);
	assert_int_equal(probe_plan(&asked, PROBE_BIT(FENTRY_COMPAT_SHMAT)) &
				 (PROBES_RAW | PROBES_COMPAT),
			 PROBES_RAW);
	assert_int_equal(probe_plan(&asked, PROBES_COMPAT | PROBE_BIT(RAW_ENTER)) & PROBES_RAW, 0);
	assert_int_equal(probe_plan(&all, PROBE_BIT(FENTRY_COMPAT_SHMAT)) & PROBES_COMPAT,
			 there(PROBES_COMPAT) & ~PAIR(FEXIT_COMPAT_SHMAT));
}

static void test_forced_fexit(void **state)
{
	struct probe_request forced = all;

	(void)state;
	forced.rung = PROBES_FEXIT;
	assert_int_equal(probe_plan(&forced, 0), probe_plan(&all, 0));
	assert_int_equal(probe_plan(&forced, FEXIT_RUNG), PROBES_GROUPS);
}

static void test_only_what_is_asked_for(void **state)
{
	const struct probe_request shmctl = {.ops = FACT_OP_BIT(FACT_SHMCTL)};
	const struct probe_request shmdt = {.ops = FACT_OP_BIT(FACT_SHMDT)};
	const struct probe_request shmget = {.ops = FACT_OP_BIT(FACT_SHMGET)};
	const struct probe_request tree = {.ops = FACT_OP_BIT(FACT_SHMCTL), .tree = true};
	const struct probe_request exits = {.ops = FACT_OP_BIT(FACT_EXIT)};

	(void)state;
	assert_int_equal(probe_plan(&shmctl, 0) & ~PROBES_COMPAT, PAIR(FEXIT_SHMCTL));
	assert_int_equal(probe_plan(&shmdt, 0) & ~PROBES_COMPAT,
			 PAIR(FEXIT_SHMDT) | PROBE_BIT(LIFE_CLOSE));
	assert_int_equal(probe_plan(&shmget, 0) & ~PROBES_COMPAT,
			 PAIR(FEXIT_SHMGET) | PROBE_BIT(LIFE_NEWSEG));
	assert_int_equal(probe_plan(&tree, 0) & PROBES_GROUPS,
			 PROBE_BIT(SCHED_FORK) | PROBE_BIT(SCHED_EXIT));
	/* whose exit? of those that make and attach segments */
	assert_int_equal(probe_plan(&exits, 0) & PROBES_NATIVE,
			 PAIR(FEXIT_SHMGET) | PAIR(FEXIT_SHMAT));
}

static void test_surpassed(void **state)
{
	const uint64_t best = probe_plan(&all, 0);

	(void)state;
	assert_int_equal(probe_surpassed(best) & PROBES_TRACEPOINTS, PROBES_TRACEPOINTS);
	assert_int_equal(probe_surpassed(best & ~PAIR(FEXIT_SHMDT)) & PROBES_TRACEPOINTS,
			 PROBES_TRACEPOINTS & ~PAIR(TRACEPOINT_EXIT_SHMDT));
	assert_int_equal(probe_surpassed(0), PROBE_BIT(TRACEPOINT_ENTER_SHMDT_VMA));
}

static void assert_described(const struct probe_request *request, uint64_t stands,
			     const char *calls, const char *compat, const char *life,
			     const char *unseen)
{
	struct source_status status = {.unseen = "old"};

	probe_describe(request, stands, &status);
	assert_string_equal(status.calls, calls);
	assert_string_equal(status.compat, compat);
	assert_string_equal(status.life, life);
	assert_string_equal(status.unseen, unseen);
	assert_int_equal(status.exact == FACT_EXACT_ALL, strcmp(life, "exact") == 0);
}

static void test_what_stands_is_described(void **state)
{
	const uint64_t best = probe_plan(&all, 0);
	const uint64_t second = probe_plan(&all, FEXIT_RUNG);
	const uint64_t one = PAIR(FEXIT_SHMAT);
	struct probe_request compat = all;

	(void)state;
	compat.compat = true;
	assert_described(&all, best, "fexit", "fexit", "exact", "");
	assert_described(&all, second, "tracepoint", "none", "sched",
			 "calls of 32-bit programs, munmap, mprotect and mremap");
	assert_described(&compat, probe_plan(&compat, FEXIT_RUNG), "tracepoint", "raw", "sched",
			 "munmap, mprotect and mremap");
	assert_described(&all, probe_plan(&all, one), "mixed", "fexit", "exact", "");
	assert_described(&all, 0, "none", "none", "none",
			 "shmget, shmat, shmdt, shmctl, calls of 32-bit programs, munmap, mprotect "
			 "and mremap");
	/* one call without a way to follow it */
	assert_described(&all, best & ~one, "fexit", "fexit", "exact", "shmat");
	assert_described(&all, best & ~PROBE_BIT(FENTRY_COMPAT_SHMAT), "fexit", "mixed", "exact",
			 "some calls of 32-bit programs");
	/* parts of the life */
	assert_described(&all, best & ~PROBE_BIT(LIFE_DESTROY), "fexit", "fexit", "mixed", "");
	assert_described(&all, best & ~PROBE_BIT(LIFE_CLOSE), "fexit", "fexit", "mixed", "munmap");
	assert_described(&all, best & ~PROBE_BIT(SCHED_FORK), "fexit", "fexit", "mixed",
			 "mprotect and mremap");
}

/* A record that is not delivered tells nothing exactly, and what is not asked for is not missed. */
static void test_only_what_is_asked_for_is_described(void **state)
{
	const struct probe_request shmdt = {.ops = FACT_OP_BIT(FACT_SHMDT)};
	const struct probe_request life = {.ops = FACT_OPS_ALL & ~FACT_OP_BIT(FACT_DESTROY)};
	struct source_status status;

	(void)state;
	probe_describe(&shmdt, probe_plan(&shmdt, 0), &status);
	assert_int_equal(status.exact, 0);
	assert_string_equal(status.unseen, "");
	probe_describe(&life, probe_plan(&all, 0), &status);
	assert_int_equal(status.exact, FACT_EXACT_ALL & ~(uint32_t)FACT_EXACT_DESTROY);
}

/* By the programs that end such calls, on both rungs */
static void test_stacks(void **state)
{
	const uint64_t shmget = PROBE_BIT(FEXIT_SHMGET) | PROBE_BIT(TRACEPOINT_EXIT_SHMGET);
	const uint64_t shmat = PROBE_BIT(FEXIT_SHMAT) | PROBE_BIT(TRACEPOINT_EXIT_SHMAT);
	const uint64_t taking[] = {
		[PROBES_STACKS_OFF] = 0,
		[PROBES_STACKS_CREATED] = shmget,
		[PROBES_STACKS_ATTACHED] = shmget | shmat,
	};

	(void)state;
	for (enum probes_stacks stacks = 0; stacks <= PROBES_STACKS_ATTACHED; stacks++) {
		const struct probe_request request = {.ops = FACT_OPS_ALL, .stacks = stacks};

		for (enum probe i = 0; i < PROBES; i++)
			assert_int_equal(probe_takes_stacks(&request, i),
					 (taking[stacks] & PROBE_BIT(i)) != 0);
		assert_int_equal(probe_plan(&request, 0), probe_plan(&all, 0));
	}
}

/* Whatever is refused: nothing of it is planned, nothing twice, and no enter without its exit. */
static void test_random_refusals(void **state)
{
	struct chance chance = {42};

	(void)state;
	for (int round = 0; round < 20000; round++) {
		const uint64_t refused = chance_next(&chance) & chance_number(&chance, 64);
		struct probe_request request = {
			.ops = (uint32_t)chance_next(&chance) & FACT_OPS_ALL,
		};

		request.compat = round % 3 == 0;
		const uint64_t plan = probe_plan(&request, refused);

		assert_int_equal(plan & refused, 0);
		assert_int_equal(plan & ~probe_wish(&request), 0);
		assert_int_equal(plan & probe_surpassed(plan), 0);
		for (enum probe i = FEXIT_SHMGET; i < TRACEPOINT_EXIT_SHMGET; i += 2)
			assert_true((plan & PAIR(i)) == 0 || (plan & PAIR(i)) == PAIR(i));
		assert_true((plan & VMA_PAIR) != PROBE_BIT(TRACEPOINT_ENTER_SHMDT_VMA));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_best),
		cmocka_unit_test(test_no_fexit_at_all),
		cmocka_unit_test(test_shmdt_without_looking_up),
		cmocka_unit_test(test_one_call_falls),
		cmocka_unit_test(test_no_way_to_follow_a_call),
		cmocka_unit_test(test_a_life_probe_falls_alone),
		cmocka_unit_test(test_no_group_is_remembered_for_ever),
		cmocka_unit_test(test_compat),
		cmocka_unit_test(test_forced_fexit),
		cmocka_unit_test(test_only_what_is_asked_for),
		cmocka_unit_test(test_surpassed),
		cmocka_unit_test(test_stacks),
		cmocka_unit_test(test_what_stands_is_described),
		cmocka_unit_test(test_only_what_is_asked_for_is_described),
		cmocka_unit_test(test_random_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
