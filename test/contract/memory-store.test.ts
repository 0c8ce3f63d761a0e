import { openMemoryStore } from '../support/stores.js';
import { storeRules } from './suites/store-rules.js';

storeRules('memory', openMemoryStore);
