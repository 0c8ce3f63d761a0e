/** The cost, the latency and the highest rate of deliveries, in rooms whose members all send. */
import { findCapacities, reportCapacities } from '../contenders/capacity-search.js';
import { bareEngine, sallyport, type Contender } from '../contenders/contenders.js';
import { deliveryRunOf, demandPerfect, loadOnce, type DeliveryRun, type Load } from '../contenders/load-once.js';
import { isCalm, reportRuns, Rounds, type Side } from '../measure/rounds.js';
import { demand } from '../processes/changes.js';
import { chooseCores } from '../processes/cores.js';
import type { Account } from '../report/account.js';
import type { Effort, Ratio } from './ratio.js';

const ROOMS_OF = 8;
const PAYLOAD_BYTES = 64;
const RATE = 20;
/** A gateway needs most of its core for the busy load. */
const CLIENTS = { busy: 1_600, calm: 400, capacity: 600 };
const RELIABLE_TO_VOLATILE = 1.2;
/** There is no target. */
const open = { better: 'lower', target: null } as const;
const AUTO = sallyport('auto');
const AT_ONCE = sallyport(0);
const RELIABLE = sallyport('auto', 'reliable');

export const flush: Ratio = {
  name: 'flush',
  summary: 'CPU of a delivery with flush_ms auto, to the bare engine',
  async measure(account, effort) {
    const rounds = await compareContenders(account, effort, [bareEngine, AUTO], busyLoad(effort));
    const value = rounds.ratio(AUTO.name, bareEngine.name, ({ cpuUs }) => cpuUs);
    const { isDisturbed } = rounds;
    return [{ name: 'flush: CPU of a delivery to bare', value, ...open, isDisturbed }];
  },
};

/** The tail is in the table alone: most of it is what else the machine does. */
export const latency: Ratio = {
  name: 'latency',
  summary: 'the median latency of a delivery under a load that leaves time, to the bare engine',
  async measure(account, effort) {
    const load = loadOf(CLIENTS.calm, RATE, effort);
    const rounds = await compareContenders(account, effort, [bareEngine, AUTO, AT_ONCE], load);
    const toBare = rounds.ratio(AT_ONCE.name, bareEngine.name, ({ p50Ms }) => p50Ms);
    const auto = rounds.median(AUTO.name, ({ p50Ms }) => p50Ms);
    const { isDisturbed } = rounds;
    return [
      { name: 'latency, flush_ms 0: p50 to bare', value: toBare, ...open, isDisturbed },
      { name: 'latency, flush_ms auto: p50 in ms', value: auto, ...open, isDisturbed },
    ];
  },
};

export const deliveryClass: Ratio = {
  name: 'class',
  summary: 'CPU of a reliable delivery, to a volatile one',
  async measure(account, effort) {
    const rounds = await compareContenders(account, effort, [AUTO, RELIABLE], busyLoad(effort));
    const value = rounds.ratio(RELIABLE.name, AUTO.name, ({ cpuUs }) => cpuUs);
    const { isDisturbed } = rounds;
    return [
      { name: 'class: CPU of reliable to volatile', value, better: 'lower', target: RELIABLE_TO_VOLATILE, isDisturbed },
    ];
  },
};

export const capacity: Ratio = {
  name: 'capacity',
  summary: 'the most deliveries/s with p99 within 25 ms and 99.9 % delivered, to the bare engine',
  async measure(account, effort) {
    const load = loadOf(CLIENTS.capacity, RATE, effort);
    const found = await findCapacities(account, [AUTO, bareEngine], load, chooseCores());
    reportCapacities(account, found);
    const runs = [...found.values()].flatMap(({ best }) => (best === null ? [] : deliveryRunOf(best)));
    const [ours, bare] = runs;
    demand(ours !== undefined && bare !== undefined, 'a server did not carry even the first load');
    const isDisturbed = !runs.every(isCalm);
    const value = ours.perS / bare.perS;
    return [{ name: 'capacity: deliveries/s to bare', value, better: 'higher', target: null, isDisturbed }];
  },
};

export function loadOf(clients: number, rate: number, { seconds, isShort }: Effort): Load {
  const warmUpS = isShort ? 1 : 2;
  return { clients, rate, seconds, warmUpS, roomsOf: ROOMS_OF, payloadBytes: PAYLOAD_BYTES, phases: 'shuffled' };
}

function busyLoad(effort: Effort): Load {
  return loadOf(effort.isShort ? CLIENTS.calm : CLIENTS.busy, RATE, effort);
}

/** A side in which every delivery must come once, in order and whole. */
export function deliverySide(contender: Contender, load: Load, name = contender.name): Side<DeliveryRun> {
  const run = async (): Promise<DeliveryRun> =>
    deliveryRunOf(demandPerfect(contender, await loadOnce(contender, load, chooseCores())));
  return { name, run };
}

/** The sides in rounds; prints the table. */
export async function compareDeliveries(
  account: Account,
  effort: Effort,
  sides: readonly Side<DeliveryRun>[],
): Promise<Rounds<DeliveryRun>> {
  const rounds = await Rounds.of(account, effort, sides);
  reportRuns(account, rounds, 'deliveries', sides);
  return rounds;
}

function compareContenders(
  account: Account,
  effort: Effort,
  contenders: readonly Contender[],
  load: Load,
): Promise<Rounds<DeliveryRun>> {
  account.step(`${load.clients} clients in rooms of ${load.roomsOf}, ${load.payloadBytes} B at ${load.rate} Hz each`);
  const sides = contenders.map((each) => deliverySide(each, load));
  return compareDeliveries(account, effort, sides);
}
