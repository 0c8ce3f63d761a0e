/** The numbers of Edgegap's pair, from randomness that a test chooses. */
import { expect, it } from 'vitest';
import { createMemoryStore } from '../../../../src/adapters/memory/memory-store.js';
import { Authorizations, type AuthorizationsDeps } from '../../../../src/relay/sessions/authorizations.js';
import { newAuthorizationToken, newAuthorizationTokens } from '../../../../src/relay/sessions/relay-tokens.js';
import type { Crypto } from '../../../../src/ports/crypto.js';
import { systemCrypto } from '../../../../src/adapters/system/crypto.js';
import { newSeat, newSession } from '../../../contract/suites/fixtures.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { startRest } from '../../rest/harness.js';

/** Draws these numbers, then random ones. */
function drawing(...numbers: number[]): Crypto {
  const system = systemCrypto();
  return {
    ...system,
    randomBytes(count) {
      const next = numbers.shift();
      if (next === undefined) return system.randomBytes(count);
      const bytes = Buffer.alloc(count);
      bytes.writeUInt32BE(next);
      return bytes;
    },
  };
}

it('NT1 a token is an integer from 1 to 4294967295', () => {
  expect(newAuthorizationToken(drawing(0, 0, 1))).toBe(1);
  expect(newAuthorizationToken(drawing(0xffff_ffff))).toBe(4_294_967_295);
  const tokens = newAuthorizationTokens(systemCrypto(), 20_000);
  expect(Math.max(...tokens)).toBeLessThanOrEqual(4_294_967_295);
  expect(Math.min(...tokens)).toBeGreaterThanOrEqual(1);
  // Control: they use all 32 bits.
  expect(Math.max(...tokens)).toBeGreaterThan(2 ** 31);
});

it('NT1 no two tokens of one create are equal', () => {
  expect(newAuthorizationTokens(drawing(7, 7, 7, 8, 7, 9), 3)).toEqual([7, 8, 9]);
});

it('NT1 authorize draws again when the session knows the token', async () => {
  const clock = new ManualClock();
  const { relay: store } = createMemoryStore({ clock });
  const session = newSession();
  const [taken, user] = [newSeat(), newSeat()];
  await store.create(session, [taken]);
  const unused = undefined as unknown as AuthorizationsDeps['enforcer'] & AuthorizationsDeps['credentials'];
  const crypto = drawing(taken.token % 2 ** 32, session.authorizationToken % 2 ** 32, 5);
  const authorizations = new Authorizations({ store, enforcer: unused, credentials: unused, crypto, clock });
  const { seat } = await authorizations.authorize('all', session.id, { ...user, token: taken.token });
  expect(seat.token).toBe(5);
});

it('NT1 over REST, every token of 60 sessions fits into an unsigned 32-bit integer', async () => {
  const rest = startRest();
  const users = Array.from({ length: 5 }, () => ({ ip: '1.1.1.1' }));
  for (let made = 0; made < 60; made += 1) {
    const { json } = await rest.newSession({ users });
    const added = await rest.relay('POST /v1/relays/sessions:authorize-user', {
      session_id: json.session_id,
      user_ip: '2.2.2.2',
    });
    const one = added.json['session_user'] as RelaySessionUser;
    const tokens = [json['authorization_token'], ...json.session_users.map((user) => user.authorization_token)];
    const all = [...tokens, one.authorization_token] as number[];
    expect(new Set(all).size).toBe(7);
    for (const token of all) expect(token >>> 0).toBe(token);
  }
});

interface RelaySessionUser {
  readonly authorization_token: number;
}
