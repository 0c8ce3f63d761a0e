/**
 * Keeps the client connected. It makes a connection and, after its end, another as `Reconnect` plans, until it is
 * stopped or cannot come back. It owns the connection's state, the resume token and the timers between connections.
 */
import type { Entry } from '../protocol/batch-frame.js';
import type { Welcome } from '../protocol/server-control.js';
import { connectUrl, connectUrls, isDowngrade, type Address, type UrlSource } from './address.js';
import { Connection, type ConnectionDeps } from './connection.js';
import { deferred } from './deferred.js';
import type { Closed, Disconnected, RoutedFrame } from './events.js';
import { LOST_LINK } from './link.js';
import { Reconnect, type ConnectionEnd, type Plan, type ReconnectLimits } from './reconnect.js';
import { Resume } from './resume.js';
import { listenAround, type AppStateLike } from './surroundings.js';
import { setPatientTimer } from './timing.js';

/** `connecting` until the first welcome, `reconnecting` between two connections; `closed` is the end. */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'closed';

export interface SupervisorEvents {
  onWelcome(welcome: Welcome, resumed: boolean): void;
  onControl(frame: RoutedFrame): void;
  onEntries(entries: readonly Entry[]): void;
  /** The link of the open connection is gone. */
  onLinkLost(): void;
  onDisconnected(event: Disconnected): void;
  onClosed(event: Closed): void;
}

export interface SupervisorDeps extends ConnectionDeps {
  /** Where to connect unless the gateway names another URL. */
  readonly url: UrlSource;
  readonly reconnect: ReconnectLimits;
  /** The longest time to the first welcome. */
  readonly firstConnectTimeoutMs: number;
  readonly appState: AppStateLike | undefined;
  /** The number of the last reliable entry, in the epoch of the latest welcome. */
  readonly lastSeen: () => number;
  /** Whether frames are on the wire whose ack somebody waits for. */
  readonly awaitsAnswers: () => boolean;
}

/** How long a closing handshake may take. After it, a process of Node ends within a second of `stop`. */
const CLOSE_MS = 700;
const LEAVE_MS = 2_000;
/** How long an attempt at a home may take. A frozen node accepts connections and says nothing. */
const HOME_TIMEOUT_MS = 5_000;
/** For this long after a failed attempt, the client does not follow a gateway to the same home. */
const DEAD_FOR_MS = 2_000;
/** How long before a move the last frames leave. The gateway gives this much notice at least. */
const LAST_ANSWERS_MS = 50;
const MORE_FOR_ANSWERS_MS = 1_000;
const ANSWERS_POLL_MS = 10;
const GOING_AWAY = 4200;
/** Close codes from here on are the gateway's. */
const OWN_CODES = 4000;

export class Supervisor {
  private phase: ConnectionState = 'idle';
  private connection: Connection | null = null;
  private cancelWait: () => void = () => undefined;
  private cancelMove: () => void = () => undefined;
  private goaway: { readonly atMs: number } | null = null;
  /** Where the gateway said that the session is. It is left as soon as an attempt there fails; null: the configured URL. */
  private home: Address | null = null;
  /** The last home where nothing answered. */
  private deadHome: { readonly url: string; readonly untilMs: number } | null = null;
  /** Which of several URLs is next. */
  private turn = 0;
  /** Set while the client waits for its next attempt: not before then. */
  private waitingUntilMs: number | null = null;
  private cancelFirst: () => void = () => undefined;
  private stopListening: () => void = () => undefined;
  /** The error that a function of the application threw in the last attempt. */
  private lastCause: unknown = undefined;
  private isMoving = false;
  private isGivingUp = false;
  private isStopping = false;
  private hasLeft = false;
  private readonly resume: Resume;
  private readonly reconnect: Reconnect;
  private readonly done = deferred<undefined>();

  constructor(
    private readonly deps: SupervisorDeps,
    private readonly events: SupervisorEvents,
  ) {
    this.resume = new Resume(deps.timing);
    this.reconnect = new Reconnect(deps.reconnect, deps.timing);
  }

  get state(): ConnectionState {
    return this.phase;
  }

  /** The open connection, when frames can be written to it. */
  get ready(): Connection | null {
    return this.phase === 'open' && this.connection?.isReady === true ? this.connection : null;
  }

  /**
   * The connection for relay frames. Shortly before a move to a new home, frames wait for the connection there, so that
   * the old one answers what is on its way before it closes.
   */
  get wire(): Connection | null {
    const { goaway, home } = this;
    const isLeaving = goaway !== null && home !== null && this.deps.timing.nowMs() >= goaway.atMs - LAST_ANSWERS_MS;
    return isLeaving ? null : this.ready;
  }

