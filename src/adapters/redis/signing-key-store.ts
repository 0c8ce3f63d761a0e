import { z } from 'zod';
import type { SigningKeyRecord, SigningKeyStore } from '../../ports/signing-key-store.js';
import type { Keys } from './keys.js';
import type { RedisLink } from './link.js';
import { asInteger, asList, asText } from './replies.js';
import { json } from './schemas.js';
import type { Scripts } from './script.js';

const recordSchema = json(
  z.object({
    kid: z.string(),
    publicJwk: z.string(),
    sealedPrivate: z.string(),
    createdAtMs: z.number(),
    signsFromMs: z.number(),
  }),
);
const KEPT = /^([0-9]+) (.*)$/;

export function createRedisSigningKeyStore(link: RedisLink, keys: Keys, scripts: Scripts): SigningKeyStore {
  return {
    list: async () => {
      const reply = await link.run('signing_keys.list', scripts.signingKeyList, [keys.signingKeys], []);
      return asList(reply).map((text) => parseKept(asText(text)));
    },
    add: async (key, newestKid) => {
      if (/\s/.test(key.kid)) throw new TypeError('a key id has no spaces');
      const args = [key.kid, key.goneAtMs, JSON.stringify(key), newestKid ?? ''];
      return asInteger(await link.run('signing_keys.add', scripts.signingKeyAdd, [keys.signingKeys], args)) === 1;
    },
    keepUntil: async (kid, goneAtMs) => {
      const args = [kid, goneAtMs];
      return asInteger(await link.run('signing_keys.keep', scripts.signingKeyKeep, [keys.signingKeys], args)) === 1;
    },
  };
}

/** Parses `<gone at> <record>`. The time can change, so it is kept beside the record. */
function parseKept(text: string): SigningKeyRecord {
  const [, gone = '', record = ''] = KEPT.exec(text) ?? [];
  return { ...recordSchema.parse(record), goneAtMs: asInteger(gone) };
}
