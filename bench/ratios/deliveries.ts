/** Loads of rooms whose members all send: what a delivery costs each server, and how long it takes. */
import type { Contender } from '../contenders/contenders.js';
import { deliveryRunOf, demandPerfect, loadOnce, type DeliveryRun, type Load } from '../contenders/load-once.js';
import { reportRuns, Rounds, type Side } from '../measure/rounds.js';
import { chooseCores } from '../processes/cores.js';
import type { Account } from '../report/account.js';
import type { Effort } from './ratio.js';

const ROOMS_OF = 8;
const PAYLOAD_BYTES = 64;

export function loadOf(clients: number, rate: number, { seconds, isShort }: Effort): Load {
  const warmUpS = isShort ? 1 : 2;
  return { clients, rate, seconds, warmUpS, roomsOf: ROOMS_OF, payloadBytes: PAYLOAD_BYTES, phases: 'shuffled' };
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

export async function compareContenders(
  account: Account,
  effort: Effort,
  contenders: readonly Contender[],
  load: Load,
): Promise<Rounds<DeliveryRun>> {
  account.step(`${load.clients} clients in rooms of ${load.roomsOf}, ${load.payloadBytes} B at ${load.rate} Hz each`);
  return compareDeliveries(
    account,
    effort,
    contenders.map((each) => deliverySide(each, load)),
  );
}
