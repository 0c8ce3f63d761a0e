import type { NodeCalls } from '../../src/ports/node-calls.js';

/** The calls of a node that has no others: an order reaches nobody. */
export const loneNode: NodeCalls = {
  ask: () => Promise.reject(new Error('there is no other node')),
  askAll: () => Promise.resolve({ answers: new Map(), missing: [] }),
  order: () => Promise.resolve({ closed: 0, nodesAcked: 0, nodesTimedOut: 0 }),
  announce: () => undefined,
  serve: () => undefined,
};
