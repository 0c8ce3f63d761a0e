/** A default in the environment and a value over REST: what one takes, the other takes. */
import { expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse.js';
import { startRest } from './harness.js';

const PAIRS: readonly (readonly [setting: string, member: string, edges: readonly (number | string)[]])[] = [
  ['SALLYPORT_RESUME_WINDOW_MS', 'resume_window_ms', [0, 600_000, 600_001, 3_600_000]],
  ['SALLYPORT_SESSION_TTL_S', 'expires_in_s', [0, 1, 2_592_000, 2_592_001]],
  ['SALLYPORT_FLUSH_MS', 'flush_ms', [0, 50, 51, 'auto', 'never']],
];

it.each(PAIRS)('NT2 %s and %s take the same values', async (setting, member, edges) => {
  const rest = startRest();
  const answers: boolean[] = [];
  for (const edge of edges) {
    const isSetting = parseConfig({ [setting]: String(edge) }).ok;
    const made = await rest.newSession({ [member]: edge });
    const path = `PATCH /v1/relays/sessions/${(await rest.newSession()).json.session_id}`;
    const changed = await rest.native(path, { [member]: edge });
    expect([edge, made.status === 200, changed.status === 200]).toEqual([edge, isSetting, isSetting]);
    answers.push(isSetting);
  }
  // Control: the edges lie on both sides of the bound.
  expect(new Set(answers).size).toBe(2);
});

it('NT2 a filter takes every name and value of a label', async () => {
  const [name, value] = ['n'.repeat(64), 'v'.repeat(128)];
  const filterOf = (field: string, text: string) => ({ filters: [{ field, values: [text], filter_type: 'any' }] });
  const rest = startRest();
  expect(parseConfig({ SALLYPORT_NODE_LABELS: `${name}=${value}` }).ok).toBe(true);
  expect((await rest.newSession(filterOf(name, value))).status).toBe(200);
  for (const [field, text] of [[`${name}n`, value] as const, [name, `${value}v`] as const]) {
    expect(parseConfig({ SALLYPORT_NODE_LABELS: `${field}=${text}` }).ok).toBe(false);
    expect((await rest.newSession(filterOf(field, text))).status).toBe(400);
  }
});
