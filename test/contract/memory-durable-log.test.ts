import { openMemoryStore } from '../support/stores.js';
import { durableLogRules } from './suites/durable-log-rules.js';

durableLogRules('memory', openMemoryStore);
