/**
 * Bytes and text of any origin. A value of another realm (a frame, a worker's test environment, Node's vm) is no
 * instance of this realm's classes, so the checks look at what the value is.
 */

/** The bytes of an ArrayBuffer or of any view, not copied; null for anything else. */
export function bytesOf(value: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return isArrayBuffer(value) ? new Uint8Array(value) : null;
}

function isArrayBuffer(value: unknown): value is ArrayBuffer {
  if (value instanceof ArrayBuffer) return true;
  if (typeof value !== 'object' || value === null) return false;
  try {
    // The getter looks at the value itself, whatever its realm, and throws for anything but an ArrayBuffer.
    return Reflect.get(ArrayBuffer.prototype, 'byteLength', value) >= 0;
  } catch {
    return false;
  }
}

/** Reads a Blob; null for a value that cannot be read. */
export function readBlob(value: unknown): Promise<unknown> | null {
  return isBlob(value) ? value.arrayBuffer() : null;
}

function isBlob(value: unknown): value is { arrayBuffer(): Promise<unknown> } {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'arrayBuffer') === 'function';
}

/** Describes a value in an error for people. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
