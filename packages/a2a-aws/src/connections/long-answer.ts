import type { ServerResponse } from 'node:http';
import type { Clock } from '@a2a-aws/core';
import { inSlices, type Sliced } from '@a2a-aws/core/internal';
import { isLongJson, jsonPieces } from './json-pieces.ts';

/** The parts of express' response that answer with JSON; the SDK's routers use `json`. */
type Answer = ServerResponse & {
  json?: (body: unknown) => unknown;
  send?: (body: Uint8Array) => unknown;
  readonly app?: { get(setting: string): unknown };
};

/** Shorter answers are written in one turn of the event loop, in characters. */
const LONG = 256 * 1024;
/** To write JSON costs an eighth of the work that the fold of records of the same size does. */
const COST = 1 / 8;
/** Settings of express that change the JSON of an answer. */
const SETTINGS = ['json replacer', 'json spaces', 'json escape'];

/**
 * Writes long JSON answers in slices, so that the event loop turns in between. Bytes and headers are the
 * same as without. Answers are not divided if the application changes how express writes JSON.
 */
export function writeLongAnswers(response: Answer, clock: Clock): void {
  const { json, send } = response;
  if (!json || !send || Object.hasOwn(response, 'json')) return;
  response.json = (body) => {
    const type = response.getHeader('Content-Type') ?? 'application/json';
    const isChanged = SETTINGS.some((setting) => response.app?.get(setting));
    if (isChanged || String(type).includes(';') || !isLongJson(body, LONG)) {
      return json.call(response, body);
    }
    const answer = (bytes: Uint8Array): void => {
      response.setHeader('Content-Type', `${type}; charset=utf-8`);
      response.send?.(bytes);
    };
    inSlices(jsonBytes(body), clock).then(answer, () => response.destroy());
    return response;
  };
}

function* jsonBytes(body: unknown): Sliced<Uint8Array> {
  const bytes: Uint8Array[] = [];
  // The SDK has rendered the body in this turn of the event loop, in one piece.
  yield Number.POSITIVE_INFINITY;
  for (const piece of jsonPieces(body)) {
    bytes.push(Buffer.from(piece));
    yield piece.length * COST;
  }
  return Buffer.concat(bytes);
}
