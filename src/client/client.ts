/**
 * The client SDK, the package `sallyport-client`: one member of one relay session. It holds one connection at a time and reconnects
 * when the connection is lost. The same source runs in browsers and in Node, without dependencies.
 */
import type { ClientFrame } from '../protocol/control-frames.js';
import type { Json } from '../lib/json.js';
import { MAX_STATE_BYTES } from '../protocol/wire.js';
import { deferred, type Deferred } from './deferred.js';
import { Dispatch } from './dispatch.js';
import { Emitter, type Listener } from './emitter.js';
import type { ClientEvents, Closed } from './events.js';
import { resolveOptions, type RelayClientOptions } from './options.js';
import { Gate } from './gate.js';
import { SendBuffer, type SendOutcome } from './send-buffer.js';
import type { Payload, SendOptions } from './outgoing-frame.js';
import { RelayError, type RelayErrorCode } from './relay-error.js';
import { SequenceTracker } from './sequence.js';
import { SessionView, type Host, type Member, type Session } from './session-view.js';
import { Supervisor, type ConnectionState } from './supervisor.js';
import { encodeUtf8 } from './utf8.js';

export type { Listener, Listeners } from './emitter.js';
export type { ClientEvents, Closed, Disconnected, Message, OpenInfo } from './events.js';
export type { RelayClientOptions } from './options.js';
export type { SendOutcome } from './send-buffer.js';
export type { Payload, SendOptions } from './outgoing-frame.js';
export type { UrlList, UrlSource } from './address.js';
export { RelayError, type ClientErrorCode, type RelayErrorCode } from './relay-error.js';
export type { Gap } from './sequence.js';
export type { Host, Member, Session, UserSession } from './session-view.js';
export type { SocketConstructor, SocketLike } from './socket.js';
export type { ConnectionState } from './supervisor.js';
export type { AppStateLike } from './surroundings.js';
export type { ClientTiming } from './timing.js';

/** A client that is connected. Rejects as `RelayClient.connect` does. */
export async function connect(options: RelayClientOptions): Promise<RelayClient> {
  const client = new RelayClient(options);
  await client.connect();
  return client;
}

export class RelayClient {
  private readonly view = new SessionView();
  private readonly sequence = new SequenceTracker();
  private readonly emitter: Emitter;
  private readonly sendBuffer: SendBuffer;
  private readonly supervisor: Supervisor;
  private readonly opening: Deferred<undefined> = deferred();
  private readonly gate = new Gate();
  private hasOpened = false;
  /** Why the last attempt failed. */
  private lastReason: RelayErrorCode = 'timeout';

  /** Does not connect yet. Throws a TypeError for an invalid URL. */
  constructor(options: RelayClientOptions) {
    const { queue, onListenerError, on, ...rest } = resolveOptions(options);
    this.emitter = new Emitter(onListenerError, on);
    this.sendBuffer = new SendBuffer({
      timing: rest.timing,
      wire: () => this.supervisor.wire,
      bounds: queue,
      hostTerm: () => this.view.host.term,
      maxMessageBytes: () => this.view.limits?.max_message_bytes ?? null,
      onUndelivered: (code, count) => this.emitter.emit('undelivered', { code, count }),
    });
    const dispatch = new Dispatch({
      view: this.view,
      sequence: this.sequence,
      acks: this.sendBuffer.acks,
      emit: (event, payload) => this.emitter.emit(event, payload),
      onGoaway: (afterMs, url) => this.supervisor.moveIn(afterMs, url),
    });
    this.supervisor = new Supervisor(
      { ...rest, lastSeen: () => this.sequence.lastSeen, awaitsAnswers: () => this.sendBuffer.acks.isAwaited },
      {
        onWelcome: (welcome, resumed) => {
          if (!this.hasOpened) this.gate.hold();
          this.hasOpened = true;
          dispatch.onWelcome(welcome, resumed);
          this.opening.resolve(undefined);
          this.sendBuffer.begin(welcome.members.find(({ index }) => index === welcome.you.index)?.state ?? null);
        },
        onControl: (frame) => this.gate.pass(() => dispatch.onControl(frame)),
        onEntries: (entries) => this.gate.pass(() => dispatch.onEntries(entries)),
        onLinkLost: () => {
          this.gate.release();
          this.sendBuffer.linkLost();
        },
        onDisconnected: (event) => {
          this.lastReason = event.reason;
          this.emitter.emit('disconnected', event);
        },
        onClosed: (event) => this.onClosed(event),
      },
    );
  }

  /** Every member that holds a seat, you included, by index. Members that are away have `connected: false`. */
  get members(): ReadonlyMap<number, Member> {
    return this.view.members;
  }

  /** You; null before the first welcome. */
  get me(): Member | null {
    return this.view.me;
  }

  get host(): Host {
    return this.view.host;
  }

  /** null before the first welcome. */
  get session(): Session | null {
    return this.view.session;
  }

  get state(): ConnectionState {
    return this.supervisor.state;
  }

  /** The frames that wait in the outgoing queue. */
  get queued(): { readonly frames: number; readonly bytes: number } {
    return this.sendBuffer.queued;
  }

  /** How many frames `send` dropped so far. */
  get dropped(): { readonly volatile: number; readonly latest: number } {
    return { ...this.sendBuffer.dropped };
  }

  /** The number of the newest reliable message seen; 0 before the first. */
  get seq(): number {
    return this.sequence.lastSeen;
  }

