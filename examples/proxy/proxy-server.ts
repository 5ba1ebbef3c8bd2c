import { ClientFactory } from '@a2a-js/sdk/client';
import { ForwardingExecutor } from './forwarding-executor.ts';
import { serve } from './serve.ts';

const agent = await new ClientFactory().createFromUrl(process.env.AGENT_URL ?? '');

// Without `lease` it would take 20 s until the run of a killed process is executed again.
const lease = { beatMs: 300, leaseMs: 1_500, quarantineMs: 1_000 };
await serve(
  new ForwardingExecutor(agent),
  { prefix: 'proxy', instanceId: 'proxy', lease },
  { onOrphan: 'resume' },
);
