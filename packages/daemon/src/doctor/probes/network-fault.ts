/** What a failed system call on the way to a relay means, with the code that others know it by. */
export function networkFault(syscall: string, code: string): string {
  if (syscall === 'getaddrinfo')
    return `${code === 'EAI_AGAIN' ? 'no answer about its name' : 'its name is not found'} (${code})`;
  return syscall === 'connect' ? `no connection (${code})` : `the connection broke (${code})`;
}

/** The same for what Node makes of it, as in `getaddrinfo ENOTFOUND relay.example`; other texts stay as they are. */
export const explainNetworkError = (text: string): string =>
  text.replace(/^(getaddrinfo|connect|read|write) (E[A-Z_]+)\b.*$/, (_, syscall: string, code: string) =>
    networkFault(syscall, code),
  );
