/** The URL and the key that the user gave. Errors repeat neither. */
import type { Given } from '../given.js';
import { KEY_FLAG, URL_FLAG } from './flags.js';

const LOCAL = 'http://127.0.0.1:8080';

/** The URL without a slash at its end. Throws a `UsageError`. */
export function gatewayUrl(given: Given): string {
  const text = given.text(URL_FLAG.name) ?? LOCAL;
  if (!URL.canParse(text)) throw given.wrong(URL_FLAG.name, 'expected a URL such as http://127.0.0.1:8080');
  const url = new URL(text);
  if (!['http:', 'https:'].includes(url.protocol)) throw given.wrong(URL_FLAG.name, 'expected an http or https URL');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw given.wrong(URL_FLAG.name, 'expected a URL without user, password, query and fragment');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Throws a `UsageError` when there is none, or a text that no header can carry. */
export function apiKey(given: Given): string {
  const key = given.text(KEY_FLAG.name);
  if (key === null) throw given.refuse('an API key is missing: set SALLYPORT_KEY, or give --key');
  if (!/^[\x21-\x7e]+$/.test(key)) throw given.wrong(KEY_FLAG.name, 'expected visible ASCII characters (not shown)');
  return key;
}
