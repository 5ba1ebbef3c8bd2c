import type { ServerResponse } from 'node:http';
import { isRecord } from './json-object.ts';

/** A response with the method that express adds, and that the SDK's routers answer with. */
type Answer = ServerResponse & { json?: (body: unknown) => unknown };

const DATA = 'data: ';
/** The contents of a stream's frames that have a generation. */
const KINDS = ['task', 'statusUpdate', 'artifactUpdate'] as const;

/** Generations by the ids of the tasks in an answer. */
type Generations = ReadonlyMap<string, number>;

/**
 * Adds A2A 1.1's field `generation` to the tasks in the body that express sends as JSON. The SDK's codecs
 * do not know it.
 */
export function addGenerations(
  response: Answer,
  connection: { readonly generations: Generations },
): void {
  const json = response.json?.bind(response);
  if (!json) return;
  response.json = (body) => {
    if (connection.generations.size > 0) stampBody(body, connection.generations);
    return json(body);
  };
}

function stampBody(body: unknown, generations: Generations): void {
  const content = contentOf(body);
  if (!isRecord(content)) return;
  const { task, tasks } = content;
  for (const one of [content, task, ...(Array.isArray(tasks) ? tasks : [])]) {
    const { id } = isRecord(one) ? one : {};
    const generation = typeof id === 'string' ? generations.get(id) : undefined;
    if (generation !== undefined) Object.assign(Object(one), { generation });
  }
}

/** Returns the content of an answer: in JSON-RPC it is the result. */
function contentOf(body: unknown): unknown {
  if (!isRecord(body) || !('jsonrpc' in body)) return body;
  const { result } = body;
  return result;
}

/** Returns the frame of an event stream with the field in its event or Task. */
export function withGeneration(frame: string, generation: number): string {
  const body: unknown = JSON.parse(frame.slice(DATA.length));
  const content = contentOf(body);
  if (!isRecord(content)) return frame;
  for (const kind of KINDS) {
    const value = content[kind];
    if (isRecord(value)) Object.assign(value, { generation });
  }
  return `${DATA}${JSON.stringify(body)}\n\n`;
}
