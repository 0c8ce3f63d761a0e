import { CLOSE_CODES, adviceFor, type CloseAdvice } from '../../src/protocol/close-codes.js';
import { ERRORS, type ErrorSpec } from '../../src/protocol/errors.js';

const ADVICE: Readonly<Record<CloseAdvice, string>> = {
  done: 'done',
  never: 'do not reconnect',
  back_off: 'reconnect with back-off and jitter',
  at_once: 'reconnect at once, or when `goaway` said',
};

/** docs/ERRORS.md, from the error catalogue and the close codes. */
export function renderErrorsPage(): string {
  return [
    '# Errors and close codes',
    '',
    '<!-- Generated from src/protocol/errors.ts and src/protocol/close-codes.ts by `npm run docs`. -->',
    '',
    '## Errors',
    '',
    'Codes are stable and never reused; messages are for people and may change. A code leaves as an `error` frame on a',
    'socket, as the answer to a refused handshake, or as the answer to a REST call. *On a socket*: `reply` answers and the',
    'connection lives; otherwise it is closed with the code named. *Retry*: whether the same request can succeed later',
    'without a change; an answer that knows when carries `Retry-After`.',
    '',
    '| code | HTTP status | on a socket | retry | message |',
    '| --- | --- | --- | --- | --- |',
    ...Object.entries(ERRORS).map(([code, spec]) => errorRow(code, spec)),
    '',
    '## Close codes',
    '',
    'The range tells what to do: 4000 to 4099 never reconnect, 4100 to 4199 reconnect with back-off and jitter, 4200 to',
    '4299 reconnect at once. Any other code (1006: the link was lost) is treated like 4100. The close reason is the name.',
    '',
    '| code | name | client |',
    '| --- | --- | --- |',
    ...Object.entries(CLOSE_CODES).map(([name, code]) => `| ${code} | \`${name}\` | ${ADVICE[adviceFor(code)]} |`),
    '',
  ].join('\n');
}

function errorRow(code: string, spec: ErrorSpec): string {
  const others = Object.entries(spec.statusOn ?? {}).map(([surface, status]) => `${status} on ${surface}`);
  const statuses = [String(spec.status), ...others].join(', ');
  const onSocket = spec.close === undefined ? 'reply' : `close ${CLOSE_CODES[spec.close]}`;
  return `| \`${code}\` | ${statuses} | ${onSocket} | ${spec.retryable ? 'yes' : 'no'} | ${spec.message} |`;
}
