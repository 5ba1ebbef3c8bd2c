import CountingExecutor from '../demo/counting-executor.ts';
import { serve } from './serve.ts';

// The agent behind the proxy: to "30 chunks, 100 ms apart" it answers with 30 numbered chunks.
await serve(new CountingExecutor(), { prefix: 'agent', instanceId: 'agent' });
