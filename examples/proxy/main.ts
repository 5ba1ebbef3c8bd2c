import { once } from 'node:events';
import { gapOf, resumable } from '@a2a-aws/client';
import { Message, type StreamResponse, TaskState } from '@a2a-js/sdk';
import { ClientFactory, ClientFactoryOptions } from '@a2a-js/sdk/client';
import { serverPort, startServer, stopServers } from './servers.ts';

const CHUNKS = 30;
/** The proxy is killed when its client has so many chunks. */
const KILLED_AFTER = 10;

/** The events that a client got. */
class Reader {
  readonly #name: string;
  readonly chunks: string[] = [];
  gaps = 0;
  state = TaskState.TASK_STATE_UNSPECIFIED;
  taskId = '';

  constructor(name: string) {
    this.#name = name;
  }

  async read(
    events: AsyncIterable<StreamResponse>,
    onChunk = (_count: number) => {},
  ): Promise<void> {
    for await (const event of events) {
      const { payload } = event;
      if (gapOf(event)) this.gaps += 1;
      if (payload?.$case === 'task') this.taskId = payload.value.id;
      if (payload?.$case === 'statusUpdate') this.state = payload.value.status?.state ?? this.state;
      const artifacts =
        payload?.$case === 'task'
          ? payload.value.artifacts
          : payload?.$case === 'artifactUpdate' && payload.value.artifact
            ? [payload.value.artifact]
            : [];
      for (const { content } of artifacts.flatMap(({ parts }) => parts)) {
        if (content?.$case === 'text') this.chunks.push(content.value);
      }
      if (payload) onChunk(this.chunks.length);
    }
  }

  /** Prints the events that the client got. Returns true if it got everything once and in order. */
  report(): boolean {
    const twice = this.chunks.length - new Set(this.chunks).size;
    const inOrder = this.chunks.every((chunk, at) => chunk === `chunk ${at}`);
    const parts = [
      `${this.chunks.length} of ${CHUNKS} chunks`,
      inOrder ? 'in order' : 'NOT in order',
      `${twice} twice`,
      `${this.gaps} gaps`,
      TaskState[this.state].replace('TASK_STATE_', ''),
    ];
    console.log(`${this.#name}: ${parts.join(', ')}`);
    return inOrder && this.chunks.length === CHUNKS && this.gaps === 0;
  }
}

try {
  const agentPort = serverPort();
  const port = serverPort();
  const url = `http://127.0.0.1:${port}`;
  const env = { AGENT_URL: `http://127.0.0.1:${agentPort}` };
  await startServer('agent-server.ts', agentPort);
  const proxy = await startServer('proxy-server.ts', port, env);

  const client = await new ClientFactory().createFromUrl(url);
  const preferredTransports = ['HTTP+JSON'];
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    preferredTransports,
  });
  const otherClient = await new ClientFactory(options).createFromUrl(url);

  const sender = new Reader('sender, JSON-RPC');
  const subscriber = new Reader('subscriber, HTTP+JSON');
  const message = Message.fromJSON({
    role: 'ROLE_USER',
    parts: [{ text: `${CHUNKS} chunks, 100 ms apart` }],
  });
  const request = { tenant: '', message, configuration: undefined, metadata: undefined };
  let subscribing: Promise<void> | undefined;
  const sending = sender.read(resumable(client).sendMessageStream(request), (count) => {
    // A second client joins.
    const subscription = { tenant: '', id: sender.taskId };
    subscribing ??= subscriber.read(resumable(otherClient).resubscribeTask(subscription));
    if (count === KILLED_AFTER) proxy.kill('SIGKILL');
  });

  await once(proxy, 'exit');
  console.log(`The proxy was killed when its client had ${KILLED_AFTER} chunks.`);
  await startServer('proxy-server.ts', port, env);
  console.log('Another proxy has started.');

  await Promise.all([sending, subscribing]);
  const all = [sender, subscriber].map((reader) => reader.report());
  process.exitCode = all.includes(false) ? 1 : 0;
} finally {
  await stopServers();
}
