import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@a2a-aws/testkit/fakes';
import { StreamResponse } from '@a2a-js/sdk';
import { ServerCallContext } from '@a2a-js/sdk/server';
import { jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { build } from 'esbuild';
import express, { type Express } from 'express';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { A2aNode } from './fixtures/a2a-node.ts';
import type { TestPage } from './fixtures/browser-page.ts';
import { afterBytes, CuttingProxy } from './fixtures/cutting-proxy.ts';
import { eventually, Gate } from './fixtures/eventually.ts';
import { Fleet } from './fixtures/fleet.ts';
import { send } from './fixtures/requests.ts';
import { frameNames } from './fixtures/task-picture.ts';

const timeout = 120_000;
/** The browser of Debian; the test is skipped where it is not installed. */
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-sync',
];
const CHUNKS = 30;

describe.skipIf(!existsSync(CHROMIUM))('a browser', () => {
  let fleet: Fleet;
  let browser: Browser;
  let page: Page;
  let proxy: CuttingProxy;
  let servers: readonly TestServer[] = [];

  beforeAll(async () => {
    fleet = await Fleet.start();
    const random = new SeededRandom(3);
    const agents = await Promise.all(fleet.nodes.map((node) => startAgent(node)));
    // Cuts each connection after a few events.
    proxy = await CuttingProxy.start(
      agents.map(({ url }) => url),
      afterBytes(random, 900, 4_000),
    );
    const site = await startSite();
    servers = [site, ...agents];
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    page = await browser.newPage();
    await page.goto(site.url);
  }, timeout);

  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
    await proxy?.stop();
    await fleet?.stop();
  }, timeout);

  /** Returns the text that makes the agent count once it may. */
  function counts(mayCount: Promise<void> = Promise.resolve()): string {
    return fleet.script(async (turn) => {
      turn.task();
      await mayCount;
      for (let i = 0; i < CHUNKS; i += 1) {
        turn.artifact('out', `${i}`, i > 0);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      turn.status('COMPLETED');
    });
  }

  test('[I3] resumes with its EventSource after each cut, and stops at the end of the task', {
    timeout,
  }, async () => {
    const { requestHandler } = fleet.a;
    // A page without an event has no cursor, and cannot subscribe after the end of the task.
    const hasEvent = new Gate();
    const stream = requestHandler.sendMessageStream(
      send(counts(hasEvent.opened)),
      new ServerCallContext(),
    );
    const { value: first } = await stream.next();
    const id = first?.payload?.$case === 'task' ? first.payload.value.id : '';
    void stream.return();
    const url = `${proxy.url}/rest/tasks/${id}:subscribe?A2A-Version=1.0`;
    const subscribed = page.evaluate(
      (subscription) => (globalThis as unknown as TestPage).subscribe(subscription),
      url,
    );
    await eventually('an event', () =>
      page.evaluate(() => (globalThis as unknown as TestPage).received() > 0),
    );
    hasEvent.open();
    const got = await subscribed;
    const events = got.map((data) => StreamResponse.fromJSON(JSON.parse(data)));
    expect(events.flatMap(texts)).toEqual(NUMBERS);
    expect(frameNames(events).at(-1)).toBe('status:COMPLETED');
    expect(frameNames(events).filter((name) => name.startsWith('task'))).toHaveLength(1);
    expect(proxy.cuts).toBeGreaterThan(0);
  });

  test('[I3] runs the bundled client over connections that are cut', { timeout }, async () => {
    const before = proxy.cuts;
    const got = await page.evaluate(
      ([url, text]) => (globalThis as unknown as TestPage).follow(url, text),
      [`${proxy.url}/rpc`, counts()] as const,
    );
    expect(got).toEqual(NUMBERS);
    expect(proxy.cuts).toBeGreaterThan(before);
  });
});

const NUMBERS = Array.from({ length: CHUNKS }, (_, i) => `${i}`);

/** The texts of the artifacts in an event. */
function texts({ payload }: StreamResponse): string[] {
  const artifacts =
    payload?.$case === 'task'
      ? payload.value.artifacts
      : payload?.$case === 'artifactUpdate' && payload.value.artifact
        ? [payload.value.artifact]
        : [];
  return artifacts.flatMap(({ parts }) =>
    parts.flatMap(({ content }) => (content?.$case === 'text' ? [content.value] : [])),
  );
}

interface TestServer {
  readonly url: string;
  readonly close: () => void;
}

/** An instance for pages of other origins, with the settings that the documentation names. */
function startAgent({ backend, requestHandler }: A2aNode): Promise<TestServer> {
  const app = express();
  app.use((request, response, next) => {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader(
      'Access-Control-Allow-Headers',
      'Last-Event-ID, A2A-Version, A2A-Extensions, Content-Type',
    );
    response.setHeader('Access-Control-Expose-Headers', 'A2A-Task-Id, A2A-Extensions');
    if (request.method === 'OPTIONS') response.sendStatus(204);
    else next();
  });
  app.use(backend.express());
  const handler = { requestHandler, userBuilder: UserBuilder.noAuthentication };
  app.use('/rpc', jsonRpcHandler(handler));
  app.use('/rest', restHandler(handler));
  return serve(app);
}

/** A page with the bundled client. */
async function startSite(): Promise<TestServer> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./fixtures/browser-page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    conditions: ['@a2a-aws/source'],
  });
  const app = express();
  app.get('/', (_request, response) => {
    response.send('<!doctype html><script src="/page.js"></script>');
  });
  app.get('/page.js', (_request, response) => {
    response.type('js').send(outputFiles[0]?.text);
  });
  return serve(app);
}

async function serve(app: Express): Promise<TestServer> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
