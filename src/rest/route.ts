/**
 * A route is a value: the schemas of its input and its answers, and the authorization that it needs. The schemas
 * validate, give the handler its types, and become the OpenAPI document. Handlers get parsed values and return values;
 * they see no request and no response.
 */
import { z } from 'zod';
import type { Caller } from '../identity/api-keys.js';
import type { ErrorCode } from '../protocol/errors.js';
import { Failure } from '../protocol/failure.js';
import type { HttpRequest, TextStream } from '../ports/http.js';
import type { Scope } from '../ports/key-store.js';
import { parseBody, type BodyForm } from './body.js';
import { authenticate, type KeyCheck } from './auth.js';
import { parseQuery } from './query.js';
import type { Reply } from './reply.js';
import { parseWith } from './validate.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * `none`: anybody may call. `scope`: an API key with that scope (`any`: whatever its scopes are), in the surface's own carrier. `guard`: whatever the
 * surface has for it (a cookie, a login session, a bearer); the name is that of the security scheme in the document, or
 * the names of all that are needed together.
 */
export type RouteAuth = 'none' | { readonly scope: Scope | 'any' } | { readonly guard: string | readonly string[] };

/**
 * A route's answers by status: the schema of a JSON body, `empty`, the content type of a text, or a JSON body that some
 * callers get as a text.
 */
export type Responses = Readonly<Record<number, z.ZodType | 'empty' | TextResponse | JsonOrText>>;

export interface TextResponse {
  readonly contentType: string;
}

export interface JsonOrText {
  readonly json: z.ZodType;
  /** The content type of the text. */
  readonly orText: string;
}

/** The schema of path parameters, a query or a body that a route does not take. No value has its type. */
export const NOTHING: z.ZodType<never> = z.custom<never>();

export interface RouteInput {
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly matrix: ReadonlyMap<string, string>;
}

/** A permitted caller, and the call that is ready to run. */
export interface Admitted {
  /** The owner of Idempotency-Keys: unique over all kinds of callers. */
  readonly callerId: string;
  /** Rejects with the failure; the router turns it into an answer. */
  run(): Promise<Reply>;
}

/** A route with its types folded away, as the router and the document see it. */
export interface Route {
  readonly name: string;
  readonly summary: string;
  readonly method: Method;
  /** `{name}` stands for one segment. */
  readonly path: string;
  readonly auth: RouteAuth;
  /** Whether an Idempotency-Key applies: every method but GET. */
  readonly mutating: boolean;
  /** For a call that creates something: a node that shuts down refuses it. */
  readonly refusedWhileDraining: boolean;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  readonly bodyForm: BodyForm;
  readonly responses: Responses;
  /** The route's own errors. The document adds those of every route (authorization, body, store). */
  readonly errors: readonly ErrorCode[];
  /** Rejects when this caller may not make the call. Does not read the query or the body before that is known. */
  admit(input: RouteInput, check: KeyCheck): Promise<Admitted>;
}

/** The parsed parts of a request, as a handler gets them. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly matrix: ReadonlyMap<string, string>;
}

/** Headers of an answer beside those that the router and the writer set. */
export type ReplyHeaders = Readonly<Record<string, string>>;

interface TextReply<Status> {
  readonly status: Status;
  readonly text: string;
  readonly contentType: string;
  readonly headers?: ReplyHeaders;
}

interface StreamReply<Status> {
  readonly status: Status;
  readonly stream: TextStream;
  readonly contentType: string;
  readonly headers?: ReplyHeaders;
}

type ReplyFor<Kind, Status> = Kind extends z.ZodType
  ? | { readonly status: Status; readonly body: z.output<Kind>; readonly headers?: ReplyHeaders }
    // JSON text, for an answer that would take long to write from a value.
    | { readonly status: Status; readonly json: string; readonly headers?: ReplyHeaders }
  : Kind extends JsonOrText
    ? ReplyFor<Kind['json'], Status> | TextReply<Status> | StreamReply<Status>
    : Kind extends TextResponse
      ? TextReply<Status>
      : { readonly status: Status; readonly headers?: ReplyHeaders };

/** One of the documented answers. */
export type ReplyOf<R extends Responses> = { [S in keyof R]: ReplyFor<R[S], S & number> }[keyof R];

interface CommonSpec<Params, Query, Body, R extends Responses> {
  readonly name: string;
  readonly summary: string;
  readonly method: Method;
  readonly path: string;
  readonly refusedWhileDraining?: boolean;
  /** Absent for a path without parameters. The query and the body are absent for a route that takes none. */
  readonly params?: z.ZodType<Params>;
  /** The error for a path parameter of the wrong shape; `unknown_path` when absent. */
  readonly notFound?: ErrorCode;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** How the body may be written; JSON when absent. */
  readonly bodyForm?: BodyForm;
  readonly responses: R;
  readonly errors?: readonly ErrorCode[];
}

