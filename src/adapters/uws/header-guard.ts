/**
 * Refuses requests that two parsers could read differently. The engine's parser accepts them: two lengths, an empty
 * length, any Transfer-Encoding read as chunked, two hosts. Behind a proxy that reads them differently, they would
 * smuggle in a second request.
 */

/** Header names in lower case, in order of arrival. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** The largest head, including the target; proxies use the same limit. */
export const MAX_HEAD_BYTES = 8192;

export function isTooLarge(head: {
  readonly path: string;
  readonly query: string;
  readonly headerList: HeaderList;
}): boolean {
  const { path, query, headerList } = head;
  const length = headerList.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  return path.length + query.length + length > MAX_HEAD_BYTES;
}

export function isAmbiguous(headers: HeaderList): boolean {
  let lengths = 0;
  let encodings = 0;
  let hosts = 0;
  for (const [name, value] of headers) {
    if (name === 'content-length') {
      lengths += 1;
      // Some parsers read a leading zero as octal.
      if (!/^(?:0|[1-9][0-9]{0,14})$/.test(value)) return true;
    } else if (name === 'transfer-encoding') {
      encodings += 1;
      if (value.toLowerCase() !== 'chunked') return true;
    } else if (name === 'host') {
      hosts += 1;
    }
  }
  return lengths > 1 || encodings > 1 || hosts !== 1 || (lengths > 0 && encodings > 0);
}