  /** Call it once. */
  start(): void {
    this.phase = 'connecting';
    this.reconnect.begin();
    const { timing, firstConnectTimeoutMs, appState } = this.deps;
    if (firstConnectTimeoutMs < Infinity) {
      this.cancelFirst = setPatientTimer(timing, firstConnectTimeoutMs, () => this.giveUp());
    }
    this.stopListening = listenAround(appState, {
      onBetter: () => this.tryNow(),
      onWorse: () => this.ready?.check(),
    });
    this.attempt();
  }

  /** The network is back, or the application is looked at again. */
  private tryNow(): void {
    this.ready?.check();
    const { waitingUntilMs: floorMs, deps, reconnect } = this;
    if (floorMs === null || this.isStopping) return;
    this.cancelWait();
    this.attemptIn(Math.max(reconnect.soonMs(), floorMs - deps.timing.nowMs()), floorMs);
  }

  private attemptIn(delayMs: number, floorMs: number): void {
    this.waitingUntilMs = floorMs;
    this.cancelWait = this.deps.timing.setTimer(delayMs, () => this.attempt());
  }

  /** No welcome came in time. */
  private giveUp(): void {
    if (this.phase !== 'connecting' || this.isStopping) return;
    this.cancelWait();
    this.isGivingUp = true;
    if (this.connection === null) this.finishWithout();
    else this.connection.close(CLOSE_MS);
  }

  private finishWithout(): void {
    this.finish({ code: LOST_LINK, reason: 'gave_up', cause: this.lastCause, advice: 'back_off' });
  }

  /** Reconnects when the gateway asked for it, even if the gateway does not close the connection. */
  moveIn(afterMs: number, url: string | undefined): void {
    this.goaway = { atMs: this.deps.timing.nowMs() + afterMs };
    this.home = url === undefined ? null : this.followable(url);
    this.cancelMove();
    this.moveWhenAnswered(afterMs, this.goaway.atMs + MORE_FOR_ANSWERS_MS);
  }

  /** Waits a little longer for answers that are on their way, unless the session is still where the client is. */
  private moveWhenAnswered(afterMs: number, untilMs: number): void {
    const { timing, awaitsAnswers } = this.deps;
    this.cancelMove = timing.setTimer(afterMs, () => {
      if (this.home !== null && awaitsAnswers() && timing.nowMs() < untilMs) {
        this.moveWhenAnswered(ANSWERS_POLL_MS, untilMs);
        return;
      }
      this.isMoving = true;
      this.connection?.close(CLOSE_MS);
    });
  }

  /** Resolves when the socket is closed, or was cut off because closing took too long. Idempotent. */
  async stop(): Promise<void> {
    if (this.phase !== 'closed' && !this.isStopping) {
      this.isStopping = true;
      this.cancelWait();
      if (this.connection === null) this.finish({ code: 1000, reason: 'closed', advice: 'done' });
      else this.connection.close(CLOSE_MS);
    }
    await this.done.promise;
  }

  /** Resolves with whether the gateway confirmed the departure. */
  async leave(): Promise<boolean> {
    const connection = this.ready;
    if (connection === null) {
      await this.stop();
      return this.hasLeft;
    }
    if (!this.isStopping) {
      this.isStopping = true;
      connection.sendControl({ type: 'leave' });
      connection.giveUpAfter(LEAVE_MS);
    }
    await this.done.promise;
    return this.hasLeft;
  }

  private attempt(): void {
    const { deps, events, turn } = this;
    this.waitingUntilMs = null;
    const token = this.resume.token();
    const ticket = {
      url: this.home?.href ?? deps.url,
      turn,
      resume: token === null ? null : { token, seq: deps.lastSeen() },
    };
    const atHome = Math.min(deps.connectTimeoutMs, HOME_TIMEOUT_MS);
    const limits = this.home === null ? deps : { ...deps, connectTimeoutMs: atHome };
    const connection = new Connection(ticket, limits, {
      onWelcome: (welcome, resumed) => {
        this.phase = 'open';
        this.cancelFirst();
        this.lastCause = undefined;
        this.goaway = null;
        this.resume.grant(welcome);
        this.reconnect.opened();
        events.onWelcome(welcome, resumed);
      },
      onControl: (frame) => events.onControl(frame),
      onEntries: (entries) => events.onEntries(entries),
      onEnd: (end) => this.onEnd(end),
    });
    this.connection = connection;
  }

