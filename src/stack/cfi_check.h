/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of .eh_frame (CIEs and FDEs), looked through before libdw is given them: it takes as much memory as the
 * highest register that is named, and room for every remembered state. False: unknown, cut short, or more than
 * compilers write.
 *
 * An entry begins at its length, which fits: as many bytes can be read. It has the short form (32 bits).
 */
#ifndef STACK_CFI_CHECK_H
#define STACK_CFI_CHECK_H

#include <stdbool.h>

bool cfi_check_cie(const unsigned char *cie);
/* `cie` is a good one. */
bool cfi_check_fde(const unsigned char *fde, const unsigned char *cie);

#endif
