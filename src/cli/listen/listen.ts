/** An endpoint of webhooks that exists for as long as the command runs. */
import { CommandFailed } from '../command-failed.js';
import { EXIT } from '../exit-codes.js';
import { newWebhook, webhookTest, type NewWebhook } from '../rest/answers.js';
import { read, type GatewayApi } from '../rest/gateway-api.js';
import { createEndpoint } from '../rest/webhook-endpoint.js';
import type { Terminal } from '../terminal.js';
import { printable } from '../text.js';
import { Inbox, type InboxOptions } from './inbox.js';
import { startReceiver } from './receiver.js';

export interface ListenOptions extends InboxOptions {
  readonly api: GatewayApi;
  /** Separated by commas; null: all. */
  readonly types: string | null;
  /** 0: a free one. */
  readonly port: number;
}

/** Resolves with the exit code after Ctrl-C. Rejects with a `CommandFailed`. */
export async function listen(options: ListenOptions, terminal: Terminal): Promise<number> {
  const { api, types, port, forward } = options;
  const { stopped, impatience } = interruptsOf(terminal);
  let knowSecret: (secret: string) => void = () => undefined;
  const inbox = new Inbox(new Promise((resolve) => (knowSecret = resolve)), options, terminal);
  const receiver = await startReceiver(port, (call) => inbox.take(call));
  try {
    const { id, secret } = await register(api, receiver.url, types, impatience);
    knowSecret(secret);
    const failure = await probe(api, id, inbox, impatience);
    if (failure === null) {
      inbox.isReady = true;
      const shownSecret = forward === null ? '' : ` Its secret is ${secret}.`;
      terminal.note(printable(`${id} gets events at ${receiver.url}.${shownSecret} Ctrl-C deletes it.`) + '\n');
      await stopped;
    }
    const isDeleted = await remove(api, id, impatience, terminal);
    if (failure !== null) throw failure;
    return isDeleted ? EXIT.done : EXIT.failed;
  } finally {
    await receiver.stop();
  }
}

/** `stopped` resolves with the first Ctrl-C, `impatience` aborts with the second one. */
function interruptsOf(terminal: Terminal): { readonly stopped: Promise<void>; readonly impatience: AbortSignal } {
  const impatience = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    let isStopping = false;
    terminal.onInterrupt(() => {
      if (isStopping) impatience.abort();
      isStopping = true;
      resolve();
    });
  });
  return { stopped, impatience: impatience.signal };
}

async function register(api: GatewayApi, url: string, types: string | null, signal: AbortSignal): Promise<NewWebhook> {
  const answer = await createEndpoint(api, url, types, signal).catch((error: unknown) => {
    if (!(error instanceof CommandFailed) || error.code !== 'webhook_url_refused') throw error;
    const advice =
      'It calls http and loopback with SALLYPORT_ENV=development alone. Outside development it calls https, and addresses ' +
      'that are not public only when SALLYPORT_OUTBOUND_ALLOW lists them: webhooks create registers such an endpoint.';
    throw new CommandFailed(EXIT.failed, `the gateway may not call ${url} (${error.message}). ${advice}`, error.code);
  });
  return read(newWebhook, answer);
}

/** The loopback of a gateway on another machine is another one: without a probe the user would wait for nothing. */
async function probe(api: GatewayApi, id: string, inbox: Inbox, signal: AbortSignal): Promise<CommandFailed | null> {
  try {
    const answer = await api.native({ method: 'POST', path: `${pathOf(id)}/test`, signal });
    const { delivered, reason } = read(webhookTest, answer);
    if (delivered && inbox.isProbed) return null;
    const why = reason ?? 'something else answers at this address';
    return new CommandFailed(
      EXIT.failed,
      `the gateway does not reach this command (${why}): is it on another machine?`,
    );
  } catch (error) {
    if (error instanceof CommandFailed) return error;
    throw error;
  }
}

/** Says what became of the endpoint. Resolves with whether it is gone. */
async function remove(api: GatewayApi, id: string, signal: AbortSignal, { note }: Terminal): Promise<boolean> {
  try {
    await api.native({ method: 'DELETE', path: pathOf(id), signal });
    note(`Deleted ${printable(id)}.\n`);
    return true;
  } catch (error) {
    if (error instanceof CommandFailed && error.exitCode === EXIT.notFound) return true;
    const reason = error instanceof Error ? error.message : String(error);
    const shown = printable(`Could not delete ${id}: ${reason}. Delete it yourself: sallyport webhooks delete ${id}`);
    note(`${shown}\n`);
    return false;
  }
}

function pathOf(id: string): string {
  return `/v1/webhooks/${encodeURIComponent(id)}`;
}
