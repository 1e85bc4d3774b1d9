/** Thresholds for the state that the daemon reports of itself and its peers. */
export const statusLimits = {
  /** Time without a relay, or without one to read messages or presences from, after which the daemon is degraded. */
  noRelaySeconds: 15,
  /** How far our clock may differ from those of the relays: they refuse events dated 15 minutes ahead. */
  clockOffMinutes: 10,
  /** Difference between the wall clock and the monotonic clock that counts as a jump. Less is normal on a busy machine. */
  clockJumpSeconds: 30,
  /** Time after which an online peer that has not confirmed a published message counts as silent. */
  silentMinutes: 10,
} as const;
