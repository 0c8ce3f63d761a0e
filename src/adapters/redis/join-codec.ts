/** The join's request and reply. Each connecting socket makes this call, so plain code checks the reply: no schema. */
import type { JoinRefusal, JoinRequest, JoinResult } from '../../ports/relay-join.js';
import { parseNodeId } from '../../protocol/ids.js';
import type { Argument } from './link.js';
import {
  asHost,
  asIndex,
  asInteger,
  asList,
  asText,
  asUserId,
  asUserSessionIdOrNull,
  known,
  unexpected,
} from './replies.js';

const REFUSALS: ReadonlyMap<unknown, JoinRefusal> = new Map(
  (
    [
      'session_not_found',
      'session_not_linked',
      'credential_invalid',
      'credential_revoked',
      'banned',
      'address_not_allowed',
      'session_locked',
      'session_full',
    ] satisfies JoinRefusal[]
  ).map((code) => [code, code]),
);

/** The arguments of join.lua. */
export function encodeJoin({ nodeId, address, resumeHash, dryRun, credential }: JoinRequest): Argument[] {
  const common = [nodeId, address, resumeHash, dryRun ? '1' : '0', credential.kind];
  switch (credential.kind) {
    case 'pair':
      return [...common, credential.sessionToken, credential.userToken];
    case 'minted':
      return [
        ...common,
        credential.userId,
        credential.generation,
        credential.asHost ? '1' : '0',
        credential.userSessionId ?? '',
      ];
    case 'resume':
      return [...common, credential.index, credential.secretHash];
  }
}

export function decodeJoin(reply: unknown): JoinResult {
  const parts = asList(reply);
  switch (parts[0]) {
    case 'joined':
      return {
        outcome: 'joined',
        userId: asUserId(parts[1]),
        index: asIndex(parts[2]),
        connection: asInteger(parts[3]),
        joinedAtMs: asInteger(parts[4]),
        isNewMember: parts[5] === '1',
        userSessionId: asUserSessionIdOrNull(parts[6]),
        host: asHost(parts[7], parts[8]),
      };
    case 'refused': {
      const code = REFUSALS.get(parts[1]);
      if (code === undefined) throw unexpected('a refusal');
      return { outcome: 'refused', code };
    }
    case 'home_elsewhere':
      return { outcome: 'home_elsewhere', homeNodeId: known(parseNodeId(asText(parts[1])), 'a node id') };
    default:
      throw unexpected('the outcome of a join');
  }
}
