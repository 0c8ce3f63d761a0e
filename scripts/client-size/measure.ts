/** Bundles the client SDK for browsers, as an application's build would, and says what it weighs. */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';

/** The bound of issue 3: minified and gzipped. */
export const MAX_CLIENT_BYTES = 12 * 1024;

export interface ClientBundle {
  readonly code: string;
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** The files that went into it. */
  readonly modules: readonly string[];
  /** Packages that the bundle imports when it runs. */
  readonly imports: readonly string[];
}

const output = z.object({
  output: z.tuple([z.object({ code: z.string(), imports: z.array(z.string()), moduleIds: z.array(z.string()) })]),
});

/** `entry`: a file URL of src/client/client.ts. As a script, the bundle sets the global `Sallyport`. */
export async function measureClient(entry: URL, format: 'esm' | 'script' = 'esm'): Promise<ClientBundle> {
  const build = await findBundler();
  const built: unknown = await build({
    input: fileURLToPath(entry),
    platform: 'browser',
    resolve: { extensionAlias: { '.js': ['.ts'] } },
    output: { ...(format === 'esm' ? { format } : { format: 'iife', name: 'Sallyport' }), minify: true },
    write: false,
  });
  const [{ code, imports, moduleIds }] = output.parse(built).output;
  return {
    code,
    minifiedBytes: Buffer.byteLength(code),
    gzippedBytes: gzipSync(code, { level: 9 }).length,
    modules: moduleIds,
    imports,
  };
}

type Build = (options: unknown) => Promise<unknown>;

/** The bundler that vitest brings along (by way of vite): not ours to declare, and so found from there. */
async function findBundler(): Promise<Build> {
  let from = import.meta.url;
  for (const owner of ['vitest', 'vite']) from = createRequire(from).resolve(`${owner}/package.json`);
  const module: unknown = await import(pathToFileURL(createRequire(from).resolve('rolldown')).href);
  const build: unknown = typeof module === 'object' && module !== null ? Reflect.get(module, 'build') : null;
  if (!isBuild(build)) throw new Error('vite brings no rolldown with a build function');
  return build;
}

function isBuild(value: unknown): value is Build {
  return typeof value === 'function';
}
