import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERSION } from '../../src/lib/version.js';
import { prefersHtml } from '../../src/rest/accept.js';
import { ROOT_KEY, SECRET, startGateway, type RunningGateway } from '../support/gateway.js';
import { httpCall } from '../support/http-call.js';

const CHROME = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

interface FrontPage {
  readonly name: string;
  readonly version: string;
  readonly links: Readonly<Record<string, string>>;
}

describe('the front page', () => {
  let running: RunningGateway;

  beforeAll(async () => {
    running = await startGateway();
  });

  afterAll(() => running.stop());

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    httpCall(running.url + path, { method, headers });
  const linksOf = (text: string) => Object.entries((JSON.parse(text) as FrontPage).links);

  it('OB11 says to programs what this is and where to look, and every link answers', async () => {
    for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }]) {
      const page = await get('/', headers);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'application/json']);
      expect(JSON.parse(page.text)).toMatchObject({ name: 'sallyport', version: VERSION });
    }
    const links = linksOf((await get('/')).text);
    expect(links.map(([name]) => name).sort()).toEqual(
      ['connect', 'documentation', 'healthz', 'metrics', 'openapi', 'readyz'].sort(),
    );
    for (const [name, url] of links.filter(([, each]) => each.startsWith('/'))) {
      expect([name, (await get(url)).status]).toEqual([name, name === 'connect' ? 401 : 200]);
    }
    expect((await get('/', {}, 'HEAD')).text).toBe('');
    const posted = await get('/', {}, 'POST');
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await get('/nothing')).status).toBe(404);
  });

  it('OB12 is a page to a browser, with the same links', async () => {
    const page = await get('/', { accept: CHROME });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    for (const [, url] of linksOf((await get('/')).text)) expect(page.text).toContain(`href="${url}"`);
  });

  it.each([
    [undefined, false],
    ['*/*', false],
    ['application/json, text/html', false],
    ['text/html;q=0.4, application/json;q=0.5', false],
    ['text/html;q=x', false],
    [CHROME, true],
    ['text/*', true],
    ['TEXT/HTML', true],
    ['*/*;q=0.1, text/html;q=0.2', true],
  ])('OB12 Accept %j prefers HTML: %j', (accept, isPage) => {
    expect(prefersHtml(accept)).toBe(isPage);
  });

  it('OB13 it tells nothing of this node', async () => {
    const metrics = (await get('/metrics')).text;
    const engine = /engine="([^"]+)"/.exec(metrics)?.[1] ?? '';
    expect(engine).not.toBe('');
    for (const accept of ['*/*', CHROME]) {
      const { text } = await get('/', { accept });
      for (const secret of [ROOT_KEY, SECRET, 'node_', engine, 'memory', process.version]) {
        expect([secret, text.includes(secret)]).toEqual([secret, false]);
      }
    }
  });

  it('OB13 with a port for operators it does not name their calls', async () => {
    const apart = await startGateway({ env: { SALLYPORT_ADMIN_PORT: '0' } });
    try {
      for (const accept of ['*/*', CHROME]) {
        const { text } = await httpCall(`${apart.url}/`, { method: 'GET', headers: { accept } });
        expect(text).toContain('/readyz');
        expect(text).not.toMatch(/openapi|metrics/);
      }
    } finally {
      await apart.stop();
    }
  });
});
