/** Kinds of caller: a program over REST, a model with tools, the owner at the `ocmesh` command and in the log, or on the page. */
export type Audience = 'api' | 'tool' | 'command' | 'page';

/** What to do about an error or a state, in the terms of each kind of caller. Only `api` names REST calls. */
export type NextStep = Readonly<Record<Audience, string>>;

/** A step that does not depend on who calls. */
export const everyone = (step: string): NextStep => ({ api: step, tool: step, command: step, page: step });

/** No word on where the token is: a model has no business reading it. */
export const askForAccess = 'Tell your user: they have to set up access to the daemon.';
export const otherVersion =
  '`ocmesh version` and `ocmesh status` show whether the daemon has another version.';
/** The page in the browser is older or newer than the daemon. */
export const otherPage = 'Reload the page: the daemon may have another version now.';
export const openAgain = 'Run `ocmesh open` to open this page again.';
export const freeSpace: NextStep = {
  api: 'Free some space; no restart is needed.',
  tool: 'Tell your user to free some disk space; no restart is needed.',
  command: 'Free some space; no restart is needed.',
  page: 'Free some space; no restart is needed.',
};
export const checkDisk: NextStep = {
  api: 'Check the disk. The daemon goes on by itself once it responds; no restart is needed.',
  tool: 'Try again in a minute. If it lasts, tell your user to check the disk.',
  command: 'Check the disk. The daemon goes on by itself once it responds; no restart is needed.',
  page: 'Check the disk. The daemon goes on by itself once it responds; no restart is needed.',
};
export const readTheLog: NextStep = {
  api: 'ocmesh.log has the reason.',
  tool: 'Tell your user: `ocmesh logs` shows the reason.',
  command: '`ocmesh logs` shows the reason.',
  page: '`ocmesh logs` shows the reason.',
};
export const makeRoom: NextStep = {
  api: "Mark a peer's messages as read with POST /messages/read and `from`: the oldest read ones make room. `ocmesh block` drops what a peer sends.",
  tool: 'Call mark_read for messages you have dealt with: the oldest read ones make room. Your user can block a peer with `ocmesh block`.',
  command:
    '`ocmesh read --from <peer>` marks messages as read: the oldest read ones make room. `ocmesh block <peer>` drops what it sends.',
  page: 'In Conversations, mark as read what you have dealt with: the oldest read messages make room. Block a peer in Peers to drop what it sends.',
};
/** Nobody but the daemon writes to the owner's phone. */
export const leaveThePhone: NextStep = {
  api: 'Talk to the owner where the agent already does. Requests reach the phone by themselves.',
  tool: 'Talk to your user here. Requests reach their phone by themselves.',
  command: '`ocmesh owner remove` makes it an ordinary peer again.',
  page: 'Run `ocmesh owner remove` in a terminal to make it an ordinary peer again.',
};
