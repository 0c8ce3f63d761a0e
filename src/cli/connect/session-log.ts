/** The events of a relay session as lines: for people, or as one JSON object each. */
import type { Listeners, Message, RelayClient } from '../../client/client.js';
import type { Terminal } from '../terminal.js';
import { counted, printable } from '../text.js';

/** Everything but `closed`, which becomes the exit code. The listeners call `client` later, when it exists. */
export function sessionLog(client: () => RelayClient, isJson: boolean, { print, note }: Terminal): Listeners {
  const log = (event: string, members: object, text: string): void => {
    if (isJson) print(`${JSON.stringify({ event, ...members })}\n`);
    else note(`* ${printable(text)}\n`);
  };
  return {
    open: (info) => {
      log('open', { ...info, ...viewOf(client()) }, openLine(client(), info.resumed));
    },
    message: (message) => {
      print(isJson ? `${JSON.stringify(messageEvent(message))}\n` : `${messageLine(message, client())}\n`);
    },
    memberJoined: (member) => {
      log('memberJoined', member, `${member.index} ${member.userId} joined`);
    },
    memberAway: (member) => {
      log('memberAway', member, `${member.index} ${member.userId} lost the connection`);
    },
    memberBack: (member) => {
      log('memberBack', member, `${member.index} ${member.userId} is back`);
    },
    memberLeft: (left) => {
      const detail = left.detail === null ? '' : ` (${left.detail})`;
      log('memberLeft', left, `${left.member.index} ${left.member.userId} left: ${left.reason}${detail}`);
    },
    memberState: (member) => {
      log('memberState', member, `${member.index} ${member.userId} has the state ${JSON.stringify(member.state)}`);
    },
    host: (host) => {
      log('host', host, host.index === null ? 'there is no host' : `member ${host.index} is host`);
    },
    sessionUpdated: (session) => {
      log('sessionUpdated', session, `the session is ${session.locked ? 'locked' : 'open'}, ${session.maxUsers} seats`);
    },
    userSession: (session) => {
      log('userSession', session, `the user session ${session.id} is ${session.status}`);
    },
    gap: (gap) => {
      log('gap', gap, `the reliable frames ${gap.from} to ${gap.to ?? 'the newest'} are lost`);
    },
    goaway: (goaway) => {
      log('goaway', goaway, `the gateway asks to reconnect in ${goaway.afterMs} ms: ${goaway.reason}`);
    },
    error: (error) => {
      log('error', error, `refused: ${error.message} (${error.code})`);
    },
    undelivered: (lost) => {
      log('undelivered', lost, `${counted(lost.count, 'reliable frame')} could not be sent (${lost.code})`);
    },
    disconnected: (end) => {
      const again = end.willReconnectInMs === null ? '' : `; again in ${Math.round(end.willReconnectInMs)} ms`;
      log('disconnected', end, `disconnected: ${end.reason}${again}`);
    },
  };
}

function openLine({ members, me, session }: RelayClient, resumed: boolean): string {
  const others = [...members.values()].filter(({ index }) => index !== me?.index);
  const names = others.map(({ index, userId }) => `; ${index} ${userId}`).join('');
  return `${resumed ? 'back in' : 'joined'} ${session?.id ?? ''} as member ${me?.index ?? ''}, ${me?.role ?? ''}${names}`;
}

function viewOf({ session, me, host, members }: RelayClient): object {
  return { session, me, host, members: [...members.values()] };
}

/** `text` when the payload is UTF-8, otherwise `payload_base64`. */
function messageEvent(message: Message): object {
  const { sender, fromBackend, key, seq, targeted, payload } = message;
  const text = textOf(payload);
  const content = text === null ? { payload_base64: Buffer.from(payload).toString('base64') } : { text };
  return { event: 'message', sender, fromBackend, class: message.class, key, seq, targeted, ...content };
}

function messageLine({ sender, fromBackend, payload }: Message, client: RelayClient): string {
  const name = fromBackend ? 'backend' : `${sender} ${client.members.get(sender)?.userId ?? '?'}`;
  const text = textOf(payload) ?? `${counted(payload.length, 'byte')} ${Buffer.from(payload).toString('hex')}`;
  return printable(`${name}: ${text}`);
}

function textOf(payload: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  } catch {
    return null;
  }
}
