/** A number of things, or of minutes: each plan takes one between the two. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What plans are made of. Rates are events an hour: for each machine, or for each relay where relays are meant. */
export interface Scenario {
  readonly agents: Span;
  readonly relays: Span;
  /** Minutes with faults. */
  readonly faultMinutes: Span;
  /** Minutes without faults at the end, in which everything has to arrive. */
  readonly quietMinutes: Span;
  /** Share of the other relays that misbehave; the first relay is honest. */
  readonly badRelays: number;
  /** Share of the agents that run version 0.1 or 0.2. */
  readonly deployedAgents: number;
  /** Chance that all machines are off for days. */
  readonly longNight: number;
  /** Chance that nothing happens for more than an hour, while all machines run. */
  readonly calmHour: number;
  /** Share of our agents that start on the store of an older version. */
  readonly upgraded: number;
  /** Chance that an agent has only relays that drop what they accept. */
  readonly dropped: number;
  readonly rates: Readonly<Record<Rate, number>>;
}

export type Rate =
  | 'send'
  | 'crash'
  | 'crashAtOperation'
  | 'crashAtRename'
  | 'killAndCut'
  | 'stop'
  | 'takeOver'
  | 'restore'
  | 'copy'
  | 'stepClock'
  | 'fullDisk'
  | 'slowDisk'
  | 'resetConnections'
  | 'cut'
  | 'jumpWhileCut'
  | 'spare'
  | 'floodThenCrash'
  | 'readThenCrash'
  | 'refuse'
  | 'relayDown'
  | 'relayForgets'
  | 'block'
  | 'contact'
  | 'policy'
  | 'changeRelays'
  | 'stranger'
  | 'markRead';

export const everyFault: Scenario = {
  agents: { from: 3, to: 8 },
  relays: { from: 2, to: 5 },
  faultMinutes: { from: 20, to: 30 },
  quietMinutes: { from: 45, to: 45 },
  badRelays: 0.5,
  deployedAgents: 0.2,
  longNight: 0.1,
  calmHour: 0.05,
  upgraded: 0.1,
  dropped: 0.15,
  rates: {
    send: 25,
    crash: 1,
    crashAtOperation: 2,
    crashAtRename: 0.3,
    killAndCut: 0.5,
    stop: 0.5,
    takeOver: 0.3,
    restore: 0.1,
    copy: 0.1,
    stepClock: 0.6,
    fullDisk: 0.3,
    slowDisk: 0.3,
    resetConnections: 1,
    cut: 1.5,
    jumpWhileCut: 0.3,
    spare: 0.6,
    floodThenCrash: 0.5,
    readThenCrash: 1,
    refuse: 0.7,
    relayDown: 1,
    relayForgets: 0.5,
    block: 0.2,
    contact: 0.7,
    policy: 0.1,
    changeRelays: 0.2,
    stranger: 2,
    markRead: 0.5,
  },
};

/** Small enough for every day: a seed takes a third of a second. */
export const smallMesh: Scenario = {
  ...everyFault,
  agents: { from: 3, to: 4 },
  relays: { from: 2, to: 3 },
  faultMinutes: { from: 10, to: 10 },
};
