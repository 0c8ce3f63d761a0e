/** A nominal type: `Brand<string, 'SessionId'>` is a string that only its constructor can make. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
