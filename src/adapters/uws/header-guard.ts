/**
 * Refuses requests that two parsers could read in two ways. The engine's parser lets them through
 * (two lengths, an empty length, any Transfer-Encoding taken as chunked, two hosts); behind a proxy that reads them
 * otherwise they would smuggle a second request.
 */

/** Header names in lower case, in order of arrival. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export function isAmbiguous(headers: HeaderList): boolean {
  let lengths = 0;
  let encodings = 0;
  let hosts = 0;
  for (const [name, value] of headers) {
    if (name === 'content-length') {
      lengths += 1;
      if (!/^\d{1,15}$/.test(value)) return true;
    } else if (name === 'transfer-encoding') {
      encodings += 1;
      if (value.toLowerCase() !== 'chunked') return true;
    } else if (name === 'host') {
      hosts += 1;
    }
  }
  return lengths > 1 || encodings > 1 || hosts !== 1 || (lengths > 0 && encodings > 0);
}
