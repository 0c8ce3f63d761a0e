/**
 * Decides whether a member may send a relay frame to these targets now. An accepted frame is appended to the
 * session's order; a refused one gets the name of the error and changes nothing.
 */
import type { ErrorCode } from '../../protocol/errors.js';
import { Failure } from '../../protocol/failure.js';
import { BACKEND_INDEX } from '../../protocol/ids.js';
import type { RelayFrame } from '../../protocol/relay-frame.js';
import { CLASS, type DeliveryClass } from '../../protocol/wire.js';
import { WAITS } from './durable-queue.js';
import type { Member } from './member.js';
import type { Room } from './room.js';
import type { AcceptedEntry, Answer } from './waiting-entries.js';

export type AcceptFault = Extract<ErrorCode, 'message_too_big' | 'stale_host' | 'unknown_member' | 'store_unavailable'>;

export interface AcceptRules {
  readonly maxMessageBytes: number;
  /** Whether this node is certain to be the home still: only then may it number reliable entries and ack. */
  readonly mayNumber: () => boolean;
}

/**
 * Returns the entry's number (0 for the classes without one), `WAITS` when `answer` hears the rest later, or why the
 * frame was refused.
 */
export function acceptRelayFrame(
  room: Room,
  member: Member,
  frame: RelayFrame,
  rules: AcceptRules,
  answer: Answer,
): number | AcceptFault {
  const { deliveryClass, key, term, targets, payload, ref } = frame;
  if (payload.length > rules.maxMessageBytes) return 'message_too_big';
  if (term !== null && (room.host.index !== member.index || room.host.term !== term)) return 'stale_host';
  if (targets !== null && !areMembers(room, targets)) return 'unknown_member';
  // An ack promises that this node is the home. Volatile and latest entries without an ack pass even while that is
  // uncertain.
  if ((deliveryClass === CLASS.reliable || ref !== null) && !rules.mayNumber()) return 'store_unavailable';
  const { durable } = room;
  if (durable !== null)
    return durable.accept({ sender: member.index, deliveryClass, key, targets, payload }, ref, answer);
  return room.append(member.index, deliveryClass, key, targets, payload);
}

export interface BackendMessage {
  readonly deliveryClass: DeliveryClass;
  /** Used by class latest. */
  readonly key: number;
  /** null: everybody. */
  readonly targets: readonly number[] | null;
  readonly payload: Uint8Array;
}

/**
 * Appends an entry of the backend, whose sender index is 65535. `seq` is its number for class reliable, else null.
 * Resolves once the entry is released. Rejects with `message_too_big`, `unknown_member`, `store_unavailable`
 * or `outcome_unknown`.
 */
export async function acceptBackendMessage(
  room: Room,
  { deliveryClass, key, targets, payload }: BackendMessage,
  rules: AcceptRules,
): Promise<{ readonly seq: number | null; readonly receivers: number }> {
  if (payload.length > rules.maxMessageBytes) throw new Failure('message_too_big');
  const { members } = room;
  const indexes = targets === null ? null : Uint16Array.from(targets);
  if (indexes !== null && !areMembers(room, indexes)) throw new Failure('unknown_member');
  // The answer is an ack, whatever the class.
  if (!rules.mayNumber()) throw new Failure('store_unavailable', { retryAfterS: 1 });
  const receivers = targets === null ? members.size : new Set(targets).size;
  const seq = await appendForBackend(room, { sender: BACKEND_INDEX, deliveryClass, key, targets: indexes, payload });
  return { seq: deliveryClass === CLASS.reliable ? seq : null, receivers };
}

function appendForBackend(room: Room, entry: AcceptedEntry): number | Promise<number> {
  const { sender, deliveryClass, key, targets, payload } = entry;
  const { durable } = room;
  if (durable === null) return room.append(sender, deliveryClass, key, targets, payload);
  return new Promise((resolve, reject) => {
    const onRefused = (): void => reject(new Failure('store_unavailable', { retryAfterS: 1 }));
    const onUnknown = (): void => reject(new Failure('outcome_unknown', { retryAfterS: 1 }));
    const accepted = durable.accept(entry, null, { onReleased: (_, seq) => resolve(seq), onRefused, onUnknown });
    if (accepted === 'store_unavailable') onRefused();
    else if (accepted !== WAITS) resolve(accepted);
  });
}

function areMembers(room: Room, targets: Uint16Array): boolean {
  for (const target of targets) {
    if (!room.members.has(target)) return false;
  }
  return true;
}
