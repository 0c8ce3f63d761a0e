/** Schemas of members that several calls of the login surface take. */
import { z } from 'zod';
import { newPassword as passwordToSet } from '../fields.js';

/** A password, or a client's hash of one: the gateway treats either as the password. */
export const sentPassword = z.string().min(1).max(1024);
export const newPassword = passwordToSet(8, 1024);
export const username = z.string().min(1).max(256);
/** A user name in a path. A name longer than any user's belongs to nobody and is answered like any unknown name. */
export const usernameOfPath = z.string();

/** Times are Unix milliseconds; forms write them as decimals. */
export const unixMs = z
  .union([z.int().min(1), z.string().regex(/^[0-9]{1,16}$/)], 'Unix milliseconds')
  .transform(Number)
  .refine((value) => Number.isSafeInteger(value) && value > 0, 'Unix milliseconds')
  .meta({ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'Unix milliseconds.' });

/** A body that is an id as a bare JSON string, or an object with the id as its one member. */
export function bareOrMember(name: string): z.ZodType<string> {
  const id = z.string().min(1).max(128);
  return z
    .union([id, z.object({ [name]: id })], `an id as a JSON string, or {"${name}": id}`)
    .transform((body) => (typeof body === 'string' ? body : (body[name] ?? '')));
}
