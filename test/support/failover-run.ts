/**
 * The fault F1: SDK clients on two nodes, reliable messages all the time, and one node is killed. Every message, ack and
 * delivery is recorded for the check afterwards.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { RelayClient } from '../../src/client/client.js';
import { pairOf, type RelaySessionAnswer } from './backend.js';
import { eventually } from './eventually.js';
import { History, nameOf, parseName, type HistoryReport } from './history.js';
import type { Nodes } from './nodes.js';

export interface FailoverPlan {
  /** Half of them are on the node that is killed. */
  readonly sockets: number;
  readonly socketsPerSession: number;
  readonly messagesPerS: number;
  /** How long messages flow before the kill, and after the last client is back. */
  readonly calmMs: number;
  /** The first wait of a client is a random time up to this; 250 is the SDK's default. */
  readonly jitterMs: number;
  /** Where clients connect first: at the session's home, which REST names, or at any node, as behind a balancer. */
  readonly at: 'home' | 'any';
}

export interface FailoverFigures {
  /** From the kill to each client's next welcome, in ascending order. */
  readonly resumedMs: readonly number[];
  /** Clients that came back as the same member. */
  readonly resumed: number;
  /** From the kill until REST at the other node names every member as connected. */
  readonly presenceMs: number;
  readonly refusedAcks: number;
  /** CPU time of the node that survived and of the clients' process, from the kill until the last client was back. */
  readonly nodeCpuMs: number;
  readonly clientCpuMs: number;
  readonly report: HistoryReport;
}

const KILLED = 0;
const CONNECT_AT_ONCE = 100;
const TICK_MS = 20;

class Player {
  readonly client: RelayClient;
  private sent = 0;
  opens = 0;
  openedAtMs = 0;
  /** Whether the last welcome was for the same member as before. */
  isSame = true;
  refusedAcks = 0;

  constructor(
    readonly name: string,
    readonly home: number,
    private readonly session: RelaySessionAnswer,
    credential: string,
    private readonly history: History,
    urls: readonly string[],
    { jitterMs, at }: FailoverPlan,
  ) {
    let turn = at === 'home' ? home - 1 + urls.length : Math.floor(Math.random() * urls.length);
    history.receiver(name, session.session_id);
    this.client = new RelayClient({
      url: () => urls[(turn += 1) % urls.length] ?? '',
      credential,
      reconnect: { baseMs: jitterMs },
      on: {
        message: (message) => {
          history.onDelivered(name, parseName(message.text()));
        },
        gap: () => {
          history.onBreak(name);
        },
        open: ({ resumed, recovered }) => {
          this.opens += 1;
          this.openedAtMs = performance.now();
          if (this.opens > 1 && !recovered) history.onBreak(name);
          this.isSame = resumed || this.opens === 1;
        },
      },
    });
  }

  /** Sends one reliable message, if the client is connected. */
  say(): void {
    if (this.client.state !== 'open') return;
    this.sent += 1;
    const message = { session: this.session.session_id, sender: this.name, number: this.sent };
    this.history.onSent(message);
    this.client.send(nameOf(message), { class: 'reliable', ack: true }).then(
      () => {
        this.history.onAcked(message);
      },
      () => {
        this.refusedAcks += 1;
      },
    );
  }
}

export async function runFailover(nodes: Nodes, plan: FailoverPlan): Promise<FailoverFigures> {
  const history = new History();
  const { sessions, players } = await seat(nodes, plan, history);
  const messages = flow(players, plan.messagesPerS);
  try {
    await pause(plan.calmMs);
    const moved = players.filter(({ home }) => home === KILLED);
    const before = new Map(moved.map((player) => [player, player.opens]));
    const nodeCpuBefore = await cpuMsOf(nodes);
    const clientCpuBefore = process.cpuUsage();
    const killedAtMs = performance.now();
    nodes.process(KILLED).child.kill('SIGKILL');
    await eventually(
      () => {
        const missing = moved.filter((player) => player.opens === before.get(player)).length;
        return missing === 0 ? null : `${String(missing)} of ${String(moved.length)} are not back`;
      },
      30_000,
      TICK_MS,
    );
    const { user, system } = process.cpuUsage(clientCpuBefore);
    const nodeCpuMs = (await cpuMsOf(nodes)) - nodeCpuBefore;
    const resumedMs = moved.map(({ openedAtMs }) => openedAtMs - killedAtMs).sort((a, b) => a - b);
    await allConnected(nodes, sessions, plan.socketsPerSession);
    const presenceMs = performance.now() - killedAtMs;
    await pause(plan.calmMs);
    messages.stop();
    await pause(1_500);
    return {
      resumedMs,
      resumed: moved.filter(({ isSame }) => isSame).length,
      presenceMs,
      refusedAcks: players.reduce((sum, { refusedAcks }) => sum + refusedAcks, 0),
      nodeCpuMs,
      clientCpuMs: (user + system) / 1000,
      report: history.check(),
    };
  } finally {
    messages.stop();
    await Promise.all(players.map(({ client }) => client.stop()));
  }
}

/** The value below which this part of the sorted values lies. */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

async function seat(nodes: Nodes, plan: FailoverPlan, history: History) {
  const { sockets, socketsPerSession } = plan;
  const urls = nodes.processes.map(({ socketUrl }) => socketUrl);
  const sessions: RelaySessionAnswer[] = [];
  const players: Player[] = [];
  for (let at = 0; at < Math.ceil(sockets / socketsPerSession); at += 1) {
    const home = at % 2;
    const session = await nodes.sessionAt(home, socketsPerSession, { resume_window_ms: 60_000 });
    sessions.push(session);
    for (let n = 0; n < socketsPerSession; n += 1) {
      const name = `p${String(players.length)}`;
      players.push(new Player(name, home, session, pairOf(session, n), history, urls, plan));
    }
  }
  for (let at = 0; at < players.length; at += CONNECT_AT_ONCE) {
    await Promise.all(players.slice(at, at + CONNECT_AT_ONCE).map(({ client }) => client.connect()));
  }
  return { sessions, players };
}

function flow(players: readonly Player[], messagesPerS: number): { stop: () => void } {
  let turn = 0;
  let owed = 0;
  const timer = setInterval(() => {
    for (owed += (messagesPerS * TICK_MS) / 1000; owed >= 1; owed -= 1) {
      // A prime step spreads the senders over sessions and nodes.
      turn += 7919;
      players[turn % players.length]?.say();
    }
  }, TICK_MS);
  return { stop: () => clearInterval(timer) };
}

async function cpuMsOf(nodes: Nodes): Promise<number> {
  const { body } = await nodes.at(1).call('GET', '/metrics');
  return 1000 * Number(/^process_cpu_seconds_total (\S+)$/m.exec(String(body))?.[1]);
}

async function allConnected(nodes: Nodes, sessions: readonly RelaySessionAnswer[], each: number): Promise<void> {
  for (const { session_id: id } of sessions) {
    await eventually(async () => {
      const { body } = await nodes.at(1).native('GET', `/v1/relays/sessions/${id}/members`);
      const { members } = body as { members: readonly { readonly connected: boolean }[] };
      const connected = members.filter((member) => member.connected).length;
      return connected === each ? null : `${String(connected)} of ${String(each)} are connected`;
    });
  }
}
