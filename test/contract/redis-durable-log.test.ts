import { openRedisStore } from '../support/stores.js';
import { durableLogRules } from './suites/durable-log-rules.js';

durableLogRules('redis', openRedisStore);
