/** What comes in: brings the view up to date, settles acks, filters entries, and tells the listeners. */
import type { Entry } from '../protocol/batch-frame.js';
import { BACKEND_INDEX } from '../protocol/ids.js';
import type { ServerControl, Welcome } from '../protocol/server-control.js';
import { CLASS } from '../protocol/wire.js';
import type { Acks } from './acks.js';
import type { Emitter, Message } from './events.js';
import type { SequenceTracker } from './sequence.js';
import { userSessionOf, type Member, type SessionView } from './session-view.js';

export interface DispatchDeps {
  readonly view: SessionView;
  readonly sequence: SequenceTracker;
  readonly acks: Acks;
  readonly emitter: Emitter;
  readonly onGoaway: (afterMs: number, url: string | undefined) => void;
}

const CLASS_NAMES = { [CLASS.volatile]: 'volatile', [CLASS.latest]: 'latest', [CLASS.reliable]: 'reliable' } as const;
const utf8 = new TextDecoder();

export class Dispatch {
  constructor(private readonly deps: DispatchDeps) {}

  onWelcome(welcome: Welcome, resumed: boolean): void {
    const { view, sequence, emitter } = this.deps;
    view.begin(welcome);
    const gap = sequence.begin(welcome, resumed);
    emitter.emit('open', { resumed, recovered: welcome.recovered });
    if (gap !== null) emitter.emit('gap', gap);
  }

  onControl(frame: ServerControl): void {
    const { view, sequence, acks, emitter, onGoaway } = this.deps;
    switch (frame.type) {
      case 'member.joined':
        emitter.emit('memberJoined', view.join(frame.member));
        return;
      case 'member.away':
        this.tell('memberAway', view.change(frame.index, { connected: false }));
        return;
      case 'member.back':
        this.tell('memberBack', view.change(frame.index, { connected: true }));
        return;
      case 'member.state':
        this.tell('memberState', view.change(frame.index, { state: frame.state }));
        return;
      case 'member.left': {
        const member = view.leave(frame.index);
        if (member !== null) emitter.emit('memberLeft', { member, reason: frame.reason });
        return;
      }
      case 'host':
        emitter.emit('host', view.moveHost(frame));
        return;
      case 'session.updated':
        emitter.emit('sessionUpdated', view.update(frame.session));
        return;
      case 'ack':
        acks.accepted(frame.ref, frame.seq);
        return;
      case 'gap': {
        const gap = sequence.skip(frame.from, frame.to, frame.reason);
        if (gap !== null) emitter.emit('gap', gap);
        return;
      }
      case 'goaway':
        onGoaway(frame.after_ms, frame.url);
        emitter.emit('goaway', { reason: frame.reason, afterMs: frame.after_ms });
        return;
      case 'error': {
        const { ref, code, message } = frame;
        const isAwaited = ref !== undefined && acks.refused(ref, code, message);
        if (!isAwaited) emitter.emit('error', { code, message });
        return;
      }
      case 'user_session.touched':
      case 'user_session.ended':
      case 'user_session.removed':
      case 'user_session.revoked':
        emitter.emit('userSession', userSessionOf(frame));
        return;
      case 'welcome':
      case 'pong':
        // The connection's own.
        return;
    }
  }

  onEntries(entries: readonly Entry[]): void {
    for (const entry of entries) this.onEntry(entry);
  }

  /** The number is taken before own entries are left out: they count too. */
  private onEntry(entry: Entry): void {
    const { view, sequence, emitter } = this.deps;
    const isReliable = entry.deliveryClass === CLASS.reliable;
    const seq = isReliable ? sequence.accept(entry.seq) : null;
    if ((isReliable && seq === null) || entry.sender === view.me?.index) return;
    emitter.emit('message', messageOf(entry, seq));
  }

  private tell(event: 'memberAway' | 'memberBack' | 'memberState', member: Member | null): void {
    if (member !== null) this.deps.emitter.emit(event, member);
  }
}

function messageOf({ sender, deliveryClass, key, targeted, payload }: Entry, seq: number | null): Message {
  return {
    sender,
    fromBackend: sender === BACKEND_INDEX,
    class: CLASS_NAMES[deliveryClass],
    key: deliveryClass === CLASS.latest ? key : null,
    seq,
    targeted,
    payload,
    text: () => utf8.decode(payload),
  };
}
