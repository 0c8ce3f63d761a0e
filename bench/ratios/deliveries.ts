/** Loads of rooms whose members all send: what a delivery costs each server, and how long it takes. */
import type { Account, Cell } from '../report/account.js';
import { demand } from '../processes/changes.js';
import type { Contender } from '../contenders/contenders.js';
import { chooseCores } from '../processes/cores.js';
import { complain } from '../contenders/flush-report.js';
import { shareOf } from '../measure/cpu.js';
import { serverCpuOf } from '../load/result.js';
import { robbedShare, runOnce, type Load } from '../contenders/rounds.js';
import type { Effort } from './ratio.js';
import { Rounds } from './rounds.js';

export interface DeliveryRun {
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly perS: number;
  readonly serverBusy: number;
  readonly loadBusy: number;
  readonly robbed: number;
}

const ROOMS_OF = 8;
const PAYLOAD_BYTES = 64;
const HEAD = [
  'deliveries',
  'per s',
  'server CPU us',
  'p50 ms',
  'p99 ms',
  'server busy %',
  'load busy %',
  'robbed %',
  'undisturbed',
];

export function loadOf(clients: number, rate: number, { seconds, isShort }: Effort): Load {
  const warmUpS = isShort ? 1 : 2;
  return { clients, rate, seconds, warmUpS, roomsOf: ROOMS_OF, payloadBytes: PAYLOAD_BYTES, phases: 'shuffled' };
}

/** In a new process. Rejects unless every delivery came once, in order and whole. */
export async function deliver(contender: Contender, load: Load): Promise<DeliveryRun> {
  const result = await runOnce(contender, load, chooseCores());
  const complaint = complain(result);
  demand(complaint === null, `${contender.name}: not every delivery came as it should: ${complaint ?? ''}`);
  const { window, latencyMs } = result;
  return {
    cpuUs: shareOf(serverCpuOf(result), window.deliveries) * 1e6,
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    perS: window.deliveries / window.seconds,
    serverBusy: shareOf(serverCpuOf(result), window.seconds),
    loadBusy: shareOf(window.loadCpu, window.seconds),
    robbed: robbedShare(result),
  };
}

/** All at one load, in rounds; the table is printed. */
export async function compareContenders(
  account: Account,
  effort: Effort,
  contenders: readonly Contender[],
  load: Load,
): Promise<Rounds<DeliveryRun>> {
  account.step(`${load.clients} clients in rooms of ${load.roomsOf}, ${load.payloadBytes} B at ${load.rate} Hz each`);
  const sides = contenders.map((each) => ({ name: each.name, run: () => deliver(each, load) }));
  const rounds = await Rounds.of(account, effort, sides);
  reportDeliveries(
    account,
    rounds,
    contenders.map(({ name }) => name),
  );
  return rounds;
}

export function reportDeliveries(account: Account, rounds: Rounds<DeliveryRun>, names: readonly string[]): void {
  account.table(
    HEAD,
    names.map((name) => [name, ...cellsOf(rounds, name)]),
  );
}

function cellsOf(rounds: Rounds<DeliveryRun>, name: string): Cell[] {
  const median = (of: (run: DeliveryRun) => number): number => rounds.median(name, of);
  return [
    median(({ perS }) => perS).toFixed(0),
    median(({ cpuUs }) => cpuUs).toFixed(2),
    median(({ p50Ms }) => p50Ms).toFixed(2),
    median(({ p99Ms }) => p99Ms).toFixed(2),
    (100 * median(({ serverBusy }) => serverBusy)).toFixed(0),
    (100 * median(({ loadBusy }) => loadBusy)).toFixed(0),
    (100 * median(({ robbed }) => robbed)).toFixed(0),
    rounds.calm,
  ];
}
