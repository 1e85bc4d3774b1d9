import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Automation, createAutomation } from '../../clients/automation.ts';
import { createConnection, type Undone } from '../../clients/connection.ts';
import type { FileEdit } from '../../clients/plan-edits.ts';
import { clientRecipes, type Recipe } from '../../clients/recipes.ts';
import { readSkill } from '../../clients/skill-files.ts';
import type { CommandContext } from '../terminal/context.ts';
import { CommandError } from '../terminal/failure.ts';
import { cancelled, confirm } from '../terminal/prompts.ts';
import { testClientWake } from './connect-test.ts';
import { chooseNode, machineOf } from './service-context.ts';

export interface ConnectFlags {
  readonly print?: boolean;
  readonly yes?: boolean;
  readonly undo?: boolean;
  readonly test?: boolean;
}

/** Connects this client, or takes it back; without a client, lists all. */
export async function connectClient(
  context: CommandContext,
  client: string | undefined,
  flags: ConnectFlags,
): Promise<void> {
  const recipes = await findRecipes(context);
  if (client === undefined) return listClients(context, recipes);
  const recipe = recipes.find(({ id }) => id === client);
  if (!recipe) {
    throw new CommandError(
      'invalid_request',
      'This client is not known.',
      `Use one of ${recipes.map(({ id }) => id).join(', ')}. Most others read what \`ocmesh connect cursor --print\` shows.`,
    );
  }
  if (flags.test) {
    const isConnected = connectionOf(context, recipe).isRecorded();
    return testClientWake(context, recipe, { isConnected, automation: automationOf(context, recipe) });
  }
  await (flags.undo ? undo(context, recipe, flags) : connect(context, recipe, flags));
}

async function findRecipes(context: CommandContext): Promise<readonly Recipe[]> {
  const { home } = context;
  const machine = machineOf(context);
  const { path: node } = await chooseNode({});
  const installed = join(home.path, 'app/current/ocmesh.mjs');
  return clientRecipes(
    { machine, platform: process.platform },
    {
      node,
      program: existsSync(installed) ? installed : fileURLToPath(new URL('ocmesh.mjs', import.meta.url)),
      home: home.path === join(machine.userHome, '.ocmesh') ? null : home.path,
      skill: readSkill(fileURLToPath(new URL('skill.json', import.meta.url))),
    },
  );
}

const connectionOf = ({ home }: CommandContext, recipe: Recipe) =>
  createConnection(join(home.path, 'clients'), recipe);

function listClients(context: CommandContext, recipes: readonly Recipe[]): void {
  const rows = recipes.map((recipe) => ({
    id: recipe.id,
    title: recipe.title,
    connected: connectionOf(context, recipe).isRecorded(),
  }));
  context
    .printer()
    .result(rows, () =>
      rows
        .map(({ id, title, connected }) => `${id.padEnd(15)} ${title}${connected ? ' (connected)' : ''}`)
        .join('\n'),
    );
}

async function connect(context: CommandContext, recipe: Recipe, { print, yes }: ConnectFlags): Promise<void> {
  const out = context.printer();
  const { title, changes, wake } = recipe;
  const automation = automationOf(context, recipe);
  const commands = automation ? [automation.command] : [];
  if (print) {
    // Also what is there already: the owner may want to write it by hand.
    out.result({ changes, commands }, () => [...changes.map(changeText), ...commands].join('\n\n'));
    return;
  }
  const connection = connectionOf(context, recipe);
  const edits = connection.plan();
  if (edits.length > 0 || automation) {
    out.note(
      [...edits.map((edit) => describeEdit(edit, changes)), ...commands.map((line) => `Runs: ${line}`)].join(
        '\n',
      ),
    );
    if (!yes) await mustConfirm(context, `Connect ${title}?`);
    connection.apply(edits);
  }
  const problem = automation ? await automation.add() : null;
  const left = problem === null ? [] : commands;
  out.result({ client: recipe.id, written: edits.map(({ path }) => path), commands: left }, () =>
    [
      edits.length > 0
        ? `${title} is connected. It starts ocmesh when it starts next; \`ocmesh connect ${recipe.id} --undo\` takes it back.`
        : `${title} is connected already.`,
      ...(problem === null
        ? [wake]
        : [
            `Nothing wakes its agent yet: ${problem}.`,
            'Run this while its gateway runs, or connect it again:',
            ...left.map((line) => `  ${line}`),
          ]),
    ].join('\n'),
  );
}

const automationOf = (context: CommandContext, { automation }: Recipe): Automation | null =>
  automation ? createAutomation(automation, machineOf(context)) : null;

async function undo(context: CommandContext, recipe: Recipe, { yes }: ConnectFlags): Promise<void> {
  const connection = connectionOf(context, recipe);
  if (!connection.isRecorded()) {
    throw new CommandError(
      'refused',
      `\`ocmesh connect\` has written nothing for ${recipe.title}.`,
      'If you added the server by hand, remove it there.',
    );
  }
  if (!yes) await mustConfirm(context, `Take back what was written for ${recipe.title}?`);
  const automation = automationOf(context, recipe);
  const removed = automation ? await automation.remove() : 'missing';
  if (typeof removed === 'object') {
    throw new CommandError(
      'refused',
      `The automation of ${recipe.title} could not be removed: ${removed.problem}. Nothing was changed.`,
      'Start its gateway, then do this again.',
    );
  }
  const undone = connection.undo();
  context
    .printer()
    .result(undone, () =>
      [
        ...(removed === 'removed' ? [`The automation of ${recipe.title} is removed.`] : []),
        ...undone.map(describeUndone),
      ].join('\n'),
    );
}

async function mustConfirm({ io }: CommandContext, question: string): Promise<void> {
  if (!io.stdin.isTTY)
    throw new CommandError(
      'refused',
      'Nobody can be asked here.',
      'Look at it with --print, then add --yes.',
    );
  if (!(await confirm(io, question))) throw cancelled();
}

const changeText = (change: Recipe['changes'][number]): string =>
  change.format === 'skill'
    ? `${change.path}, a file of the skill`
    : `${change.path}, ${change.format === 'toml' ? 'table' : 'at'} ${change.at.join('.')}:\n${JSON.stringify(change.value, null, 2)}`;

function describeEdit({ path, before, after }: FileEdit, changes: Recipe['changes']): string {
  if (changes.some((change) => change.format === 'skill' && change.text === after))
    return `${path}, ${before === null ? 'a new file' : 'another version'} of the skill`;
  const there = new Set((before ?? '').split('\n'));
  const added = after.split('\n').filter((line) => line !== '' && !there.has(line));
  return [before === null ? `${path}, a new file:` : `${path}:`, ...added.map((line) => `  + ${line}`)].join(
    '\n',
  );
}

const describeUndone = ({ path, how }: Undone): string =>
  ({
    restored: `${path} is as it was.`,
    removed: `${path} changed since, so only ocmesh was taken out of it.`,
    kept: `${path} changed since, so it stays: remove it if you do not need it.`,
    same: `${path} has nothing of ocmesh.`,
  })[how];
