#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The live tests in every kernel, as one of the tests that tests/run.sh runs.
# test-timeout: 3600
exec "$(dirname "$0")/run.sh" -o -t
