/** The records of the directory as Redis holds them: JSON. */
import { z } from 'zod';
import { parseOrganizationId, parseUserId } from '../../protocol/ids.js';
import { anyJson, branded, json } from './schemas.js';

/** The members that hold a caller's own JSON. */
const KEPT: ReadonlySet<string> = new Set(['publicMetadata', 'privateMetadata', 'unsafeMetadata', 'claims']);

const times = { createdAtMs: z.number(), updatedAtMs: z.number() };
const organizationId = branded(parseOrganizationId);

export const userSchema = json(
  z.object({
    id: branded(parseUserId),
    version: z.number(),
    username: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    mobile: z.string().nullable(),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    publicMetadata: anyJson,
    privateMetadata: anyJson,
    unsafeMetadata: anyJson,
    passwordHash: z.string().nullable(),
    admin: z.boolean(),
    homeOrganizationId: organizationId.nullable(),
    banned: z.boolean(),
    blockedUntilMs: z.number().nullable(),
    ...times,
    lastSignInAtMs: z.number().nullable(),
    /** Records of older versions have none. */
    sessionsToEnd: z
      .object({ version: z.number(), formerHash: z.string().nullable(), resetToken: z.string().nullable() })
      .nullable()
      .default(null),
  }),
  KEPT,
);

export const organizationSchema = json(
  z.object({
    id: organizationId,
    version: z.number(),
    name: z.string(),
    slug: z.string(),
    publicMetadata: anyJson,
    privateMetadata: anyJson,
    ...times,
  }),
  KEPT,
);

export const membershipSchema = json(
  z.object({
    organizationId,
    userId: branded(parseUserId),
    role: z.string(),
    permissions: z.array(z.string()),
    createdAtMs: z.number(),
  }),
);

export const templateSchema = json(
  z.object({
    name: z.string(),
    version: z.number(),
    claims: z.record(z.string(), anyJson),
    lifetimeS: z.number(),
    allowedClockSkewS: z.number(),
    ...times,
  }),
  KEPT,
);
