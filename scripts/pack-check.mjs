// `npm run test:pack`: packs the gateway and its client, installs each in an empty folder as its users do, and uses them:
// the program's version, a gateway with the embedded store, two clients that join and talk. Prints what both weigh.
// Fails when a package holds what it should not, when something does not work, or when a package outgrows its bound.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { checkClientFiles, checkGatewayFiles, checkTypes } from './pack-check/contents.mjs';
import { install, pack } from './pack-check/packages.mjs';
import { playBetween, startGateway, versionOf } from './pack-check/play.mjs';

/** Twice what it weighs. */
const MAX_CLIENT_MB = 0.5;
/** The engine's binaries for every platform are most of it. */
const MAX_GATEWAY_MB = 240;

const folder = mkdtempSync(`${tmpdir()}/sallyport-pack-`);
try {
  const gateway = pack('.', folder);
  checkGatewayFiles(gateway.files);
  const client = pack('packages/client', folder);
  checkClientFiles(client.files);

  const installed = {
    gateway: install(gateway.tarball, `${folder}/gateway`),
    client: install(client.tarball, `${folder}/client`),
  };
  check(installed.client.packages === 1, `the client installs ${installed.client.packages} packages`);
  for (const { scripts } of Object.values(installed))
    check(scripts.length === 0, `install scripts: ${scripts.join(', ')}`);
  checkTypes(`${folder}/client`);

  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const printed = versionOf(`${folder}/gateway`);
  check(printed === version, `npx sallyport --version prints ${printed} for ${version}`);
  const running = await startGateway(`${folder}/gateway`);
  try {
    await playBetween(running, `${folder}/gateway`, `${folder}/client`);
  } finally {
    await running.stop();
  }

  console.table({
    sallyport: row(gateway, installed.gateway),
    'sallyport-client': row(client, installed.client),
  });
  console.log(`The packed gateway (${running.engine}) served two packed clients.`);
  check(installed.client.mb < MAX_CLIENT_MB, `the client is larger than ${MAX_CLIENT_MB} MB`);
  check(installed.gateway.mb < MAX_GATEWAY_MB, `the gateway is larger than ${MAX_GATEWAY_MB} MB`);
} finally {
  rmSync(folder, { recursive: true });
}

function row({ bytes, files }, { mb, packages, seconds }) {
  return {
    'tarball (KB)': Math.round(bytes / 1000),
    files: files.length,
    'installed (MB)': Number(mb.toFixed(1)),
    packages,
    'npm install (s)': Number(seconds.toFixed(1)),
  };
}

function check(isTrue, problem) {
  if (!isTrue) throw new Error(problem);
}
