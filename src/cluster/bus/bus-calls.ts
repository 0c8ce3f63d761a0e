/** Calls between nodes over the bus: each has a number, an answer and a deadline. */
import type { Clock, Timer } from '../../ports/clock.js';
import type { Reach } from '../../ports/enforcer.js';
import type { Log } from '../../ports/log.js';
import type { NodeBus } from '../../ports/node-bus.js';
import type { AllAnswers, CallKind, NodeCalls, OrderKind, TakeTime } from '../../ports/node-calls.js';
import { isErrorCode } from '../../protocol/errors.js';
import { Failure } from '../../protocol/failure.js';
import type { NodeId } from '../../protocol/ids.js';
import {
  decodeCallMessage,
  encodeAnswer,
  encodeCall,
  type Answer,
  type Call,
  type SentFailure,
} from './call-message.js';

/** How long a node waits for another one's answer. */
export const ANSWER_WITHIN_MS = 1_000;
/** The most time that an answer can take, when the node asks for more. */
const MAX_WAIT_MS = 60_000;

/** The number of a call that wants no answer. */
const NO_ANSWER = 0;

export interface BusCallsDeps {
  readonly bus: NodeBus;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly log: Log;
  /** The live nodes. */
  readonly nodes: () => readonly NodeId[];
}

type Serve = (body: unknown, from: NodeId, takeTime: TakeTime) => Promise<unknown>;
type OnAnswer = (from: NodeId, answer: Answer, end: () => void, wait: (ms: number) => void) => void;
type Settle = (from: NodeId, answer: Answer) => void;

export class BusCalls implements NodeCalls {
  private readonly served = new Map<string, Serve>();
  private readonly pending = new Map<number, Settle>();
  private lastId = 0;

  constructor(private readonly deps: BusCallsDeps) {
    deps.bus.onMessage((from, bytes) => {
      this.receive(from, bytes);
    });
  }

  serve<B, A>(kind: CallKind<B, A>, run: (body: B, from: NodeId, takeTime: TakeTime) => A | Promise<A>): void {
    this.served.set(kind.name, async (body, from, takeTime) => {
      if (!kind.body.is(body)) throw new Failure('internal', { message: `${kind.name}: the body has the wrong shape` });
      return run(body, from, takeTime);
    });
  }

  ask<B, A>(kind: CallKind<B, A>, to: NodeId, body: B): Promise<A> {
    return new Promise((resolve, reject) => {
      const fail = (): void => {
        reject(new Failure('home_unreachable', { details: { node: to }, retryAfterS: 1 }));
      };
      const id = this.begin(fail, (from, { answer, failure, waitMs }, end, wait) => {
        if (from !== to) return;
        if (waitMs !== undefined) {
          wait(Math.min(waitMs, MAX_WAIT_MS));
          return;
        }
        end();
        if (failure !== undefined) reject(received(failure));
        else if (kind.answer.is(answer)) resolve(answer);
        else fail();
      });
      this.deps.bus.send(to, encodeCall({ id, kind: kind.name, body }));
    });
  }

  askAll<B, A>(kind: CallKind<B, A>, body: B): Promise<AllAnswers<A>> {
    const waited = new Set(this.deps.nodes());
    waited.delete(this.deps.self);
    const answers = new Map<NodeId, A>();
    const failed = new Set<NodeId>();
    if (waited.size === 0) {
      // Send to all, which also reaches a node that has just started and is not known yet.
      this.announce(kind, body);
      return Promise.resolve({ answers, missing: [] });
    }
    return new Promise((resolve) => {
      const settle = (): void => {
        resolve({ answers, missing: [...failed, ...waited] });
      };
      const id = this.begin(settle, (from, { answer }, end) => {
        if (kind.answer.is(answer)) answers.set(from, answer);
        else failed.add(from);
        waited.delete(from);
        if (waited.size > 0) return;
        end();
        settle();
      });
      this.deps.bus.send('all', encodeCall({ id, kind: kind.name, body }));
    });
  }

  announce<B, A>(kind: CallKind<B, A>, body: B): void {
    this.deps.bus.send('all', encodeCall({ id: NO_ANSWER, kind: kind.name, body }));
  }

  async order<B>(kind: OrderKind<B>, body: B): Promise<Reach> {
    const { answers, missing } = await this.askAll(kind, body);
    if (missing.length > 0) this.deps.log.warn('order_not_acked', { order: kind.name, nodes: missing.join(' ') });
    const closed = [...answers.values()].reduce((sum, each) => sum + each, 0);
    return { closed, nodesAcked: answers.size, nodesTimedOut: missing.length };
  }

  /** Returns the call's number. `onDeadline` is called unless `end` was called before. */
  private begin(onDeadline: () => void, onAnswer: OnAnswer): number {
    this.lastId += 1;
    const id = this.lastId;
    const startTimer = (ms: number): Timer =>
      this.deps.clock.after(ms, () => {
        this.pending.delete(id);
        onDeadline();
      });
    let timer = startTimer(ANSWER_WITHIN_MS);
    const end = (): void => {
      timer.cancel();
      this.pending.delete(id);
    };
    const wait = (ms: number): void => {
      timer.cancel();
      timer = startTimer(ms);
    };
    this.pending.set(id, (from, answer) => {
      onAnswer(from, answer, end, wait);
    });
    return id;
  }

  private receive(from: NodeId, bytes: Uint8Array): void {
    const message = decodeCallMessage(bytes);
    if (message === 'other') return;
    if (message === null) this.deps.log.warn('bus_call_malformed', { from, bytes: bytes.length });
    else if (message.type === 'answer') this.pending.get(message.answer.id)?.(from, message.answer);
    else this.run(from, message.call);
  }

  private run(from: NodeId, { id, kind, body }: Call): void {
    const serve = this.served.get(kind) ?? unknownCall(kind);
    const takeTime = (ms: number): void => {
      this.answer(from, { id, waitMs: ms });
    };
    serve(body, from, takeTime).then(
      (answer) => {
        this.answer(from, { id, answer });
      },
      (error: unknown) => {
        if (!(error instanceof Failure) || error.code === 'internal') {
          this.deps.log.error('node_call_failed', error, { call: kind, from });
        }
        this.answer(from, { id, failure: sent(error) });
      },
    );
  }

  private answer(to: NodeId, answer: Answer): void {
    if (answer.id !== NO_ANSWER) this.deps.bus.send(to, encodeAnswer(answer));
  }
}

/** A newer node may know calls that this one does not. */
function unknownCall(kind: string): Serve {
  return () => Promise.reject(new Failure('internal', { message: `this node does not know the call ${kind}` }));
}

function sent(error: unknown): SentFailure {
  const { code, message, retryAfterS } = error instanceof Failure ? error : new Failure('internal');
  return { code, message, ...(retryAfterS === null ? {} : { retryAfterS }) };
}

function received({ code, message, retryAfterS }: SentFailure): Failure {
  if (!isErrorCode(code)) return new Failure('internal');
  return new Failure(code, { message, ...(retryAfterS === undefined ? {} : { retryAfterS }) });
}
