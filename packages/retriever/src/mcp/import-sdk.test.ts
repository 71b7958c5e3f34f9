import { expect, it, vi } from 'vitest';
import { importMcpModule } from './import-sdk.js';

it('says what to install when the SDK is not there', async () => {
  vi.doMock('@modelcontextprotocol/sdk/server/mcp.js', () => {
    throw new Error('Cannot find package');
  });
  await expect(importMcpModule('server')).rejects.toThrow(/npm install @modelcontextprotocol\/sdk/);
  await expect(importMcpModule('server')).rejects.toMatchObject({ code: 'CONFIG_ERROR' });
  vi.doUnmock('@modelcontextprotocol/sdk/server/mcp.js');
  expect(await importMcpModule('server')).toHaveProperty('McpServer');
});