  /**
   * Connects, and stays connected until `stop`, `leave` or the gateway ends it. Resolves with the first welcome. Until
   * then it retries after temporary failures and emits `disconnected` for each, for `firstConnectTimeoutMs` at most.
   * Rejects with a RelayError when the client is closed before the welcome; its `cause` says what went wrong last: what
   * your `credential` or `url` function threw, or a RelayError with the reason. A further call returns the same outcome. Listeners added right after `await` miss no message.
   */
  async connect(): Promise<void> {
    if (this.state === 'idle') this.supervisor.start();
    await this.opening.promise;
  }

  /** Adds a listener; returns a function that removes it. Errors of listeners go to `onListenerError`. */
  on<E extends keyof ClientEvents>(event: E, listener: Listener<E>): () => void {
    return this.emitter.on(event, listener);
  }

  /**
   * Sends one message to the others. Frames of one client go out in the order of the calls.
   *
   * While no link is open or its buffer is full, the class decides. A `volatile` frame is dropped. A `latest` frame
   * waits and replaces a waiting one with the same key and targets. A `reliable` frame waits; when the queue is full,
   * the call fails with `queue_full`.
   *
   * With `ack: true` it returns a promise, which resolves with the frame's number in the session (0 unless reliable)
   * when the gateway has accepted the frame. It rejects with the gateway's code, or with `unknown_outcome` when the
   * link was lost before the answer: the frame may or may not have been relayed, and is never sent twice.
   *
   * Without `ack` it throws only what the client knows at once (`queue_full`, `closed`, `message_too_big`). A refusal
   * by the gateway is an `error` event. The client does not report frames that were on the wire when the link was lost.
   */
  send(payload: Payload, options: SendOptions & { readonly ack: true }): Promise<number>;
  send(payload: Payload, options?: SendOptions & { readonly ack?: false | undefined }): SendOutcome;
  send(
    payload: Payload,
    options: SendOptions & { readonly ack?: boolean | undefined } = {},
  ): Promise<number> | SendOutcome {
    return options.ack === true ? this.sendBuffer.sendAcked(payload, options) : this.sendBuffer.send(payload, options);
  }

  /**
   * Sets your presence state: any JSON up to 2 KiB. The newest is sent as soon as the link allows, and again after a
   * reconnect when the gateway has lost it. Throws `state_too_big`.
   */
  setState(state: Json): void {
    const bytes = encodeUtf8(JSON.stringify(state)).length;
    if (bytes > MAX_STATE_BYTES) throw new RelayError('state_too_big', 'A state is 2 KiB of JSON at most.');
    this.view.setMyState(state);
    this.sendBuffer.setState(state);
  }

  /**
   * Host only. Everybody, the kicked member included, hears `memberLeft` with `reason`, up to 200 characters, as its
   * `detail`. Returns the ref that the `error` of a refusal repeats. Throws `not_connected`.
   */
  kick(index: number, reason?: string): number {
    return this.ask((ref) => ({ type: 'kick', index, reason, ref }));
  }

  /**
   * Host only: makes another member host. On success a `host` event follows. Returns the ref that the `error` of a
   * refusal repeats. Throws `not_connected`.
   */
  handOverHost(index: number): number {
    return this.ask((ref) => ({ type: 'host', index, ref }));
  }

  /**
   * Host only: while the session is locked, nobody new may join. On success a `sessionUpdated` event follows. Returns
   * the ref that the `error` of a refusal repeats. Throws `not_connected`.
   */
  lock(locked = true): number {
    return this.ask((ref) => ({ type: 'lock', locked, ref }));
  }

  /** The round trip to the gateway in whole milliseconds. Rejects with `not_connected` or `timeout`. */
  async ping(): Promise<number> {
    const connection = this.supervisor.ready;
    if (connection === null) throw notConnected();
    return connection.ping();
  }

  /**
   * Gives the seat back and ends the client. Resolves with true when the gateway confirmed it. Resolves with false when
   * there was no connection or no answer within 2 s: the gateway may then keep the seat for the resume window.
   */
  leave(): Promise<boolean> {
    this.sendBuffer.drain(true);
    return this.supervisor.leave();
  }

  /**
   * Ends the client without leaving: the gateway keeps its seat for the resume window. Rejects everything that waits.
   * Resolves within about a second, when no timer or socket is left. Idempotent, and allowed at any time.
   */
  stop(): Promise<void> {
    return this.supervisor.stop();
  }

  private ask(frameFor: (ref: number) => ClientFrame): number {
    const connection = this.supervisor.ready;
    if (connection === null) throw notConnected();
    const ref = this.sendBuffer.acks.nextRef();
    connection.sendControl(frameFor(ref));
    return ref;
  }

  private onClosed(event: Closed): void {
    this.sendBuffer.close();
    const { code, reason } = event;
    const { lastReason } = this;
    const last =
      reason === 'gave_up' ? new RelayError(lastReason, `The last attempt failed: ${lastReason}.`) : undefined;
    const cause = event.cause ?? last;
    this.opening.promise.catch(() => undefined);
    const text = typeof cause === 'string' ? cause : `The client was closed: ${reason} (${code}).`;
    this.opening.reject(new RelayError(reason, text, { cause }));
    this.emitter.emit('closed', event);
  }
}

function notConnected(): RelayError {
  return new RelayError('not_connected', 'There is no open connection.');
}
