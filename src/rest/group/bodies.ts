/** Bodies of requests to the group surface. Members that are null count as absent. */
import { z } from 'zod';
import type { WalletAddress } from '../../protocol/ids.js';
import type { Wallets } from '../../ports/wallets.js';
import * as field from '../fields.js';
import { list } from '../list-field.js';

const MAX_NAME_CHARS = 64;
const MAX_PASSWORD_CHARS = 256;
const MAX_WHITELIST = 1000;

/** An empty password counts as none: a form sends an empty text for a field that the user leaves alone. */
const password = orNone(z.string().max(MAX_PASSWORD_CHARS));
const newPassword = orNone(field.newPassword(0, MAX_PASSWORD_CHARS));

export const walletAddress = (wallets: Pick<Wallets, 'parseAddress'>): z.ZodType<WalletAddress> =>
  field
    .parsed((text) => wallets.parseAddress(text), 'an address in lower case, or with its checksum')
    .meta({ description: 'An Ethereum address: in lower case, or in mixed case as EIP-55 checks it.' });

export function createBody(wallets: Pick<Wallets, 'parseAddress'>) {
  const address = walletAddress(wallets);
  const whitelist = list(address, { max: MAX_WHITELIST }).nullish();
  const name = z.string().trim().min(1).max(MAX_NAME_CHARS).nullish();
  const rules = z.object({
    userCapacity: field.maxUsers.nullish(),
    expiryDurationInSeconds: field.expiresInS.nullish(),
    password: newPassword,
    allowOnlyWhitelistedAddresses: z.boolean().nullish(),
    whiteListAddresses: whitelist,
  });
  return (
    z
      .object({
        identity: z.object({ name, chainAddress: address.nullish() }).nullish(),
        rules: rules.nullish(),
        password: newPassword.meta({ deprecated: true }),
        whiteListAddresses: whitelist.meta({ deprecated: true }),
      })
      // All members are optional, so no body means the same as an empty one.
      .prefault({})
      .transform(({ identity, rules: given, ...deprecated }) => {
        const listed = [...new Set(given?.whiteListAddresses ?? deprecated.whiteListAddresses ?? [])];
        return {
          name: identity?.name ?? null,
          chainAddress: identity?.chainAddress ?? null,
          password: given?.password ?? deprecated.password,
          whitelist: listed,
          // A caller who sends a list and no flag wants the list to apply.
          onlyWhitelisted: given?.allowOnlyWhitelistedAddresses ?? listed.length > 0,
          maxUsers: given?.userCapacity ?? undefined,
          ttlMs: typeof given?.expiryDurationInSeconds === 'number' ? given.expiryDurationInSeconds * 1000 : undefined,
        };
      })
  );
}

export const joinBody = z.object({ sessionId: z.string().max(64), password });

function orNone(password: z.ZodString) {
  return password.nullish().transform((text) => (text === undefined || text === '' ? null : text));
}

export const kickBody = z.object({ userId: field.userId });
