/** Loaded into a gateway of the bench's own (`--expose-gc --import`): on SIGUSR2 it collects its garbage, all of it. */
process.on('SIGUSR2', () => globalThis.gc?.());