export interface RouteSpec<P, Q, B, R extends Responses> extends CommonSpec<P, Q, B, R> {
  readonly scope: Scope | 'any';
  handle(call: Call<P, Q, B> & { readonly caller: Caller; readonly request: HttpRequest }): Promise<ReplyOf<R>>;
}

export interface OpenRouteSpec<P, Q, B, R extends Responses> extends CommonSpec<P, Q, B, R> {
  handle(call: Call<P, Q, B> & { readonly request: HttpRequest }): Promise<ReplyOf<R>>;
}

/** A caller that a guard let in. */
export interface Guest {
  /** The owner of Idempotency-Keys: unique over all kinds of callers, and never a secret. */
  readonly callerId: string;
}

export interface GuardedRouteSpec<G extends Guest, P, Q, B, R extends Responses> extends CommonSpec<P, Q, B, R> {
  /** Names the security scheme in the OpenAPI document, or all that are needed together. */
  readonly guardName: string | readonly string[];
  /** Rejects when this caller may not make the call. */
  guard(input: RouteInput): Promise<G>;
  /**
   * For calls that end their own credential: finds the owner of Idempotency-Keys from the proof alone, so that the caller can
   * repeat an answered call. Rejects like the guard when there is no proof; the guard checks later whether it still counts.
   */
  identify?(input: RouteInput): Promise<Guest>;
  handle(call: Call<P, Q, B> & { readonly guest: G; readonly request: HttpRequest }): Promise<ReplyOf<R>>;
}

/** A route for API keys. */
export function defineRoute<P, Q, B, const R extends Responses>(spec: RouteSpec<P, Q, B, R>): Route {
  return {
    auth: { scope: spec.scope },
    admit: async (input, check) => {
      const caller = await authenticate(check, spec.scope, input.request);
      const { request } = input;
      return { callerId: caller.id, run: async () => spec.handle({ caller, request, ...parseCall(spec, input) }) };
    },
    ...common(spec),
  };
}

/** A route that anybody may call. */
export function defineOpenRoute<P, Q, B, const R extends Responses>(spec: OpenRouteSpec<P, Q, B, R>): Route {
  return {
    auth: 'none',
    admit: (input) =>
      Promise.resolve({
        // The Idempotency-Keys of one address do not count for another.
        callerId: `nobody@${input.request.remoteAddress}`,
        run: async () => spec.handle({ request: input.request, ...parseCall(spec, input) }),
      }),
    ...common(spec),
  };
}

/** A route whose callers prove themselves in another way than by an API key alone. */
export function defineGuardedRoute<G extends Guest, P, Q, B, const R extends Responses>(
  spec: GuardedRouteSpec<G, P, Q, B, R>,
): Route {
  return {
    auth: { guard: spec.guardName },
    admit: async (input) => {
      const run = async (guest: G) => spec.handle({ guest, request: input.request, ...parseCall(spec, input) });
      if (spec.identify !== undefined && input.request.headers.has('idempotency-key')) {
        const { callerId } = await spec.identify(input);
        return { callerId, run: async () => run(await spec.guard(input)) };
      }
      const guest = await spec.guard(input);
      return { callerId: guest.callerId, run: () => run(guest) };
    },
    ...common(spec),
  };
}

/** Spread it last, as in the calls: Node 20 is slow when a spread comes first (docs/PERFORMANCE.md). */
function common<P, Q, B, R extends Responses>(spec: CommonSpec<P, Q, B, R>): Omit<Route, 'auth' | 'admit'> {
  const { name, summary, method, path, responses } = spec;
  return {
    name,
    summary,
    method,
    path,
    params: spec.params ?? NOTHING,
    query: spec.query ?? NOTHING,
    body: spec.body ?? NOTHING,
    responses,
    bodyForm: spec.bodyForm ?? 'json',
    mutating: method !== 'GET',
    refusedWhileDraining: spec.refusedWhileDraining ?? false,
    errors: spec.errors ?? [],
  };
}

/** Parses the path first, then the query, then the body; the first problem decides the error. */
function parseCall<P, Q, B, R extends Responses>(spec: CommonSpec<P, Q, B, R>, input: RouteInput): Call<P, Q, B> {
  const { request, matrix } = input;
  const params = (spec.params ?? NOTHING).safeParse(input.params);
  if (!params.success) throw new Failure(spec.notFound ?? 'unknown_path');
  const query = parseWith(spec.query ?? NOTHING, spec.query === undefined ? {} : parseQuery(request.query), 'query');
  const sent = spec.body === undefined ? undefined : parseBody(request, spec.bodyForm ?? 'json');
  const body = parseWith(spec.body ?? NOTHING, sent, 'body');
  return { params: params.data, query, body, matrix };
}
