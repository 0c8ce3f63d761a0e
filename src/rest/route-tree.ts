/** Finds the route for a method and a path. Static segments win over parameters, at every segment. */
import type { ParsedPath } from './path.js';
import type { Route } from './route.js';
import type { ServedSurface, Surface } from './surface.js';

export type Match =
  | {
      readonly kind: 'route';
      readonly route: Route;
      readonly surface: Surface;
      readonly params: Readonly<Record<string, string>>;
      readonly matrix: ReadonlyMap<string, string>;
      readonly segments: readonly string[];
    }
  /** The path is known, with other methods. */
  | {
      readonly kind: 'other_methods';
      readonly pattern: string;
      readonly surface: Surface;
      readonly allow: readonly string[];
    }
  | { readonly kind: 'nothing' };

interface Leaf {
  readonly route: Route;
  readonly surface: Surface;
}

interface TreeNode {
  readonly statics: Map<string, TreeNode>;
  parameter: TreeNode | null;
  /** The routes that end here, in the order they were added: all share one path. */
  readonly routes: Leaf[];
  /** Which segments of that path are parameters, and their names. */
  places: readonly (readonly [place: number, name: string])[];
}

export class RouteTree {
  private readonly root = newNode();

  /**
   * Throws when two routes have one method and path: that is a mistake in the table. Where two surfaces share a path, the
   * first one gives its shape to errors of that path.
   */
  constructor(served: readonly ServedSurface[]) {
    for (const { surface, routes } of served) {
      for (const route of routes) this.add({ route, surface });
    }
  }

  /** `path` is null when the request has no valid path. */
  match(method: string, path: ParsedPath | null): Match {
    if (path === null) return { kind: 'nothing' };
    const node = find(this.root, path.segments, 0);
    const [first] = node?.routes ?? [];
    if (node === null || first === undefined) return { kind: 'nothing' };
    const { routes } = node;
    const leaf = routes.find(({ route }) => route.method === method);
    if (leaf === undefined) {
      // The engine's adapter answers HEAD wherever a route answers GET.
      const methods = routes.map(({ route }) => route.method);
      const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort();
      return { kind: 'other_methods', pattern: first.route.path, surface: first.surface, allow };
    }
    return { kind: 'route', ...leaf, params: paramsOf(node, path.segments), ...path };
  }

  private add(leaf: Leaf): void {
    const { route } = leaf;
    let node = this.root;
    for (const segment of patternSegments(route.path)) {
      node = isParameter(segment) ? (node.parameter ??= newNode()) : staticChild(node, segment);
    }
    const clash = node.routes.some(({ route: other }) => other.method === route.method || other.path !== route.path);
    if (clash) throw new Error(`two routes at ${route.method} ${route.path}`);
    node.routes.push(leaf);
    node.places = placesOf(route.path);
  }
}

/** Returns null when no route ends there. */
function find(node: TreeNode, segments: readonly string[], depth: number): TreeNode | null {
  const segment = segments[depth];
  if (segment === undefined) return node.routes.length > 0 ? node : null;
  const fixed = node.statics.get(segment);
  const found = fixed === undefined ? null : find(fixed, segments, depth + 1);
  if (found !== null || node.parameter === null) return found;
  return find(node.parameter, segments, depth + 1);
}

function paramsOf({ places }: TreeNode, segments: readonly string[]): Readonly<Record<string, string>> {
  const params: Record<string, string> = {};
  for (const [place, name] of places) params[name] = segments[place] ?? '';
  return params;
}

function placesOf(pattern: string): TreeNode['places'] {
  return [...patternSegments(pattern).entries()]
    .filter(([, part]) => isParameter(part))
    .map(([place, part]) => [place, part.slice(1, -1)]);
}

function patternSegments(pattern: string): readonly string[] {
  return pattern === '/' ? [] : pattern.slice(1).split('/');
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{') && segment.endsWith('}');
}

function staticChild(node: TreeNode, segment: string): TreeNode {
  const known = node.statics.get(segment);
  if (known !== undefined) return known;
  const made = newNode();
  node.statics.set(segment, made);
  return made;
}

function newNode(): TreeNode {
  return { statics: new Map(), parameter: null, routes: [], places: [] };
}
