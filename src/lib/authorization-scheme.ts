/** The scheme of an Authorization header, for messages. */

/** Only these are named: a header without a scheme starts with its secret. */
const KNOWN = new Map(
  ['Bearer', 'token', 'Basic', 'Digest', 'ApiKey', 'Negotiate'].map((scheme) => [scheme.toLowerCase(), scheme]),
);

/** `Authorization: Bearer` for a known scheme; never a part of the secret. */
export function shownAuthorization(header: string): string {
  const [word = ''] = header.split(/[ \t]/, 1);
  const scheme = KNOWN.get(word.toLowerCase());
  return scheme === undefined
    ? 'an Authorization header without a scheme that is known here'
    : `Authorization: ${scheme}`;
}
