import { describe, expect, test } from 'vitest';
import type { NewGroupSeat } from '../../../src/ports/relay-seat.js';
import type { GroupPart, NewRelaySession } from '../../../src/ports/relay-session.js';
import type { RelayStore } from '../../../src/ports/relay-store.js';
import type { OpenStore } from '../../support/stores.js';
import * as f from './fixtures.js';

const NOBODY = { index: null, term: 0 };
let wallets = 0;

/** A wallet nobody has used. */
export function newWallet(change: Partial<NewGroupSeat['group']> = {}): NewGroupSeat {
  wallets += 1;
  const wallet = `0x${wallets.toString(16).padStart(40, '0')}`;
  return { userId: f.userId(), group: { wallet, address: wallet, name: null, pseudonym: 'guest', ...change } };
}

/** The same wallet comes again. */
export const again = ({ group }: NewGroupSeat): NewGroupSeat => ({ userId: f.userId(), group });

export async function newGroup(
  relay: RelayStore,
  change: Partial<NewRelaySession> = {},
  part: Partial<GroupPart> = {},
): Promise<{ readonly session: NewRelaySession; readonly creator: NewGroupSeat }> {
  const creator = newWallet();
  const group = { creatorId: creator.userId, passwordHash: null, whitelist: [], onlyWhitelisted: false, ...part };
  const session = f.newSession({ group, ...change });
  await relay.create(session, [creator]);
  return { session, creator };
}

