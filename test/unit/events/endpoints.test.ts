import { describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/memory-store.js';
import { createWebhookSigner } from '../../../src/adapters/standard-webhooks/signer.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import { createOperations, withOperations } from '../../../src/adapters/system/operations.js';
import { createSealer } from '../../../src/adapters/system/sealer.js';
import { EndpointList } from '../../../src/events/endpoint-list.js';
import { Endpoints } from '../../../src/events/endpoints.js';
import type { EndpointStore } from '../../../src/ports/endpoint-store.js';
import { Failure } from '../../../src/protocol/failure.js';
import { ManualClock } from '../../support/manual-clock.js';
import * as f from '../../contract/suites/fixtures.js';

const SECRET = 's'.repeat(32);

/** Endpoints over a store that carries out each change, loses its first reply, and gives that reply to a repeat. */
function start() {
  const clock = new ManualClock();
  const memory = createMemoryStore({ clock }).endpoints;
  const replies = new Map<string, unknown>();
  const operations = createOperations(SECRET);
  async function once<T>(kind: string, change: () => Promise<T>, known: (reply: unknown) => reply is T): Promise<T> {
    const operation = operations.current();
    if (operation === null) return change();
    const step = `${String(operation.id)} ${operation.nameStep(kind)}`;
    const kept = replies.get(step);
    if (known(kept)) return kept;
    replies.set(step, await change());
    throw new Failure('store_unavailable');
  }
  const store: EndpointStore = {
    ...memory,
    put: (record, most) => once('put', () => memory.put(record, most), isPut),
    remove: (id) => once('remove', () => memory.remove(id), isBoolean),
  };
  const crypto = withOperations(systemCrypto(), operations);
  const [signer, sealer] = [createWebhookSigner(SECRET), createSealer(SECRET)];
  const list = new EndpointList({ store, sealer, clock });
  const outbound = { refusalOf: () => null };
  const endpoints = new Endpoints({ store, list, signer, outbound, sealer, clock, crypto });
  /** Loses the reply of the store, and repeats the operation. */
  const repeated = async <T>(id: string, work: () => Promise<T>): Promise<T> => {
    await expect(operations.run(id, work)).rejects.toMatchObject({ code: 'store_unavailable' });
    return operations.run(id, work);
  };
  return { endpoints, repeated };
}

type Put = Awaited<ReturnType<EndpointStore['put']>>;
const isPut = (reply: unknown): reply is Put => reply === 'written' || reply === 'full' || reply === 'changed';
const isBoolean = (reply: unknown): reply is boolean => typeof reply === 'boolean';

describe('a repeat with the same Idempotency-Key, after the reply of the store was lost', () => {
  test('WH23 of a create and of a rotation shows the secret that is stored; another operation makes another', async () => {
    const { endpoints, repeated } = start();
    const { endpoint, secret } = await repeated('one', () => endpoints.create(f.ACME, 'https://a.example/', null));
    expect((await endpoints.existing(endpoint.id, f.ACME)).secrets).toMatchObject([{ secret }]);
    const rotated = await repeated('two', () => endpoints.rotate(endpoint.id, f.ACME));
    expect(rotated.secret).not.toBe(secret);
    const stored = (await endpoints.existing(endpoint.id, f.ACME)).secrets;
    expect(stored).toMatchObject([{ secret: rotated.secret }, { secret }]);
    const other = await endpoints.create(f.ACME, 'https://a.example/', null);
    expect(other.secret).not.toBe(secret);
  });

  test('WH23 of a removal succeeds; another removal is 404, and so is one of another project', async () => {
    const { endpoints, repeated } = start();
    const { endpoint } = await endpoints.create(f.ACME, 'https://a.example/', null);
    const kept = await endpoints.create('all', 'https://a.example/', null);
    await repeated('one', () => endpoints.remove(endpoint.id, f.ACME));
    await expect(endpoints.remove(endpoint.id, f.ACME)).rejects.toMatchObject({ code: 'webhook_not_found' });
    await expect(endpoints.remove(kept.endpoint.id, f.ACME)).rejects.toMatchObject({ code: 'webhook_not_found' });
    expect(await endpoints.all('all')).toHaveLength(1);
  });
});
