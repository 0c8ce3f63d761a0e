/**
 * The reference: what a relay session is by the specification, as plain as it can be said. No time passes in it, and
 * everything happens one after the other. Each method says what the gateway must answer.
 */
import { entryInWords, hostInWords, type ExpectedSocket, type Host } from './expected.js';

export interface Refusal {
  readonly status: number;
  readonly code: string;
}

export interface ModelMember {
  readonly index: number;
  readonly user: ModelUser;
  /** null: away. */
  socket: ExpectedSocket | null;
  /** Two of the resume tokens in the user's welcomes: the newest, and the one that the current socket came with. */
  newestToken: number;
  cameWith: number | null;
  /** The highest reliable number its last socket has seen. */
  seen: number;
  /** The newest number when it joined: nothing before it is for this member. */
  readonly firstSeq: number;
}

export interface ModelUser {
  readonly name: string;
  /** null: not listed, its credentials are minted. */
  pair: 'good' | 'revoked' | null;
  holdsSeat: boolean;
  isBanned: boolean;
  /** Minted credentials of an older generation are refused. */
  kickedIn: number;
  minted: { readonly generation: number; readonly asHost: boolean } | null;
  member: ModelMember | null;
  /** How many resume tokens it was handed out in all. */
  tokens: number;
}

export type Credential = { readonly by: 'pair' } | { readonly by: 'minted' } | ResumeCredential;

export interface ResumeCredential {
  readonly by: 'resume';
  /** Counts the tokens handed out to this user, from 1. */
  readonly token: number;
  readonly seq: number;
}

export interface ModelFrame {
  readonly deliveryClass: 0 | 1 | 2;
  readonly key: number;
  readonly ref: number | null;
  readonly term: number | null;
  readonly targets: readonly number[] | null;
  readonly payload: string;
}

interface Kept {
  readonly seq: number;
  readonly sender: number;
  readonly targets: readonly number[] | null;
  readonly payload: string;
}

export interface ModelRules {
  readonly maxUsers: number;
  readonly replayMaxEntries: number;
}

const GONE: Refusal = { status: 404, code: 'session_not_found' };
const REVOKED: Refusal = { status: 403, code: 'credential_revoked' };

export class SessionModel {
  /** In the order they joined. */
  members: ModelMember[] = [];
  readonly users: readonly ModelUser[];
  readonly sockets: ExpectedSocket[] = [];
  host: Host = { index: null, term: 0 };
  seq = 0;
  isEnded = false;
  private kept: Kept[] = [];
  /** Those that fell out of the replay window. */
  private lost: Kept[] = [];
  private isLocked = false;
  private nextIndex = 0;
  private generation = 1;

  constructor(
    listed: readonly string[],
    others: readonly string[],
    private readonly rules: ModelRules,
  ) {
    this.users = [...listed, ...others].map((name) => ({
      name,
      pair: listed.includes(name) ? 'good' : null,
      holdsSeat: listed.includes(name),
      isBanned: false,
      kickedIn: 0,
      minted: null,
      member: null,
      tokens: 0,
    }));
  }

  get connected(): (ModelMember & { readonly socket: ExpectedSocket })[] {
    return this.members.filter((member): member is ModelMember & { socket: ExpectedSocket } => member.socket !== null);
  }

  /** Whether a resume from here loses nothing, also when so many more entries come first. */
  isCovered(seq: number, more: number): boolean {
    return this.seq + more - seq <= this.rules.replayMaxEntries;
  }

  mint(user: ModelUser, asHost: boolean): Refusal | null {
    if (this.isEnded) return GONE;
    if (user.isBanned) return { status: 403, code: 'banned' };
    user.minted = { generation: this.generation, asHost };
    return null;
  }

  join(user: ModelUser, credential: Credential): Refusal | ExpectedSocket {
    const refusal = this.isEnded ? GONE : this.check(user, credential);
    if (refusal !== null) return refusal;
    const known = user.member;
    if (known !== null) return this.takeOver(known, credential);
    if (this.isLocked) return { status: 403, code: 'session_locked' };
    const held = this.users.filter(({ holdsSeat }) => holdsSeat).length;
    if (!user.holdsSeat && held >= this.rules.maxUsers) return { status: 409, code: 'session_full' };
    return this.seat(user, credential);
  }

