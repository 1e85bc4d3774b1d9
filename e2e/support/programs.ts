import { join } from 'node:path';

const packages = join(import.meta.dirname, '../../packages');

/** The built programs. */
export const ocmeshProgram = join(packages, 'daemon/bundle/ocmesh.mjs');
export const mcpProgram = join(packages, 'mcp-server/bundle/ocmesh-mcp.mjs');
