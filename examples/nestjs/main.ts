import 'reflect-metadata';
import { AGENT_CARD_PATH } from '@a2a-js/sdk';
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Backend, JSON_BODY } from 'a2a-aws';
import express from 'express';
import { agentCard, executor } from '../agent.ts';
import { A2aModule } from './a2a.module.ts';

const port = Number(process.env.PORT);
const card = agentCard({ JSONRPC: `http://127.0.0.1:${port}/a2a/jsonrpc` });

// The body parser of Nest takes 100 KB, and would read the body before the backend sees the request.
const app = await NestFactory.create<NestExpressApplication>(A2aModule, { bodyParser: false });
app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });

const backend = app.get(Backend);
const requestHandler = backend.requestHandler(card, executor);
const userBuilder = UserBuilder.noAuthentication;
app.use(backend.express()); // before the SDK's routers
app.use(`/${AGENT_CARD_PATH}`, agentCardHandler({ agentCardProvider: requestHandler }));
app.use('/a2a', express.json(JSON_BODY));
app.use('/a2a/jsonrpc', jsonRpcHandler({ requestHandler, userBuilder }), backend.errors('JSONRPC'));

await app.listen(port, '127.0.0.1');
