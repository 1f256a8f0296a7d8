/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "report/report.h"

/* Whether nobody reads the other end any more. Asked since stdio keeps no errno of a write that failed
 * earlier, and has nothing left to write then. */
static bool finish_is_closed(FILE *out)
{
	struct pollfd end = {.fd = fileno(out)};

	return poll(&end, 1, 0) > 0 && end.revents & (POLLERR | POLLHUP);
}

size_t report_width(FILE *out)
{
	struct winsize size;

	if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}

int report_finish(FILE *out)
{
	int error = fflush(out) == 0 ? 0 : errno;

	if (!error && !ferror(out))
		return 0;
	if (finish_is_closed(out))
		return 0;
	log_error("cannot write the output: %s", error ? strerror(error) : "parts of it are lost");
	return 1;
}
