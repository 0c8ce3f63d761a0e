/**
 * SDK clients that send reliable frames all the time, and a record of what was acked, delivered and lost. Payloads are
 * `<sender>:<number>`; a sender sends its next frame when the last one was answered.
 */
import { RelayClient } from '../../src/client/client.js';
import { pairOf, type RelaySessionAnswer } from './backend.js';
import { eventually } from './eventually.js';

export interface TrafficOptions {
  /** Where clients connect when no gateway names another URL. */
  readonly url: () => string;
  /** How long a sender waits between an answer and its next frame. */
  readonly pauseMs: number;
}

/** No test waits for the longest pause between two attempts. */
const RECONNECT = { capMs: 500 };

export class TrafficClient {
  readonly acked: number[] = [];
  /** Frames whose fate the sender does not know. */
  unknown = 0;
  /** Errors by code of frames that were refused. */
  readonly refused = new Map<string, number>();
  readonly delivered = new Map<string, number[]>();
  readonly closes: { readonly code: number; readonly reason: string; readonly atMs: number }[] = [];
  readonly opens: { readonly recovered: boolean; readonly atMs: number }[] = [];
  readonly gaps: unknown[] = [];
  goaways = 0;
  /** Attempts to connect that failed or were refused, by their reason. */
  readonly failures: string[] = [];
  readonly sdk: RelayClient;
  private sent = 0;
  private isOpen = false;
  private isSending = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    credential: string,
    private readonly options: TrafficOptions,
  ) {
    this.sdk = new RelayClient({
      url: options.url,
      credential,
      reconnect: RECONNECT,
      on: {
        message: ({ payload }) => this.onMessage(Buffer.from(payload).toString()),
        disconnected: ({ code, reason }) => this.onDisconnected(code, reason),
        open: ({ recovered }) => {
          this.isOpen = true;
          this.opens.push({ recovered, atMs: performance.now() });
        },
        gap: (gap) => this.gaps.push(gap),
        goaway: () => (this.goaways += 1),
      },
    });
  }

  begin(): void {
    this.isSending = true;
    this.loop = this.sendAll();
  }

  async end(): Promise<void> {
    this.isSending = false;
    await this.loop;
  }

  private async sendAll(): Promise<void> {
    while (this.isSending) {
      this.sent += 1;
      const n = this.sent;
      try {
        await this.sdk.send(`${this.name}:${String(n)}`, { class: 'reliable', ack: true });
        this.acked.push(n);
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
        if (code === 'unknown_outcome') this.unknown += 1;
        else this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
      }
      await new Promise((resolve) => setTimeout(resolve, this.options.pauseMs));
    }
  }

  private onDisconnected(code: number, reason: string): void {
    if (this.isOpen) this.closes.push({ code, reason, atMs: performance.now() });
    else this.failures.push(reason);
    this.isOpen = false;
  }

  private onMessage(text: string): void {
    const [sender = '', n = ''] = text.split(':');
    const from = this.delivered.get(sender) ?? [];
    from.push(Number(n));
    this.delivered.set(sender, from);
  }
}

export interface TrafficReport {
  readonly acked: number;
  /** Acked frames that a member of the session never got. */
  readonly lost: number;
  readonly duplicates: number;
  /** Deliveries that came before an earlier frame of their sender. */
  readonly disordered: number;
  /** Deliveries to a client of another session. */
  readonly strays: number;
  readonly unknown: number;
  readonly refused: number;
  readonly gaps: number;
  /** How many times clients came back, and how many of these without what they missed. */
  readonly reconnects: number;
  readonly unrecovered: number;
  /** Attempts to connect that failed, by their reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Close codes of connections that were open, with how often each came. */
  readonly codes: Readonly<Record<string, number>>;
}

export class Traffic {
  readonly sessionIds: string[] = [];
  private readonly groups: (readonly TrafficClient[])[] = [];

  constructor(private readonly options: TrafficOptions) {}

  get clients(): readonly TrafficClient[] {
    return this.groups.flat();
  }

  /** Connects a client for each user that the session lists. */
  async join(session: RelaySessionAnswer): Promise<void> {
    const clients = session.session_users.map(
      (_, n) => new TrafficClient(`${session.session_id}/${String(n)}`, pairOf(session, n), this.options),
    );
    this.groups.push(clients);
    this.sessionIds.push(session.session_id);
    await Promise.all(clients.map((client) => client.sdk.connect()));
  }

  begin(): void {
    for (const client of this.clients) client.begin();
  }

  /** Stops sending, waits until everybody has what was acked or nothing comes any more, and tells what happened. */
  async end(): Promise<TrafficReport> {
    await Promise.all(this.clients.map((client) => client.end()));
    let lost = this.lost();
    await eventually(() => ((lost = this.lost()) === 0 ? null : `${String(lost)} not delivered`), 5_000, 250).catch(
      () => undefined,
    );
    const report = this.report(lost);
    await Promise.all(this.clients.map((client) => client.sdk.stop()));
    return report;
  }

  private lost(): number {
    let lost = 0;
    for (const group of this.groups) {
      for (const sender of group) {
        for (const receiver of group) {
          if (receiver === sender) continue;
          const got = new Set(receiver.delivered.get(sender.name));
          for (const n of sender.acked) if (!got.has(n)) lost += 1;
        }
      }
    }
    return lost;
  }

  private report(lost: number): TrafficReport {
    const { clients } = this;
    const sum = (of: (client: TrafficClient) => number): number => clients.reduce((all, client) => all + of(client), 0);
    const counts = (of: (client: TrafficClient) => readonly string[]): Record<string, number> => {
      const all: Record<string, number> = {};
      for (const name of clients.flatMap(of)) all[name] = (all[name] ?? 0) + 1;
      return all;
    };
    const streams = clients.flatMap((client) => [...client.delivered.values()]);
    return {
      acked: sum(({ acked }) => acked.length),
      lost,
      duplicates: streams.reduce((all, numbers) => all + numbers.length - new Set(numbers).size, 0),
      disordered: streams.reduce(
        (all, numbers) => all + numbers.filter((n, at) => n < (numbers[at - 1] ?? 0)).length,
        0,
      ),
      strays: sum(({ name, delivered }) => {
        const [own] = name.split('/');
        return [...delivered.keys()].filter((sender) => sender.split('/')[0] !== own).length;
      }),
      unknown: sum(({ unknown }) => unknown),
      refused: sum(({ refused }) => [...refused.values()].reduce((all, count) => all + count, 0)),
      gaps: sum(({ gaps }) => gaps.length),
      reconnects: sum(({ opens }) => Math.max(0, opens.length - 1)),
      unrecovered: sum(({ opens }) => opens.slice(1).filter(({ recovered }) => !recovered).length),
      failures: counts(({ failures }) => failures),
      codes: counts(({ closes }) => closes.map(({ code }) => String(code))),
    };
  }
}

/** The most closes of these clients within any second. */
export function mostClosesInASecond(clients: readonly TrafficClient[]): number {
  const times = clients.flatMap(({ closes }) => closes.map(({ atMs }) => atMs)).sort((a, b) => a - b);
  let from = 0;
  return times.reduce((most, atMs, to) => {
    while ((times[from] ?? atMs) <= atMs - 1000) from += 1;
    return Math.max(most, to - from + 1);
  }, 0);
}
