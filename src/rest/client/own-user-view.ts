/** A user as its own devices see it, in the shape of Clerk's frontend API. Nothing private is in it. */
import { z } from 'zod';
import { unixMs } from '../fields.js';
import type { Profile } from '../../identity/profiles.js';
import type { MemberOf } from '../../identity/session-claims.js';
import type { OrganizationRecord, UserRecord } from '../../ports/directory-store.js';

const metadata = z.unknown().describe('A JSON object.');

export const publicUserDataSchema = z
  .object({
    user_id: z.string(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    username: z.string().nullable(),
    image_url: z.string(),
    has_image: z.boolean(),
    identifier: z.string().describe('The first that exists of e-mail address, phone number, user name and id.'),
  })
  .meta({ id: 'PublicUserData' });

const verification = z.object({ status: z.literal('verified'), strategy: z.literal('admin') });

const emailAddressSchema = z.object({
  object: z.literal('email_address'),
  id: z.string(),
  email_address: z.string(),
  verification,
  linked_to: z.array(z.unknown()),
});

const phoneNumberSchema = z.object({
  object: z.literal('phone_number'),
  id: z.string(),
  phone_number: z.string(),
  verification,
  linked_to: z.array(z.unknown()),
});

const organizationSchema = z.object({
  object: z.literal('organization'),
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  image_url: z.string(),
  has_image: z.boolean(),
  public_metadata: metadata,
  created_at: unixMs,
  updated_at: unixMs,
});

const membershipSchema = z.object({
  object: z.literal('organization_membership'),
  id: z.string(),
  role: z.string(),
  permissions: z.array(z.string()),
  public_metadata: metadata,
  organization: organizationSchema,
  created_at: unixMs,
  updated_at: unixMs,
});

export const ownUserSchema = z
  .object({
    object: z.literal('user'),
    id: z.string(),
    username: z.string().nullable(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    image_url: z.string(),
    has_image: z.boolean(),
    primary_email_address_id: z.string().nullable(),
    primary_phone_number_id: z.string().nullable(),
    email_addresses: z.array(emailAddressSchema),
    phone_numbers: z.array(phoneNumberSchema),
    organization_memberships: z.array(membershipSchema),
    public_metadata: metadata,
    unsafe_metadata: metadata,
    password_enabled: z.boolean(),
    two_factor_enabled: z.boolean(),
    banned: z.boolean(),
    locked: z.boolean(),
    created_at: unixMs,
    updated_at: unixMs,
    last_sign_in_at: unixMs.nullable(),
  })
  .meta({ id: 'ClientUser' });

const VERIFIED = { status: 'verified', strategy: 'admin' } as const;

export function viewOwnUser({ user, memberships }: Profile): z.output<typeof ownUserSchema> {
  const emails = user.email === null ? [] : [viewEmail(user, user.email)];
  const phones = [...new Set([user.phone, user.mobile])]
    .filter((number) => number !== null)
    .map((number, place) => viewPhone(user, number, place));
  return {
    object: 'user',
    id: user.id,
    username: user.username,
    first_name: user.firstName,
    last_name: user.lastName,
    image_url: '',
    has_image: false,
    primary_email_address_id: emails[0]?.id ?? null,
    primary_phone_number_id: phones[0]?.id ?? null,
    email_addresses: emails,
    phone_numbers: phones,
    organization_memberships: memberships.map(viewMembership),
    public_metadata: user.publicMetadata,
    unsafe_metadata: user.unsafeMetadata,
    password_enabled: user.passwordHash !== null,
    two_factor_enabled: false,
    banned: user.banned,
    locked: user.blockedUntilMs !== null,
    created_at: user.createdAtMs,
    updated_at: user.updatedAtMs,
    last_sign_in_at: user.lastSignInAtMs,
  };
}

export function viewPublicUserData(user: UserRecord): z.output<typeof publicUserDataSchema> {
  const { firstName, lastName, username } = user;
  return {
    user_id: user.id,
    first_name: firstName,
    last_name: lastName,
    username,
    image_url: '',
    has_image: false,
    identifier: identifierOf(user),
  };
}

export function identifierOf({ id, email, phone, mobile, username }: UserRecord): string {
  return email ?? phone ?? mobile ?? username ?? id;
}

function viewEmail({ id }: UserRecord, address: string): z.output<typeof emailAddressSchema> {
  return {
    object: 'email_address',
    id: partId(id, 'email'),
    email_address: address,
    verification: VERIFIED,
    linked_to: [],
  };
}

function viewPhone({ id }: UserRecord, number: string, place: number): z.output<typeof phoneNumberSchema> {
  return {
    object: 'phone_number',
    id: partId(id, `phone${place}`),
    phone_number: number,
    verification: VERIFIED,
    linked_to: [],
  };
}

function viewMembership({ organization, membership }: MemberOf): z.output<typeof membershipSchema> {
  return {
    object: 'organization_membership',
    id: `orgmem_${lettersOf(organization.id)}${lettersOf(membership.userId)}`,
    role: membership.role,
    permissions: [...membership.permissions],
    public_metadata: {},
    organization: viewOrganization(organization),
    created_at: membership.createdAtMs,
    updated_at: membership.createdAtMs,
  };
}

function viewOrganization(organization: OrganizationRecord): z.output<typeof organizationSchema> {
  const { id, name, slug, publicMetadata, createdAtMs, updatedAtMs } = organization;
  return {
    object: 'organization',
    id,
    name,
    slug,
    image_url: '',
    has_image: false,
    public_metadata: publicMetadata,
    created_at: createdAtMs,
    updated_at: updatedAtMs,
  };
}

/** E-mail addresses and phone numbers have no records of their own, so their ids derive from the user's id. */
function partId(userId: string, part: string): string {
  return `idn_${lettersOf(userId)}${part}`;
}

function lettersOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}
