/** A user of the directory as the native surface takes and shows it. The password's hash is never shown. */
import { z } from 'zod';
import { foldUserName, NAME_SHAPES } from '../../identity/user-names.js';
import type { Organizations } from '../../identity/organizations.js';
import type { UserChange } from '../../identity/user-change.js';
import type { UserName, UserRecord } from '../../ports/directory-store.js';
import * as field from '../fields.js';

const MIN_PASSWORD_LENGTH = 8;
const MAX_PASSWORD_LENGTH = 1024;
const { unixMs } = field;
const metadataOut = z.unknown().describe('A JSON object.');

export const userSchema = z
  .object({
    id: z.string(),
    username: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    mobile: z.string().nullable(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    public_metadata: metadataOut,
    private_metadata: metadataOut,
    unsafe_metadata: metadataOut,
    has_password: z.boolean(),
    admin: z.boolean(),
    home_organization_id: z.string().nullable().describe('null when the organization no longer exists.'),
    banned: z.boolean(),
    blocked_until: unixMs.nullable(),
    created_at: unixMs,
    updated_at: unixMs,
    last_sign_in_at: unixMs.nullable(),
  })
  .meta({ id: 'User' });

const personName = z.string().min(1).max(256).nullable().optional();

/** The members of a user that a caller may set; null removes a value. */
export const userBody = z.strictObject({
  username: userName('username').nullable().optional(),
  email: userName('email').nullable().optional(),
  phone: userName('phone').nullable().optional(),
  mobile: userName('mobile').nullable().optional(),
  first_name: personName,
  last_name: personName,
  public_metadata: field.metadata.optional(),
  private_metadata: field.metadata.optional(),
  unsafe_metadata: field.metadata.optional(),
  password: field
    .newPassword(MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH)
    .nullable()
    .optional()
    .describe('Stored as argon2id. A new password ends all sessions of the user.'),
  admin: z.boolean().optional().describe('May act on other users on the login surface.'),
  home_organization_id: field.organizationId.nullable().optional(),
});

/** A name in its stored form: NFKC and lower case, phone numbers as E.164. */
export function userName(name: UserName): z.ZodType<string> {
  return field
    .parsed((text) => foldUserName(name, text), NAME_SHAPES[name])
    .meta({
      description: `Kept and compared in lower case: ${NAME_SHAPES[name]}.`,
    });
}

export function changeOf(body: z.output<typeof userBody>): UserChange {
  const { username, email, phone, mobile, password, admin } = body;
  return {
    username,
    email,
    phone,
    mobile,
    password,
    admin,
    firstName: body.first_name,
    lastName: body.last_name,
    publicMetadata: body.public_metadata,
    privateMetadata: body.private_metadata,
    unsafeMetadata: body.unsafe_metadata,
    homeOrganizationId: body.home_organization_id,
  };
}

/** Asks whether the home organization still exists. */
export async function viewUser(
  organizations: Pick<Organizations, 'existingId'>,
  user: UserRecord,
): Promise<z.output<typeof userSchema>> {
  const { id, username, email, phone, mobile, admin, banned } = user;
  return {
    id,
    username,
    email,
    phone,
    mobile,
    first_name: user.firstName,
    last_name: user.lastName,
    public_metadata: user.publicMetadata,
    private_metadata: user.privateMetadata,
    unsafe_metadata: user.unsafeMetadata,
    has_password: user.passwordHash !== null,
    admin,
    home_organization_id: await organizations.existingId(user.homeOrganizationId),
    banned,
    blocked_until: user.blockedUntilMs,
    created_at: user.createdAtMs,
    updated_at: user.updatedAtMs,
    last_sign_in_at: user.lastSignInAtMs,
  };
}
