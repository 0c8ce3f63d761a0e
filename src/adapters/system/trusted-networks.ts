import { BlockList } from 'node:net';
import type { Network } from '../../lib/network.js';

/** Whether a canonical address is in one of the networks. */
export function inNetworks(networks: readonly Network[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const { address, prefixBits, family } of networks) list.addSubnet(address, prefixBits, family);
  return (address) => list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
