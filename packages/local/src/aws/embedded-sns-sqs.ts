import { LOOPBACK } from '../loopback.ts';
import type { EmbeddedService } from './embedded-service.ts';
import { useReachableQueueUrls } from './queue-urls.ts';

/** Starts fauxqs, which plays SNS and SQS on one port, in this process; its data is in memory. */
export async function startSnsSqs(): Promise<EmbeddedService> {
  // Loading it takes 0.2 s, which importers of this package that start no AWS are spared.
  const { buildApp } = await import('fauxqs');
  const app = buildApp({ logger: false });
  useReachableQueueUrls(app);
  const endpoint = await app.listen({ host: LOOPBACK, port: 0 });
  return {
    endpoint,
    async stop() {
      await app.close();
    },
  };
}
