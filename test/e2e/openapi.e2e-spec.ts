import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import openapiTs, { astToString, type OpenAPI3 } from 'openapi-typescript';
import ts from 'typescript';

import { machineToken } from '../fixtures/api.js';
import { admin, openTestBed, type TestBed } from '../fixtures/service.js';

const root = resolve(import.meta.dirname, '../..');

let bed: TestBed;
let document: OpenAPI3;
let folder: string;

beforeAll(async () => {
  bed = await openTestBed();
  document = (await (await fetch(`${bed.issuer}/docs-json`)).json()) as OpenAPI3;
  // Inside the project, so that the compiler finds the libraries.
  const scratch = join(root, '.lingpai');
  await mkdir(scratch, { recursive: true });
  folder = await mkdtemp(join(scratch, 'openapi-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await bed.stop();
});

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}
type Content = Record<string, { readonly schema?: Schema }>;
interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly security?: unknown[];
  readonly parameters?: readonly { readonly name: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Record<string, { readonly content?: Content }>;
}

function operations(): { name: string; operation: Operation }[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
}

/** Where a schema says nothing, by name: `{}`, a list of anything, an object of which no field is known. */
function emptyPlaces(
  schema: Schema | undefined,
  at: string,
  schemas = (document.components?.schemas ?? {}) as Record<string, Schema>,
  within: readonly string[] = [],
): string[] {
  if (!schema) return [at];
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    if (within.includes(name)) return [];
    return emptyPlaces(schemas[name], at, schemas, [...within, name]);
  }
  const inner = (each: Schema | undefined, where: string) =>
    emptyPlaces(each, where, schemas, within);
  const parts = schema.allOf ?? schema.anyOf ?? schema.oneOf;
  if (parts) return parts.flatMap((part) => inner(part, at));
  if (schema.type === 'array') return inner(schema.items, `${at}[]`);
  if (schema.type === 'object') {
    const fields = Object.entries(schema.properties ?? {});
    if (fields.length === 0 && schema.additionalProperties === undefined) return [at];
    return fields.flatMap(([name, field]) => inner(field, `${at}.${name}`));
  }
  return schema.type === undefined && !schema.enum ? [at] : [];
}

/** Of one call: which of its answers, bodies and parameters say nothing. */
function emptyPlacesOf({ name, operation }: { name: string; operation: Operation }): string[] {
  const { requestBody, responses, parameters = [] } = operation;
  const answers = Object.entries(responses).filter(([status]) => /^2/.test(status));
  return [
    ...(answers.length === 0 ? [`${name}: no answer`] : []),
    ...answers
      .filter(([status]) => status !== '204')
      .flatMap(([status, { content }]) =>
        emptyPlaces(Object.values(content ?? {})[0]?.schema, `${name}: ${status}`),
      ),
    ...Object.values(requestBody?.content ?? {}).flatMap(({ schema }) =>
      emptyPlaces(schema, `${name}: body`),
    ),
    ...parameters.flatMap((parameter) =>
      emptyPlaces(parameter.schema, `${name}: ${parameter.name}`),
    ),
  ];
}

