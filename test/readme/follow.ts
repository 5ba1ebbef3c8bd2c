import { setTimeout as sleep } from 'node:timers/promises';
import type { SendMessageRequest, StreamResponse } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { UnsupportedOperationError } from '@a2a-js/sdk/errors';

const TRIES = 40;

/** Sends a message and follows what comes of it, whichever servers come and go meanwhile. */
export async function* follow(
  client: Pick<Client, 'sendMessageStream' | 'resubscribeTask' | 'getTask'>,
  request: SendMessageRequest,
): AsyncGenerator<StreamResponse, void, undefined> {
  const { tenant } = request;
  let id = ''; // of the task, once an event has told it
  for (let tries = 1; ; tries++) {
    try {
      const events = id
        ? client.resubscribeTask({ id, tenant })
        : client.sendMessageStream(request);
      for await (const event of events) {
        yield event; // after a break first the whole task, then what is new
        tries = 0;
        const { payload } = event;
        if (payload?.$case === 'task') id = payload.value.id;
      }
      return; // the stream has ended; an interrupted one throws
    } catch (error) {
      if (id && error instanceof UnsupportedOperationError) {
        const value = await client.getTask({ id, tenant }); // it has ended meanwhile
        yield { payload: { $case: 'task', value } };
        return;
      }
      if (tries >= TRIES) throw error;
    }
    await sleep(500);
  }
}
