#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints src/base/text_ranges.h from the Unicode data that come with perl:
#	perl vendor/unicode-ranges.pl >src/base/text_ranges.h
use strict;
use warnings;
use Unicode::UCD;

use constant LAST => 0x10ffff;

# Never shown as they are. Controls and what is not a character at all (surrogates, noncharacters,
# private use, planes without characters), format characters, separators of lines and paragraphs, and
# whatever else a terminal shows as nothing, such as fillers and variation selectors.
sub unsafe {
	my ($code) = @_;
	return 1 if $code >= 0xd800 && $code <= 0xdfff;
	return 1 if ($code & 0xfffe) == 0xfffe || $code >= 0xe0000;
	return 1 if $code >= 0x40000;
	return chr($code) =~ /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Default_Ignorable_Code_Point}]/;
}

# No column of their own: combining marks, and the vowels and finals of Hangul syllables.
sub zero {
	my ($code) = @_;
	return 0 if unsafe($code);
	return 1 if $code >= 0x1160 && $code <= 0x11ff;
	return 1 if $code >= 0xd7b0 && $code <= 0xd7ff;
	return chr($code) =~ /[\p{Mn}\p{Me}]/;
}

sub wide {
	my ($code) = @_;
	return 0 if unsafe($code) || zero($code);
	return chr($code) =~ /[\p{East_Asian_Width=W}\p{East_Asian_Width=F}]/;
}

# Unassigned code points between two members join their ranges: text has none of them, and the table
# gets shorter.
sub ranges {
	my ($member, $gaps) = @_;
	my @ranges;
	my $open = 0;
	for my $code (0 .. LAST) {
		if ($member->($code)) {
			push @ranges, [$code, $code] unless $open;
			$ranges[-1][1] = $code;
			$open = 1;
		} elsif (!$gaps || unsafe($code) || chr($code) !~ /\p{Cn}/) {
			$open = 0;
		}
	}
	return @ranges;
}

sub print_table {
	my ($name, @ranges) = @_;
	my $line = "\t";
	print "\nstatic const struct text_range ${name}[] = {\n";
	for my $range (@ranges) {
		my $cell = sprintf("{0x%x, 0x%x},", @$range);
		if (7 + length($line) + length($cell) > 100) {
			$line =~ s/ $//;
			print "$line\n";
			$line = "\t";
		}
		$line .= "$cell ";
	}
	$line =~ s/ $//;
	print "$line\n};\n";
}

no warnings 'surrogate', 'nonchar', 'non_unicode';
print "/* SPDX-License-Identifier: GPL-2.0-or-later */\n";
print "/* Ranges of Unicode ", Unicode::UCD::UnicodeVersion(),
	", ascending. Made by vendor/unicode-ranges.pl, which says what is in them. */\n";
print "#ifndef BASE_TEXT_RANGES_H\n#define BASE_TEXT_RANGES_H\n\n#include <stdint.h>\n\n";
print "struct text_range {\n\tuint32_t first, last;\n};\n\n/* clang-format off */\n";
print_table('text_unsafe', ranges(\&unsafe, 0));
print_table('text_zero', ranges(\&zero, 1));
print_table('text_wide', ranges(\&wide, 1));
print "\n/* clang-format on */\n\n#endif\n";
