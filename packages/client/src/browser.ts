// The part of the client that needs no Node.js.
export { type ClientOptions, type Credentials, createClient, type FetchLike } from './client.ts';
export { type FollowOptions, followEvents, type StreamFetchLike } from './follow-events.ts';