  send(member: ModelMember, frame: ModelFrame): void {
    const { ref, term, targets, deliveryClass, key, payload } = frame;
    const replies = member.socket?.replies ?? [];
    const isStale = term !== null && (this.host.index !== member.index || this.host.term !== term);
    if (isStale) return void replies.push(`stale_host ${String(ref ?? '')}`);
    if (targets?.some((index) => !this.isMember(index)) === true) {
      return void replies.push(`unknown_member ${String(ref ?? '')}`);
    }
    if (deliveryClass === 2) this.keep({ seq: this.seq + 1, sender: member.index, targets, payload });
    const seq = deliveryClass === 2 ? this.seq : 0;
    if (ref !== null) replies.push(`ack ${String(ref)} as ${String(seq)}`);
    const words = entryInWords({
      sender: member.index,
      deliveryClass,
      targeted: targets !== null,
      key: deliveryClass === 1 ? key : 0,
      seq,
      payload,
    });
    for (const { index, socket } of this.connected) {
      if (index === member.index || targets?.includes(index) === false) continue;
      socket.entries.push(words);
      socket.seen = Math.max(socket.seen, seq);
    }
  }

  /** The client cut the connection, having seen so much. */
  drop(member: ModelMember, seen: number): void {
    if (member.socket === null) return;
    member.socket.closed = 'dropped';
    member.socket = null;
    member.seen = seen;
    this.announce(`away ${String(member.index)}`);
  }

  leave(member: ModelMember): void {
    this.depart(member, 'left', 1000);
  }

  handOver(member: ModelMember, to: number): void {
    const refusal = this.isHost(member) ? (this.isMember(to) ? null : 'unknown_member ') : 'not_host ';
    if (refusal !== null) member.socket?.replies.push(refusal);
    else if (to !== member.index) this.setHost(to);
  }

  lock(member: ModelMember, locked: boolean): void {
    if (!this.isHost(member)) return void member.socket?.replies.push('not_host ');
    this.isLocked = locked;
    this.announce(locked ? 'locked' : 'unlocked');
  }

  /** A kick that the member asked for on its socket. */
  kickAsHost(member: ModelMember, index: number): void {
    const target = this.members.find((each) => each.index === index);
    if (!this.isHost(member)) member.socket?.replies.push('not_host ');
    else if (target === undefined) member.socket?.replies.push('unknown_member ');
    else if (target === member) member.socket?.replies.push('invalid_request ');
    else this.remove(target.user, 'kicked', 4001);
  }

  /** A kick by the backend, by a name that finds the user even when it is not there. */
  kick(user: ModelUser, ban: boolean): Refusal | { readonly matched: number; readonly closed: number } {
    if (this.isEnded) return GONE;
    if (ban) user.isBanned = true;
    const isThere = user.pair === 'good' || user.member !== null;
    const closed = user.member?.socket == null ? 0 : 1;
    if (isThere) this.remove(user, 'kicked', 4001);
    else this.outdateMinted(user);
    return { matched: isThere ? 1 : 0, closed };
  }

  /** Revokes a listed user. Returns the HTTP status. */
  revoke(user: ModelUser): number {
    if (this.isEnded) return 404;
    if (user.pair === 'revoked') return 204;
    this.remove(user, 'revoked', 4002);
    return this.users.some(({ pair }) => pair === 'good') ? 200 : 204;
  }

  end(): void {
    this.isEnded = true;
    for (const { socket } of this.connected) socket.closed = 4000;
    for (const member of this.members) member.user.member = null;
    this.members = [];
  }

  private check(user: ModelUser, credential: Credential): Refusal | null {
    switch (credential.by) {
      case 'pair':
        return user.pair === 'revoked' ? REVOKED : null;
      case 'minted':
        if (user.isBanned) return { status: 403, code: 'banned' };
        return (user.minted?.generation ?? 0) < user.kickedIn ? REVOKED : null;
      case 'resume': {
        const { member } = user;
        const isKnown = member?.newestToken === credential.token || member?.cameWith === credential.token;
        return isKnown ? null : { status: 401, code: 'credential_invalid' };
      }
    }
  }

