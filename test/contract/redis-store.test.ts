import { openRedisStore } from '../support/stores.js';
import { storeRules } from './suites/store-rules.js';

storeRules('redis', openRedisStore);
