/**
 * A surface is one public REST API. Its value says everything in which it differs from the others: the router, CORS and
 * the OpenAPI document are made from these values and know no surface by name.
 */
import type { z } from 'zod';
import type { Surface as SurfaceName } from '../protocol/errors.js';
import type { Failure } from '../protocol/failure.js';
import type { KeyCarrier } from './auth.js';
import type { MethodOverride } from './method.js';
import type { Route } from './route.js';
import type { SharedPaths } from './shared-paths.js';

/** `Deps`: the services that the routes of the surface call. */
export interface Surface<Deps = never> {
  readonly name: SurfaceName;
  /** One sentence for the OpenAPI document. */
  readonly title: string;
  routes(deps: Deps): readonly Route[];
  /** Where a request carries its API key. */
  readonly carrier: KeyCarrier;
  readonly errorBody: ErrorBody;
  /** The `WWW-Authenticate` of a 401; null on a surface whose callers use no Authorization header. */
  readonly challenge: string | null;
  /** Which answers a page of another origin may read. */
  readonly cors: readonly SharedPaths[];
  /** Whether a POST to a path may name another method in `_method`; null when none may. */
  readonly methodOverride: MethodOverride | null;
  /** For the OpenAPI document, by name: the surface's own name stands for its API key, other names for its guards. */
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
}

export interface ErrorBody {
  readonly schema: z.ZodType;
  /** Returns a value of that schema. */
  write(failure: Failure, requestId: string): object;
}

export interface SecurityScheme {
  readonly type: 'apiKey' | 'http';
  readonly [member: string]: string;
}

/** A surface with the routes that this node serves. */
export interface ServedSurface {
  readonly surface: Surface;
  readonly routes: readonly Route[];
}

export function serve<Deps>(surface: Surface<Deps>, deps: Deps): ServedSurface {
  return { surface, routes: surface.routes(deps) };
}