describe('the description of the API', () => {
  it('knows every call of the design', () => {
    const names = operations().map(({ name }) => name);
    for (const call of [
      'GET /api/v1/connections',
      'POST /api/v1/connections/{slug}/check',
      'GET /api/v1/accounts',
      'PATCH /api/v1/accounts/{accountId}',
      'POST /api/v1/accounts/{accountId}/identities',
      'DELETE /api/v1/accounts/{accountId}/identities/{identityId}',
      'PUT /api/v1/accounts/{accountId}/password',
      'POST /api/v1/accounts/{accountId}/merge',
      'DELETE /api/v1/accounts/{accountId}/sessions',
      'POST /api/v1/accounts/import',
      'GET /api/v1/me',
      'GET /api/v1/me/identities',
      'POST /api/v1/me/bindings',
      'POST /api/v1/clients/{clientId}/secret',
      'POST /api/v1/signing-keys/rotate',
      'GET /api/v1/audit-events',
      'GET /api/v1/webhooks/{id}/deliveries',
      'POST /api/v1/account-requests/{id}/accept',
    ]) {
      expect(names).toContain(call);
    }
    expect(names.filter((name) => !name.includes(' /api/v1/'))).toEqual([]);
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says of every call what it takes and gives', () => {
    expect(operations().flatMap(emptyPlacesOf)).toEqual([]);
  });

  it('would be caught saying nothing', () => {
    const content = (schema: Schema): Content => ({ 'application/json': { schema } });
    const page: Schema = {
      type: 'object',
      properties: { items: { type: 'array', items: { type: 'object' } }, next: {} },
    };
    expect(
      emptyPlacesOf({
        name: 'GET /x',
        operation: {
          operationId: 'x',
          parameters: [{ name: 'q', schema: {} }],
          requestBody: { content: content({ type: 'object' }) },
          responses: { 200: { content: content(page) }, 201: {}, 204: {}, default: {} },
        },
      }),
    ).toEqual([
      'GET /x: 200.items[]',
      'GET /x: 200.next',
      'GET /x: 201',
      'GET /x: body',
      'GET /x: q',
    ]);
  });

  it('says of every call which scope it wants, and how it fails', () => {
    const silent = operations().flatMap(({ name, operation }) => [
      ...(/Scope: `[a-z:-]+`/.test(operation.description ?? '') ? [] : [`${name}: its scope`]),
      ...(operation.responses['default']?.content?.['application/problem+json']?.schema?.$ref ===
      '#/components/schemas/Problem'
        ? []
        : [`${name}: its problems`]),
      ...(operation.security ? [] : [`${name}: its security`]),
    ]);
    expect(silent).toEqual([]);
    expect(document.components?.securitySchemes).toEqual({
      bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    });
    expect(
      Object.keys((document.components?.schemas as Record<string, Schema>)['Problem']!.properties!),
    ).toEqual(['type', 'title', 'status', 'code', 'instance', 'errors']);
  });

  it('says which version it is of, and where', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(document.info).toMatchObject({ title: 'Lingpai', version });
    expect(document.servers).toEqual([{ url: bed.issuer }]);
  });

  it('is shown to people, by files of our own', async () => {
    const page = await fetch(`${bed.issuer}/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).not.toMatch(/(?:src|href)="https?:/);
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)/);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
    expect(files).toContain('/docs/swagger-ui-bundle.js');
    for (const file of files)
      expect([file, (await fetch(new URL(file, page.url))).status]).toEqual([file, 200]);
    for (const same of ['/docs/', '/docs/index.html'])
      expect(await (await fetch(bed.issuer + same)).text()).toBe(html);
  });
});

/** What somebody would write against the generated types. */
const program = `
  import createClient from 'openapi-fetch';
  import type { paths } from './api.js';

  export async function run(baseUrl: string, token: string): Promise<Record<string, unknown>> {
    const client = createClient<paths>({ baseUrl, headers: { authorization: 'Bearer ' + token } });
    const made = await client.POST('/api/v1/accounts', {
      body: { displayName: 'Lin', phone: '13800000001', roles: ['staff'] },
    });
    if (!made.data) throw new Error(made.error.code);
    const { id } = made.data;
    const read = await client.GET('/api/v1/accounts/{accountId}', { params: { path: { accountId: id } } });
    const { data: page } = await client.GET('/api/v1/accounts', { params: { query: { limit: 1 } } });
    const refused = await client.POST('/api/v1/accounts', { body: { displayName: 'x'.repeat(10_000) } });
    const absent = await client.GET('/api/v1/accounts/{accountId}', {
      params: { path: { accountId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff' } },
    });
    return {
      phone: read.data?.phone,
      phoneVerified: read.data?.phoneVerified,
      roles: read.data?.roles,
      isListed: page?.items.some((account) => account.id === id),
      nextCursor: page?.nextCursor,
      refusal: refused.error?.code,
      fields: refused.error?.errors?.map(({ field }) => field),
      absence: absent.error?.code,
    };
  }`;

const wrongUses = [
  [`client.POST('/api/v1/accounts', { body: { displayName: 5 } })`, 'not assignable'],
  [`client.GET('/api/v1/accounts/{accountId}', {})`, 'params'],
  [`client.GET('/api/v1/nonsense', {})`, 'not assignable'],
  [`client.GET('/api/v1/audit-events', {}).then(({ data }) => data?.items[0]?.who)`, 'who'],
  [`client.GET('/api/v1/audit-events', {}).then(({ error }) => error?.reason)`, 'reason'],
] as const;

describe('a client that is generated from it', () => {
  const options: ts.CompilerOptions = {
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  };

  async function compile(name: string, source: string): Promise<string[]> {
    await writeFile(join(folder, name), source);
    const compiled = ts.createProgram([join(folder, name)], options);
    compiled.emit();
    return ts
      .getPreEmitDiagnostics(compiled)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  }

  beforeAll(async () => {
    await writeFile(join(folder, 'api.d.ts'), astToString(await openapiTs(document)));
  });

  it('compiles where it is used rightly, and works', async () => {
    expect(await compile('program.mts', program)).toEqual([]);
    const { run } = (await import(join(folder, 'program.mjs'))) as {
      run: (baseUrl: string, token: string) => Promise<unknown>;
    };
    expect(await run(bed.issuer, await machineToken(bed, admin))).toEqual({
      phone: '+8613800000001',
      phoneVerified: false,
      roles: ['staff'],
      isListed: true,
      nextCursor: null,
      refusal: 'request_invalid',
      fields: ['displayName'],
      absence: 'account_not_found',
    });
  });

  it('does not compile where it is used wrongly', async () => {
    const uses = wrongUses.map(([use], at) => `export const use${at} = () => ${use};`);
    const complaints = await compile(
      'wrong.mts',
      `import createClient from 'openapi-fetch';
       import type { paths } from './api.js';
       const client = createClient<paths>();
       ${uses.join('\n')}`,
    );
    expect(complaints).toEqual(wrongUses.map(([, said]) => expect.stringContaining(said)));
  });
});
