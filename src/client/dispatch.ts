/** Handles incoming frames: the welcome and entries here, every other control frame by the table in events.ts. */
import type { Entry } from '../protocol/batch-frame.js';
import { BACKEND_INDEX } from '../protocol/ids.js';
import type { Welcome } from '../protocol/server-control.js';
import { CLASS } from '../protocol/wire.js';
import { decodeUtf8 } from './utf8.js';
import { handleFrame, type FrameContext, type Message, type RoutedFrame } from './events.js';

const CLASS_NAMES = { [CLASS.volatile]: 'volatile', [CLASS.latest]: 'latest', [CLASS.reliable]: 'reliable' } as const;

export class Dispatch {
  constructor(private readonly context: FrameContext) {}

  onWelcome(welcome: Welcome, resumed: boolean): void {
    const { view, sequence, emit } = this.context;
    view.begin(welcome);
    const gap = sequence.begin(welcome, resumed);
    emit('open', { resumed, recovered: welcome.recovered });
    if (gap !== null) emit('gap', gap);
  }

  onControl(frame: RoutedFrame): void {
    handleFrame(frame.type, frame, this.context);
  }

  onEntries(entries: readonly Entry[]): void {
    for (const entry of entries) this.onEntry(entry);
  }

  /** Counts the number before it drops own entries, because own entries have numbers, too. */
  private onEntry(entry: Entry): void {
    const { view, sequence, emit } = this.context;
    const isReliable = entry.deliveryClass === CLASS.reliable;
    const seq = isReliable ? sequence.accept(entry.seq) : null;
    if ((isReliable && seq === null) || entry.sender === view.me?.index) return;
    emit('message', messageOf(entry, seq));
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
    text: () => decodeUtf8(payload),
  };
}
