/** What every peer says once it listens (bench/server-process.ts reads it), and how it ends. */
export function listening(port, engine) {
  process.stdout.write(`${JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}`, engine })}\n`);
  process.on('SIGTERM', () => process.exit(0));
}
