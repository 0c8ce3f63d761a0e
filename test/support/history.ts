/**
 * The fate of reliable messages in a run with faults, recorded while it runs and checked afterwards, in the manner
 * of Jepsen. Each message has a text that names it uniquely, and one sender sends its messages in the order of their
 * numbers. It is pure: it opens nothing and knows no gateway.
 */

export interface Sent {
  readonly session: string;
  readonly sender: string;
  /** Rises by one with each message of the sender in the session; the first is 1. */
  readonly number: number;
}

interface Receiver {
  readonly session: string;
  readonly delivered: Sent[];
  /** How many breaks it had, and the moment of the last: earlier messages may be missing, and it knows that. */
  breaks: number;
  wholeSince: number;
}

/** Moments are counted, not measured: one for each record. */
interface Sending {
  readonly message: Sent;
  readonly sentAt: number;
  acked: boolean;
}

export interface HistoryReport {
  readonly sent: number;
  readonly acked: number;
  readonly deliveries: number;
  readonly breaks: number;
  /** Acked, and not delivered to a member that was told of no gap since it was sent. */
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly reordered: readonly string[];
  /** Delivered to a member of another session. */
  readonly strayed: readonly string[];
  /** Delivered, but never sent. */
  readonly invented: readonly string[];
}

interface Findings {
  readonly lost: string[];
  readonly duplicated: string[];
  readonly reordered: string[];
  readonly strayed: string[];
  readonly invented: string[];
}

export class History {
  private now = 0;
  private readonly sent = new Map<string, Sending>();
  private readonly receivers = new Map<string, Receiver>();

  /** A member that hears its session's messages. A name is used once. */
  receiver(name: string, session: string): void {
    if (this.receivers.has(name)) throw new Error(`there are two receivers ${name}`);
    this.receivers.set(name, { session, delivered: [], breaks: 0, wholeSince: this.tick() });
  }

  onSent(message: Sent): void {
    this.sent.set(nameOf(message), { message, sentAt: this.tick(), acked: false });
  }

  onAcked(message: Sent): void {
    const entry = this.sent.get(nameOf(message));
    if (entry === undefined) throw new Error(`acked, but never sent: ${nameOf(message)}`);
    entry.acked = true;
  }

  onDelivered(receiver: string, message: Sent): void {
    this.find(receiver).delivered.push(message);
  }

  /** The receiver was told that messages are missing: `gap`, or `recovered: false`. It hears everything from now on. */
  onBreak(name: string): void {
    const receiver = this.find(name);
    receiver.breaks += 1;
    receiver.wholeSince = this.tick();
  }

  /** Let the run settle before the check: what is on its way counts as lost. */
  check(): HistoryReport {
    const report: Findings = { lost: [], duplicated: [], reordered: [], strayed: [], invented: [] };
    for (const [name, receiver] of this.receivers) this.judge(name, receiver, report);
    const receivers = [...this.receivers.values()];
    return {
      sent: this.sent.size,
      acked: [...this.sent.values()].filter(({ acked }) => acked).length,
      deliveries: receivers.reduce((sum, { delivered }) => sum + delivered.length, 0),
      breaks: receivers.reduce((sum, { breaks }) => sum + breaks, 0),
      ...report,
    };
  }

  private judge(name: string, { session, delivered, wholeSince }: Receiver, found: Findings): void {
    const got = new Set<string>();
    const last = new Map<string, number>();
    for (const message of delivered) {
      const text = nameOf(message);
      const newest = last.get(message.sender) ?? 0;
      if (!this.sent.has(text)) found.invented.push(`${text} at ${name}`);
      if (message.session !== session) found.strayed.push(`${text} at ${name}`);
      if (got.has(text)) found.duplicated.push(`${text} at ${name}`);
      else if (message.number < newest) found.reordered.push(`${text} at ${name}`);
      got.add(text);
      last.set(message.sender, Math.max(message.number, newest));
    }
    for (const [text, { message, sentAt, acked }] of this.sent) {
      const isMeant = acked && message.session === session && message.sender !== name && sentAt > wholeSince;
      if (isMeant && !got.has(text)) found.lost.push(`${text} at ${name}`);
    }
  }

  private tick(): number {
    this.now += 1;
    return this.now;
  }

  private find(name: string): Receiver {
    const receiver = this.receivers.get(name);
    if (receiver === undefined) throw new Error(`there is no receiver ${name}`);
    return receiver;
  }
}

/** The text that a message carries. Neither name has a space. */
export function nameOf({ session, sender, number }: Sent): string {
  return `${session} ${sender} ${String(number)}`;
}

export function parseName(text: string): Sent {
  const [session = '', sender = '', number = ''] = text.split(' ');
  if (!/^\d+$/.test(number)) throw new Error(`not a message of this run: ${text}`);
  return { session, sender, number: Number(number) };
}

/** Throws with the first few of each kind, unless nothing was lost, duplicated, reordered, strayed or invented. */
export function assertClean(report: HistoryReport): void {
  const { lost, duplicated, reordered, strayed, invented } = report;
  const wrong = Object.entries({ lost, duplicated, reordered, strayed, invented }).filter(([, all]) => all.length > 0);
  if (wrong.length === 0) return;
  const lines = wrong.map(([kind, all]) => `${kind} ${String(all.length)}: ${all.slice(0, 5).join('; ')}`);
  throw new Error(`the history is not clean\n${lines.join('\n')}`);
}
