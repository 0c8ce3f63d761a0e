/** `GET /`: what answers here, and where to look next. */
import { z } from 'zod';
import { VERSION } from '../../lib/version.js';
import { prefersHtml } from '../accept.js';
import { defineOpenRoute, type Route } from '../route.js';

const link = (words: string) => z.string().meta({ description: words });

const LINKS = {
  healthz: link('Whether the process is alive.'),
  readyz: link('Whether this node takes new sessions and sockets.'),
  connect: link('Where clients open their WebSockets.'),
  documentation: link('The guides and the reference.'),
};
const OPERATORS_LINKS = {
  openapi: link('The REST API as an OpenAPI 3.1 document; absent where operators have a port of their own.'),
  metrics: link('The metrics in the Prometheus text format; absent where operators have a port of their own.'),
};

const frontPage = z
  .object({
    name: z.literal('sallyport').meta({ description: 'The name of this program.' }),
    about: z.string().meta({ description: 'What it is.' }),
    version: z.string().meta({ description: 'The release.' }),
    links: z
      .object({ ...LINKS, ...z.object(OPERATORS_LINKS).partial().shape })
      .meta({ description: 'Where to look next; paths are of this server.' }),
  })
  .meta({ id: 'FrontPage' });

type FrontPage = z.output<typeof frontPage>;

const HTML_HEADERS = { 'Content-Security-Policy': "default-src 'none'", 'X-Content-Type-Options': 'nosniff' };

export interface FrontPageDeps {
  /** Whether operators' calls are served at a port of their own, and only there. */
  readonly hasAdminPort: boolean;
}

/** The page tells strangers nothing about this node. */
export function frontPageRoute({ hasAdminPort }: FrontPageDeps): Route {
  const page: FrontPage = {
    name: 'sallyport',
    about: 'A realtime session and relay gateway.',
    version: VERSION,
    links: {
      ...(hasAdminPort ? {} : { openapi: '/openapi.json', metrics: '/metrics' }),
      healthz: '/healthz',
      readyz: '/readyz',
      connect: '/v1/connect',
      documentation: 'https://github.com/sallyport/sallyport#readme',
    },
  };
  const html = htmlOf(page);
  return defineOpenRoute({
    name: 'front_page',
    summary: 'Get what this server is and where to look. Browsers get it as a page.',
    method: 'GET',
    path: '/',
    responses: { 200: { json: frontPage, orText: 'text/html' } },
    handle: ({ request }) =>
      Promise.resolve(
        prefersHtml(request.headers.get('accept'))
          ? ({ status: 200, text: html, contentType: 'text/html; charset=utf-8', headers: HTML_HEADERS } as const)
          : ({ status: 200, body: page } as const),
      ),
  });
}

/** Every text is a constant of this file or the version: nothing has to be escaped. */
function htmlOf({ about, version, links }: FrontPage): string {
  const items = Object.entries(links).map(([name, url]) => `<li><a href="${url}">${name}</a></li>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sallyport</title>
<h1>Sallyport ${version}</h1>
<p>${about}</p>
<ul>
${items.join('\n')}
</ul>
</html>
`;
}
