/**
 * The store as backends and doorways use it. If the store does not know a session whose room is here, the home checks
 * the room first and the call asks once more: the store may have lost the session, and its home puts it back.
 */
import type { SessionId } from '../../protocol/ids.js';
import type { RelayStore } from '../../ports/relay-store.js';

/** `isHere` checks the room; false when this node has no such room, or no longer. */
export function heldStore(store: RelayStore, isHere: (id: SessionId) => Promise<boolean>): RelayStore {
  const again = async <T>(id: SessionId, ask: () => Promise<T>, isUnknown: (answer: T) => boolean): Promise<T> => {
    const answer = await ask();
    return isUnknown(answer) && (await isHere(id)) ? ask() : answer;
  };
  return {
    create: (session, seats) => store.create(session, seats),
    get: (id, scope) => again(id, () => store.get(id, scope), isNull),
    list: (request) => store.list(request),
    end: (id, scope) => again(id, () => store.end(id, scope), isFalse),
    update: (id, scope, change) => again(id, () => store.update(id, scope, change), isNull),
    authorize: (id, scope, seat) => again(id, () => store.authorize(id, scope, seat), isNotFound),
    enrol: (id, seat) => again(id, () => store.enrol(id, seat), isNotFound),
    revoke: (id, scope, token) => again(id, () => store.revoke(id, scope, token), isNotFound),
    kick: (request) => again(request.sessionId, () => store.kick(request), isNotFound),
    mint: (id, scope, userId) => again(id, () => store.mint(id, scope, userId), isNotFound),
    join: (request) =>
      again(
        request.sessionId,
        () => store.join(request),
        (answer) => answer.outcome === 'refused' && answer.code === 'session_not_found',
      ),
    away: (hold) => store.away(hold),
    leave: (hold, reason) => store.leave(hold, reason),
    handOverHost: (id, home, from, to) => store.handOverHost(id, home, from, to),
    claimHome: (id, from, to) => store.claimHome(id, from, to),
    check: (home, claims) => store.check(home, claims),
    restore: (lost) => store.restore(lost),
    sweepExpired: (limit) => store.sweepExpired(limit),
  };
}

function isNull(answer: unknown): boolean {
  return answer === null;
}

function isFalse(answer: boolean): boolean {
  return !answer;
}

function isNotFound({ outcome }: { readonly outcome: string }): boolean {
  return outcome === 'session_not_found';
}
