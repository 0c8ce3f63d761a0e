/**
 * A home's copy of the parts of its session that are not live. With it the home knows by itself when the session is
 * over, sees what differs in the store, and puts back what the store has lost. It calls nothing.
 */
import type { Bar, HeldMember, HeldSeat, HeldSession } from '../../ports/relay-home.js';
import type { Seat } from '../../ports/relay-seat.js';
import type { UserId } from '../../protocol/ids.js';

/** Longer than any handshake takes from its seat to its upgrade. */
const UNCLAIMED_AFTER_MS = 10_000;

export class HomeCopy {
  /** The next check reads the session whole, whatever its revision. True at first. */
  isSuspect = true;
  /** The store's revision when the session was last read whole; null: never. */
  revision: number | null = null;
  /** When the session is over, in monotonic milliseconds: the machine's clock may be wrong, or set. */
  private endsAt: number;
  /** When the store last said that this node is home, in monotonic milliseconds. */
  private confirmedAt: number;
  /**
   * Seats of members that the home does not know, each with the time of its first sight: a socket may be on its way.
   */
  private strangers = new Map<string, number>();
  private nextFreeIndex = 0;
  private readonly closedEarly = new Set<number>();
  /** Users that keep a right without a member: listed users and wallets, joined or not. */
  private kept = new Map<UserId, HeldSeat>();
  private knownBars: readonly Bar[] = [];

  constructor(nowMs: number, leftMs: number) {
    this.confirmedAt = nowMs;
    this.endsAt = nowMs + leftMs;
  }

  get endsAtMs(): number {
    return this.endsAt;
  }

  get confirmedAtMs(): number {
    return this.confirmedAt;
  }

  /** The lowest index that this home has neither assigned nor found on a member. */
  get nextIndex(): number {
    return this.nextFreeIndex;
  }

  get seats(): readonly HeldSeat[] {
    return [...this.kept.values()];
  }

  get bars(): readonly Bar[] {
    return this.knownBars;
  }

  /** The store said how long the session still lives, and that this node is its home. */
  confirm(nowMs: number, leftMs: number): void {
    this.confirmedAt = nowMs;
    this.endsAt = nowMs + leftMs;
  }

  /** `byMs` is the difference of two times of the store's clock. */
  prolong(byMs: number): void {
    this.endsAt += byMs;
  }

  indexGiven(index: number): void {
    this.nextFreeIndex = Math.max(this.nextFreeIndex, index + 1);
    this.closedEarly.delete(index);
  }

  /** A check closed the socket of a member whose removal the home has not been ordered yet. */
  closedBeforeOrder(index: number): void {
    this.closedEarly.add(index);
  }

  /** Whether a socket was closed whose order has not come. */
  get awaitsOrders(): boolean {
    return this.closedEarly.size > 0;
  }

  /** The order has come: whether a check closed the socket before. True only once. */
  wasClosedEarly(index: number): boolean {
    return this.closedEarly.delete(index);
  }

  /** Starts with these seats, until the session is read whole. */
  begin(seats: readonly Seat[]): void {
    this.kept = new Map(
      seats
        .filter(isKept)
        .map((seat) => [seat.userId, { ...seat, held: seat.held && seat.member === null, member: null }]),
    );
  }

  /** Takes over the session after it was read whole. */
  take({ revision, seats, bars }: HeldSession): void {
    this.revision = revision;
    this.kept = new Map(seats.filter(isKept).map((seat) => [seat.userId, seat]));
    this.knownBars = bars;
    for (const { member } of seats) if (member !== null) this.indexGiven(member.index);
  }

  /** The user lost the right to be here. The next check reads the rest. */
  forget(userId: UserId): void {
    this.kept.delete(userId);
    this.isSuspect = true;
  }

  /** Returns those of these seats that have had no member here for so long that their socket will not come. */
  unclaimed(seats: readonly HeldMember[], nowMs: number): readonly HeldMember[] {
    const before = this.strangers;
    this.strangers = new Map(seats.map((seat) => [holdOf(seat), before.get(holdOf(seat)) ?? nowMs]));
    return seats.filter((seat) => nowMs - (before.get(holdOf(seat)) ?? nowMs) >= UNCLAIMED_AFTER_MS);
  }

  /** Takes bars that are new or have risen, and keeps those that the store may have lost. */
  addBars(bars: readonly Bar[]): void {
    const merged = new Map(this.knownBars.map((bar) => [nameOf(bar), bar]));
    for (const bar of bars) {
      const known = merged.get(nameOf(bar));
      if (generationOf(bar) >= generationOf(known)) merged.set(nameOf(bar), bar);
    }
    this.knownBars = [...merged.values()];
  }

  /** The lowest generation that the user's minted credentials must carry, as far as the home knows; 0: any. */
  barOf(userId: UserId): number {
    return generationOf(this.knownBars.find((bar) => bar.kind === 'removed' && bar.userId === userId));
  }
}

function isKept({ token, group }: Pick<Seat, 'token' | 'group'>): boolean {
  return token !== null || group !== null;
}

function holdOf({ index, connection }: HeldMember): string {
  return `${String(index)} ${String(connection)}`;
}

function nameOf(bar: Bar): string {
  return `${bar.kind} ${bar.kind === 'banned_wallet' ? bar.wallet : bar.userId}`;
}

function generationOf(bar: Bar | undefined): number {
  return bar?.kind === 'removed' ? bar.generation : 0;
}
