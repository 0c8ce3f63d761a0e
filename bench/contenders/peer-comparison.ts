/**
 * Sallyport beside what its users would pick instead: the same rooms, messages and client machine for each server, every
 * server in a process of its own on one core, the load on the other. Two tables: what a delivery costs and how long it
 * takes at one load that all of them carry, interleaved in rounds; and how much each server carries.
 *
 * The peers have a package.json of their own: `npm ci --prefix bench/peers`. NATS is Debian's nats-server.
 */
import { z } from 'zod';
import { defineScenario } from '../cli/scenario.js';
import { chooseCores } from '../processes/cores.js';
import { findCapacities, reportCapacities } from './capacity-search.js';
import { compare, comparisonOptions, contenderList, contendersOf, loadOf, QUICK } from './comparison.js';
import { requirePeers } from './peer-contenders.js';
import { phaseList } from '../cli/options.js';

export const peers = defineScenario({
  name: 'peers',
  summary: 'what a delivery costs and how much is carried, beside other servers',
  options: comparisonOptions.extend({
    clients: comparisonOptions.shape.clients.unwrap().default(400),
    phases: phaseList('shuffled').describe("when one room's members send, to each other: one table each"),
    only: contenderList('bare,auto,0,nats,ws,socket.io,socket.io-uws,colyseus,colyseus-uws'),
    'no-capacity': z.boolean().describe('the first table alone').default(false),
  }),
  quick: QUICK,
  async run(given, { account }) {
    requirePeers();
    const tables: Record<string, object> = {};
    for (const phases of given.phases) {
      const load = loadOf(given, phases);
      const deliveries = await compare(account, given, load, { isStrict: false });
      tables[phases] = { deliveries };
      if (given['no-capacity']) continue;
      account.title(`capacity: p99 within 25 ms and 99.9 % delivered (${phases})`);
      const found = await findCapacities(account, contendersOf(given), load, chooseCores());
      reportCapacities(account, found);
      tables[phases] = { deliveries, capacities: Object.fromEntries(found) };
    }
    return { figures: { tables }, plots: [], broken: [] };
  },
});
