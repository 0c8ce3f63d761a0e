import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface Script {
  readonly name: string;
  readonly text: string;
  readonly sha1: string;
}

/** Reads the scripts from disk, once, with what they share in front of them. */
export function loadScripts() {
  const time = readLua('time');
  const session = time + readLua('session');
  const userSession = time + readLua('user-session');
  const userSocket = time + readLua('user-socket');
  const client = time + readLua('client');
  const overSession = (name: string): Script => script(name, session + readLua(name));
  const overUserSessions = (name: string): Script => script(name, userSession + readLua(name));
  const overUserSockets = (name: string): Script => script(name, userSocket + readLua(name));
  const overClient = (name: string): Script => script(name, client + readLua(name));
  const alone = (name: string): Script => script(name, time + readLua(name));
  return {
    create: overSession('create'),
    get: overSession('get'),
    check: alone('check'),
    inspect: overSession('inspect'),
    restore: overSession('restore'),
    end: overSession('end'),
    expire: overSession('expire'),
    update: overSession('update'),
    authorize: overSession('authorize'),
    enrol: overSession('enrol'),
    revoke: overSession('revoke'),
    kick: overSession('kick'),
    mint: overSession('mint'),
    join: overSession('join'),
    away: overSession('away'),
    leave: overSession('leave'),
    handOverHost: overSession('hand-over-host'),
    claimHome: overSession('claim-home'),
    indexAdd: alone('index-add'),
    indexRemove: alone('index-remove'),
    indexList: alone('index-list'),
    indexClaimDue: alone('index-claim-due'),
    indexPutBack: alone('index-put-back'),
    nodeHeartbeat: alone('node-heartbeat'),
    keyPut: alone('key-put'),
    keyRemove: alone('key-remove'),
    keyUse: alone('key-use'),
    idempotencyStart: alone('idempotency-start'),
    idempotencyFinish: alone('idempotency-finish'),
    idempotencyForget: alone('idempotency-forget'),
    ownerPut: alone('owner-put'),
    ownerOver: alone('owner-over'),
    userSessionIndexClaim: alone('user-session-index-claim'),
    userSessionForget: overUserSessions('user-session-forget'),
    userSessionIndexOver: alone('user-session-index-over'),
    clientOver: overClient('client-over'),
    userSessionOpen: overUserSessions('user-session-open'),
    userSessionGet: overUserSessions('user-session-get'),
    userSessionChange: overUserSessions('user-session-change'),
    userSessionFinish: overUserSessions('user-session-finish'),
    userSessionFinishAll: overUserSessions('user-session-finish-all'),
    userSessionExpire: overUserSessions('user-session-expire'),
    userSessionList: overUserSessions('user-session-list'),
    userSessionIndexAdd: alone('user-session-index-add'),
    clientCreate: overClient('client-create'),
    clientGet: overClient('client-get'),
    clientChange: overClient('client-change'),
    clientPoint: overClient('client-point'),
    clientPrune: overClient('client-prune'),
    recordPut: alone('record-put'),
    recordFind: alone('record-find'),
    recordList: alone('record-list'),
    recordRemove: alone('record-remove'),
    membershipPut: alone('membership-put'),
    membershipRemove: alone('membership-remove'),
    membershipList: alone('membership-list'),
    oneTimePut: alone('one-time-put'),
    oneTimeTake: alone('one-time-take'),
    rateTake: alone('rate-take'),
    rateReset: alone('rate-reset'),
    signingKeyList: alone('signing-key-list'),
    signingKeyAdd: alone('signing-key-add'),
    signingKeyKeep: alone('signing-key-keep'),
    userSocketTake: overUserSockets('user-socket-take'),
    userSocketRelease: overUserSockets('user-socket-release'),
    userSocketRenew: overUserSockets('user-socket-renew'),
  };
}

export type Scripts = ReturnType<typeof loadScripts>;

function script(name: string, text: string): Script {
  return { name, text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** The build copies lua/ beside the compiled module. */
function readLua(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
}
