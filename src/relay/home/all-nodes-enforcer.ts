/** Carries the store's decisions to the sockets of every node: this node's at once, the others' by orders. */
import type { Enforcer, Reach, Removal } from '../../ports/enforcer.js';
import type { NodeCalls } from '../../ports/node-calls.js';
import type { RemovedUser, UserSelector } from '../../ports/relay-seat.js';
import type { RelaySession } from '../../ports/relay-session.js';
import type { SessionId } from '../../protocol/ids.js';
import { END, LOOK_AGAIN, REMOVE, REMOVE_FORGOTTEN } from './relay-orders.js';

export interface AllNodesEnforcerDeps {
  /** Reaches the sockets of this node. */
  readonly local: Enforcer;
  readonly calls: NodeCalls;
  /** Compares this node's room of the session, if there is one, with the store. */
  readonly lookAgain: (id: SessionId) => Promise<void>;
}

export class AllNodesEnforcer implements Enforcer {
  constructor(private readonly deps: AllNodesEnforcerDeps) {}

  /** Obeys the orders of other nodes from now on. */
  serve(): void {
    const { local, calls, lookAgain } = this.deps;
    const closedBy = async (reach: Promise<Reach>): Promise<number> => (await reach).closed;
    calls.serve(REMOVE, ({ sessionId, removed, ...why }) => closedBy(local.remove(sessionId, removed, why)));
    calls.serve(REMOVE_FORGOTTEN, ({ sessionId, selector, detail }) =>
      closedBy(local.removeForgotten(sessionId, selector, detail)),
    );
    calls.serve(END, ({ sessionId, reason }) => closedBy(local.end(sessionId, reason)));
    calls.serve(LOOK_AGAIN, async ({ sessionId }) => {
      await lookAgain(sessionId);
      return 0;
    });
  }

  remove(sessionId: SessionId, removed: RemovedUser, why: Removal): Promise<Reach> {
    const { local, calls } = this.deps;
    return sumOf([local.remove(sessionId, removed, why), calls.order(REMOVE, { sessionId, removed, ...why })]);
  }

  removeForgotten(sessionId: SessionId, selector: UserSelector, detail: string | null): Promise<Reach> {
    const { local, calls } = this.deps;
    return sumOf([
      local.removeForgotten(sessionId, selector, detail),
      calls.order(REMOVE_FORGOTTEN, { sessionId, selector, detail }),
    ]);
  }

  end(sessionId: SessionId, reason: Parameters<Enforcer['end']>[1]): Promise<Reach> {
    const { local, calls } = this.deps;
    return sumOf([local.end(sessionId, reason), calls.order(END, { sessionId, reason })]);
  }

  update(session: RelaySession): Promise<Reach> {
    const { local, calls } = this.deps;
    return sumOf([local.update(session), calls.order(LOOK_AGAIN, { sessionId: session.id })]);
  }

  removeUnconfirmed(...order: Parameters<Enforcer['removeUnconfirmed']>): number {
    return this.deps.local.removeUnconfirmed(...order);
  }
}

/** The sum of what this node and the others reached. */
async function sumOf(reaches: readonly Promise<Reach>[]): Promise<Reach> {
  const all = await Promise.all(reaches);
  return all.reduce((a, b) => ({
    closed: a.closed + b.closed,
    nodesAcked: a.nodesAcked + b.nodesAcked,
    nodesTimedOut: a.nodesTimedOut + b.nodesTimedOut,
  }));
}
