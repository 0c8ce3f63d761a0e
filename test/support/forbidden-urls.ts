/** Targets that a gateway may not call. `PORT` is the port of a canary that nobody may reach. */
export const FORBIDDEN_URLS: readonly string[] = [
  // Loopback in every spelling of an IPv4 address.
  ...['https://127.0.0.1:PORT', 'https://127.1:PORT', 'https://127.0.1:PORT', 'https://127.255.255.254:PORT'],
  ...['https://2130706433:PORT', 'https://0x7f000001:PORT', 'https://0x7f.1:PORT', 'https://0177.0.0.1:PORT'],
  ...[
    'https://017700000001:PORT',
    'https://127.0.0.1.:PORT',
    'https://%31%32%37.0.0.1:PORT',
    'https://127。0。0。1:PORT',
  ],
  ...['https://①②⑦.0.0.1:PORT', 'https://0:PORT', 'https://0.0.0.0:PORT', 'https://localhost:PORT'],
  ...['https://LOCALHOST:PORT', 'https://localhost.:PORT'],
  // IPv6: loopback, mapped, compatible, translated, 6to4, Teredo, unique local, link-local, multicast, unspecified.
  ...['https://[::1]:PORT', 'https://[::]:PORT', 'https://[0:0:0:0:0:0:0:1]:PORT', 'https://[::ffff:127.0.0.1]:PORT'],
  ...['https://[::ffff:7f00:1]:PORT', 'https://[::127.0.0.1]:PORT', 'https://[64:ff9b::7f00:1]:PORT'],
  ...['https://[64:ff9b:1::7f00:1]:PORT', 'https://[2002:7f00:1::]:PORT', 'https://[2001:0:7f00:1::]:PORT'],
  ...['https://[fc00::1]:PORT', 'https://[fd00:ec2::254]:PORT', 'https://[fe80::1]:PORT', 'https://[fec0::1]:PORT'],
  ...['https://[ff02::1]:PORT', 'https://[2001:db8::1]:PORT', 'https://[100::1]:PORT', 'https://[3fff::1]:PORT'],
  // Private, shared, link-local, metadata, documentation, benchmarks, multicast, reserved, broadcast.
  ...['https://10.0.0.1:PORT', 'https://10.255.255.255:PORT', 'https://172.16.0.1:PORT', 'https://172.31.255.255:PORT'],
  ...[
    'https://192.168.0.1:PORT',
    'https://100.64.0.1:PORT',
    'https://100.127.255.255:PORT',
    'https://169.254.1.1:PORT',
  ],
  ...['https://169.254.169.254/latest/meta-data/', 'https://0xa9fea9fe/', 'https://[::ffff:169.254.169.254]/'],
  ...['https://192.0.0.170:PORT', 'https://192.0.2.1:PORT', 'https://198.51.100.1:PORT', 'https://203.0.113.1:PORT'],
  ...[
    'https://198.18.0.1:PORT',
    'https://198.19.255.255:PORT',
    'https://224.0.0.1:PORT',
    'https://239.255.255.255:PORT',
  ],
  ...['https://240.0.0.1:PORT', 'https://255.255.255.255:PORT', 'https://192.88.99.1:PORT'],
  // Schemes, users, ports.
  ...[
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:PORT/',
    'data:text/plain,a',
  ],
  ...['https://user@example.com/', 'https://user:password@example.com/', 'https://:password@example.com/'],
  ...['https://example.com:22/', 'https://example.com:25/', 'https://example.com:53/', 'https://example.com:0/'],
  ...['//example.com/', 'example.com', '', 'https://', 'https://exa mple.com/'],
  // Names that lead to what is forbidden: alone, beside a public address, and after a first look.
  ...['https://to-loopback.test:PORT', 'https://to-metadata.test/', 'https://to-both.test:PORT'],
  ...['https://to-zero.test:PORT', 'https://no-such-name.test:PORT'],
];
