import { askForAccess, everyone, type NextStep, openAgain, otherPage, otherVersion } from './step-texts.ts';

/** Problems within an error code whose next step is more exact than that of the code. */
export const ofProblems = {
  // invalid_request
  no_path: {
    api: 'Send a path such as /status.',
    tool: askForAccess,
    command: otherVersion,
    page: otherPage,
  },
  proxied: {
    api: 'Call it directly, without a proxy.',
    tool: askForAccess,
    command: 'Call it directly, without a proxy.',
    page: 'Open the page directly, without a proxy.',
  },
  method_in_header: {
    api: 'Remove the header that names another method, such as X-HTTP-Method.',
    tool: askForAccess,
    command: otherVersion,
    page: otherPage,
  },
  only_page: {
    api: 'Run `ocmesh open`, which signs the page in. Programs send the token instead.',
    tool: askForAccess,
    command: 'Run `ocmesh open`, which signs the page in.',
    page: openAgain,
  },
  token_itself: {
    api: 'Run `ocmesh open`, or send the header Authorization: Bearer TOKEN.',
    tool: askForAccess,
    command: 'Set OCMESH_HOME to the home of this daemon: its token is there.',
    page: openAgain,
  },
  no_page: {
    api: 'Install a release, or build it: npm run build. `ocmesh status` and docs/api.md work without it.',
    tool: askForAccess,
    command: 'Install a release, or build it: npm run build.',
    page: otherPage,
  },
  not_http: { api: 'Send HTTP/1.1.', tool: askForAccess, command: otherVersion, page: otherPage },
  body_not_object: {
    api: 'Send a JSON object: {"id": "…"}.',
    tool: 'Call again with one JSON object as arguments.',
    command: otherVersion,
    page: otherPage,
  },
  not_utf8: {
    api: 'Encode it as UTF-8, and set the header Content-Type: application/json, with charset=utf-8 or none.',
    tool: askForAccess,
    command: otherVersion,
    page: otherPage,
  },
  not_a_path_segment: {
    api: 'Use an id or key as in GET /messages and GET /peers.',
    tool: 'Use an id or key exactly as list_messages or list_peers shows it.',
    command: 'Use an id or key as `ocmesh inbox` and `ocmesh peers` show it.',
    page: 'Choose the peer or message from a list.',
  },
  two_peers: everyone('Give only one of them.'),
  // peer_unknown
  handle_unknown: {
    api: 'GET /peers lists the known ones. Check the digits.',
    tool: 'Call list_peers for the handles of known peers. Check the digits.',
    command: '`ocmesh peers` lists the known ones. Check the digits.',
    page: 'Peers lists the known ones. Check the digits.',
  },
  // invalid_request
  not_shown_until: {
    api: 'Send the ids of the messages.',
    tool: 'Call mark_read with ids, or with the cursor that a list of all unread messages gave as up_to.',
    command: '`ocmesh read` with the ids.',
    page: 'Open the conversation again.',
  },
  // message_unknown
  not_sent: {
    api: 'GET /messages?direction=out lists the ids of what you sent.',
    tool: 'Use the id that send_message returned; list_messages with direction out shows the others.',
    command: '`ocmesh chat <peer>` shows the conversation.',
    page: 'Open the conversation: it shows what you sent.',
  },
  relay_list_full: {
    api: 'Remove one first: DELETE /relays?url=….',
    tool: 'Ask your user to remove one with `ocmesh relays remove`.',
    command: 'Remove one first: `ocmesh relays remove <url>`.',
    page: 'Remove one first.',
  },
  not_a_relay_url: everyone('Use wss://host, or ws://host for a relay on your own network.'),
  owner_is_agent: {
    api: 'Use the key of a person’s Nostr app.',
    tool: 'Only your user can name it, with `ocmesh owner`.',
    command: 'Use the npub of your Nostr app on the phone.',
    page: 'Use the npub of your Nostr app on the phone.',
  },
  owner_is_us: {
    api: 'Use the key of a person’s Nostr app, not that of this agent.',
    tool: 'Only your user can name it, with `ocmesh owner`.',
    command: 'Use the npub of your Nostr app on the phone, not that of this agent.',
    page: 'Use the npub of your Nostr app on the phone, not that of this agent.',
  },
  owner_is_blocked: {
    api: 'Unblock it first: PATCH /peers/KEY with trust stranger.',
    tool: 'Only your user can name it, with `ocmesh owner`.',
    command: 'Unblock it first: `ocmesh unblock <npub>`.',
    page: 'Unblock it first.',
  },
  no_owner: {
    api: 'Name its key in the same request.',
    tool: 'Only your user can name it, with `ocmesh owner`.',
    command: 'Name it first: `ocmesh owner <npub>`.',
    page: 'Run `ocmesh owner <npub>` in a terminal first.',
  },
  quiet_all_day: everyone('Choose two different times, or none.'),
  control_character: everyone('Send plain text; the only control characters allowed are tab and line ends.'),
  reserved_type: everyone('Use text, task, result, error, file, or a type of your own.'),
  reserved_field: everyone('Rename the field in data.'),
  // cursor_unknown
  page_unknown: {
    api: 'Start again with the first page: leave out cursor.',
    tool: 'Call again without cursor: that returns the first page.',
    command: 'Try again.',
    page: 'Open the list again.',
  },
  // storage_slow
  may_be_stored: {
    api: 'A message sent again with the same Idempotency-Key is stored once; without a key, first look with GET /messages?direction=out, once the disk responds. Other calls can be repeated.',
    tool: 'A message sent again with the same idempotency_key is stored once; without a key, first look with list_messages, once the disk responds. Other calls can be repeated.',
    command:
      '`ocmesh status` shows when the disk responds. Before you send a message again, look at the conversation with `ocmesh chat <peer>`.',
    page: 'Look at the conversation before you send a message again. Other changes can be repeated.',
  },
  // daemon_down
  not_a_daemon: {
    api: 'Another program may be using the port: see `ocmesh doctor`.',
    tool: 'Tell your user: another program may be using the port; see `ocmesh doctor`.',
    command: 'Another program may be using the port: see `ocmesh doctor`.',
    page: 'Another program may be using the port: see `ocmesh doctor`.',
  },
  home_unknown: {
    api: 'Set OCMESH_HOME to an absolute path.',
    tool: 'Ask your user to set OCMESH_HOME to the absolute path of the agent.',
    command: 'Set OCMESH_HOME to an absolute path.',
    page: 'Set OCMESH_HOME to an absolute path.',
  },
  other_daemon: {
    api: 'Set OCMESH_HOME to the home of that daemon, or start this one with `ocmesh start`.',
    tool: 'Tell your user: set OCMESH_HOME to the home of that daemon, or start this one with `ocmesh start`.',
    command: 'Set OCMESH_HOME to the home of that daemon, or start this one with `ocmesh start`.',
    page: openAgain,
  },
  older_daemon: {
    api: 'Restart it: `ocmesh service install` upgrades the service; otherwise stop it and run `ocmesh start`.',
    tool: 'Ask your user to restart it: `ocmesh service install` upgrades the service; otherwise stop it and run `ocmesh start`.',
    command:
      'Restart it: `ocmesh service install` upgrades the service; otherwise stop it and run `ocmesh start`.',
    page: 'Restart it: `ocmesh service install` upgrades the service; otherwise stop it and run `ocmesh start`.',
  },
  api_url_elsewhere: {
    api: 'Set it to http://127.0.0.1:PORT, or remove it and start the daemon with `ocmesh start`.',
    tool: 'Ask your user to set it to http://127.0.0.1:PORT, or to remove it.',
    command: 'Set it to http://127.0.0.1:PORT, or remove it and start the daemon with `ocmesh start`.',
    page: openAgain,
  },
} as const satisfies Record<string, NextStep>;
