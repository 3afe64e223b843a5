import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import createClient from 'openapi-fetch';
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
  folder = await mkdtemp(join(root, '.lingpai-openapi-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await bed.stop();
});

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: object;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
}
interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly security?: unknown[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Record<string, { readonly content?: Record<string, { schema: Schema }> }>;
}

function operations(): { name: string; operation: Operation }[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
}

/** Whether a schema says something: an object without properties does not. */
function isEmpty(schema: Schema | undefined): boolean {
  if (!schema) return true;
  if (schema.$ref) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return isEmpty((document.components?.schemas as Record<string, Schema>)[name]);
  }
  if (schema.type === 'array') return isEmpty(schema.items);
  if (schema.type === 'object')
    return !schema.properties && schema.additionalProperties === undefined;
  return schema.type === undefined;
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

  it('says of every call what it takes and gives, which scope it wants, and how it fails', () => {
    const silent = operations().flatMap(({ name, operation }) => {
      const { requestBody, responses, description, security } = operation;
      const answers = Object.entries(responses).filter(([status]) => status.startsWith('2'));
      const empty = answers.filter(
        ([status, { content }]) =>
          status !== '204' && isEmpty(Object.values(content ?? {})[0]?.schema),
      );
      const body = requestBody && isEmpty(Object.values(requestBody.content)[0]?.schema);
      return [
        ...(answers.length === 0 || empty.length > 0 ? [`${name}: its answer`] : []),
        ...(body ? [`${name}: its body`] : []),
        ...(/Scope: `[a-z:-]+`/.test(description ?? '') ? [] : [`${name}: its scope`]),
        ...(responses['default']?.content?.['application/problem+json']
          ? []
          : [`${name}: its problems`]),
        ...(security ? [] : [`${name}: its security`]),
      ];
    });
    expect(silent).toEqual([]);
  });

  it('is shown to people, by files of our own', async () => {
    const page = await fetch(`${bed.issuer}/docs`);
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).not.toMatch(/(?:src|href)="https?:/);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(html).not.toMatch(/<script>|<script(?![^>]*src=)/);
  });
});

describe('a client that is generated from it', () => {
  const program = (body: string) => `
    import createClient from 'openapi-fetch';
    import type { paths } from './api.js';
    const client = createClient<paths>({ baseUrl: 'http://localhost' });
    export async function run(): Promise<string> {
      ${body}
    }`;

  async function compile(body: string): Promise<string[]> {
    await writeFile(join(folder, 'program.ts'), program(body));
    const compiled = ts.createProgram([join(folder, 'program.ts')], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
    });
    return ts
      .getPreEmitDiagnostics(compiled)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  }

  it('compiles for right uses, and for no wrong ones', async () => {
    await writeFile(join(folder, 'api.ts'), astToString(await openapiTs(document)));
    expect(
      await compile(`
        const { data, error } = await client.POST('/api/v1/accounts', {
          body: { displayName: 'Lin', phone: '13800000001', roles: ['staff'] },
        });
        if (!data) return error.code;
        const { data: page } = await client.GET('/api/v1/accounts', { params: { query: { limit: 10 } } });
        const first = page?.items[0]?.phoneVerified === true ? 'yes' : 'no';
        return data.id + first + (page?.nextCursor ?? '');`),
    ).toEqual([]);
    expect(
      await compile(`
        const { data } = await client.POST('/api/v1/accounts', { body: { displayName: 5 } });
        return data?.nonsense ?? '';`),
    ).toHaveLength(2);
  });

  it('works', async () => {
    const token = await machineToken(bed, admin);
    interface Paths {
      '/api/v1/accounts': {
        post: {
          requestBody: { content: { 'application/json': Record<string, unknown> } };
          responses: {
            201: { content: { 'application/json': { id: string } } };
            default: {
              content: {
                'application/problem+json': { code: string; errors?: { field: string }[] };
              };
            };
          };
        };
      };
    }
    const client = createClient<Paths>({
      baseUrl: bed.issuer,
      headers: { authorization: `Bearer ${token}` },
    });
    const made = await client.POST('/api/v1/accounts', { body: { displayName: 'Lin' } });
    expect(made.data?.id).toMatch(/^[0-9a-f-]{36}$/);
    const refused = await client.POST('/api/v1/accounts', { body: { gender: 'x' } });
    expect(refused.error).toMatchObject({ code: 'request_invalid', errors: [{ field: 'gender' }] });
  });
});
