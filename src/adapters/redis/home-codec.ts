/** Encodes and decodes a home's checks and restorations of its sessions: lua/check.lua, inspect.lua, restore.lua. */
import type { Bar, HeldMember, HeldSeat, HeldSession, HomeState, Restoration } from '../../ports/relay-home.js';
import type { SessionId } from '../../protocol/ids.js';
import type { Argument } from './link.js';
import { asInteger, asList, asPairs, asText, asUserId, known, unexpected } from './replies.js';
import { decodeStoredSeat, encodeStoredSeat, type StoredSeat } from './seat-fields.js';
import { decodeSnapshot, encodeSession, seatFields, seatTextsOf } from './session-codec.js';

type Verdict = Exclude<HomeState, { state: 'changed' }> | { readonly state: 'changed' };

const GONE = ['ended', 'expired', 'missing'] as const;
const VERDICTS = ['changed', 'elsewhere', ...GONE] as const;

export function decodeVerdict(reply: unknown): Verdict {
  const state = VERDICTS.find((verdict) => verdict === reply);
  return state === undefined ? { state: 'same', leftMs: asInteger(reply) } : { state };
}

/** Decodes a reply of inspect.lua. The session may have ended since the check. */
export function decodeInspection(id: SessionId, reply: unknown): HomeState {
  const gone = GONE.find((verdict) => verdict === reply);
  if (gone !== undefined) return { state: gone };
  const [now, left, revision, snapshot, bars] = asList(reply);
  return { state: 'changed', leftMs: asInteger(left), held: decodeHeld(id, { now, revision, snapshot, bars }) };
}

interface Inspected {
  readonly now: unknown;
  readonly revision: unknown;
  readonly snapshot: unknown;
  readonly bars: unknown;
}

function decodeHeld(id: SessionId, { now, revision, snapshot, bars }: Inspected): HeldSession {
  const nowMs = asInteger(now);
  const { session, seats } = decodeSnapshot(id, snapshot);
  const texts = seatTextsOf(asText(snapshot));
  return {
    session,
    revision: asInteger(revision),
    seats: seats.map((seat) => ({ ...seat, member: heldMember(seat.member, texts.get(seat.userId), nowMs) })),
    bars: decodeBars(asPairs(bars)),
  };
}

type Member = ReturnType<typeof decodeSnapshot>['seats'][number]['member'];

function heldMember(member: Member, text: string | undefined, nowMs: number): HeldMember | null {
  if (member === null) return null;
  const { awayUntilMs, ...rest } = member;
  const { resumeHash, previousResumeHash } = decodeStoredSeat(known(text ?? null, 'a seat'));
  return {
    ...rest,
    awayLeftMs: awayUntilMs === null ? null : Math.max(0, awayUntilMs - nowMs),
    resumeHashes: [resumeHash, previousResumeHash].filter((hash) => hash !== null),
  };
}

const REASONS = ['kicked', 'revoked', 'left'] as const;

/** Decodes bars by the names that session.lua gives them. No id contains a space. */
function decodeBars(pairs: readonly (readonly [string, string])[]): readonly Bar[] {
  const reasons = new Map(pairs.flatMap(([name, value]) => afterWord(name, 'reason ', value)));
  return pairs.flatMap(([name, value]): Bar[] => {
    if (name.startsWith('reason ')) return [];
    if (name.startsWith('banned wallet ')) return [{ kind: 'banned_wallet', wallet: name.slice(14) }];
    if (name.startsWith('banned ')) return [{ kind: 'banned', userId: asUserId(name.slice(7)) }];
    if (!name.startsWith('kicked ')) throw unexpected('a bar');
    const user = name.slice(7);
    const reason = REASONS.find((each) => each === reasons.get(user)) ?? null;
    return [{ kind: 'removed', userId: asUserId(user), generation: asInteger(value), reason }];
  });
}

function afterWord(name: string, word: string, value: string): [string, string][] {
  return name.startsWith(word) ? [[name.slice(word.length), value]] : [];
}

function encodeBars(bars: readonly Bar[]): readonly Argument[] {
  return bars.flatMap((bar) => {
    switch (bar.kind) {
      case 'banned':
        return [`banned ${bar.userId}`, '1'];
      case 'banned_wallet':
        return [`banned wallet ${bar.wallet}`, '1'];
      case 'removed':
        return [
          ...[`kicked ${bar.userId}`, bar.generation],
          ...(bar.reason === null ? [] : [`reason ${bar.userId}`, bar.reason]),
        ];
    }
  });
}

/** The arguments of restore.lua. */
export function encodeRestoration(lost: Restoration): readonly Argument[] {
  const { session, seats, bars, nextIndex, leftMs, instead, revision } = lost;
  const { host, homeEpoch } = session;
  const whole = { ...session, ttlMs: leftMs, hostIndex: host.index, hostTerm: host.term };
  const fields = [...encodeSession(whole), 'next', nextIndex];
  const barred = encodeBars(bars);
  const ranks = ranksOf(seats);
  const taken = seats.flatMap((seat) => encodeHeldSeat(seat, ranks.get(seat) ?? ''));
  return [
    ...[session.homeNodeId ?? '', homeEpoch, instead ?? '', leftMs, session.generation, revision],
    ...[fields.length, ...fields, barred.length, ...barred, taken.length, ...taken],
  ];
}

/** Ranks the members by the length of their membership. */
function ranksOf(seats: readonly HeldSeat[]): ReadonlyMap<HeldSeat, number> {
  const members = seats.flatMap((seat) => (seat.member === null ? [] : [{ seat, at: seat.member.joinedAtMs }]));
  return new Map(members.sort((a, b) => a.at - b.at).map(({ seat }, rank) => [seat, rank + 1]));
}

/** Encodes user, rank and seat. The seat's `away` is the time in ms that is left of the resume window. */
function encodeHeldSeat(seat: HeldSeat, rank: Argument): readonly Argument[] {
  const { userId, token, address, latitude, longitude, held, group, member } = seat;
  const made = group === null ? { token, address, latitude, longitude } : seatFields({ userId, group });
  return [userId, rank, encodeStoredSeat({ ...made, held, ...memberFields(member) })];
}

function memberFields(member: HeldMember | null): Partial<StoredSeat> {
  if (member === null) return {};
  const { awayLeftMs, resumeHashes, ...rest } = member;
  const [resumeHash = null, previousResumeHash = null] = resumeHashes;
  return { ...rest, awayUntilMs: awayLeftMs, resumeHash, previousResumeHash };
}
