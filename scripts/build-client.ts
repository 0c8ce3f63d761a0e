/**
 * Builds the package `sallyport-client` in packages/client: one module for every platform, one for backends on Node, the
 * declaration files that their types need, and the license. Run from the repository's root.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './client-package/bundler.js';
import { reachableTypes } from './client-package/reachable-types.js';

const PACKAGE = 'packages/client';
const TYPES = `${PACKAGE}/dist/types`;
const ENTRIES: readonly { readonly name: string; readonly mayImport: readonly string[] }[] = [
  { name: 'client', mayImport: [] },
  { name: 'webhooks', mayImport: ['node:crypto'] },
];

rmSync(`${PACKAGE}/dist`, { recursive: true, force: true });
const types = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.client.json'], {
  stdio: 'inherit',
});
if (types.status !== 0) throw new Error('the types of the client do not build');
const needed = new Set(ENTRIES.flatMap(({ name }) => [...reachableTypes(`${TYPES}/client/${name}.d.ts`)]));
for (const name of readdirSync(TYPES, { recursive: true, encoding: 'utf8' })) {
  const path = join(TYPES, name);
  if (path.endsWith('.d.ts') && !needed.has(path)) rmSync(path);
}
for (const { name, mayImport } of ENTRIES) {
  const { code, imports } = await bundle(pathToFileURL(`src/client/${name}.ts`), { format: 'esm' }, mayImport);
  const odd = imports.filter((each) => !mayImport.includes(each));
  if (odd.length > 0) throw new Error(`${name} imports ${odd.join(', ')}`);
  writeFileSync(`${PACKAGE}/dist/${name}.js`, code);
}
copyFileSync('LICENSE', `${PACKAGE}/LICENSE`);
