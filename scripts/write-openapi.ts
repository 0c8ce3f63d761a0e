/** Writes the OpenAPI document of a gateway with every route to the file that the argument names. */
import { writeFileSync } from 'node:fs';
import { createGateway } from '../src/gateway.js';

const [path = 'dist/openapi.json'] = process.argv.slice(2);
const gateway = await createGateway({
  SALLYPORT_PORT: '0',
  SALLYPORT_LOG_LEVEL: 'error',
  SALLYPORT_ENV: 'development',
});
const { url } = await gateway.start();
const document: unknown = await (await fetch(`${url}/openapi.json`)).json();
await gateway.stop();
writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
