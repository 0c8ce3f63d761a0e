/** What a delivery costs and how long it takes, at equal load. */
import { bareEngine, sallyport } from '../contenders/contenders.js';
import { compareContenders, loadOf } from './deliveries.js';
import type { Ratio } from './ratio.js';

const RATE = 20;
const CLIENTS = { busy: 1_600, calm: 400 };
const RELIABLE_TO_VOLATILE = 1.2;
/** Nothing was promised. */
const open = { better: 'lower', target: null } as const;
const AUTO = sallyport('auto');
const AT_ONCE = sallyport(0);
const RELIABLE = sallyport('auto', 'reliable');

/** A load of which a gateway has most of its core to do. */
export const flush: Ratio = {
  name: 'flush',
  summary: 'CPU of a delivery with flush_ms auto, to the bare engine',
  async measure(account, effort) {
    const load = loadOf(effort.isShort ? CLIENTS.calm : CLIENTS.busy, RATE, effort);
    const rounds = await compareContenders(account, effort, [bareEngine, AUTO], load);
    const value = rounds.ratio(AUTO.name, bareEngine.name, ({ cpuUs }) => cpuUs);
    const { isDisturbed } = rounds;
    return [{ name: 'flush: CPU of a delivery to bare', value, ...open, isDisturbed }];
  },
};

/** The tail is in the table alone: what a machine does beside is most of it. */
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
    const load = loadOf(effort.isShort ? CLIENTS.calm : CLIENTS.busy, RATE, effort);
    const rounds = await compareContenders(account, effort, [AUTO, RELIABLE], load);
    const value = rounds.ratio(RELIABLE.name, AUTO.name, ({ cpuUs }) => cpuUs);
    const { isDisturbed } = rounds;
    return [
      { name: 'class: CPU of reliable to volatile', value, better: 'lower', target: RELIABLE_TO_VOLATILE, isDisturbed },
    ];
  },
};
