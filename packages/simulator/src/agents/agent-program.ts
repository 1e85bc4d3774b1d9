import type { Message, Pubkey } from '@ocmesh/shared/contract';
import type { MachinePlan } from '../plan/plan.ts';
import { count, type World } from '../world.ts';
import type { Machine, Running } from './machine.ts';
import { sendMessage } from './send-message.ts';

/** Pause after a call that failed. */
const PAUSE_MS = 2_000;

/**
 * The program of an agent: waits for messages from its cursor on, as an agent does, and notes what it is shown. It keeps its
 * cursor over crashes of the daemon.
 */
export function createAgentProgram(world: World, habit: MachinePlan['agent']) {
  let cursor = '0';
  let replies = 0;

  async function read(machine: Machine, running: Running): Promise<void> {
    const { handlers } = running.agent;
    while (!running.ended.aborted) {
      try {
        const { messages, cursor: next } = await handlers.waitForMessages({ after: cursor, timeout_s: 55 });
        if (running.ended.aborted) return;
        cursor = next;
        for (const message of messages) show(machine, running, message);
        for (const message of messages) await answer(machine, running, message);
      } catch (error) {
        if (running.ended.aborted) return;
        if ((error as { code?: string }).code === 'cursor_unknown') cursor = '0';
        await new Promise<void>((resolve) => running.clock.after(PAUSE_MS, resolve));
      }
    }
  }

  function show({ record, name }: Machine, { run }: Running, { id, from, content }: Message): void {
    record.shown.push({ id, from: from as Pubkey, content, run, atMs: world.virtual.now() });
    world.history.note(name, `is shown “${content.slice(0, 40)}”`);
    count(world, 'messages shown');
  }

  async function answer(machine: Machine, running: Running, message: Message): Promise<void> {
    if (habit === 'leaves unread') return;
    await running.agent.handlers.markRead({ id: message.id }).catch(() => {});
    const to = world.byKey(message.from as Pubkey);
    const isReply = message.content.includes(' replies ');
    if (habit === 'reads' || (habit === 'replies' && isReply)) return;
    if (!to) {
      // A stranger: its own text is enough to know the reply by.
      await running.agent.handlers.sendMessage({ to: message.from, content: 'who are you?' }).catch(() => {});
      return;
    }
    const content = `${machine.name} replies ${++replies} to ${message.content.slice(0, 12)}`;
    await sendMessage(world, machine, { to, content, byPerson: false, replyTo: message.id });
  }

  /** Notes each change of a message's state that the stream of events shows. */
  async function follow(machine: Machine, running: Running): Promise<void> {
    try {
      const stream = running.agent.handlers.followEvents({}, { signal: running.ended });
      for await (const event of stream) {
        if (running.ended.aborted) return;
        if (event.event !== 'message.state') continue;
        const { id, state } = event.data;
        const change = { id, state, atMs: world.virtual.now() };
        machine.record.states.push(change);
        world.history.note(machine.name, `sees message ${id.slice(0, 8)} ${state}`);
        for (const listener of world.stateListeners) listener(machine, change);
      }
    } catch {
      // The store refuses to be read: the process ends soon.
    }
  }

  return {
    onUp(machine: Machine, running: Running): void {
      void follow(machine, running);
      void read(machine, running);
    },
  };
}
