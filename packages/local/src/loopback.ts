/** The only address that the embedded AWS listens on. */
export const LOOPBACK = '127.0.0.1';

/** The base URL of a service at `port` of this machine. */
export function loopbackUrl(port: number): string {
  return `http://${LOOPBACK}:${port}`;
}
