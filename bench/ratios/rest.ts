/** `get` and `create` of the relay surface on Redis, beside the same written by hand on Fastify and ioredis. */
import type { Account } from '../report/account.js';
import { demand } from '../processes/changes.js';
import { chooseCores, moveToCore } from '../processes/cores.js';
import { leanStorm, type LeanResult } from '../rest/lean-storm.js';
import { requirePeers } from '../contenders/peer-contenders.js';
import type { Effort, Figure, Ratio } from './ratio.js';
import { withRestSides, type RestSide } from './rest-sides.js';
import { reportRuns, Rounds } from '../measure/rounds.js';

const CALLS = ['get', 'create'] as const;
type CallName = (typeof CALLS)[number];
const TARGETS: Readonly<Record<CallName, number>> = { get: 1.5, create: 1.2 };
const CONNECTIONS = 48;
const WARM_UP_S = 2;

export const rest: Ratio = {
  name: 'rest',
  summary: 'get and create a relay session on Redis, to Fastify and ioredis',
  measure: (account, effort) => {
    requirePeers();
    moveToCore(chooseCores().load);
    return withRestSides(async (sides) => {
      const figures: Figure[] = [];
      for (const call of CALLS) figures.push(...(await compare(account, effort, sides, call)));
      return figures;
    });
  },
};

async function compare(
  account: Account,
  effort: Effort,
  sides: readonly RestSide[],
  call: CallName,
): Promise<readonly Figure[]> {
  const [ours, peer] = sides;
  demand(ours !== undefined && peer !== undefined, 'there are two sides');
  const run = (side: RestSide, seconds: number): Promise<LeanResult> =>
    leanStorm(side, { connections: CONNECTIONS, seconds, request: side[call] });
  for (const side of sides) await run(side, effort.isShort ? WARM_UP_S / 2 : WARM_UP_S);
  const timed = sides.map((side) => ({ name: side.name, run: () => run(side, effort.seconds) }));
  const rounds = await Rounds.of(account, effort, timed);
  const rows = sides.map(({ name }) => ({ name, label: `${call}, ${name}` }));
  reportRuns(account, rounds, 'calls', rows);
  const rate = rounds.ratio(ours.name, peer.name, ({ perS }) => perS);
  const cpu = rounds.ratio(peer.name, ours.name, ({ cpuUs }) => cpuUs);
  const common = { better: 'higher', target: TARGETS[call], isDisturbed: rounds.isDisturbed } as const;
  return [
    { name: `rest ${call}: calls/s to Fastify's`, value: rate, ...common },
    { name: `rest ${call}: calls per CPU second to Fastify's`, value: cpu, ...common },
  ];
}
