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
  const overSession = (name: string): Script => script(name, session + readLua(name));
  const alone = (name: string): Script => script(name, time + readLua(name));
  return {
    create: overSession('create'),
    get: overSession('get'),
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
    keyRemove: alone('key-remove'),
    keyUse: alone('key-use'),
    idempotencyStart: alone('idempotency-start'),
    idempotencyFinish: alone('idempotency-finish'),
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
