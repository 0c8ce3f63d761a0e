/** The flags of commands that call a gateway. */
import type { Flag } from '../flag.js';

export const URL_FLAG: Flag = {
  name: 'url',
  value: 'URL',
  about: 'The URL of the gateway; http://127.0.0.1:8080 when absent.',
  variable: 'SALLYPORT_URL',
};

export const KEY_FLAG: Flag = {
  name: 'key',
  value: 'KEY',
  about: 'An API key or the root key. Prefer the variable: other users of the machine can read arguments.',
  variable: 'SALLYPORT_KEY',
};

export const JSON_FLAG: Flag = {
  name: 'json',
  about: "Print JSON: the gateway's answer, and errors on standard error.",
};

export const TIMEOUT_FLAG: Flag = {
  name: 'timeout-s',
  value: 'SECONDS',
  about: 'How long the gateway may take for one answer; 30 seconds when absent.',
};

export const CREDENTIAL_FLAG: Flag = {
  name: 'credential',
  value: 'CREDENTIAL',
  about: 'A relay credential or relay pair. Prefer the variable, as with keys.',
  variable: 'SALLYPORT_CREDENTIAL',
};

/** Those of every command that makes REST calls. */
export const REST_FLAGS: readonly Flag[] = [URL_FLAG, KEY_FLAG, TIMEOUT_FLAG, JSON_FLAG];

/** Variables that only commands read, never a gateway. */
export const CLIENT_VARIABLES: readonly string[] = [URL_FLAG, KEY_FLAG, CREDENTIAL_FLAG].flatMap(({ variable }) =>
  variable === undefined ? [] : [variable],
);
