/** A group session as Quick Sync's API shows it. Times are in seconds. */
import { z } from 'zod';
import * as field from '../fields.js';
import type { UserId } from '../../protocol/ids.js';
import type { Entered, GroupView } from '../../relay/groups/group-sessions.js';

/** Limits on files, for programs that ask for them. The gateway keeps no files, so nothing enforces these limits. */
const MAX_FILES = 100;
const MAX_TOTAL_MEGABYTES = 1024;

/** On sockets the same roles are `host` and `client`. */
const role = z.enum(['Host', 'Client']);

const user = z
  .object({
    id: z.string(),
    role,
    name: z
      .string()
      .nullable()
      .describe('The name that the user joined with, or their pseudonym; null when they were not admitted by wallet.'),
    address: z.string().nullable().describe('The address that the user shows.'),
  })
  .meta({ id: 'GroupUser' });

const limits = {
  expiry: field.quantity.describe('When the session ends: Unix seconds.'),
  maxFiles: field.quantity,
  maxUsers: field.maxUsers,
  maxTotalMegaBytes: z.int().min(0),
  passwordProtected: z.boolean(),
  whiteListAddresses: z.array(z.string()),
};

const credentials = z
  .object({
    token: z.string().describe('The bearer token for calls about the session, and a credential for `GET /v1/connect`.'),
    id: z.string(),
    pseudonym: z.string(),
    role,
  })
  .meta({ id: 'GroupCredentials' });

const entered = {
  sessionId: z.string(),
  expiresIn: field.quantity.describe('Seconds.'),
  credentials,
  rules: z.object(limits).meta({ id: 'GroupRules' }),
};

export const createdSchema = z.object(entered).meta({ id: 'GroupSessionCreated' });
export const joinedSchema = z.object({ ...entered, users: z.array(user) }).meta({ id: 'GroupSessionJoined' });
export const currentSchema = z
  .object({ id: z.string(), creatorId: z.string(), ...limits, users: z.array(user) })
  .meta({ id: 'GroupSession' });

export function viewEntered(view: Entered, nowMs: number): z.output<typeof createdSchema> {
  const { session, you, token } = view;
  return {
    sessionId: session.id,
    expiresIn: Math.max(0, Math.ceil((session.expiresAtMs - nowMs) / 1000)),
    credentials: { token, id: you.userId, pseudonym: you.group?.pseudonym ?? '', role: roleOf(view, you.userId) },
    rules: viewLimits(view),
  };
}

export function viewCurrent(view: GroupView): z.output<typeof currentSchema> {
  const { session, group } = view;
  return { id: session.id, creatorId: group.creatorId, ...viewLimits(view), users: viewUsers(view) };
}

/** All users who hold a seat. No caller sees the addresses of their sockets. */
export function viewUsers(view: GroupView): z.output<typeof user>[] {
  return view.seats
    .filter((seat) => seat.held)
    .map(({ userId, group }) => ({
      id: userId,
      role: roleOf(view, userId),
      name: group === null ? null : (group.name ?? group.pseudonym),
      address: group?.address ?? null,
    }));
}

function viewLimits({ session, group }: GroupView): z.output<typeof entered.rules> {
  return {
    expiry: Math.floor(session.expiresAtMs / 1000),
    maxFiles: MAX_FILES,
    maxUsers: session.maxUsers,
    maxTotalMegaBytes: MAX_TOTAL_MEGABYTES,
    passwordProtected: group.passwordHash !== null,
    whiteListAddresses: [...group.whitelist],
  };
}

function roleOf({ hostId }: GroupView, userId: UserId): z.output<typeof role> {
  return userId === hostId ? 'Host' : 'Client';
}
