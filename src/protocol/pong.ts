/** The answer to `ping`, which repeats the `t` that the client sent, as its text. */
import type { Brand } from '../lib/brand.js';

/** JSON text of a number, a text or null, accepted from a client. */
export type EchoText = Brand<string, 'EchoText'>;

/** The longest number that is repeated. */
export const MAX_ECHO_NUMBER_CHARS = 64;

/** Brands text that the caller has checked. */
export function echoTextOf(text: string): EchoText {
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- the one constructor of the brand
  return text as EchoText;
}

export function encodePong(t: EchoText): string {
  return `{"type":"pong","t":${t}}`;
}
