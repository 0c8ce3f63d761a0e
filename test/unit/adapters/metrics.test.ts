import { expect, it } from 'vitest';
import { createPrometheusMetrics } from '../../../src/adapters/prometheus/metrics.js';

const build = { version: '1.2.3', engine: 'uws 20', store: 'memory' };

it('MT1 shows tallies, events, gauges and the build under one prefix', async () => {
  const metrics = createPrometheusMetrics(build);
  let connections = 2;
  metrics.gauge('connections', 'Open sockets.', () => connections);
  metrics.tallies.framesIn += 3;
  metrics.closed(4001);
  metrics.refused('session_full');
  metrics.answered('/v1/relays/sessions/{session_id}', 404, 12);
  metrics.storeFailed('join');
  await metrics.expose();
  metrics.tallies.framesIn += 4;
  connections = 1;
  const { contentType, text } = await metrics.expose();
  expect(contentType).toContain('text/plain');
  for (const line of [
    'sallyport_build_info{version="1.2.3",engine="uws 20",store="memory"} 1',
    'sallyport_frames_in_total 7',
    'sallyport_batches_out_total 0',
    'sallyport_connections 1',
    'sallyport_socket_closes_total{code="4001"} 1',
    'sallyport_refusals_total{code="session_full"} 1',
    'sallyport_http_request_duration_seconds_count{route="/v1/relays/sessions/{session_id}",status="404"} 1',
    'sallyport_store_failures_total{operation="join"} 1',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toContain('\nnodejs_eventloop_lag_seconds ');
  expect(text).toContain('\nprocess_resident_memory_bytes ');
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(names.filter((line) => !/^(?:sallyport|process|nodejs)_/.test(line))).toEqual([]);
});

it('MT2 does not let a peer make time series', async () => {
  const metrics = createPrometheusMetrics(build);
  for (let code = 4300; code < 4400; code += 1) metrics.closed(code);
  metrics.refused('made up');
  const { text } = await metrics.expose();
  expect(text).toContain('sallyport_socket_closes_total{code="other"} 100');
  expect(text).toContain('sallyport_refusals_total{code="other"} 1');
});

it('keeps the numbers of two gateways in one process apart', async () => {
  const one = createPrometheusMetrics(build);
  const other = createPrometheusMetrics(build);
  one.tallies.framesIn = 1;
  expect((await other.expose()).text).toContain('sallyport_frames_in_total 0');
});
