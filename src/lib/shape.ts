/**
 * Shapes of JSON values. One description checks a value, gives its TypeScript type and names itself in documentation.
 * This file needs no package and little code, because the client SDK includes it. The marks for bundlers let an
 * application drop the shapes that it does not use.
 */
import type { Json } from './json.js';

export interface Shape<T> {
  /** The words that documentation uses for it, in Markdown. */
  readonly label: string;
  /** `value` is a member of parsed JSON, or undefined where there is no such member. */
  readonly is: (value: unknown) => value is T;
}

/** The type of the values that a shape accepts. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** The members of an object by name. The object may have others: a newer peer may send them. */
export type Members = Readonly<Record<string, Shape<unknown>>>;

/** An object with these members; those that accept undefined may be absent. */
export type ObjectOf<M extends Members> = Flat<
  { readonly [K in Exclude<keyof M, OptionalNames<M>>]: Shaped<M[K]> } & {
    readonly [K in OptionalNames<M>]?: Shaped<M[K]>;
  }
>;

export interface ObjectShape<M extends Members> extends Shape<ObjectOf<M>> {
  readonly members: M;
}

type OptionalNames<M extends Members> = { [K in keyof M]: undefined extends Shaped<M[K]> ? K : never }[keyof M];
type Flat<T> = { [K in keyof T]: T[K] };

export const number: Shape<number> = {
  label: 'number',
  is: (value) => typeof value === 'number',
};

/** Excludes the infinity that JSON makes of 1e999. */
export const finite: Shape<number> = {
  label: 'number',
  is: (value): value is number => Number.isFinite(value),
};

export const text: Shape<string> = {
  label: 'text',
  is: (value) => typeof value === 'string',
};

export const boolean: Shape<boolean> = {
  label: 'true or false',
  is: (value) => typeof value === 'boolean',
};

export const json: Shape<Json> = {
  label: 'any JSON',
  is: (value): value is Json => value !== undefined,
};

/** The same shape under another name. */
/* @__NO_SIDE_EFFECTS__ */
export function named<T>(label: string, { is }: Shape<T>): Shape<T> {
  return { label, is };
}

/** An integer from `min` to `max`, both included. */
/* @__NO_SIDE_EFFECTS__ */
export function integer(min: number, max: number): Shape<number> {
  return {
    label: `integer from ${min} to ${max}`,
    is: (value): value is number => finite.is(value) && Number.isInteger(value) && value >= min && value <= max,
  };
}

/** Text of at most `max` UTF-16 code units. */
/* @__NO_SIDE_EFFECTS__ */
export function textUpTo(max: number): Shape<string> {
  return {
    label: `text of up to ${max} characters`,
    is: (value): value is string => text.is(value) && value.length <= max,
  };
}

/** One of these values. */
/* @__NO_SIDE_EFFECTS__ */
export function oneOf<const T extends string | number>(...values: readonly T[]): Shape<T> {
  return {
    label: values.map((value) => `\`${value}\``).join(' or '),
    is: (value): value is T => values.some((one) => one === value),
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return {
    label: `${first.label} or ${second.label}`,
    is: (value): value is A | B => first.is(value) || second.is(value),
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function orNull<T>({ label, is }: Shape<T>): Shape<T | null> {
  return {
    label: `${label} or null`,
    is: (value): value is T | null => value === null || is(value),
  };
}

/** The member may be absent. */
/* @__NO_SIDE_EFFECTS__ */
export function optional<T>({ label, is }: Shape<T>): Shape<T | undefined> {
  return {
    label,
    is: (value): value is T | undefined => value === undefined || is(value),
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function listOf<T>({ label, is }: Shape<T>): Shape<readonly T[]> {
  return {
    label: `list of ${label}`,
    is: (value): value is readonly T[] => Array.isArray(value) && value.every(is),
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function object<M extends Members>(members: M): ObjectShape<M> {
  return {
    label: 'object',
    is: (value): value is ObjectOf<M> => hasMembers(value, members),
    members,
  };
}

/** Whether the value is an object with these members. */
export function hasMembers<M extends Members>(value: unknown, members: M): value is ObjectOf<M> {
  return isObject(value) && Object.entries(members).every(([name, { is }]) => is(Reflect.get(value, name)));
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
