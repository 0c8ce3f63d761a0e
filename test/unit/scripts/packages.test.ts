/** The promises of the manifests; `npm run test:pack` packs, installs and uses both packages. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { VERSION } from '../../../src/lib/version.js';
import { reachableTypes } from '../../../scripts/client-package/reachable-types.js';

const manifestSchema = z.looseObject({
  name: z.string(),
  version: z.string(),
  license: z.string(),
  engines: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
  scripts: z.record(z.string(), z.string()),
});
const manifestOf = (path: string) => manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
const gateway = manifestOf('package.json');
const client = manifestOf('packages/client/package.json');

describe('the packages', () => {
  it("PK1 the client's package needs no other, and has the version, license and Node versions of the gateway", () => {
    expect([client.dependencies, client.optionalDependencies, client['peerDependencies']]).toEqual([{}, {}, undefined]);
    const { version, license, engines } = gateway;
    expect(client).toMatchObject({ name: 'sallyport-client', version, license, engines });
    expect(VERSION).toBe(version);
  });

  it('PK2 neither package runs anything when it is installed', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];
    for (const { scripts } of [gateway, client])
      expect(Object.keys(scripts).filter((name) => hooks.includes(name))).toEqual([]);
  });

  it('PK2 no package that the gateway needs has an install script, and one of them is a native engine', () => {
    const lock = z
      .object({
        packages: z.record(
          z.string(),
          z.object({ dev: z.boolean().default(false), hasInstallScript: z.boolean().default(false) }),
        ),
      })
      .parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
    const needed = Object.entries(lock.packages).filter(([, { dev }]) => !dev);
    expect(needed.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
    expect(needed.map(([path]) => path).filter((path) => path.includes('/uws-'))).toEqual([
      'node_modules/uws-portable',
    ]);
  });

  it('PK2 comments that name source maps, and outputs of sources that are gone, are removed before packing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-maps-'));
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    const code = "export const text = '//# sourceMappingURL=kept';\n";
    try {
      write('src/lib/a.ts', code);
      for (const name of ['a', 'gone']) {
        for (const path of [`${name}.js`, `${name}.d.ts`])
          write(`dist/src/lib/${path}`, `${code}//# sourceMappingURL=x.map`);
        write(`dist/src/lib/${name}.js.map`, '{}');
      }
      write('dist/src/lib/worker.mjs', code);
      execFileSync(process.execPath, [join(process.cwd(), 'scripts/clean-program.mjs')], { cwd: folder });
      const left = readdirSync(join(folder, 'dist/src/lib')).toSorted();
      expect(left).toEqual(['a.d.ts', 'a.js', 'a.js.map', 'worker.mjs']);
      for (const name of ['a.js', 'a.d.ts', 'worker.mjs'])
        expect(readFileSync(join(folder, 'dist/src/lib', name), 'utf8')).toBe(code);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('PK1 the declaration files that a package needs are found through all forms of imports', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-types-'));
    const write = (name: string, text: string): void => writeFileSync(join(folder, `${name}.d.ts`), text);
    try {
      write(
        'a',
        "import type { B } from './b.js';\nexport type { C } from './c.js';\nexport declare const a: import('./d.js').D;",
      );
      write('b', "import type { A } from './a.js';");
      for (const name of ['c', 'd', 'unneeded']) write(name, '');
      const found = [...reachableTypes(join(folder, 'a.d.ts'))].map((path) => path.slice(folder.length + 1));
      expect(found.toSorted()).toEqual(['a.d.ts', 'b.d.ts', 'c.d.ts', 'd.d.ts']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
