import type { Message, Pubkey } from '@ocmesh/shared/contract';
import { count, type World } from '../world.ts';
import type { Machine, Running } from './machine.ts';

/**
 * The program of an agent: waits for messages from its cursor on, as an agent does, and notes what it is shown. It keeps its
 * cursor over crashes of the daemon.
 */
export function createAgentProgram(world: World, habit: 'reads' | 'replies' | 'leaves unread') {
  let cursor = '0';
  let replies = 0;

  async function read(machine: Machine, running: Running): Promise<void> {
    const { handlers } = running.agent;
    while (!running.ended.aborted) {
      try {
        const { messages, cursor: next } = await handlers.waitForMessages({ after: cursor, timeout_s: 55 });
        if (running.ended.aborted) return;
        cursor = next;
        for (const message of messages) show(machine, message);
        for (const message of messages) await answer(running, message);
      } catch (error) {
        if (running.ended.aborted) return;
        if ((error as { code?: string }).code === 'cursor_unknown') cursor = '0';
        else await new Promise<void>((resolve) => running.clock.after(2_000, resolve));
      }
    }
  }

  function show(machine: Machine, { id, from, content }: Message): void {
    machine.record.shown.push({ id, from: from as Pubkey, content, atMs: world.virtual.now() });
    world.history.note(machine.name, `is shown ${content.slice(0, 40)}`);
    count(world, 'messages shown');
  }

  async function answer({ agent: { handlers } }: Running, message: Message): Promise<void> {
    if (habit === 'leaves unread') return;
    await handlers.markRead({ id: message.id });
    if (habit !== 'replies') return;
    // Marked by its text, so that the reply to a reply is known as one.
    const content = `${message.to} replies ${++replies}: ${message.content.slice(0, 20)}`;
    await handlers.sendMessage({ to: message.from, content, reply_to: message.id }).catch(() => {});
  }

  /** Notes each change of a message's state that the stream of events shows. */
  async function follow(machine: Machine, running: Running): Promise<void> {
    try {
      const stream = running.agent.handlers.followEvents({}, { signal: running.ended });
      for await (const event of stream) {
        if (running.ended.aborted) return;
        if (event.event !== 'message.state') continue;
        const { id, state } = event.data;
        machine.record.states.push({ id, state, atMs: world.virtual.now() });
        world.history.note(machine.name, `sees ${id.slice(0, 8)} ${state}`);
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
