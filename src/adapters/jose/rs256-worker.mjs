// A thread that signs texts, a batch after the other. JavaScript, so that a thread can load it whoever runs the sources.
import { sign } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** The key of the batches until another comes with one. */
let key = null;

parentPort.on('message', ({ newKey, inputs }) => {
  if (newKey !== null) key = newKey;
  const signatureOf = (input) => sign('RSA-SHA256', Buffer.from(input), key).toString('base64url');
  parentPort.postMessage(inputs.split('\n').map(signatureOf).join('\n'));
});
