/** JSON schemas of the relay surface's `get` and `create`: Fastify checks bodies and writes answers by them. */
const filter = {
  type: 'object',
  required: ['field', 'values', 'filter_type'],
  properties: {
    field: { type: 'string', minLength: 1, maxLength: 64 },
    values: { type: 'array', minItems: 1, maxItems: 64, items: { type: 'string', maxLength: 128 } },
    filter_type: { enum: ['any', 'all', 'not'] },
  },
};

export const createRequest = {
  type: 'object',
  required: ['users'],
  properties: {
    users: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['ip'],
        additionalProperties: false,
        properties: { ip: { type: 'string', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] } },
      },
    },
    filters: { type: 'array', maxItems: 16, items: filter, nullable: true },
    webhook_url: { type: 'string', format: 'uri', pattern: '^https?://', maxLength: 2048, nullable: true },
    metadata: { type: 'object' },
    max_users: { type: 'integer', minimum: 1, maximum: 65_534 },
    expires_in_s: { type: 'integer', minimum: 1, maximum: 2_592_000 },
    resume_window_ms: { type: 'integer', minimum: 0, maximum: 600_000 },
    flush_ms: { anyOf: [{ type: 'integer', minimum: 0, maximum: 50 }, { const: 'auto' }] },
    durability: { enum: ['memory', 'redis'] },
    enforce_ip: { type: 'boolean' },
  },
};

export const sessionParams = {
  type: 'object',
  properties: { session_id: { type: 'string', pattern: '^[0-9a-f]{12}-S$' } },
};

const port = {
  type: 'object',
  properties: { port: { type: 'integer' }, protocol: { type: 'string' }, link: { type: 'string' } },
};

const relay = {
  type: 'object',
  nullable: true,
  properties: {
    ip: { type: 'string' },
    host: { type: 'string' },
    ports: { type: 'object', properties: { server: port, client: port } },
  },
};

const sessionUser = {
  type: 'object',
  properties: {
    ip_address: { type: 'string' },
    latitude: { type: 'number', nullable: true },
    longitude: { type: 'number', nullable: true },
    authorization_token: { type: 'integer' },
  },
};

export const sessionAnswer = {
  type: 'object',
  properties: {
    session_id: { type: 'string' },
    authorization_token: { type: 'integer', nullable: true },
    status: { type: 'string' },
    ready: { type: 'boolean' },
    linked: { type: 'boolean' },
    error: { type: 'string', nullable: true },
    relay,
    webhook_url: { type: 'string', nullable: true },
    session_users: { type: 'array', items: sessionUser },
  },
};
