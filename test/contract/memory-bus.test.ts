import { MemoryBusHub } from '../../src/adapters/memory/bus-transport.js';
import { systemClock } from '../../src/adapters/system/clock.js';
import { busRules } from './suites/bus-rules.js';

busRules('memory', () => {
  const hub = new MemoryBusHub(systemClock());
  return (self) => hub.transportOf(self);
});
