/** Of the REST API on 127.0.0.1, where the configuration names no other. */
export const defaultPort = 7432;
