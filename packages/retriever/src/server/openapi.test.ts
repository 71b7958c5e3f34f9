import { describe, expect, it } from 'vitest';
import { createBm25Retriever } from '../bm25/bm25-retriever.js';
import { createRetrieverServer } from './create-retriever-server.js';

const retriever = createBm25Retriever({ documents: [{ id: '1', contents: 'Peru\nLima.' }] });

interface Operation {
  summary: string;
  requestBody?: unknown;
  responses: Record<string, { description: string }>;
}
interface OpenApi {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Record<string, unknown>>; securitySchemes?: unknown };
}

/** Every `$ref` below a value. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : references(inner)));
}

describe('GET /openapi.json', () => {
  it.each([false, true])('describes every route (with token and MCP: %s)', async (full) => {
    const app = createRetrieverServer({ retriever, mcp: full, ...(full && { token: 'abc' }) });
    const response = await app.request('/openapi.json', { headers: { Authorization: 'Bearer abc' } });
    const document = (await response.json()) as OpenApi;
    expect(document.openapi).toBe('3.1.0');
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = new Set(
      app.routes
        .filter(({ method, path }) => method !== 'ALL' && path !== '/*')
        .map((route) => `${route.method} ${route.path}`),
    );
    expect(described.sort()).toEqual([...routes].sort());
    expect(described).toHaveLength(full ? 8 : 7);
    expect(document.components.securitySchemes !== undefined).toBe(full);
  });

  it('has the shape of OpenAPI 3.1', async () => {
    const document = (await (await createRetrieverServer({ retriever }).request('/openapi.json')).json()) as OpenApi;
    const { schemas } = document.components;
    for (const reference of references(document)) {
      expect(schemas).toHaveProperty([reference.replace('#/components/schemas/', '')]);
    }
    for (const operations of Object.values(document.paths)) {
      for (const [method, { summary, responses, requestBody }] of Object.entries(operations)) {
        expect(summary).not.toBe('');
        expect(requestBody !== undefined).toBe(method === 'post');
        expect(Object.keys(responses).every((status) => /^[2-5]\d\d$/.test(status))).toBe(true);
        expect(Object.values(responses).every(({ description }) => description.length > 0)).toBe(true);
      }
    }
    expect(schemas.RetrieveRequest).toMatchObject({
      type: 'object',
      required: ['queries'],
      properties: { queries: { type: 'array', items: { type: 'string' } } },
    });
  });
});
