/** What the members of the demo send: a steady stream of volatile frames each, and a reliable one now and then. */
import { setTimeout as pause } from 'node:timers/promises';
import { CLASS } from '../src/protocol/wire.js';
import type { GameClient } from './game-client.js';
import type { Ledger } from './ledger.js';
import { encodePayload } from './payload.js';

export const VOLATILE_PER_S = 20;
export const TRAFFIC_S = 4;
const TICK_MS = 1000 / VOLATILE_PER_S;
const TICKS = TRAFFIC_S * VOLATILE_PER_S;
const LAST_FRAMES_MS = 3_000;

/** Plays for `TRAFFIC_S`, writes all of it into the ledger, and waits until what was sent has come. */
export async function play(clients: readonly GameClient[], ledger: Ledger): Promise<void> {
  for (const client of clients) listen(client, ledger);
  const startMs = performance.now();
  // Spread over the tick, as players are: each frame meets an idle gateway instead of its three neighbours.
  const spreadMs = TICK_MS / clients.length;
  await Promise.all(clients.map((client, i) => stream(client, ledger, startMs + i * spreadMs)));
  await ledger.settled(LAST_FRAMES_MS);
  await Promise.all(clients.map((client) => client.settle()));
}

function listen(client: GameClient, ledger: Ledger): void {
  const { index } = client;
  client.listen({
    onEntry: (entry, atMs) => ledger.onEntry(index, entry, atMs),
    onAck: (ref, seq, atMs) => ledger.onAck(index, ref, seq, atMs),
  });
}

/** Each tick has its own due time, so that a late one does not delay the rest. */
async function stream(client: GameClient, ledger: Ledger, startMs: number): Promise<void> {
  let n = 0;
  const send = (isReliable: boolean): void => {
    n += 1;
    const stamp = { sentAtMs: performance.now(), n, sender: client.index };
    ledger.onSent(stamp, isReliable);
    const kind = isReliable ? { deliveryClass: CLASS.reliable, ref: n } : { deliveryClass: CLASS.volatile };
    client.relay({ ...kind, payload: encodePayload(stamp) });
  };
  for (let tick = 0; tick < TICKS; tick += 1) {
    await pause(Math.max(0, startMs + tick * TICK_MS - performance.now()));
    send(false);
    if (tick % VOLATILE_PER_S === VOLATILE_PER_S / 2) send(true);
  }
}