export function groupRules(open: OpenStore): void {
  describe('group sessions', () => {
    const on = f.useStore(open);

    const connect = (session: NewRelaySession, { userId }: NewGroupSeat) => f.joinMinted(on.relay, session.id, userId);
    const enrol = async (session: NewRelaySession, seat = newWallet()) => {
      const result = await on.relay.enrol(session.id, seat);
      if (result.outcome !== 'enrolled') throw new Error(`expected to be taken in, was ${result.outcome}`);
      return seat;
    };
    const hostOf = async ({ id }: NewRelaySession) => f.sure(await on.relay.get(id, 'all')).session.host;

    test('GS1 a group session is kept with its parts; others have none, and take no wallet in', async () => {
      const part = { passwordHash: '$argon2id$|', whitelist: ['0xA', '0xB'], onlyWhitelisted: true };
      const { session, creator } = await newGroup(on.relay, {}, part);
      const found = f.sure(await on.relay.get(session.id, 'all'));
      expect(found.session.group).toEqual({ creatorId: creator.userId, ...part });
      expect(found.seats).toEqual([
        { ...creator, token: null, address: null, latitude: null, longitude: null, held: true, member: null },
      ]);
      const plain = f.newSession();
      await on.relay.create(plain, []);
      expect((await on.relay.get(plain.id, 'all'))?.session.group).toBeNull();
      expect(await on.relay.enrol(plain.id, newWallet())).toEqual({ outcome: 'session_not_found' });
      expect(await on.relay.enrol(f.sessionId(), newWallet())).toEqual({ outcome: 'session_not_found' });
    });

    test('GS2 a wallet that was taken in holds a seat from then on, connected or not, whatever it is called', async () => {
      const { session, creator } = await newGroup(on.relay, { maxUsers: 3 });
      const odd = await enrol(session, newWallet({ name: 'a|b"\\u007c\u{1f600}', pseudonym: '|' }));
      const listed = f.newSeat();
      await on.relay.authorize(session.id, 'all', listed);
      expect(await on.relay.enrol(session.id, newWallet())).toEqual({ outcome: 'session_full' });
      expect(await on.relay.authorize(session.id, 'all', f.newSeat())).toEqual({ outcome: 'session_full' });
      expect(await on.relay.join(f.joinRequest(session.id, f.minted(f.userId())))).toEqual(f.refused('session_full'));
      await connect(session, odd);
      const found = f.sure(await on.relay.get(session.id, 'all'));
      expect(found.seats.map(({ userId, group }) => [userId, group])).toEqual([
        [creator.userId, creator.group],
        [odd.userId, odd.group],
        [listed.userId, null],
      ]);
    });

    test('GS3 a wallet has one seat; when its member has left for good, a new one in place of the old', async () => {
      const { session } = await newGroup(on.relay);
      const first = await enrol(session);
      expect(await on.relay.enrol(session.id, again(first))).toEqual({ outcome: 'already_member' });
      const member = await connect(session, first);
      expect(await on.relay.enrol(session.id, again(first))).toEqual({ outcome: 'already_member' });
      await on.relay.away(f.holdOf(session.id, member));
      expect(await on.relay.enrol(session.id, again(first))).toEqual({ outcome: 'already_member' });
      on.clock.advance(f.WINDOW_MS);
      const second = await enrol(session, again(first));
      const old = f.minted(first.userId, { generation: 1 });
      expect(await on.relay.join(f.joinRequest(session.id, old))).toEqual(f.refused('credential_revoked'));
      expect(await f.seatOf(on.relay, session.id, first.userId)).toBeUndefined();
      expect(await connect(session, second)).toMatchObject({ isNewMember: true });
    });

    test('GS3 a member that left for good gives its seat back, and its credential takes one again if one is free', async () => {
      const { session } = await newGroup(on.relay, { maxUsers: 2 });
      const seat = await enrol(session);
      await on.relay.leave(f.holdOf(session.id, await connect(session, seat)), 'left');
      expect(await f.seatOf(on.relay, session.id, seat.userId)).toMatchObject({ held: false, group: seat.group });
      const other = await enrol(session);
      expect(await on.relay.join(f.joinRequest(session.id, f.minted(seat.userId)))).toEqual(f.refused('session_full'));
      await on.relay.kick({
        sessionId: session.id,
        scope: 'all',
        selector: { by: 'user_id', userId: other.userId },
        ban: false,
      });
      expect(await connect(session, seat)).toMatchObject({ isNewMember: true });
    });

    test('GS4 a removed wallet is gone with its credential, and may be taken in again; no seat is given back twice', async () => {
      const { session } = await newGroup(on.relay, { maxUsers: 3 });
      for (const connected of [false, true]) {
        const seat = await enrol(session);
        const member = connected ? await connect(session, seat) : null;
        const selector = { by: 'user_id', userId: seat.userId } as const;
        const kick = () => on.relay.kick({ sessionId: session.id, scope: 'all', selector, ban: false });
        expect(await kick()).toMatchObject({ outcome: 'kicked', removed: { index: member?.index ?? null } });
        expect(await kick()).toEqual({ outcome: 'no_match' });
        const old = f.minted(seat.userId, { generation: 1 });
        expect(await on.relay.join(f.joinRequest(session.id, old))).toEqual(f.refused('credential_revoked'));
        await enrol(session, again(seat));
      }
      expect(await on.relay.enrol(session.id, newWallet())).toEqual({ outcome: 'session_full' });
    });

    test('GS4 a ban refuses the wallet from then on, and nobody else', async () => {
      const { session } = await newGroup(on.relay);
      const seat = await enrol(session);
      const selector = { by: 'user_id', userId: seat.userId } as const;
      await on.relay.kick({ sessionId: session.id, scope: 'all', selector, ban: true });
      expect(await on.relay.enrol(session.id, again(seat))).toEqual({ outcome: 'banned' });
      await enrol(session);
      await enrol((await newGroup(on.relay)).session, again(seat));
    });

    test('GS5 nobody new is taken in while the session is locked; a full one first gives back overdue seats', async () => {
      const { session } = await newGroup(on.relay, { maxUsers: 2 });
      await on.relay.update(session.id, 'all', { locked: true });
      expect(await on.relay.enrol(session.id, newWallet())).toEqual({ outcome: 'session_locked' });
      await on.relay.update(session.id, 'all', { locked: false });
      const seat = await enrol(session);
      await on.relay.away(f.holdOf(session.id, await connect(session, seat)));
      expect(await on.relay.enrol(session.id, newWallet())).toEqual({ outcome: 'session_full' });
      on.clock.advance(f.WINDOW_MS);
      await enrol(session);
    });

    test('GS6 while the creator holds its seat the first to connect is not host; the creator is when it comes', async () => {
      const { session, creator } = await newGroup(on.relay);
      const seat = await enrol(session);
      expect(await connect(session, seat)).toMatchObject({ host: NOBODY });
      expect(await f.joinMinted(on.relay, session.id)).toMatchObject({ host: NOBODY });
      const dry = await on.relay.join(f.joinRequest(session.id, f.minted(creator.userId), { dryRun: true }));
      expect(dry).toMatchObject({ host: { index: 2, term: 1 } });
      expect(await connect(session, creator)).toMatchObject({ host: { index: 2, term: 1 } });
      expect(await hostOf(session)).toEqual({ index: 2, term: 1 });
    });

    test('GS6 when the creator leaves, before it came or after, the longest membership follows, and it is no more than a member', async () => {
      const { session, creator } = await newGroup(on.relay);
      const seat = await enrol(session);
      await connect(session, seat);
      const selector = { by: 'user_id', userId: creator.userId } as const;
      const kicked = await on.relay.kick({ sessionId: session.id, scope: 'all', selector, ban: false });
      expect(kicked).toEqual({
        outcome: 'kicked',
        removed: { userId: creator.userId, index: null, host: { index: 0, term: 1 } },
      });

      const other = await newGroup(on.relay);
      const gone = await connect(other.session, other.creator);
      await connect(other.session, await enrol(other.session));
      await on.relay.leave(f.holdOf(other.session.id, gone), 'left');
      expect(await hostOf(other.session)).toEqual({ index: 1, term: 2 });
      expect(await connect(other.session, other.creator)).toMatchObject({ host: { index: 1, term: 2 } });
    });

    test('GS6 with the creator gone, the first to connect is host', async () => {
      const { session, creator } = await newGroup(on.relay);
      const seat = await enrol(session);
      await on.relay.leave(f.holdOf(session.id, await connect(session, creator)), 'left');
      expect(await connect(session, seat)).toMatchObject({ host: { index: 1, term: 2 } });
    });

    test('GS7 admission is exact: 1,000 wallets at once into 300 seats, and 1,000 tries of one wallet', async () => {
      const { session } = await newGroup(on.relay, { maxUsers: 300 });
      const results = await Promise.all(
        Array.from({ length: 1_000 }, () => on.relay.enrol(session.id, newWallet()).then(({ outcome }) => outcome)),
      );
      expect(results.filter((outcome) => outcome === 'enrolled')).toHaveLength(299);
      expect(results.filter((outcome) => outcome === 'session_full')).toHaveLength(701);
      const second = await newGroup(on.relay, { maxUsers: 300 });
      const one = newWallet();
      const tries = await Promise.all(
        Array.from({ length: 1_000 }, () =>
          on.relay.enrol(second.session.id, again(one)).then(({ outcome }) => outcome),
        ),
      );
      expect(tries.filter((outcome) => outcome === 'enrolled')).toHaveLength(1);
      expect(tries.filter((outcome) => outcome === 'already_member')).toHaveLength(999);
      expect((await on.relay.get(second.session.id, 'all'))?.seats).toHaveLength(2);
    });
  });
}
