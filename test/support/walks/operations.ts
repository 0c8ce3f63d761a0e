/** The calls that the gateway says it has, and which of them a walk has reached. */
import { z } from 'zod';
import type { LoginApi } from '../login.js';

export interface Operation {
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
  readonly parameters: readonly string[];
  readonly queries: readonly string[];
  /** Names of the body's members, where it is an object. */
  readonly members: readonly string[];
  /** Whose carrier of an API key fits. */
  readonly surface: 'native' | 'relays';
  readonly statuses: readonly number[];
}

const document = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        security: z.array(z.record(z.string(), z.unknown())).default([]),
        parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
        requestBody: z
          .object({ content: z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) })) })
          .optional(),
        responses: z.record(z.string(), z.unknown()),
      }),
    ),
  ),
});

const SAMPLE = /^sallyport_http_request_duration_seconds_count\{route="([^"]+)",status="(\d+)"\} (\d+)$/gm;
/** The answer to a good credential when the request asks for a socket without an upgrade. */
const UPGRADE_REQUIRED = 426;

export async function operationsOf(api: LoginApi): Promise<readonly Operation[]> {
  const { paths } = document.parse((await api.call('GET', '/openapi.json')).body);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security, parameters, requestBody, responses }]) => {
      const named = (place: string): string[] => parameters.filter((each) => each.in === place).map(({ name }) => name);
      return {
        method: method.toUpperCase(),
        path,
        parameters: named('path'),
        queries: named('query'),
        members: Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => [...namesIn(schema)]),
        surface: security.some((scheme) => 'relays' in scheme) ? 'relays' : 'native',
        statuses: Object.keys(responses).map(Number),
      };
    }),
  );
}

/** `<call>: <what it was never answered>`; empty when each was answered with a success and, if it has any, an error. */
export async function unreached(api: LoginApi): Promise<readonly string[]> {
  const { text } = await api.call('GET', '/metrics');
  const answered = [...text.matchAll(SAMPLE)].map(([, route, status]) => ({ route, status: Number(status) }));
  const got = (route: string, fits: (status: number) => boolean): boolean =>
    answered.some((each) => each.route === route && fits(each.status));
  const operations = await operationsOf(api);
  // Answers that every call may give come of the request's own form, such as two lengths: other tests send that.
  const isOwn = (status: number): boolean => operations.some(({ statuses }) => !statuses.includes(status));
  return operations.flatMap(({ method, path, statuses }) => {
    const route = `${method} ${path}`;
    const missing = got(route, isSuccess) ? [] : [`${route}: a success`];
    return !statuses.some((status) => isRefusal(status) && isOwn(status)) || got(route, isRefusal)
      ? missing
      : [...missing, `${route}: an error`];
  });
}

function isSuccess(status: number): boolean {
  return status < 400 || status === UPGRADE_REQUIRED;
}

function isRefusal(status: number): boolean {
  return status >= 400 && status < 500 && status !== UPGRADE_REQUIRED;
}

/** The member names of a JSON schema, at every level. */
function* namesIn(schema: unknown): Generator<string> {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [name, member] of Object.entries(schema)) {
    if (name === 'properties' && typeof member === 'object' && member !== null) yield* Object.keys(member);
    yield* namesIn(member);
  }
}
