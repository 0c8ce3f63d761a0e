import { openMemoryStore } from '../support/stores.js';
import { identityStoreRules } from './suites/identity-store-rules.js';

identityStoreRules('memory', openMemoryStore);
