/**
 * Ids of signing keys: a random part and a MAC over it under the server secret. Nobody else can invent a valid id. So a
 * node that sees an unknown id with a valid MAC may ask the store at once, however many invalid ids arrive.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Sealer } from '../../ports/sealer.js';

const RANDOM_BYTES = 16;
/** 22 base64url letters for the random part, then 16 letters for 96 bits of the MAC. */
const KEY_ID = /^([A-Za-z0-9_-]{22})([A-Za-z0-9_-]{16})$/;
const MAC_LETTERS = 16;
/** Separates these MACs from all others under the secret. */
const CONTEXT = 'signing-key-id/1';

export function newSigningKeyId(sealer: Pick<Sealer, 'mark'>): string {
  const random = randomBytes(RANDOM_BYTES).toString('base64url');
  return random + macOf(sealer, random);
}

/** Whether a node with this server secret made the id. False for keys of older versions, whose ids have no MAC. */
export function isSigningKeyId(sealer: Pick<Sealer, 'mark'>, kid: string): boolean {
  const [, random, mac] = KEY_ID.exec(kid) ?? [];
  if (random === undefined || mac === undefined) return false;
  return timingSafeEqual(Buffer.from(mac, 'latin1'), Buffer.from(macOf(sealer, random), 'latin1'));
}

function macOf(sealer: Pick<Sealer, 'mark'>, random: string): string {
  return sealer.mark(random, CONTEXT).slice(0, MAC_LETTERS);
}
