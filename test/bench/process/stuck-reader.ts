import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

/** Subscribes over HTTP and reads the answer's head, but no more until it is closed. */
export async function stuckReader(url: string, taskId: string): Promise<() => void> {
  const sent = request(`${url}/tasks/${taskId}:subscribe`, {
    method: 'POST',
    headers: { 'A2A-Version': '1.0', 'Content-Type': 'application/json' },
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`Subscribing answered ${response.statusCode}.`);
  // A socket emits an error if it is closed while it has unread bytes.
  response.on('error', () => {});
  return () => response.destroy();
}
