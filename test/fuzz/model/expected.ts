/** The messages that a socket is expected to get, in a form that the real messages are converted to as well. */
import type { Entry } from '../../../src/protocol/batch-frame.js';
import type { ServerControl, Welcome } from '../../../src/protocol/server-control.js';

export interface ExpectedSocket {
  welcome: ExpectedWelcome;
  /** Messages to everybody in the room, in order. */
  readonly announced: string[];
  /** Answers to this socket's own frames, in order. */
  readonly replies: string[];
  readonly entries: string[];
  /** The close code; null while it is open, 'dropped' when its client cut it. */
  closed: number | 'dropped' | null;
  /** The highest reliable number it has seen. */
  seen: number;
}

export interface ExpectedWelcome {
  readonly index: number;
  readonly members: readonly { readonly index: number; readonly user: string; readonly isConnected: boolean }[];
  readonly host: Host;
  readonly seq: number;
  readonly recovered: boolean;
  readonly locked: boolean;
}

export interface Host {
  readonly index: number | null;
  readonly term: number;
}

/** The gateway names users by their ids; the model knows them by name. */
export type NameOf = (userId: string) => string;

export function welcomeInWords(welcome: ExpectedWelcome): string {
  const { index, members, host, seq, recovered, locked } = welcome;
  const there = members.map((each) => {
    const role = each.index === host.index ? 'host' : 'client';
    return `${String(each.index)} ${each.user} ${role}${each.isConnected ? '' : ' away'}`;
  });
  const position = `seq ${String(seq)}${recovered ? ' recovered' : ''}${locked ? ' locked' : ''}`;
  return `you are ${String(index)} of [${there.join(', ')}]; ${hostInWords(host)}; ${position}`;
}

export function readWelcome(welcome: Welcome, nameOf: NameOf): ExpectedWelcome {
  const { you, members, host, seq, recovered, session } = welcome;
  return {
    index: you.index,
    members: members.map((each) => ({ index: each.index, user: nameOf(each.user_id), isConnected: each.connected })),
    host,
    seq,
    recovered,
    locked: session.locked,
  };
}

export function hostInWords({ index, term }: Host): string {
  return `host ${String(index)} in term ${String(term)}`;
}

export function entryInWords(entry: Omit<Entry, 'payload'> & { readonly payload: string }): string {
  const { sender, deliveryClass, targeted, key, seq, payload } = entry;
  return `${payload} of ${String(sender)}, class ${String(deliveryClass)} ${String(key)} ${String(seq)}${targeted ? ' targeted' : ''}`;
}

/** Which list a control frame belongs in, and as what; null for the welcome and for answers to pings of the test. */
export function controlInWords(
  control: ServerControl,
  nameOf: NameOf,
): { readonly list: 'announced' | 'replies'; readonly words: string } | null {
  const announced = (words: string): { list: 'announced'; words: string } => ({ list: 'announced', words });
  switch (control.type) {
    case 'welcome':
    case 'pong':
      return null;
    case 'member.joined':
      return announced(`joined ${String(control.member.index)} ${nameOf(control.member.user_id)}`);
    case 'member.away':
    case 'member.back':
      return announced(`${control.type.slice('member.'.length)} ${String(control.index)}`);
    case 'member.left':
      return announced(`left ${String(control.index)} ${control.reason}`);
    case 'host':
      return announced(hostInWords(control));
    case 'session.updated':
      return announced(control.session.locked ? 'locked' : 'unlocked');
    case 'gap':
      return announced(`gap ${String(control.from)} to ${String(control.to)}`);
    case 'ack':
      return { list: 'replies', words: `ack ${String(control.ref)} as ${String(control.seq)}` };
    case 'error':
      return { list: 'replies', words: `${control.code} ${String(control.ref ?? '')}` };
    case 'member.state':
    case 'goaway':
    case 'user_session.touched':
    case 'user_session.ended':
    case 'user_session.removed':
    case 'user_session.revoked':
      return announced(control.type);
  }
}
