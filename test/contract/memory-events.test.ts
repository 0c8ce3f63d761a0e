import { openMemoryStore } from '../support/stores.js';
import { feedBoundRules } from './suites/event-feed-rules.js';
import { eventRules } from './suites/event-rules.js';

const MOST = 10;

eventRules('memory', openMemoryStore);
feedBoundRules('memory', () => openMemoryStore({ maxFeedEvents: MOST }), MOST);
