import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

/** Subscribes over HTTP, takes the head of the answer and reads nothing more until it is closed. */
export async function stuckReader(url: string, taskId: string): Promise<() => void> {
  const sent = request(`${url}/tasks/${taskId}:subscribe`, {
    method: 'POST',
    headers: { 'A2A-Version': '1.0', 'Content-Type': 'application/json' },
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`Subscribing answered ${response.statusCode}.`);
  // A socket that is closed while bytes wait in it says so.
  response.on('error', () => {});
  return () => response.destroy();
}
