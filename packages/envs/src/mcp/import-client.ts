import { ConfigError } from '@dgpo/trajectory';

// Names that TypeScript and bundlers do not follow: the package is optional.
const names: Readonly<Record<'client' | 'stdio' | 'http', string>> = {
  client: '@modelcontextprotocol/sdk/client/index.js',
  stdio: '@modelcontextprotocol/sdk/client/stdio.js',
  http: '@modelcontextprotocol/sdk/client/streamableHttp.js',
};

interface McpModules {
  client: typeof import('@modelcontextprotocol/sdk/client/index.js');
  stdio: typeof import('@modelcontextprotocol/sdk/client/stdio.js');
  http: typeof import('@modelcontextprotocol/sdk/client/streamableHttp.js');
}

/** One module of the MCP SDK. @throws ConfigError when it is not installed, or too old to have it. */
export async function importMcpModule<Name extends keyof McpModules>(name: Name): Promise<McpModules[Name]> {
  try {
    return (await import(names[name])) as McpModules[Name];
  } catch (cause) {
    throw new ConfigError('tools of an MCP server need an optional package: npm install @modelcontextprotocol/sdk', {
      cause,
    });
  }
}
