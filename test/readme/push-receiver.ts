import { type HandleEvent, webhookReceiver } from '@a2a-aws/client/webhook';
import express, { type Express } from 'express';

/** A receiver that verifies each notification, and handles each event once. */
export function receiverApp(secrets: string | readonly string[], handle: HandleEvent): Express {
  const receive = webhookReceiver({ secrets }); // whsec_…, as in the server's push.signingSecret
  const app = express();
  // The body as it arrived: the signature is about its bytes.
  app.post('/pushed', express.raw({ type: () => true, limit: '8mb' }), async (req, res) => {
    try {
      const receipt = await receive(req.headers, req.body, handle);
      if (receipt.kind === 'refused') console.warn('Refused a notification', receipt.reason);
      res.status(receipt.kind === 'refused' ? 400 : 204).end();
    } catch {
      res.status(503).end(); // the server sends it again
    }
  });
  return app;
}
