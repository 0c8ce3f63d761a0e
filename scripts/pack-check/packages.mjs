/** Packs and installs with npm, as users do. */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Packs the package in `source`; its `prepack` builds it. */
export function pack(source, destination) {
  const output = npm(['pack', `./${source}`, '--json', '--silent', '--pack-destination', destination], '.');
  const answer = JSON.parse(output.slice(output.search(/^[[{]/m)));
  // npm 12 answers with an object by name, older ones with a list.
  const [{ filename, size, files }] = Object.values(answer);
  return { tarball: resolve(destination, filename), bytes: size, files: files.map(({ path }) => path) };
}

/** Installs a tarball in a folder that holds nothing else. */
export function install(tarball, folder) {
  mkdirSync(folder);
  writeFileSync(`${folder}/package.json`, '{"private":true,"type":"module"}\n');
  const startedMs = performance.now();
  npm(['install', '--no-audit', '--no-fund', '--prefer-offline', tarball], folder);
  const seconds = (performance.now() - startedMs) / 1000;
  const { packages } = JSON.parse(readFileSync(`${folder}/node_modules/.package-lock.json`, 'utf8'));
  return {
    seconds,
    mb: sizeOf(`${folder}/node_modules`) / 1e6,
    packages: Object.keys(packages).length,
    scripts: Object.keys(packages).filter((name) => packages[name].hasInstallScript === true),
  };
}

function npm(args, cwd) {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** In bytes, as `du` counts: in whole blocks. */
function sizeOf(folder) {
  return readdirSync(folder, { recursive: true }).reduce(
    (sum, name) => sum + lstatSync(`${folder}/${name}`).blocks * 512,
    0,
  );
}
