/** Every peer reports that it listens (bench/processes/server-process.ts reads that), and ends on SIGTERM. */
export function listening(port, engine) {
  process.stdout.write(`${JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}`, engine })}\n`);
  process.on('SIGTERM', () => process.exit(0));
}
