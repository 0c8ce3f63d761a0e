/** Bundles the client SDK for browsers, as an application's build would, and says what it weighs. */
import { gzipSync } from 'node:zlib';
import { bundle, type Bundle } from './bundler.js';

/** The bound of issue 3: minified and gzipped. */
export const MAX_CLIENT_BYTES = 12 * 1024;

export interface ClientBundle extends Bundle {
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
}

/** `entry`: a file URL of the SDK's first module. As a script, the bundle sets the global `Sallyport`. */
export async function measureClient(entry: URL, format: 'esm' | 'script' = 'esm'): Promise<ClientBundle> {
  const wrapping = format === 'esm' ? { format } : { format: 'iife', name: 'Sallyport' };
  const made = await bundle(entry, { ...wrapping, minify: true });
  return {
    ...made,
    minifiedBytes: Buffer.byteLength(made.code),
    gzippedBytes: gzipSync(made.code, { level: 9 }).length,
  };
}
