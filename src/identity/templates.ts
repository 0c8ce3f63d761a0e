/** JWT templates as records that a backend manages. token-templates.ts defines what their shortcodes mean. */
import { Failure } from '../protocol/failure.js';
import type { Json } from '../lib/json.js';
import type { Clock } from '../ports/clock.js';
import type { DirectoryStore, TemplateRecord } from '../ports/directory-store.js';

export interface TemplateChange {
  readonly claims?: Readonly<Record<string, Json>> | undefined;
  readonly lifetimeS?: number | undefined;
  readonly allowedClockSkewS?: number | undefined;
}

export interface NewTemplate extends TemplateChange {
  readonly name: string;
}

export interface TemplatesDeps {
  readonly store: Pick<DirectoryStore, 'template' | 'templates' | 'putTemplate' | 'removeTemplate'>;
  readonly clock: Clock;
}

export const MAX_TEMPLATES = 100;
/** Claims that every token has and no template can set. */
export const AUTOMATIC_CLAIMS: ReadonlySet<string> = new Set(['azp', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sid', 'sub']);
const DEFAULT_LIFETIME_S = 60;
const DEFAULT_CLOCK_SKEW_S = 5;
const MAX_TRIES = 5;

export class Templates {
  constructor(private readonly deps: TemplatesDeps) {}

  /** Rejects with `name_taken`, or with `too_many_templates` when 100 exist. */
  async create(request: NewTemplate): Promise<TemplateRecord> {
    const { store, clock } = this.deps;
    const { name, claims = {}, lifetimeS = DEFAULT_LIFETIME_S, allowedClockSkewS = DEFAULT_CLOCK_SKEW_S } = request;
    const nowMs = clock.nowMs();
    const times = { createdAtMs: nowMs, updatedAtMs: nowMs };
    const template = { name, version: 1, claims, lifetimeS, allowedClockSkewS, ...times };
    const result = await store.putTemplate(template, MAX_TEMPLATES);
    if (result.outcome === 'written') return result.record;
    if (result.outcome === 'full') throw new Failure('too_many_templates');
    const problem = { path: 'name', message: 'another template has it already' };
    throw new Failure('name_taken', { message: `${problem.path}: ${problem.message}`, details: [problem] });
  }

  /** null when it does not exist. */
  get(name: string): Promise<TemplateRecord | null> {
    return this.deps.store.template(name);
  }

  /** Rejects with `template_not_found`. */
  async existing(name: string): Promise<TemplateRecord> {
    const template = await this.get(name);
    if (template === null) throw new Failure('template_not_found');
    return template;
  }

  /** Sorted by name. */
  list(): Promise<readonly TemplateRecord[]> {
    return this.deps.store.templates();
  }

  /** Rejects with `template_not_found`, or `changed_meanwhile` when others keep changing the record. */
  async update(name: string, change: TemplateChange): Promise<TemplateRecord> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const kept = await this.existing(name);
      const changed = {
        ...kept,
        claims: change.claims ?? kept.claims,
        lifetimeS: change.lifetimeS ?? kept.lifetimeS,
        allowedClockSkewS: change.allowedClockSkewS ?? kept.allowedClockSkewS,
        version: kept.version + 1,
        updatedAtMs: this.deps.clock.nowMs(),
      };
      const result = await this.deps.store.putTemplate(changed, MAX_TEMPLATES);
      if (result.outcome === 'written') return result.record;
    }
    throw new Failure('changed_meanwhile');
  }

  /** Rejects with `template_not_found`. */
  async remove(name: string): Promise<void> {
    if (!(await this.deps.store.removeTemplate(name))) throw new Failure('template_not_found');
  }
}
