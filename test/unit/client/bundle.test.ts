import { describe, expect, it } from 'vitest';
import { MAX_CLIENT_BYTES, measureClient } from '../../../scripts/client-package/measure.js';

const SOURCE = /\/src\/(client|protocol|lib)\/[a-z0-9-]+\.ts$/;

describe('the client SDK as a browser gets it', () => {
  it('CL1 is under 12 KB minified and gzipped, and needs no package', async () => {
    const bundle = await measureClient(new URL('../../../src/client/client.ts', import.meta.url));
    expect(bundle.gzippedBytes).toBeLessThan(MAX_CLIENT_BYTES);
    expect(bundle.imports).toEqual([]);
    // Nothing from node_modules: no zod by way of the protocol, no ws.
    expect(bundle.modules.filter((module) => !module.startsWith('\0') && !SOURCE.test(module))).toEqual([]);
  });
});
