import { randomBase62 } from '../lib/base62.js';
import { parseNodeId, type NodeId } from '../protocol/ids.js';
import type { Crypto } from '../ports/crypto.js';

/** A new name at every start: what an earlier run held does not belong to this one. */
export function newNodeId(crypto: Crypto): NodeId {
  const id = parseNodeId(`node_${randomBase62(crypto, 16)}`);
  if (id === null) throw new Error('a new node id is not one');
  return id;
}
