/** The bundler that vitest brings along (by way of vite): not ours to declare, and so found from there. */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';

export interface Bundle {
  readonly code: string;
  /** The files that went into it. */
  readonly modules: readonly string[];
  /** Packages that the bundle imports when it runs. */
  readonly imports: readonly string[];
}

const built = z.object({
  output: z.tuple([z.object({ code: z.string(), imports: z.array(z.string()), moduleIds: z.array(z.string()) })]),
});

/** One file for browsers, made from the module `entry` (a file URL) and all that it imports but `external`. */
export async function bundle(
  entry: URL,
  output: Readonly<Record<string, unknown>>,
  external: readonly string[] = [],
): Promise<Bundle> {
  const build = await findBuild();
  const result: unknown = await build({
    input: fileURLToPath(entry),
    platform: 'browser',
    external,
    resolve: { extensionAlias: { '.js': ['.ts'] } },
    output,
    write: false,
  });
  const [{ code, imports, moduleIds }] = built.parse(result).output;
  return { code, modules: moduleIds, imports };
}

type Build = (options: unknown) => Promise<unknown>;

async function findBuild(): Promise<Build> {
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
