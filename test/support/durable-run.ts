/** Members that send reliable entries to each other and come back at another node, and a check of what they have seen. */
import { pairOf, type RelaySessionAnswer } from './backend.js';
import { Client } from './client.js';
import { eventually } from './eventually.js';

const RELIABLE = 2;

interface Received {
  readonly seq: number;
  readonly text: string;
}

/** One member over all its sockets. */
export class DurableMember {
  /** The texts that were acknowledged, with their numbers. */
  readonly acked = new Map<string, number>();
  readonly refused: string[] = [];
  readonly received: Received[] = [];
  sent = 0;
  recovered: boolean | null = null;
  epochs: string[] = [];
  private readonly byRef = new Map<number, string>();
  private client: Client | null = null;
  private lastSeq = 0;
  private readEntries = 0;
  private readControls = 0;

  constructor(readonly name: string) {}

  async join(socketUrl: string, session: RelaySessionAnswer, n: number): Promise<void> {
    this.take(await Client.join(socketUrl, pairOf(session, n)));
  }

  /** Tries until the handshake is accepted. */
  async resume(socketUrl: string): Promise<void> {
    const { token } = this.current.welcome.resume;
    this.read();
    this.byRef.clear();
    const query = { seq: String(this.lastSeq) };
    await eventually(async () => {
      const outcome = await Client.attempt(socketUrl, token, { query });
      if (!(outcome instanceof Client)) return `refused: ${String(outcome.status)} ${String(outcome.body.code)}`;
      await outcome.expect('welcome');
      this.take(outcome);
      return null;
    });
    this.recovered = this.current.welcome.recovered;
  }

  get current(): Client {
    if (this.client === null) throw new Error('has not joined');
    return this.client;
  }

  get gaps(): number {
    return this.current.of('gap').length;
  }

  say(): void {
    this.sent += 1;
    const text = `${this.name} ${String(this.sent)}`;
    this.byRef.set(this.sent, text);
    this.current.relay({ deliveryClass: RELIABLE, ref: this.sent, payload: text });
  }

  /** Takes over what came since the last time. */
  read(): void {
    const { controls, entries } = this.current;
    for (const frame of controls.slice(this.readControls)) {
      if (frame.type === 'ack')
        this.acked.set(this.byRef.get(frame.ref) ?? `unknown ref ${String(frame.ref)}`, frame.seq);
      if (frame.type === 'error') this.refused.push(`${this.byRef.get(frame.ref ?? -1) ?? '?'}: ${frame.code}`);
    }
    for (const { seq, sender, payload } of entries.slice(this.readEntries)) {
      this.lastSeq = Math.max(this.lastSeq, seq);
      if (sender !== this.current.index) this.received.push({ seq, text: Buffer.from(payload).toString() });
    }
    this.readControls = controls.length;
    this.readEntries = entries.length;
  }

  private take(client: Client): void {
    this.client = client;
    this.readControls = 0;
    this.readEntries = 0;
    this.epochs.push(client.welcome.epoch);
  }
}

export interface Findings {
  readonly acked: number;
  readonly refused: number;
  readonly deliveries: number;
  readonly lost: readonly string[];
  readonly duplicates: readonly string[];
  readonly reordered: readonly string[];
  /** Numbers that stand for several texts. */
  readonly ambiguous: readonly string[];
  /** Entries that were refused by name and delivered nevertheless. */
  readonly ghosts: readonly string[];
}

/** Compares what was acknowledged with what was received. */
export function judge(members: readonly DurableMember[]): Findings {
  for (const member of members) member.read();
  const texts = new Map<number, Set<string>>();
  const lost: string[] = [];
  const duplicates: string[] = [];
  const reordered: string[] = [];
  const ghosts: string[] = [];
  const refused = new Set(members.flatMap((member) => member.refused.map((each) => each.split(':')[0] ?? '')));
  for (const member of members) {
    const seen = new Set<string>();
    let last = 0;
    for (const { seq, text } of member.received) {
      if (seen.has(text)) duplicates.push(`${member.name} got "${text}" twice`);
      if (seq <= last) reordered.push(`${member.name} got ${String(seq)} after ${String(last)}`);
      if (refused.has(text)) ghosts.push(`${member.name} got "${text}", which was refused`);
      seen.add(text);
      last = Math.max(last, seq);
      texts.set(seq, (texts.get(seq) ?? new Set()).add(text));
    }
    for (const other of members) {
      if (other === member) continue;
      for (const text of other.acked.keys()) if (!seen.has(text)) lost.push(`${member.name} lacks "${text}"`);
    }
  }
  for (const member of members)
    for (const [text, seq] of member.acked) texts.set(seq, (texts.get(seq) ?? new Set()).add(text));
  const ambiguous = [...texts].flatMap(([seq, names]) =>
    names.size > 1 ? [`${String(seq)}: ${[...names].join(', ')}`] : [],
  );
  const acked = members.reduce((sum, each) => sum + each.acked.size, 0);
  const deliveries = members.reduce((sum, each) => sum + each.received.length, 0);
  return { acked, refused: refused.size, deliveries, lost, duplicates, reordered, ambiguous, ghosts };
}

/** Waits until every acknowledged entry has arrived, or for as long as `eventually` does. */
export async function untilDelivered(members: readonly DurableMember[]): Promise<void> {
  await eventually(() => judge(members).lost[0] ?? null).catch(() => undefined);
}

/** Each member says something every few milliseconds until the returned function is called. */
export function talk(members: readonly DurableMember[], everyMs: number): () => void {
  const timer = setInterval(() => {
    for (const member of members) if (member.current.closed === null) member.say();
  }, everyMs);
  return () => clearInterval(timer);
}
