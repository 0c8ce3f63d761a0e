import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { noGeo, openGeo } from '../../../src/adapters/maxmind/geo.js';
import { writeTinyMmdb } from '../../support/tiny-mmdb.js';

const NOWHERE = { latitude: null, longitude: null };
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geo-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('locates IPv4 and IPv6 addresses, and nothing else', async () => {
  const path = join(folder, 'tiny.mmdb');
  const entries = [
    { prefix: '203.0.113.0/24', place: { latitude: 52.37, longitude: 4.89 } },
    { prefix: '198.51.100.128/25', place: { latitude: -33.86, longitude: 151.2 } },
    { prefix: '2001:db8:1::/48', place: { latitude: 0, longitude: -0.5 } },
    { prefix: '192.0.2.0/24', place: null },
  ];
  await writeFile(path, writeTinyMmdb(entries));
  const geo = await openGeo(path);
  expect(geo.locate('203.0.113.9')).toEqual({ latitude: 52.37, longitude: 4.89 });
  expect(geo.locate('198.51.100.200')).toEqual({ latitude: -33.86, longitude: 151.2 });
  expect(geo.locate('2001:db8:1::7')).toEqual({ latitude: 0, longitude: -0.5 });
  for (const address of ['198.51.100.1', '192.0.2.1', '2001:db8:2::1', '::1', '', 'not an address', '1.2.3']) {
    expect(geo.locate(address), address).toEqual(NOWHERE);
  }
});

it('refuses a file that is no database, or is not there', async () => {
  const path = join(folder, 'text.mmdb');
  await writeFile(path, 'hello');
  await expect(openGeo(path)).rejects.toThrow();
  await expect(openGeo(join(folder, 'none.mmdb'))).rejects.toThrow();
});

it('knows nothing without a database', () => {
  expect(noGeo().locate('203.0.113.9')).toEqual(NOWHERE);
});
