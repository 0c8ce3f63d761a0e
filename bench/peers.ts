/**
 * Sallyport beside what its users would pick instead: `npm run bench:peers`. The same rooms, messages and client machine
 * for each; every server in a process of its own on one core, the load on the other. Two tables: what a delivery costs
 * and how long it takes at one load that all of them carry, interleaved in rounds; and how much each carries.
 *
 * The peers have a package.json of their own: `npm ci --prefix bench/peers`; NATS is Debian's nats-server.
 *
 * Options: as bench:flush, with --clients 400 --phases shuffled and all contenders as defaults, and
 *   --no-capacity: the first table alone
 */
import { Account, type Cell } from './report/account.js';
import { findCapacities, type Capacity } from './contenders/capacity-search.js';
import { bareEngine } from './contenders/contenders.js';
import { chooseCores } from './processes/cores.js';
import { parseFlushOptions } from './contenders/flush-options.js';
import { reportCosts } from './contenders/flush-report.js';
import { shareOf } from './measure/cpu.js';
import { serverCpuOf } from './load/result.js';
import { requirePeers } from './contenders/peer-contenders.js';
import { runOnce, runRounds, runUndisturbed } from './contenders/rounds.js';

const DEFAULTS = {
  clients: '400',
  phases: 'shuffled',
  only: 'bare,auto,0,nats,ws,socket.io,socket.io-uws,colyseus,colyseus-uws',
};

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  requirePeers();
  const args = process.argv.slice(2);
  const options = parseFlushOptions(
    args.filter((arg) => arg !== '--no-capacity'),
    DEFAULTS,
  );
  const cores = chooseCores();
  const account = new Account((line) => process.stdout.write(`${line}\n`));
  for (const phases of options.phases) {
    const load = { ...options.load, phases };
    account.title(`${load.clients} clients in rooms of ${load.roomsOf} at ${load.rate} Hz (${phases})`);
    const rounds = await runRounds(account, options.contenders, options.repeat, (contender) =>
      runUndisturbed(account, options.attempts, () => runOnce(contender, load, cores)),
    );
    reportCosts(account, rounds);
    if (args.includes('--no-capacity')) continue;
    account.title(`capacity: p99 within 25 ms and 99.9 % delivered (${phases})`);
    reportCapacity(account, await findCapacities(account, options.contenders, load, cores));
  }
}

function reportCapacity(account: Account, found: ReadonlyMap<string, Capacity>): void {
  const bare = deliveriesPerS(found.get(bareEngine.name));
  account.table(
    [
      'capacity',
      'clients',
      'deliveries/s',
      'to bare',
      'p50 ms',
      'p99 ms',
      'server busy %',
      'load busy %',
      'limited by',
    ],
    [...found].map(([name, capacity]): Cell[] => {
      const { best, clients, limitedBy } = capacity;
      if (best === null) return [name, 0, 0, '-', '-', '-', '-', '-', limitedBy];
      const { loadCpu, seconds } = best.window;
      return [
        name,
        clients,
        deliveriesPerS(capacity).toFixed(0),
        bare === 0 ? '-' : (deliveriesPerS(capacity) / bare).toFixed(2),
        best.latencyMs.p50.toFixed(2),
        best.latencyMs.p99.toFixed(2),
        (100 * shareOf(serverCpuOf(best), seconds)).toFixed(0),
        (100 * shareOf(loadCpu, seconds)).toFixed(0),
        limitedBy,
      ];
    }),
  );
}

function deliveriesPerS(capacity: Capacity | undefined): number {
  const best = capacity?.best ?? null;
  return best === null ? 0 : best.window.deliveries / best.window.seconds;
}

main().catch((error: unknown) => {
  process.stderr.write(`\nbench failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
