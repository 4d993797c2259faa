# registry.pl PORT LAYOUT: as much of a registry as a pull from 127.0.0.1 needs. Every tag is the layout's one image.
use strict;
use warnings;
use IO::Socket::INET;

my ($port, $layout) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 16, ReuseAddr => 1) or die $!;
open my $index, '<', "$layout/index.json" or die $!;
my ($digest) = <$index> =~ /"digest":"sha256:([0-9a-f]+)"/;

while (my $client = $server->accept) {
  next if fork;
  my ($method, $path) = split ' ', <$client> // '';
  while (defined(my $line = <$client>)) { last if $line =~ /^\r?$/ }
  my $type = 'application/octet-stream';
  my $hash = '';
  if ($path =~ m{/manifests/}) { ($type, $hash) = ('application/vnd.oci.image.manifest.v1+json', $digest) }
  elsif ($path =~ m{/blobs/sha256:([0-9a-f]{64})$}) { $hash = $1 }
  my $file = "$layout/blobs/sha256/$hash";
  my $size = -f $file ? -s $file : 0;
  my $status = $size || $path eq '/v2/' ? '200 OK' : '404 Not Found';
  print $client "HTTP/1.1 $status\r\nContent-Type: $type\r\nContent-Length: $size\r\n",
    "Docker-Content-Digest: sha256:$hash\r\nConnection: close\r\n\r\n";
  if ($size && $method eq 'GET') {
    open my $blob, '<:raw', $file or die $!;
    print $client $_ while read $blob, $_, 1 << 20;
  }
  exit;
}
