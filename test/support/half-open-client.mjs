/** A program with the SDK whose peer says nothing after the welcome. Prints how long it lived after `stop()`. */
import { RelayClient } from '../../dist/src/client/client.js';

const client = new RelayClient({ url: process.argv[2], credential: 'credential' });
await client.connect();
const stoppedAt = performance.now();
process.on('exit', () => process.stdout.write(`${Math.round(performance.now() - stoppedAt)}`));
await client.stop();
