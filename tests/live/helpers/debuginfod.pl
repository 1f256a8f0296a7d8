#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# debuginfod.pl FOLDER: a debuginfod server on a port of this machine's own network. GET /buildid/ID/debuginfo gives
# FOLDER/ID; where that is a folder there is no answer, ever; where it is not there: 404. FOLDER/port has the port
# once it listens, FOLDER/log a line for each connection and one for each question.
use strict;
use warnings;
use IO::Socket::INET;
use IO::Select;

my ($folder) = @ARGV;
my $server = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1', Proto => 'tcp') or die $!;
my $select = IO::Select->new($server);
my (%asked, %held);

sub note {
	open(my $log, '>>', "$folder/log") or die $!;
	print $log @_, "\n";
	close($log);
}

sub answer {
	my ($client, $path) = @_;
	my ($id) = $path =~ m{^/+buildid/([0-9a-f]+)/debuginfo$};

	note($path);
	return 0 if defined $id && -d "$folder/$id";
	if (defined $id && open(my $file, '<:raw', "$folder/$id")) {
		print $client "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ", -s $file, "\r\n\r\n",
			do { local $/ = undef; <$file> };
	} else {
		print $client "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
	}
	return 1;
}

note('start');
open(my $port, '>', "$folder/port.new") or die $!;
print $port $server->sockport, "\n";
close($port);
rename("$folder/port.new", "$folder/port") or die $!;
$SIG{PIPE} = 'IGNORE';
while (1) {
	for my $ready ($select->can_read) {
		if ($ready == $server) {
			$select->add(scalar $server->accept);
			note('connection');
			next;
		}
		my $got = sysread($ready, $asked{$ready}, 4096, length($asked{$ready} // ''));
		if ($got && !$held{$ready} && $asked{$ready} =~ m{^GET (\S+) .*\r\n\r\n}s) {
			$held{$ready} = !answer($ready, $1);
			next if $held{$ready};
		} elsif ($got) {
			next;
		}
		$select->remove($ready);
		delete $asked{$ready};
		delete $held{$ready};
		close($ready);
	}
}
