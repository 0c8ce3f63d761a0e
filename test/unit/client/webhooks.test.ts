/** The receiver's check of webhooks, compared with the reference library in both directions. */
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { createWebhookSigner } from '../../../src/adapters/standard-webhooks/signer.js';
import { systemCrypto } from '../../../src/adapters/system/crypto.js';
import {
  verifyJoinQuestion,
  verifySessionReport,
  verifyWebhook,
  WebhookError,
  type VerifyOptions,
  type WebhookEvent,
  type WebhookHeaders,
} from '../../../src/client/webhooks.js';

const signer = createWebhookSigner('a secret of these tests, long enough');
const SECRET = signer.newSecret(systemCrypto());
const NOW_MS = 1_795_793_503_000;
const EVENT = {
  ...{ id: 'evt_1', type: 'member.left', sequence: 7, created_at: NOW_MS, session_id: '0123456789ab-S' },
  data: { user_id: 'ada', index: 2, why: 'kicked' },
};
const BODY = JSON.stringify(EVENT);

function signed(body = BODY, secrets = [SECRET], sentAtMs = NOW_MS): Record<string, string> {
  return { ...signer.sign({ id: 'msg_1', sentAtMs, body }, secrets) };
}

/** The code of the error; null when the check passes. */
function fault(
  headers: WebhookHeaders,
  body: string | Uint8Array = BODY,
  secrets: string | readonly string[] = SECRET,
  options: VerifyOptions = {},
): string | null {
  try {
    verifyWebhook(body, headers, secrets, { nowMs: NOW_MS, ...options });
    return null;
  } catch (error) {
    if (error instanceof WebhookError) return error.code;
    throw error;
  }
}

