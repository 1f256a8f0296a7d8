/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of calls that fail. */
#include "tests/tap.h"

#include <errno.h>
#include <string.h>

#include "report/call.h"

struct failure {
	enum fact_op op;
	int error;
	const char *says; /* what it is about, among its words */
};

/* All that ipc/shm.c and what it calls give, by the manual pages: the same number means another thing to
 * each call. */
static const struct failure failures[] = {
	{FACT_SHMGET, EACCES, "permissions"},    {FACT_SHMGET, EEXIST, "IPC_EXCL"},
	{FACT_SHMGET, EINVAL, "SHMMAX"},         {FACT_SHMGET, ENOENT, "IPC_CREAT"},
	{FACT_SHMGET, ENOMEM, "no memory"},      {FACT_SHMGET, ENOSPC, "SHMMNI"},
	{FACT_SHMGET, EPERM, "CAP_IPC_LOCK"},    {FACT_SHMAT, EACCES, "permissions"},
	{FACT_SHMAT, EIDRM, "removed"},          {FACT_SHMAT, EINVAL, "address"},
	{FACT_SHMAT, ENOMEM, "address space"},   {FACT_SHMDT, EINVAL, "nothing is attached"},
	{FACT_SHMCTL, EACCES, "permissions"},    {FACT_SHMCTL, EFAULT, "buffer"},
	{FACT_SHMCTL, EIDRM, "removed"},         {FACT_SHMCTL, EINVAL, "command"},
	{FACT_SHMCTL, ENOMEM, "RLIMIT_MEMLOCK"}, {FACT_SHMCTL, EPERM, "owner"},
};

enum { FAILURES = sizeof(failures) / sizeof(failures[0]), ERRORS = 134 };

static const struct failure *failure_of(enum fact_op op, int error)
{
	for (size_t i = 0; i < FAILURES; i++)
		if (failures[i].op == op && failures[i].error == error)
			return &failures[i];
	return NULL;
}

static void each_has_words_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAILURES; i++) {
		const char *words = call_failure(failures[i].op, failures[i].error);

		if (!strstr(words, failures[i].says))
			fail_msg("%s, error %d: '%s' is not about '%s'",
				 fact_op_name(failures[i].op), failures[i].error, words,
				 failures[i].says);
		/* Behind the name of the error they fit a line of 80 columns. */
		assert_in_range(strlen(words), 1, 72);
		/* One call says two things of two errors. */
		for (size_t j = 0; j < i; j++)
			if (failures[j].op == failures[i].op)
				assert_string_not_equal(
					words, call_failure(failures[j].op, failures[j].error));
	}
}

static void nothing_is_said_of_others(void **state)
{
	(void)state;
	for (int op = 0; op < FACT_OPS; op++)
		for (int error = -1; error < ERRORS; error++)
			if (!failure_of((enum fact_op)op, error))
				assert_string_equal(call_failure((enum fact_op)op, error), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_words_of_its_own),
		cmocka_unit_test(nothing_is_said_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
