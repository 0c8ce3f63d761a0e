/**
 * Builds the package `sallyport-client` in packages/client: one module for every platform, the declaration files that its
 * types need, and the license. Run from the repository's root.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './client-package/bundler.js';
import { reachableTypes } from './client-package/reachable-types.js';

const PACKAGE = 'packages/client';
const TYPES = `${PACKAGE}/dist/types`;

rmSync(`${PACKAGE}/dist`, { recursive: true, force: true });
const types = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.client.json'], {
  stdio: 'inherit',
});
if (types.status !== 0) throw new Error('the types of the client do not build');
const needed = reachableTypes(`${TYPES}/client/client.d.ts`);
for (const name of readdirSync(TYPES, { recursive: true, encoding: 'utf8' })) {
  const path = join(TYPES, name);
  if (path.endsWith('.d.ts') && !needed.has(path)) rmSync(path);
}
const { code, imports } = await bundle(pathToFileURL('src/client/client.ts'), { format: 'esm' });
if (imports.length > 0) throw new Error(`the client imports ${imports.join(', ')}`);
writeFileSync(`${PACKAGE}/dist/client.js`, code);
copyFileSync('LICENSE', `${PACKAGE}/LICENSE`);
