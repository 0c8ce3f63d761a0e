/** The contents of the packages. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

export function checkGatewayFiles(paths) {
  const allowed = /^(dist\/src\/.+\.(js|mjs|lua|d\.ts)|docs\/.+\.md|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/;
  refuse(paths, allowed);
  refuseMapComments(paths.filter((path) => path.startsWith('dist/')));
}

export function checkClientFiles(paths) {
  refuse(paths, /^(dist\/.+\.(js|d\.ts)|package\.json|LICENSE|README\.md)$/);
  for (const path of ['LICENSE', 'README.md', 'dist/client.js', 'dist/webhooks.js'])
    if (!paths.includes(path)) throw new Error(`the client's package has no ${path}`);
  refuseMapComments(paths.filter((path) => path.startsWith('dist/')).map((path) => `packages/client/${path}`));
}

/** An application that uses the types, with the compiler's strictest settings and no other types than the language's. */
export function checkTypes(folder) {
  writeFileSync(
    `${folder}/application.ts`,
    `import { connect, RelayError, type ClientEvents, type RelayClientOptions } from 'sallyport-client';
import { verifyWebhook, WebhookError } from 'sallyport-client/webhooks';
export function receive(body: Uint8Array, headers: Record<string, string>): string {
  const event = verifyWebhook(body, headers, ['whsec_a', 'whsec_b'], { toleranceS: 60 });
  // @ts-expect-error -- the control: only some events say why
  if (event.data.why === 'kicked') throw new WebhookError('too_old', '');
  return event.type === 'member.left' ? event.data.why : event.id;
}
export async function play(options: RelayClientOptions): Promise<number> {
  const client = await connect({ ...options, on: { gap: ({ from }: ClientEvents['gap']) => void from } });
  client.on('message', ({ sender, text }) => { const line: string = text(); void [sender, line]; });
  const outcome = client.send('hello');
  // @ts-expect-error -- the control: there is no such outcome
  if (outcome === 'no such outcome') throw new RelayError('closed', '');
  return client.send('gg', { class: 'reliable', ack: true });
}
`,
  );
  const flags = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2023', '--lib', 'es2023,dom'];
  for (const resolution of [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ]) {
    const compiler = ['node_modules/typescript/bin/tsc', `${folder}/application.ts`, '--ignoreConfig'];
    const run = spawnSync(process.execPath, [...compiler, ...flags, ...resolution], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`the client's types do not compile:\n${run.stdout}`);
  }
}

function refuse(paths, allowed) {
  const odd = paths.filter((path) => !allowed.test(path));
  if (odd.length > 0) throw new Error(`the package holds ${odd.join(', ')}`);
}

/** A comment that names a map points nowhere: the packages hold none. */
function refuseMapComments(paths) {
  const odd = paths.filter((path) => /^\/\/# sourceMappingURL=/m.test(readFileSync(path, 'utf8')));
  if (odd.length > 0) throw new Error(`source map comments: ${odd.slice(0, 5).join(', ')}`);
}
