/** Fails when the client SDK is larger than its bound, or needs a package. Run from the repository's root. */
import { pathToFileURL } from 'node:url';
import { MAX_CLIENT_BYTES, measureClient } from './client-package/measure.js';

const { minifiedBytes, gzippedBytes, imports } = await measureClient(pathToFileURL('src/client/client.ts'));
console.log(`client: ${minifiedBytes} bytes minified, ${gzippedBytes} gzipped, of ${MAX_CLIENT_BYTES}`);
if (imports.length > 0) console.error(`client: imports ${imports.join(', ')}`);
if (imports.length > 0 || gzippedBytes >= MAX_CLIENT_BYTES) process.exitCode = 1;
