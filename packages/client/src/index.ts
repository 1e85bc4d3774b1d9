export { agentHome, namedHome, systemHome } from './agent-home.ts';
export { type ClientOptions, type Credentials, createClient, type FetchLike } from './client.ts';
export { agentAccess, type DaemonAccess, ownerAccess } from './daemon-access.ts';
export { type FollowOptions, followEvents, type StreamFetchLike } from './follow-events.ts';
export { type LoopbackFetch, type LoopbackResponse, loopbackFetch } from './loopback-fetch.ts';
