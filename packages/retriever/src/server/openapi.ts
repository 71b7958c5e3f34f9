import { z } from 'zod';
import {
  embeddingsRequestSchema,
  embeddingsResponseSchema,
  errorResponseSchema,
  rerankRequestSchema,
  rerankResponseSchema,
  retrieveRequestSchema,
  retrieveResponseSchema,
  statusResponseSchema,
} from './request-schemas.js';

const schemas = {
  RetrieveRequest: retrieveRequestSchema,
  RetrieveResponse: retrieveResponseSchema,
  RerankRequest: rerankRequestSchema,
  RerankResponse: rerankResponseSchema,
  EmbeddingsRequest: embeddingsRequestSchema,
  EmbeddingsResponse: embeddingsResponseSchema,
  Status: statusResponseSchema,
  Error: errorResponseSchema,
};

function toJsonSchema(schema: z.ZodType): Record<string, unknown> {
  // What a client may send, not what the server makes of it.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

const reference = (name: keyof typeof schemas) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: object) => ({ 'application/json': { schema } });
const failure = (description: string) => ({ description, content: json(reference('Error')) });
const retryAfter = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } } };

const refusals = {
  400: failure('The body does not fit; the message names the field'),
  401: failure('The bearer token is missing or wrong'),
  403: failure('A web page from another machine asks'),
  413: failure('The body, the batch or a text is larger than the server takes'),
  429: { ...failure('The queue is full'), headers: retryAfter },
  503: { ...failure('The index is loading, the server closes, or the work took too long'), headers: retryAfter },
};

const work = (summary: string, request: keyof typeof schemas, response: keyof typeof schemas, absent?: string) => ({
  post: {
    summary,
    requestBody: { required: true, content: json(reference(request)) },
    responses: {
      200: { description: 'The answer', content: json(reference(response)) },
      ...refusals,
      ...(absent !== undefined && { 404: failure(absent) }),
    },
  },
});

const text = (summary: string, type: string) => ({
  get: { summary, responses: { 200: { description: summary, content: { [type]: { schema: { type: 'string' } } } } } },
});

const status = (summary: string, unready?: string) => ({
  get: {
    summary,
    security: [],
    responses: {
      200: { description: summary, content: json(reference('Status')) },
      ...(unready !== undefined && { 503: { description: unready, content: json(reference('Status')) } }),
    },
  },
});

/** The OpenAPI 3.1 document of the server, made of the schemas that read its requests. */
export function createOpenApiDocument({ requiresToken, mcp }: { requiresToken: boolean; mcp: boolean }) {
  const mcpMessage = { description: 'A message of the Model Context Protocol', content: json({ type: 'object' }) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'dgpo-retriever',
      version: '1',
      description: 'Passages for search agents: the contract of Search-R1, and what goes with it.',
    },
    security: requiresToken ? [{ token: [] }] : [],
    paths: {
      '/retrieve': work('Passages for each query', 'RetrieveRequest', 'RetrieveResponse'),
      '/rerank': work('The best of given documents', 'RerankRequest', 'RerankResponse', 'There is no reranker'),
      '/v1/embeddings': work('Vectors of texts', 'EmbeddingsRequest', 'EmbeddingsResponse', 'There is no encoder'),
      '/health': status('Whether the process answers'),
      '/ready': status('Whether the index is open and a first search worked', 'Not yet, or not any more'),
      '/metrics': text('Metrics in the text format of Prometheus', 'text/plain'),
      '/openapi.json': {
        get: {
          summary: 'This document',
          responses: { 200: { description: 'This document', content: json({ type: 'object' }) } },
        },
      },
      ...(mcp && {
        '/mcp': {
          post: {
            summary: 'Model Context Protocol over streamable HTTP, without sessions',
            requestBody: { required: true, content: mcpMessage.content },
            responses: { 200: mcpMessage, 202: { description: 'Taken' }, ...refusals },
          },
        },
      }),
    },
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, toJsonSchema(schema)])),
      ...(requiresToken && { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } }),
    },
  };
}
