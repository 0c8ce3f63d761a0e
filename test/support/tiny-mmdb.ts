/** A minimal writer of MaxMind databases (format version 2): an IPv6 tree with 24-bit records. */

export interface Located {
  /** `203.0.113.0/24` or `2001:db8::/32`. Prefixes must not overlap. */
  readonly prefix: string;
  /** Null writes a record without a location. */
  readonly place: { readonly latitude: number; readonly longitude: number } | null;
}

type Value = string | number | { readonly uint: number } | { readonly [name: string]: Value };

/** A leaf of the tree is the offset of its record in the data section; null is not in the database. */
type Branch = [Node, Node];
type Node = Branch | number | null;

const RECORD_BYTES = 3;
const SEPARATOR_BYTES = 16;
const METADATA_MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');

export function writeTinyMmdb(entries: readonly Located[]): Buffer {
  const root: Branch = [null, null];
  const records: Buffer[] = [];
  let offset = 0;
  for (const { prefix, place } of entries) {
    const record = encode(place === null ? { country: 'nowhere' } : { location: { ...place } });
    insert(root, prefixBits(prefix), offset);
    records.push(record);
    offset += record.length;
  }
  const branches = flatten(root);
  const metadata = encode({
    binary_format_major_version: { uint: 2 },
    binary_format_minor_version: { uint: 0 },
    build_epoch: { uint: 1 },
    database_type: 'Tiny',
    ip_version: { uint: 6 },
    node_count: { uint: branches.length },
    record_size: { uint: RECORD_BYTES * 8 },
  });
  return Buffer.concat([encodeTree(branches), Buffer.alloc(SEPARATOR_BYTES), ...records, METADATA_MARKER, metadata]);
}

/** IPv4 lives in the lowest 32 bits of the tree. */
function prefixBits(prefix: string): string {
  const [address = '', length = ''] = prefix.split('/');
  const isV4 = address.includes('.');
  const bytes = isV4 ? address.split('.').map(Number) : ipv6Bytes(address);
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (isV4 ? '0'.repeat(96) : '') + bits.slice(0, Number(length));
}

function ipv6Bytes(address: string): number[] {
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail)];
  const all = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}

function insert(root: Branch, bits: string, leaf: number): void {
  let branch = root;
  for (let depth = 0; depth < bits.length - 1; depth += 1) {
    const side = bits[depth] === '1' ? 1 : 0;
    const next = branch[side];
    const child: Branch = Array.isArray(next) ? next : [null, null];
    branch[side] = child;
    branch = child;
  }
  branch[bits.endsWith('1') ? 1 : 0] = leaf;
}

/** Every branch, the root first: its place in the list is its number in the tree. */
function flatten(root: Branch): Branch[] {
  const all = [root];
  for (const branch of all) for (const child of branch) if (Array.isArray(child)) all.push(child);
  return all;
}

function encodeTree(branches: readonly Branch[]): Buffer {
  const numbers = new Map(branches.map((branch, number) => [branch, number]));
  const tree = Buffer.alloc(branches.length * 2 * RECORD_BYTES);
  branches.flat(1).forEach((node, at) => {
    const pointer =
      node === null
        ? branches.length
        : Array.isArray(node)
          ? (numbers.get(node) ?? 0)
          : branches.length + SEPARATOR_BYTES + node;
    tree.writeUIntBE(pointer, at * RECORD_BYTES, RECORD_BYTES);
  });
  return tree;
}

/** Strings and maps of up to 28 members or bytes, doubles, and unsigned integers of 32 bits. */
function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from([(2 << 5) | value.length]), Buffer.from(value)]);
  if (typeof value === 'number') {
    const double = Buffer.alloc(9, (3 << 5) | 8);
    double.writeDoubleBE(value, 1);
    return double;
  }
  if (isUint(value)) {
    const integer = Buffer.alloc(5, (6 << 5) | 4);
    integer.writeUInt32BE(value.uint, 1);
    return integer;
  }
  const members = Object.entries(value);
  return Buffer.concat([
    Buffer.from([(7 << 5) | members.length]),
    ...members.flatMap(([name, member]) => [encode(name), encode(member)]),
  ]);
}

function isUint(value: object): value is { readonly uint: number } {
  return 'uint' in value && typeof value.uint === 'number';
}
