import type { Cluster } from '@a2a-aws/local';
import { AGENT_CARD_PATH } from '@a2a-js/sdk';
import { JSON_RPC_PATH, REST_PATH } from './agent-client.ts';

/** Returns the addresses of a cluster that keeps running, and a command that talks to it. */
export function addresses({ url, instances, aws }: Cluster): string {
  const servers = instances.map((one) => `  ${one.name}              ${one.url}  (pid ${one.pid})`);
  const environment = Object.entries(aws.env).map(([name, value]) => `  ${name}=${value}`);
  return `
  load balancer  ${url}
${servers.join('\n')}

  agent card     ${url}/${AGENT_CARD_PATH}
  JSON-RPC       ${url}${JSON_RPC_PATH}
  HTTP+JSON      ${url}${REST_PATH}
  each server    the same paths, and /health and /stats

  curl -N ${url}${REST_PATH}/message:stream \\
    -H 'A2A-Version: 1.0' -H 'Content-Type: application/json' \\
    -d '{"message":{"messageId":"'$RANDOM'","role":"ROLE_USER","parts":[{"text":"20 chunks, 100 ms apart"}]}}'

  Its AWS, for other processes:
${environment.join('\n')}

  Ctrl-C stops.`;
}
