/** Limits of what others can make us check, keep and send. */
export const trustLimits = {
  verifications: {
    correspondents: {
      /** Events of correspondents checked at once for one relay, reserved for them whatever else it sends. */
      burst: 1_000,
      /** Events of correspondents checked a second for one relay. */
      perSecond: 50,
    },
    knownPresences: {
      /** Presences and relay lists of known peers checked at once for one relay. */
      burst: 2_000,
      /** Presences and relay lists of known peers checked a second for one relay: 10,000 peers, twice every 5 minutes, are 67. */
      perSecond: 100,
      /** Presences and relay lists of known peers checked at once for all relays together. */
      allBurst: 5_000,
      /** Presences and relay lists of known peers checked a second for all relays together. */
      allPerSecond: 200,
    },
    newPeers: {
      /** Presences of unknown keys checked at once for one relay: enough for a first scan. */
      burst: 500,
      /** Presences of unknown keys checked a second for one relay. */
      perSecond: 10,
      /** Presences of unknown keys checked at once for all relays together. */
      allBurst: 1_000,
      /** Presences of unknown keys checked a second for all relays together. In 5 minutes 6,000 of 10,000 places, so a peer that announces itself that often keeps its place. */
      allPerSecond: 20,
    },
    listedPeers: {
      /** Presences of unknown keys checked at once that we asked one relay for: a mesh of 5,000 is listed in seconds, and made-up keys fill half of the places. */
      burst: 5_000,
      /** Presences of unknown keys checked a second that we asked one relay for. */
      perSecond: 10,
      /** Presences of unknown keys checked at once that we asked all relays for: one with made-up keys leaves the other half to the others. */
      allBurst: 10_000,
      /** Presences of unknown keys checked a second that we asked all relays for: real ones come back in 5 minutes, and then keep their places. */
      allPerSecond: 20,
    },
    strangers: {
      /** Messages of strangers whose key is visible (NIP-04) checked at once for one relay. The rest is fetched by the next catch-up. */
      burst: 2_000,
      /** Messages of strangers whose key is visible (NIP-04) checked a second for one relay. */
      perSecond: 20,
      /** Messages of strangers whose key is visible (NIP-04) checked at once for all relays together. */
      allBurst: 2_000,
      /** Messages of strangers whose key is visible (NIP-04) checked a second for all relays together: 2 % of a core. */
      allPerSecond: 40,
    },
    giftWraps: {
      /** Gift wraps checked at once for one relay. They include contacts' messages: who sent a wrap is not visible. */
      burst: 2_000,
      /** Gift wraps checked a second for one relay. */
      perSecond: 100,
      /** Gift wraps checked at once for all relays together. */
      allBurst: 5_000,
      /** Gift wraps checked a second for all relays together: a sixth of a core. */
      allPerSecond: 200,
    },
    pings: {
      /** Ephemeral gift wraps checked at once for one relay: pings of contacts, and pongs. Those that are dropped are repeated after some minutes. */
      burst: 60,
      /** Ephemeral gift wraps checked a second for one relay: 500 contacts every five minutes are two. */
      perSecond: 4,
      /** Ephemeral gift wraps checked at once for all relays together. */
      allBurst: 120,
      /** Ephemeral gift wraps checked a second for all relays together: 2 % of a core with their decryption. */
      allPerSecond: 8,
    },
  },
  stranger: {
    /** Messages of one stranger taken at once. */
    messagesBurst: 60,
    /** Messages of one stranger taken a minute: faster than anyone reads. */
    messagesPerMinute: 20,
    /** Strangers whose rate and unread messages are counted at the same time. */
    counted: 2_000,
    /** Receipts and automatic replies to strangers at once: each costs a signature and part of the relays' write budget. */
    repliesBurst: 60,
    /** Receipts and automatic replies to strangers a minute. */
    repliesPerMinute: 30,
  },
  quota: {
    /** Unread messages of one stranger; more are dropped. Enough for three weeks of a talkative one. */
    strangerMessages: 1_000,
    /** Bytes of one stranger's unread messages. */
    strangerBytes: 1024 * 1024,
    /** Unread messages of all strangers: fewer than peers, because a stranger with unread messages is not forgotten. */
    strangersMessages: 5_000,
    /** Bytes of all strangers' unread messages. */
    strangersBytes: 16 * 1024 * 1024,
  },
  share: {
    /** Received messages, read or not, with what their rows cost. The store is in memory, so a full one takes as much there. */
    inboxBytes: 128 * 1024 * 1024,
    /** Events on their way out: a thousand of the largest messages. */
    outboxBytes: 64 * 1024 * 1024,
    /** Percent of the inbox, without what others hold, that one contact may fill: 64 MiB alone, 2.5 MiB each if 50 do. */
    contactPercent: 50,
    /** Percent of the strangers' part of the inbox, without what others hold, that one stranger may fill: 3 MiB alone. */
    strangerPercent: 5,
    /** Percent of the inbox that all strangers may fill together, answered or not: contacts always have the other half. */
    strangersPercent: 50,
    /** Percent of the outbox, without what waits for others, that may wait for one receiver. */
    receiverPercent: 50,
    /** Bytes that each peer may hold in any case, as long as there is room: ten of the largest messages. */
    leastBytes: 256 * 1024,
  },
  capacity: {
    /** Peers that are remembered: 30 MB, and more than anyone can choose from. Beyond it the least recently seen strangers are forgotten. */
    peers: 10_000,
    /** Strangers forgotten at once, so that it is not repeated for each new peer. */
    peersEvicted: 100,
  },
  held: {
    /** Strangers whose messages are held for the owner's decision. */
    strangers: 100,
    /** Held messages of each stranger. */
    messages: 3,
    /** How long held messages, and strangers our agent wants to write to, wait for the owner's decision. */
    days: 14,
  },
  firstContact: {
    /** Strangers that our agent may write to first without its owner: an agent talked into writing to everybody stops there. */
    perHour: 30,
    /** Strangers waiting for the owner's permission to be written to. */
    pending: 50,
    /** Characters of the intended message that the owner is shown. */
    pendingChars: 280,
  },
  loop: {
    /** A reply within this time counts as automatic: people rarely read and reply faster for long. */
    autoSeconds: 60,
    /** Automatic messages to one stranger: more look like two programs in a loop. */
    autoPerHour: 30,
    /** Automatic messages to one contact. */
    autoPerHourContact: 120,
    /** Automatic messages in a row, over any number of agents: it ends slow loops too. */
    autoHops: 500,
    /** How long a paused conversation stays paused without the owner. */
    pauseMinutes: 60,
  },
} as const;
