import type { Shape } from '../lib/shape.js';
import type { NodeId } from '../protocol/ids.js';
import type { Reach } from './enforcer.js';

/** A call between nodes by its name, with the shapes of its body and its answer, both JSON: the other side checks them. */
export interface CallKind<B, A> {
  readonly name: string;
  readonly body: Shape<B>;
  readonly answer: Shape<A>;
}

/** An order tells a node what the store has decided. The answer is the number of sockets that the node closed. */
export type OrderKind<B> = CallKind<B, number>;

export function callKind<B, A>(name: string, body: Shape<B>, answer: Shape<A>): CallKind<B, A> {
  return { name, body, answer };
}

/** The answers of the other live nodes. */
export interface AllAnswers<A> {
  readonly answers: ReadonlyMap<NodeId, A>;
  /** The nodes that did not answer within a second, or answered with a failure. */
  readonly missing: readonly NodeId[];
}

/** Tells the caller of a call, while it runs, that the answer takes up to so many more milliseconds, from now. */
export type TakeTime = (ms: number) => void;

/** Calls from node to node. A node that does not answer is waited for one second, and named. A node may ask for more time, when it was
 * asked alone. */
export interface NodeCalls {
  /**
   * Asks one other node. Rejects with the failure that it answered, or with `home_unreachable` when it does not answer:
   * then the call may have taken effect or not.
   */
  ask<B, A>(kind: CallKind<B, A>, to: NodeId, body: B): Promise<A>;
  /** Asks every other live node at once. Never rejects: it names the nodes whose answers are missing. */
  askAll<B, A>(kind: CallKind<B, A>, body: B): Promise<AllAnswers<A>>;
  /**
   * Gives an order to every other live node. Change the store first: a node that misses the order looks into the store.
   * Counts the nodes that answered and those that did not within the second. Never rejects.
   */
  order<B>(kind: OrderKind<B>, body: B): Promise<Reach>;
  /** Gives an order to every other node and waits for no answer: for news whose receivers nobody counts. */
  announce<B>(kind: OrderKind<B>, body: B): void;
  /** Serves the calls of other nodes. Once for each kind, before the bus starts. A rejection reaches the caller. */
  serve<B, A>(kind: CallKind<B, A>, run: (body: B, from: NodeId, takeTime: TakeTime) => A | Promise<A>): void;
}
