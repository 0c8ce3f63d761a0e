// A worker thread that signs batches of texts. Plain JavaScript, so that threads can load it even when the sources run
// uncompiled.
import { sign } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** The key of the current batches, until a message brings another one. */
let key = null;

parentPort.on('message', ({ newKey, inputs }) => {
  if (newKey !== null) key = newKey;
  const signatureOf = (input) => sign('RSA-SHA256', Buffer.from(input), key).toString('base64url');
  parentPort.postMessage(inputs.split('\n').map(signatureOf).join('\n'));
});
