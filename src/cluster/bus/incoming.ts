/** Keeps track of the envelopes that this node has received from one other node, and notices missing ones. */
import type { NodeId } from '../../protocol/ids.js';
import type { Beat, Place } from './envelope.js';

/**
 * `claimed`: the last envelope that the sender's previous beat named. An envelope may arrive after one later beat, not two.
 */
interface Stream {
  run: number;
  number: number;
  claimed: { readonly run: number; readonly number: number };
}

export class Incoming {
  heardAtMs: number;
  /** Whether the node has been silent for so long that its loss was reported. */
  isSilent = false;
  private readonly one: Stream = newStream();
  private readonly all: Stream = newStream();

  constructor(nowMs: number) {
    this.heardAtMs = nowMs;
  }

  /** `old`: the envelope came before, or after its loss was reported. `after_loss`: others before it are missing. */
  accept({ stream: name, run, number }: Place): 'next' | 'after_loss' | 'old' {
    const stream = name === 'all' ? this.all : this.one;
    if (run < stream.run || (run === stream.run && number <= stream.number)) return 'old';
    const next = run === stream.run ? stream.number + 1 : 1;
    stream.run = run;
    stream.number = number;
    return number === next ? 'next' : 'after_loss';
  }

  /** Whether something that an earlier beat named has not arrived. */
  hasLost({ all, ones }: Beat, self: NodeId): boolean {
    const one = ones.find(({ to }) => to === self);
    const lostOfAll = claim(this.all, all);
    const lostOfOne = one !== undefined && claim(this.one, one);
    return lostOfAll || lostOfOne;
  }
}

function newStream(): Stream {
  return { run: 0, number: 0, claimed: { run: 0, number: 0 } };
}

/** Compares the stream with its previous claim, then keeps the new claim. Returns whether envelopes were lost. */
function claim(stream: Stream, now: Stream['claimed']): boolean {
  const before = stream.claimed;
  stream.claimed = { run: now.run, number: now.number };
  const isThere = before.run < stream.run || (before.run === stream.run && before.number <= stream.number);
  if (isThere || before.number === 0) return false;
  stream.run = before.run;
  stream.number = before.number;
  return true;
}
