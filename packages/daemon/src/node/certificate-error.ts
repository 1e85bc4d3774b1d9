/** Codes of Node and OpenSSL for a certificate that was not accepted. */
const CODE =
  /^(CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(GET|VERIFY|DECODE|DECRYPT)|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT)/;

/** Whether a connection failed because the certificate of the other side was not accepted. */
export const isCertificateError = (code: string | undefined): boolean => CODE.test(code ?? '');