  private seat(user: ModelUser, credential: Credential): ExpectedSocket {
    // A room that nobody is in is forgotten: the next one numbers its entries anew.
    if (this.members.length === 0) [this.seq, this.kept, this.lost] = [0, [], []];
    const tokens = { newestToken: 0, cameWith: null };
    const member: ModelMember = { index: this.nextIndex, user, socket: null, ...tokens, seen: 0, firstSeq: this.seq };
    this.nextIndex += 1;
    this.announce(`joined ${String(member.index)} ${user.name}`);
    user.holdsSeat = true;
    user.member = member;
    this.members.push(member);
    const takesHost = this.host.index === null || (credential.by === 'minted' && user.minted?.asHost === true);
    if (takesHost) this.setHost(member.index);
    return this.open(member, false);
  }

  private takeOver(member: ModelMember, credential: Credential): ExpectedSocket {
    if (member.socket === null) this.announce(`back ${String(member.index)}`);
    else member.socket.closed = 4003;
    if (credential.by !== 'resume') {
      member.cameWith = null;
      return this.open(member, false);
    }
    if (credential.token === member.newestToken) member.cameWith = credential.token;
    const from = Math.max(credential.seq, member.firstSeq) + 1;
    const isFor = ({ seq, sender, targets }: Kept): boolean =>
      seq >= from && sender !== member.index && targets?.includes(member.index) !== false;
    const lostUpTo = this.lost.findLast(isFor)?.seq ?? null;
    const socket = this.open(member, lostUpTo === null);
    if (lostUpTo !== null) socket.announced.push(`gap ${String(from)} to ${String(lostUpTo)}`);
    socket.seen = lostUpTo ?? from - 1;
    for (const entry of this.kept) {
      if (!isFor(entry)) continue;
      const { seq, sender, targets, payload } = entry;
      const targeted = targets !== null;
      socket.entries.push(entryInWords({ sender, deliveryClass: 2, targeted, key: 0, seq, payload }));
      socket.seen = seq;
    }
    return socket;
  }

  private open(member: ModelMember, recovered: boolean): ExpectedSocket {
    member.socket = null;
    const members = this.members.map((each) => ({
      index: each.index,
      user: each.user.name,
      isConnected: each.socket !== null || each === member,
    }));
    const { host, seq, isLocked: locked } = this;
    const welcome = { index: member.index, members, host, seq, recovered, locked };
    const socket: ExpectedSocket = { welcome, announced: [], replies: [], entries: [], closed: null, seen: seq };
    this.sockets.push(socket);
    member.socket = socket;
    member.user.tokens += 1;
    member.newestToken = member.user.tokens;
    return socket;
  }

  /** Takes everything from a user: member, seat, authorization, and what was minted for it. */
  private remove(user: ModelUser, reason: 'kicked' | 'revoked', code: number): void {
    this.outdateMinted(user);
    if (user.pair !== null) user.pair = 'revoked';
    if (user.member !== null) this.depart(user.member, reason, code);
    user.holdsSeat = false;
  }

  private depart(member: ModelMember, reason: string, code: number): void {
    const left = `left ${String(member.index)} ${reason}`;
    // A kicked member hears why before its socket closes.
    if (reason === 'kicked') member.socket?.announced.push(left);
    if (member.socket !== null) member.socket.closed = code;
    member.socket = null;
    member.user.member = null;
    member.user.holdsSeat = false;
    this.members = this.members.filter((each) => each !== member);
    this.announce(left);
    if (!this.isHost(member)) return;
    const heir = this.members[0];
    if (heir === undefined) this.host = { index: null, term: this.host.term };
    else this.setHost(heir.index);
  }

  private setHost(index: number): void {
    this.host = { index, term: this.host.term + 1 };
    this.announce(hostInWords(this.host));
  }

  private keep(entry: Kept): void {
    this.seq = entry.seq;
    this.kept.push(entry);
    this.lost.push(...this.kept.splice(0, Math.max(0, this.kept.length - this.rules.replayMaxEntries)));
  }

  private outdateMinted(user: ModelUser): void {
    this.generation += 1;
    user.kickedIn = this.generation;
  }

  private announce(words: string): void {
    for (const { socket } of this.connected) socket.announced.push(words);
  }

  private isHost(member: ModelMember): boolean {
    return this.host.index === member.index;
  }

  private isMember(index: number): boolean {
    return this.members.some((member) => member.index === index);
  }
}
