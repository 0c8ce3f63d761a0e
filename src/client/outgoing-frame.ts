/** Makes a relay frame from the arguments of `send`. */
import { encodeRelayFrame } from '../protocol/relay-frame.js';
import { CLASS, MAX_TARGETS, type DeliveryClassName } from '../protocol/wire.js';
import { bytesOf, kindOf } from './bytes.js';
import type { Outgoing } from './outgoing-queue.js';
import { encodeUtf8 } from './utf8.js';

export interface SendOptions {
  /** `volatile` by default. */
  readonly class?: DeliveryClassName | undefined;
  /** Class latest only: which of your values this is, 0 to 65535. The default is 0. */
  readonly key?: number | undefined;
  /** The members that get the frame; by default everybody else in the session. An empty list reaches nobody. */
  readonly to?: number | readonly number[] | undefined;
  /**
   * Sends the frame as host: the gateway refuses it with `stale_host` unless you are host in the term that the client
   * knows.
   */
  readonly asHost?: boolean | undefined;
}

/** Everything that `send` takes: text, or bytes in any ArrayBuffer or view of one, whatever its realm. */
export type Payload = string | ArrayBuffer | ArrayBufferView;

/** Copies the payload. Throws a TypeError for what is no payload, and a RangeError for a key, or targets, that no frame can hold. */
export function encodeOutgoing(payload: Payload, options: SendOptions, ref: number | null, hostTerm: number): Outgoing {
  const { class: name = 'volatile', key = 0, asHost = false, to } = options;
  const bytes = payloadOf(payload);
  const targets = typeof to === 'number' ? [to] : to;
  if (!isU16(key) || targets?.every(isU16) === false) throw new RangeError('key and to: 0 to 65535');
  if ((targets?.length ?? 0) > MAX_TARGETS) throw new RangeError(`to: at most ${MAX_TARGETS} members`);
  return {
    bytes: encodeRelayFrame({
      deliveryClass: CLASS[name],
      key,
      payload: bytes,
      ...(ref === null ? {} : { ref }),
      ...(asHost ? { term: hostTerm } : {}),
      ...(targets === undefined ? {} : { targets }),
    }),
    payloadBytes: bytes.length,
    class: name,
    slot: name === 'latest' ? `${key}:${targets?.join() ?? '*'}` : null,
    ref,
  };
}

function payloadOf(payload: unknown): Uint8Array {
  const bytes = typeof payload === 'string' ? encodeUtf8(payload) : bytesOf(payload);
  if (bytes === null) {
    throw new TypeError(`payload: expected a string, an ArrayBuffer or a view of one, got ${kindOf(payload)}`);
  }
  return bytes;
}

function isU16(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff;
}
