/** Pages of the server itself, told by scheme, host and port, at every place that asks which page it is. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Backend } from '../../support/backend.js';
import { ClientApp, codeOf } from '../../support/client-app.js';
import { freshName } from '../../support/directory.js';
import { startGateway, type RunningGateway } from '../../support/gateway.js';
import { rawExchange } from '../../support/raw-tcp.js';

const PASSWORD = 'correct horse battery';

describe.each([
  { publicUrl: 'https://play.example', own: 'https://play.example', foreign: 'http://play.example' },
  // The control: it is the scheme of the public URL that decides.
  { publicUrl: 'http://play.example', own: 'http://play.example', foreign: 'https://play.example' },
])('the own origin of $publicUrl', ({ publicUrl, own, foreign }) => {
  let running: RunningGateway;
  let port: number;
  let app: ClientApp;
  let at: string;

  beforeAll(async () => {
    running = await startGateway({ env: { SALLYPORT_PUBLIC_URL: publicUrl } });
    port = Number(new URL(running.url).port);
    const username = freshName();
    await new Backend(running.url).native('POST', '/v1/users', { username, password: PASSWORD });
    app = new ClientApp(running.url);
    at = `/v1/client/sessions/${await app.signIn(username)}`;
  });

  afterAll(() => running.stop());

  /** With the Host that a proxy in front passes on. */
  async function head(method: string, path: string, origin: string, more: readonly string[] = []): Promise<string> {
    const lines = [`${method} ${path} HTTP/1.1`, 'Host: play.example', `Origin: ${origin}`, 'Content-Length: 0'];
    return rawExchange(port, [...lines, ...more, '', ''].join('\r\n'));
  }

  it('CS32 cookies are for pages of its very scheme, host and port', async () => {
    const cookie = `Cookie: __client=${app.token ?? ''}`;
    expect(await head('POST', `${at}/touch`, own, [cookie])).toMatch(
      /^HTTP\/1.1 200 [^]*\r\naccess-control-allow-credentials: true\r\n/i,
    );
    for (const origin of [foreign, `${own}:8443`, `${own}.`, 'null', `http://127.0.0.1:${String(port)}`]) {
      expect(codeOf(await app.post(`${at}/touch`, {}, { origin })), origin).toEqual([403, 'origin_not_allowed']);
      for (const [method, path] of [
        ['POST', `${at}/touch`],
        ['POST', '/v1/client/sign_ins'],
        ['GET', '/v1/client'],
        ['OPTIONS', '/v1/client'],
      ] as const) {
        const answer = await head(method, path, origin, [cookie]);
        expect(answer, `${method} ${path} of ${origin}`).not.toMatch(/access-control-allow|set-cookie/i);
      }
    }
  });

  it('CN7 handshakes too', async () => {
    const ask = async (origin: string): Promise<string> =>
      (await head('GET', '/v1/connect', origin, ['Authorization: Bearer nonsense'])).slice(9, 12);
    expect(await ask(own)).toBe('401');
    for (const origin of [foreign, `${own}:8443`, `${own}.`, 'null']) expect(await ask(origin)).toBe('403');
  });
});
