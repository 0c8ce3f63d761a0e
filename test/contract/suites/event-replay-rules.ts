import { describe, expect, test } from 'vitest';
import type { EventFacts } from '../../../src/ports/event.js';
import type { Joined } from '../../../src/ports/relay-join.js';
import type { NewSeat, SessionWithSeats } from '../../../src/ports/relay-seat.js';
import type { HomeHold, Host, NewRelaySession } from '../../../src/ports/relay-session.js';
import type { RelayStore } from '../../../src/ports/relay-store.js';
import type { MemberIndex, UserId } from '../../../src/protocol/ids.js';
import type { ManualClock } from '../../support/manual-clock.js';
import type { OpenStore } from '../../support/stores.js';
import { entriesOf } from './event-fixtures.js';
import * as f from './fixtures.js';

const STEPS = 300;
const USERS = 5;
const SEED = Number(process.env['SALLYPORT_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

interface Known {
  readonly members: Map<MemberIndex, { readonly userId: UserId; isAway: boolean }>;
  readonly listed: Set<UserId>;
  readonly banned: Set<UserId>;
  host: Host;
}

export function eventReplayRules(open: OpenStore): void {
  describe('a replayed log', () => {
    const on = f.useStore(open);

    /** Takes random steps, and after each compares what the events tell with what the store holds. */
    async function replay(perceive: Perceive): Promise<void> {
      const session = f.newSession({ maxUsers: 4 });
      await on.relay.create(session, []);
      const steps = new Steps(on.relay, on.clock, session);
      const known: Known = { members: new Map(), listed: new Set(), banned: new Set(), host: { index: null, term: 0 } };
      let read = 1;
      let withEvents = 0;
      for (let at = 0; at < STEPS; at += 1) {
        const step = `${await steps.take()}, step ${String(at)}`;
        const entries = entriesOf(await on.all.store.events.ofSession(session.id, f.ACME, read, 100));
        expect(entries.map(({ position }) => position)).toEqual(entries.map((_, n) => read + 1 + n));
        read += entries.length;
        for (const facts of perceive(entries.map(({ event }) => event.facts))) learn(known, facts, step);
        if (entries.length > 0) withEvents += 1;
        const found = f.sure(await on.relay.get(session.id, 'all'));
        expect(shownBy(known), `after ${step}`).toEqual(shownIn(found));
      }
      expect(withEvents).toBeGreaterThan(STEPS / 6);
    }

    test(`EV30 from its log alone the members of a session, their presence, its users and its host are known, seed ${String(SEED)}`, () =>
      replay((facts) => facts));

    test.each<[string, Perceive]>([
      ['misses an event of a member', (facts) => facts.filter(({ type }) => type !== 'member.left')],
      ['misses a change of the host', (facts) => facts.filter(({ type }) => type !== 'host.changed')],
      ['sees an event twice', (facts) => facts.flatMap((one) => (one.type === 'session.updated' ? [one] : [one, one]))],
      ['sees events in another order', (facts) => facts.toReversed()],
    ])('EV30 control: a reader that %s knows something else', async (_name, perceive) => {
      await expect(replay(perceive)).rejects.toThrow();
    });
  });
}

type Perceive = (facts: readonly EventFacts[]) => readonly EventFacts[];

/** Applies what an event tells; fails when the event tells of no change. */
function learn(known: Known, facts: EventFacts, step: string): void {
  const { members, listed, banned } = known;
  const at = 'index' in facts && facts.index !== null ? members.get(facts.index) : undefined;
  switch (facts.type) {
    case 'member.joined':
      expect(at, step).toBeUndefined();
      members.set(facts.index, { userId: facts.userId, isAway: false });
      break;
    case 'member.away':
    case 'member.back':
      expect(at, step).toEqual({ userId: facts.userId, isAway: facts.type === 'member.back' });
      members.set(facts.index, { userId: facts.userId, isAway: facts.type === 'member.away' });
      break;
    case 'member.left':
      expect(at?.userId, step).toBe(facts.userId);
      members.delete(facts.index);
      if (facts.why === 'kicked' || facts.why === 'banned') listed.delete(facts.userId);
      break;
    case 'host.changed':
      expect({ index: facts.index, term: facts.term }, step).not.toEqual(known.host);
      expect(facts.userId, step).toBe(at?.userId ?? null);
      known.host = { index: facts.index, term: facts.term };
      break;
    case 'user.authorized':
      expect(listed.has(facts.userId), step).toBe(false);
      listed.add(facts.userId);
      break;
    case 'user.revoked':
      expect(listed.delete(facts.userId), step).toBe(true);
      break;
    case 'user.banned':
      expect(banned.has(facts.userId), step).toBe(false);
      banned.add(facts.userId);
      listed.delete(facts.userId);
      break;
    default:
      expect(facts.type, step).toBe('session.updated');
  }
}

function shownBy({ members, listed, host }: Known) {
  return {
    members: sorted([...members].map(([index, member]) => ({ index, ...member }))),
    listed: [...listed].sort(),
    host,
  };
}

function shownIn({ session, seats }: SessionWithSeats) {
  const members = seats.flatMap(({ userId, member }) =>
    member === null ? [] : [{ index: member.index, userId, isAway: member.awayUntilMs !== null }],
  );
  const listed = seats.filter(({ token }) => token !== null).map(({ userId }) => userId);
  return { members: sorted(members), listed: listed.sort(), host: session.host };
}

function sorted<T extends { readonly index: number }>(members: readonly T[]): readonly T[] {
  return members.toSorted((a, b) => a.index - b.index);
}

/** Random calls on one session, by few users, so that they meet. */
class Steps {
  private state = SEED;
  private home: HomeHold = f.HOME;
  private readonly seats: NewSeat[] = Array.from({ length: USERS }, () => f.newSeat());
  private readonly joined: Joined[] = [];

  constructor(
    private readonly relay: RelayStore,
    private readonly clock: ManualClock,
    private readonly session: NewRelaySession,
  ) {}

  /** Makes a call and returns its name. */
  async take(): Promise<string> {
    const { relay, clock, session } = this;
    const { id } = session;
    const seat = this.pick(this.seats);
    const hold = this.hold();
    const calls: Record<string, () => Promise<unknown>> = {
      'join as minted': () => this.join(f.minted(seat.userId, { asHost: this.below(4) === 0 })),
      'join as a stranger': () => this.join(f.minted(f.userId())),
      'join as listed': () => this.join(f.pair(session, seat)),
      // A user who joined as minted cannot be listed: the store rejects it.
      authorize: () => relay.authorize(id, 'all', seat).catch(() => null),
      away: () => relay.away(hold),
      leave: () => relay.leave(hold, 'left'),
      revoke: () => relay.revoke(id, 'all', seat.token),
      kick: () => this.kick(seat, false),
      ban: () => (this.below(4) === 0 ? this.kick(seat, true) : Promise.resolve()),
      'hand over': async () => {
        const { host } = f.sure(await relay.get(id, 'all')).session;
        return relay.handOverHost(id, this.home, host, hold.index);
      },
      'claim home': () => this.claim(),
      update: () => relay.update(id, 'all', { maxUsers: 2 + this.below(4) }),
      wait: async () => clock.advance(f.WINDOW_MS / 2),
      renew: async () => this.seats.splice(this.below(USERS), 1, f.newSeat()),
    };
    const name = this.pick(Object.keys(calls));
    await calls[name]?.();
    return name;
  }

  private async join(credential: Parameters<typeof f.joinRequest>[1]): Promise<void> {
    const result = await this.relay.join(f.joinRequest(this.session.id, credential));
    if (result.outcome === 'joined') this.joined.push(result);
  }

  private kick({ userId }: NewSeat, ban: boolean): Promise<unknown> {
    const selector = { by: 'user_id', userId } as const;
    return this.relay.kick({ sessionId: this.session.id, scope: 'all', selector, ban });
  }

  /** The same node loses its home and claims it again. */
  private async claim(): Promise<void> {
    const { homeEpoch } = this.home;
    await this.relay.claimHome(this.session.id, f.homeNow(f.HERE, homeEpoch), f.HERE);
    this.home = { ...f.HOME, homeEpoch: homeEpoch + 1 };
  }

  /** Often of one of the newest sockets. */
  private hold() {
    const { index = f.index(0), connection = 1 } = this.joined.at(-1 - this.below(USERS)) ?? {};
    return { sessionId: this.session.id, ...this.home, index, connection };
  }

  private pick<T>(items: readonly T[]): T {
    return f.sure(items[this.below(items.length)]);
  }

  /** A linear congruential generator: the same steps for the same seed. */
  private below(count: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * count);
  }
}
