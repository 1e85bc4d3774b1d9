// docs/errors.md: every error code and every exit code.
import { errorCatalogue, nextSteps } from '@ocmesh/shared/contract';

/** @typedef {keyof typeof errorCatalogue} Code */

/** @param {string} header */
export function errorsDocument(header) {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, retry, message }]) =>
      `| \`${code}\` | ${status} | ${retry.replace('_', ' ')} | ${message} | ${nextSteps.errors[/** @type {Code} */ (code)].api} |`,
  );
  const problems = Object.entries(nextSteps.problems).map(
    ([problem, { api }]) => `| \`${problem}\` | ${api} |`,
  );
  return `${header}
# Errors

The next step is that of the REST API, which sends it as \`hint\`. MCP tools and the \`ocmesh\` command show their own.

| code | HTTP | try again | what happened | next step |
|---|---|---|---|---|
${rows.join('\n')}

\`peer_unknown\` is 400 at \`POST /send\`. \`daemon_down\` comes from our clients when nothing responds.

Some errors have a \`problem\` besides their code, and a more exact next step:

| problem | next step |
|---|---|
${problems.join('\n')}

# Exit codes

| code | the daemon (\`ocmesh start\`) | other commands |
|---|---|---|
| 0 | stopped by SIGTERM, SIGINT or SIGHUP | success; \`status\`: healthy; \`doctor\`: nothing failed |
| 1 | crashed, or the disk failed: start it again | \`doctor\`: a check failed; \`service status\`: not installed, not responding, or its Node is gone; \`service\`: the daemon did not start; or an internal error |
| 75 | trying again may help: another program has been using the port for 5 s, or the disk is full | it may work later; \`status\`: degraded, or not running |
| 78 | only a person can help: configuration, permissions, keys, unreadable store, home in use, port used by another ocmesh. Under launchd it does not exit but waits and tries again ([ADR 0016](adr/0016-user-service.md)) | wrong input, or this machine cannot do it |
`;
}
