import { randomBase62 } from '../lib/base62.js';
import { parseNodeId, type NodeId } from '../protocol/ids.js';
import type { Crypto } from '../ports/crypto.js';

/** A new name at every start: what a node of an earlier run held is not this one's. */
export function newNodeId(crypto: Crypto): NodeId {
  const id = parseNodeId(`node_${randomBase62(crypto, 16)}`);
  if (id === null) throw new Error('a new node id is not one');
  return id;
}
