/** Something that a test waits for, and that happens once. */
export function createSignal(): { readonly fired: Promise<void>; fire(): void } {
  let fire = (): void => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire: () => fire() };
}