  private onEnd(told: ConnectionEnd): void {
    // The client closed for goaway, unless the gateway meanwhile closed for a reason of its own.
    const hasMoved = this.isMoving && told.by === 'close' && told.code < OWN_CODES;
    const end: ConnectionEnd = hasMoved ? { by: 'close', code: GOING_AWAY, reason: 'going_away' } : told;
    const wasOpen = this.phase === 'open';
    this.connection = null;
    this.cancelMove();
    this.isMoving = false;
    if (wasOpen) {
      this.phase = 'reconnecting';
      this.resume.linkLost();
      this.events.onLinkLost();
    }
    if (this.isGivingUp) {
      this.finishWithout();
      return;
    }
    const { code, reason } = describe(end);
    this.hasLeft = this.isStopping && end.by === 'close' && code === 1000 && reason === 'left';
    if (this.isStopping) {
      this.finish({ code, reason: this.hasLeft ? reason : 'closed', advice: 'done' });
      return;
    }
    const cause = 'cause' in end ? end.cause : undefined;
    this.lastCause = cause;
    this.follow(this.planAfter(end, wasOpen), { code, reason, cause });
  }

  private planAfter(told: ConnectionEnd, wasOpen: boolean): Plan {
    const end = wasOpen ? told : this.seenFrom(told);
    const leftMs = this.goaway === null ? null : this.goaway.atMs - this.deps.timing.nowMs();
    const plan = this.reconnect.planAfter(end, this.resume.token() !== null, leftMs);
    if (!wasOpen) {
      if (this.home === null) this.turn += 1;
      this.goaway = null;
      // An address that did not work is not tried again, unless a gateway names it.
      const named = end.by === 'refusal' ? end.refusal.url : null;
      this.home = named === null ? null : this.followable(named);
    }
    return plan;
  }

  /** The end of an attempt, by where it was made: a home that does not answer is no reason to spare the other nodes. */
  private seenFrom(end: ConnectionEnd): ConnectionEnd {
    const { home, deadHome } = this;
    const nowMs = this.deps.timing.nowMs();
    if (end.by === 'refusal') {
      const { url } = end.refusal;
      const isDead = url !== null && deadHome !== null && addressOrNull(url)?.href === deadHome.url;
      return isDead && nowMs < deadHome.untilMs ? { by: 'refusal', refusal: { ...end.refusal, url: null } } : end;
    }
    if (home === null || end.by !== 'close' || end.code !== LOST_LINK) return end;
    this.deadHome = { url: home.href, untilMs: nowMs + DEAD_FOR_MS };
    return { by: 'dead_home', reason: end.reason };
  }

  /** null for what is no WebSocket URL, and for one that would send the credential in the clear after TLS. */
  private followable(text: string): Address | null {
    const { url: own } = this.deps;
    const home = addressOrNull(text);
    const owns = typeof own === 'function' ? [] : connectUrls(own);
    return home !== null && owns.some((each) => isDowngrade(each, home)) ? null : home;
  }

  private follow(plan: Plan, { code, reason, cause }: Omit<Disconnected, 'willReconnectInMs'>): void {
    const nowMs = this.deps.timing.nowMs();
    const delayMs = plan.next === 'wait' ? Math.round(plan.delayMs) : plan.next === 'join' ? 0 : null;
    if (plan.next === 'join') this.resume.forget();
    if (delayMs !== null) this.attemptIn(delayMs, nowMs + (plan.next === 'wait' ? plan.floorMs : 0));
    this.events.onDisconnected({ code, reason, cause, willReconnectInMs: delayMs });
    if (plan.next === 'end') {
      const hasGivenUp = plan.advice === 'back_off';
      this.finish({ code, reason: hasGivenUp ? 'gave_up' : reason, cause: this.lastCause, advice: plan.advice });
    }
  }

  private finish(event: Closed): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    this.cancelFirst();
    this.stopListening();
    this.resume.forget();
    this.events.onClosed(event);
    this.done.resolve(undefined);
  }
}

function describe(end: ConnectionEnd): { readonly code: number; readonly reason: Closed['reason'] } {
  switch (end.by) {
    case 'close':
      return { code: end.code, reason: end.reason };
    case 'refusal':
      return { code: LOST_LINK, reason: end.refusal.code };
    case 'failure':
    case 'fault':
    case 'dead_home':
      return { code: LOST_LINK, reason: end.reason };
  }
}

function addressOrNull(text: string): Address | null {
  try {
    return connectUrl(text);
  } catch {
    return null;
  }
}
