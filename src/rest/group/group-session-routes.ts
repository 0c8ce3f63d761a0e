/** Quick Sync's group sessions: create, join, and what members do. Every path is served with and without `/v1`. */
import type { Clock } from '../../ports/clock.js';
import type { Wallets } from '../../ports/wallets.js';
import type { GroupSessions } from '../../relay/groups/group-sessions.js';
import type { KeyVerifier } from '../auth.js';
import { defineGuardedRoute, type Route } from '../route.js';
import { createBody, joinBody, kickBody } from './bodies.js';
import { admitCreator, admitMember, admitWallet, MEMBER_BEARER, WALLET_BEARER, type WalletBearers } from './guards.js';
import {
  createdSchema,
  currentSchema,
  joinedSchema,
  viewCurrent,
  viewEntered,
  viewUsers,
} from './group-session-view.js';

export interface GroupSessionRoutesDeps {
  readonly groups: Pick<GroupSessions, 'create' | 'join' | 'current' | 'kick' | 'disconnect' | 'end' | 'bearer'>;
  readonly keys: KeyVerifier;
  readonly proofs: WalletBearers;
  readonly wallets: Pick<Wallets, 'parseAddress'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** The beginning of a route's path, and of its operation id. */
interface Prefix {
  readonly path: string;
  /** Keeps operation ids unique. */
  readonly name: string;
}

const PREFIXES: readonly Prefix[] = [
  { path: '/session', name: 'group' },
  { path: '/v1/session', name: 'groupV1' },
];

const NO_BEARER = ['credential_missing', 'credential_invalid'] as const;
const NO_ENTRY = [
  'group_session_not_found',
  'not_whitelisted',
  'group_password_wrong',
  'banned',
  'too_many_requests',
  'already_member',
  'session_locked',
  'session_full',
] as const;
const NOT_HOST = [...NO_BEARER, 'not_host', 'group_session_not_found'] as const;

export function groupSessionRoutes(deps: GroupSessionRoutesDeps): readonly Route[] {
  return PREFIXES.flatMap((prefix) => [
    createSession(deps, prefix),
    joinSession(deps, prefix),
    getCurrent(deps, prefix),
    kickUser(deps, prefix),
    disconnect(deps, prefix),
    deleteCurrent(deps, prefix),
  ]);
}

function createSession({ groups, keys, proofs, wallets, clock }: GroupSessionRoutesDeps, prefix: Prefix): Route {
  return defineGuardedRoute({
    name: `${prefix.name}CreateSession`,
    summary: 'Create a group session as a wallet, with an API key.',
    method: 'POST',
    path: prefix.path,
    guardName: ['group', WALLET_BEARER],
    guard: (input) => admitCreator(keys, proofs, input),
    refusedWhileDraining: true,
    body: createBody(wallets),
    bodyForm: 'optional_json',
    responses: { 200: createdSchema },
    errors: [...NO_BEARER, 'too_many_requests'],
    async handle({ guest, body }) {
      const entered = await groups.create({ projectId: guest.caller.projectId, wallet: guest.wallet, ...body });
      return { status: 200, body: viewEntered(entered, clock.nowMs()) };
    },
  });
}

function joinSession({ groups, proofs, clock }: GroupSessionRoutesDeps, prefix: Prefix): Route {
  return defineGuardedRoute({
    name: `${prefix.name}JoinSession`,
    summary: 'Join a group session as a wallet.',
    method: 'POST',
    path: `${prefix.path}/join`,
    guardName: WALLET_BEARER,
    guard: (input) => admitWallet(proofs, input),
    refusedWhileDraining: true,
    body: joinBody,
    responses: { 200: joinedSchema },
    errors: [...NO_BEARER, ...NO_ENTRY],
    async handle({ guest, body, request: { remoteAddress } }) {
      const entered = await groups.join({ ...body, wallet: guest.wallet, remoteAddress });
      return { status: 200, body: { ...viewEntered(entered, clock.nowMs()), users: viewUsers(entered) } };
    },
  });
}

function getCurrent({ groups }: GroupSessionRoutesDeps, prefix: Prefix): Route {
  return defineGuardedRoute({
    name: `${prefix.name}GetCurrentSession`,
    summary: 'Get the group session that the caller is in.',
    method: 'GET',
    path: `${prefix.path}/current`,
    guardName: MEMBER_BEARER,
    guard: (input) => admitMember(groups, input),
    responses: { 200: currentSchema },
    errors: [...NO_BEARER, 'group_session_not_found'],
    async handle({ guest }) {
      return { status: 200, body: viewCurrent(await groups.current(guest.claims)) };
    },
  });
}

function kickUser({ groups }: GroupSessionRoutesDeps, prefix: Prefix): Route {
  return defineGuardedRoute({
    name: `${prefix.name}KickUser`,
    summary: 'Kick a user, as the host: their socket closes and their token is revoked. They may join again.',
    method: 'POST',
    path: `${prefix.path}/current/kick`,
    guardName: MEMBER_BEARER,
    guard: (input) => admitMember(groups, input),
    body: kickBody,
    responses: { 200: 'empty' },
    errors: [...NOT_HOST, 'user_not_found', 'cannot_kick_self'],
    async handle({ guest, body }) {
      await groups.kick(guest.claims, body.userId);
      return { status: 200 };
    },
  });
}

function disconnect({ groups }: GroupSessionRoutesDeps, prefix: Prefix): Route {
  return defineGuardedRoute({
    name: `${prefix.name}Disconnect`,
    summary: 'Leave the group session: the socket closes and the token is revoked.',
    method: 'POST',
    path: `${prefix.path}/disconnect`,
    guardName: MEMBER_BEARER,
    guard: (input) => admitMember(groups, input),
    responses: { 200: 'empty' },
    errors: NO_BEARER,
    async handle({ guest }) {
      await groups.disconnect(guest.claims);
      return { status: 200 };
    },
  });
}

function deleteCurrent({ groups }: GroupSessionRoutesDeps, prefix: Prefix): Route {
  return defineGuardedRoute({
    name: `${prefix.name}DeleteCurrentSession`,
    summary: 'End the group session for everybody, as the host.',
    method: 'DELETE',
    path: `${prefix.path}/current`,
    guardName: MEMBER_BEARER,
    guard: (input) => admitMember(groups, input),
    responses: { 200: 'empty' },
    errors: NOT_HOST,
    async handle({ guest }) {
      await groups.end(guest.claims);
      return { status: 200 };
    },
  });
}
