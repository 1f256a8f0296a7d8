/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for all explanations */
#include "explain_fixture.h"

static void others_are_not_explained(void **state)
{
	const struct failure exit = failed(FACT_EXIT, EPERM), strange = failed(FACT_SHMGET, EPIPE);

	(void)state;
	assert_says(&exit, "");
	assert_says(&strange, "");
}

/* However much there is to say, it is cut where a character ends. */
static void what_does_not_fit_is_cut(void **state)
{
	struct failure failure = missing(FACT_SHMAT, EINVAL);
	char out[EXPLAIN_LEN];
	size_t length;

	(void)state;
	failure.gone.known = failure.gone.removed = true;
	failure.gone.by.pid = 1;
	failure.place_count = FAILURE_PLACES;
	for (size_t shift = 0; shift < 4; shift++) {
		memset(failure.label, 'x', shift);
		for (size_t i = shift; i + 2 < sizeof(failure.label); i += 2)
			memcpy(&failure.label[i], "\xc3\xa4", 3);
		for (size_t i = 0; i < FAILURE_PLACES; i++)
			memcpy(failure.places[i].label, failure.label, sizeof(failure.label));
		for (size_t i = 0; i + 2 < sizeof(failure.gone.by.comm); i += 2)
			memcpy(&failure.gone.by.comm[i], "\xc3\xa4", 3);
		explain(out, &failure);
		length = strlen(out);
		assert_true(length < EXPLAIN_LEN);
		for (size_t i = 0; i < length; i++)
			if ((out[i] & 0xff) == 0xc3)
				assert_int_equal(out[++i] & 0xff, 0xa4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_not_explained),
		cmocka_unit_test(what_does_not_fit_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
