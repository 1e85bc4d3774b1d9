// What the checks of this folder print: one line for each thing that holds or does not.
let failures = 0;

/** @param {string} what @param {boolean} isRight */
export function check(what, isRight) {
  console.log(`${isRight ? 'ok    ' : 'FAILED'} ${what}`);
  if (!isRight) failures++;
}

/** Exit code of a check. */
export const exitCode = () => (failures > 0 ? 1 : 0);
