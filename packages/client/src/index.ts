export { agentHome, namedHome, systemHome } from './agent-home.ts';
export * from './browser.ts';
export { agentAccess, type DaemonAccess, ownerAccess } from './daemon-access.ts';
export { type LoopbackFetch, type LoopbackResponse, loopbackFetch } from './loopback-fetch.ts';
