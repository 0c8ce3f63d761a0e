/** The bench loads this into its own gateway (`--expose-gc --import`): on SIGUSR2 it collects all garbage. */
process.on('SIGUSR2', () => globalThis.gc?.());
