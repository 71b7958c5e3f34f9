import { ConfigError } from '@dgpo/trajectory';

// Names that TypeScript and bundlers do not follow: the package is optional.
const names: Readonly<Record<'server' | 'http' | 'stdio', string>> = {
  server: '@modelcontextprotocol/sdk/server/mcp.js',
  http: '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js',
  stdio: '@modelcontextprotocol/sdk/server/stdio.js',
};

interface McpModules {
  server: typeof import('@modelcontextprotocol/sdk/server/mcp.js');
  http: typeof import('@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js');
  stdio: typeof import('@modelcontextprotocol/sdk/server/stdio.js');
}

/** One module of the MCP SDK. @throws ConfigError when it is not installed, or too old to have it. */
export async function importMcpModule<Name extends keyof McpModules>(name: Name): Promise<McpModules[Name]> {
  try {
    return (await import(names[name])) as McpModules[Name];
  } catch (cause) {
    throw new ConfigError(
      'the Model Context Protocol needs an optional package in a recent version: npm install @modelcontextprotocol/sdk',
      { cause },
    );
  }
}