function referenceAccepts(headers: Record<string, string>, body: string, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

describe('the check of webhooks', () => {
  it('WR1 gives the event of a request that the gateway signed, typed by its type', () => {
    const event: WebhookEvent = verifyWebhook(BODY, signed(), SECRET, { nowMs: NOW_MS });
    expect(event).toEqual(EVENT);
    if (event.type !== 'member.left') throw new Error('another event');
    expect([event.data.user_id, event.data.why]).toEqual(['ada', 'kicked']);
    // @ts-expect-error -- the control: this type of event has no such member
    expect(event.data.term).toBeUndefined();
  });

  it('WR1 takes the body as a string or as bytes, and the headers of Node, of fetch, or in any case', () => {
    const headers = signed();
    const shouted = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), [value]]));
    for (const given of [headers, new Headers(headers), shouted]) {
      expect(fault(given)).toBeNull();
      expect(fault(given, Buffer.from(BODY))).toBeNull();
      expect(fault(given, new Uint8Array(Buffer.from(BODY)))).toBeNull();
    }
  });

  it('WR2 (A21) refuses a body, an id or a time that was changed, and a signature by somebody else', () => {
    const headers = signed();
    expect(fault(headers, BODY.replace('ada', 'eve'))).toBe('signature_wrong');
    expect(fault(headers, `${BODY} `)).toBe('signature_wrong');
    expect(fault({ ...headers, 'webhook-id': 'msg_2' })).toBe('signature_wrong');
    expect(fault({ ...headers, 'webhook-timestamp': String(NOW_MS / 1000 + 1) })).toBe('signature_wrong');
    expect(fault(signed(BODY, [signer.newSecret(systemCrypto())]))).toBe('signature_wrong');
    const signature = headers['webhook-signature'] ?? '';
    for (const odd of [
      signature.slice(3),
      `v1a,${signature.slice(3)}`,
      signature.slice(0, -1),
      `${signature}=`,
      'v1,',
    ]) {
      expect(fault({ ...headers, 'webhook-signature': odd })).toBe('signature_wrong');
    }
    // The control.
    expect(fault(headers)).toBeNull();
  });

  it('WR3 (A21) refuses an old request and one of the future, by the tolerance', () => {
    const headers = signed();
    const at = (seconds: number, more: VerifyOptions = {}): string | null =>
      fault(headers, BODY, SECRET, { nowMs: NOW_MS + seconds * 1000, ...more });
    expect([at(300), at(301), at(-300), at(-301)]).toEqual([null, 'too_old', null, 'too_new']);
    expect([at(10, { toleranceS: 10 }), at(11, { toleranceS: 10 })]).toEqual([null, 'too_old']);
    expect(() => verifyWebhook(BODY, headers, SECRET)).toThrow(WebhookError);
    const fresh = signed(BODY, [SECRET], new Date().getTime());
    expect(verifyWebhook(BODY, fresh, SECRET)).toEqual(EVENT);
  });

  it('WR4 (A21) accepts a rotated secret on either side, and none after the overlap', () => {
    const next = signer.newSecret(systemCrypto());
    expect(fault(signed(BODY, [next, SECRET]))).toBeNull();
    expect(fault(signed(BODY, [SECRET, next]))).toBeNull();
    expect(fault(signed(), BODY, [next, SECRET])).toBeNull();
    expect(fault(signed(BODY, [next]), BODY, SECRET)).toBe('signature_wrong');
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'WR5 names a missing or doubled header %s',
    (name) => {
      const { [name]: value = '', ...others } = signed();
      expect(fault(others)).toBe('header_missing');
      expect(fault({ ...others, [name]: '' })).toBe('header_missing');
      expect(fault({ ...others, [name]: [value, value] })).toBe('header_missing');
      expect(fault({ ...others, [name]: value, [name.toUpperCase()]: value })).toBe('header_missing');
      expect(fault(new Headers(others))).toBe('header_missing');
    },
  );

  it('WR5 names what else is wrong: the time, the secret, the body', () => {
    for (const time of ['soon', '-1', '1e9', '1.5', '0x10', '1234567890123']) {
      expect(fault({ ...signed(), 'webhook-timestamp': time })).toBe('timestamp_invalid');
    }
    for (const secret of ['', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${'*'.repeat(40)}`, []]) {
      expect(fault(signed(), BODY, secret)).toBe('secret_invalid');
    }
    // @ts-expect-error -- callers without types give a parsed body
    expect(fault(signed(), EVENT)).toBe('body_not_raw');
    for (const [body, code] of [
      ['not JSON', 'not_json'],
      ['null', 'unexpected_body'],
      ['{"session_id":"0123456789ab-S"}', 'unexpected_body'],
    ] as const) {
      expect(fault(signed(body), body)).toBe(code);
      // Nobody learns more about a body whose signature is wrong.
      expect(fault(signed(body), body, signer.newSecret(systemCrypto()))).toBe('signature_wrong');
    }
  });

  it('WR6 gives the question before a join, and the session of a webhook_url, and tells the kinds apart', () => {
    const question = { session_id: 'a', user_id: 'ada', credential_kind: 'relay_pair', ip: '192.0.2.1', metadata: {} };
    const report = { session_id: 'a', status: 'Linked', ready: true };
    const options = { nowMs: NOW_MS };
    const [asked, reported] = [JSON.stringify(question), JSON.stringify(report)];
    expect(verifyJoinQuestion(asked, signed(asked), SECRET, options)).toEqual(question);
    expect(verifySessionReport(reported, signed(reported), SECRET, options)).toEqual(report);
    expect(() => verifyJoinQuestion(reported, signed(reported), SECRET, options)).toThrow('no question');
    expect(() => verifySessionReport(asked, signed(asked), SECRET, options)).toThrow('no relay session');
  });

  it('WR7 accepts whatever the reference library signs', () => {
    const secrets = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((key) => Buffer.from(key).toString('base64'));
    fc.assert(
      fc.property(fc.json(), fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), secrets, (data, id, key) => {
        const body = `{"id":"evt_1","type":"x","data":{"of":${data}}}`;
        const headers = {
          'webhook-id': id,
          'webhook-timestamp': String(NOW_MS / 1000),
          'webhook-signature': new Webhook(key).sign(id, new Date(NOW_MS), body),
        };
        expect(verifyWebhook(body, headers, `whsec_${key}`, { nowMs: NOW_MS })).toEqual(JSON.parse(body));
      }),
      { numRuns: 200 },
    );
  });

  it('WR7 accepts nothing that the reference library refuses, however a request is changed', () => {
    const nowMs = Math.floor(new Date().getTime() / 1000) * 1000;
    const honest = signed(BODY, [SECRET], nowMs);
    const change = fc.record({
      at: fc.constantFrom('body', 'webhook-id', 'webhook-timestamp', 'webhook-signature'),
      from: fc.nat(80),
      removed: fc.nat(3),
      added: fc.string({ maxLength: 3 }),
    });
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(change, { maxLength: 2 }), (changes) => {
        const request: Record<string, string> = { ...honest, body: BODY };
        for (const { at, from, removed, added } of changes) {
          const text = request[at] ?? '';
          request[at] = text.slice(0, from) + added + text.slice(from + removed);
        }
        const { body = '', ...headers } = request;
        const isOurs = fault(headers, body, SECRET, { nowMs }) === null;
        if (isOurs) expect(referenceAccepts(headers, body, SECRET)).toBe(true);
        accepted += Number(isOurs);
      }),
      { numRuns: 2000 },
    );
    // The control: changes that change nothing are accepted.
    expect(accepted).toBeGreaterThan(0);
  });

  it('WR7 throws nothing but its own error, whatever arrives', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(BODY));
    const bodies = fc.oneof(texts, fc.uint8Array());
    const names = fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature', 'get');
    const headers = fc.dictionary(names, fc.oneof(texts, fc.array(texts), fc.constant(undefined)));
    fc.assert(
      fc.property(bodies, headers, fc.oneof(fc.string(), fc.constant(SECRET)), (body, given, secret) => {
        expect(fault(given, body, secret)).not.toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});
