/**
 * Relays for agents whose owner configured none, as of 2026-11 (docs/adr/0013-candidate-relays.md). In a fixed order, so that
 * all agents overlap. `ocmesh relays test --candidates` shows whether they still keep and forward what we write.
 */
export const candidateRelays: readonly string[] = [
  'wss://nos.lol',
  'wss://relay.primal.net',
  'wss://nostr.data.haus',
  'wss://offchain.pub',
  'wss://relay.ditto.pub',
  'wss://nostr.mom',
  'wss://relay.mostro.network',
  'wss://nostr-pub.wellorder.net',
  'wss://purplerelay.com',
  // Its operator asks apps to be sparing.
  'wss://relay.nostr.net',
];

/** Relays that one operator runs: they fail together, so only one of them is used while others work. */
const sharedOperators: readonly (readonly string[])[] = [['wss://nos.lol', 'wss://nostr.mom']];

/** Whether the same operator runs both relays. */
export const haveSameOperator = (one: string, other: string): boolean =>
  sharedOperators.some((urls) => urls.includes(one) && urls.includes(other));
