// `npm run check:openapi`: writes the OpenAPI document of a whole gateway, and lets redocly and spectral read it. Their
// slightest remark fails. They are 83 MB that nothing else needs: a package of their own, installed by the first run.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const FOLDER = 'scripts/openapi-lint';
const DOCUMENT = 'dist/openapi.json';
// Linters send nothing and ask for no newer version.
const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

if (!isInstalled()) run('npm', ['ci', '--prefix', FOLDER, '--prefer-offline', '--no-audit', '--no-fund']);
run('npm', ['run', '--silent', 'build']);
run(process.execPath, ['dist/scripts/write-openapi.js', DOCUMENT]);
// Redocly ends with 0 when it only warns.
const redocly = ['lint', DOCUMENT, '--config', 'redocly.yaml', '--format', 'json'];
const { problems } = JSON.parse(run(`${FOLDER}/node_modules/.bin/redocly`, redocly));
if (problems.length > 0) fail('redocly warns', JSON.stringify(problems, null, 2));
const spectral = ['lint', DOCUMENT, '-r', '.spectral.yaml', '--fail-severity=hint'];
run(`${FOLDER}/node_modules/.bin/spectral`, spectral);
console.log('redocly and spectral find nothing in the OpenAPI document.');

/** The versions of the lock are there. */
function isInstalled() {
  const installed = `${FOLDER}/node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  const versions = (path) =>
    Object.entries(JSON.parse(readFileSync(path, 'utf8')).packages).filter(([, { version }]) => version !== undefined);
  const there = new Map(versions(installed).map(([name, { version }]) => [name, version]));
  return versions(`${FOLDER}/package-lock.json`).every(
    ([name, { version, optional }]) => optional === true || there.get(name) === version,
  );
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) fail(`${command} ${args.join(' ')} fails`, `${stdout}${stderr}${error ?? ''}`);
  return stdout;
}

function fail(problem, output) {
  console.error(output);
  console.error(problem);
  process.exit(1);
}
