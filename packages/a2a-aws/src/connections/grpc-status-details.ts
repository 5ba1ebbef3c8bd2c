/** The content of a `google.rpc.ErrorInfo`. */
export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A message in the details of a `google.rpc.Status`. */
export interface StatusDetail {
  readonly type: 'ErrorInfo' | 'RetryInfo';
  readonly value: Buffer;
}

/** The metadata key of gRPC's `google.rpc.Status`. */
export const STATUS_DETAILS = 'grpc-status-details-bin';
const TYPES = 'type.googleapis.com/google.rpc.';

/** Encodes a `google.rpc.Status` with one detail, as the SDK does for the errors that it knows. */
export function statusDetails(code: number, message: string, detail: StatusDetail): Buffer {
  const any = Buffer.concat([text(1, TYPES + detail.type), field(2, detail.value)]);
  return Buffer.concat([Buffer.from([8, code]), text(2, message), field(3, any)]);
}

/** Encodes a `google.rpc.RetryInfo`: the client may try again after this time. */
export function retryDetail(seconds: number): StatusDetail {
  const delay = Buffer.concat([Buffer.from([8]), varint(seconds)]);
  return { type: 'RetryInfo', value: field(1, delay) };
}

export function errorDetail(info: ErrorInfo): StatusDetail {
  const entries = Object.entries(info.metadata).map(([key, value]) =>
    field(3, Buffer.concat([text(1, key), text(2, value)])),
  );
  const value = Buffer.concat([text(1, info.reason), text(2, info.domain), ...entries]);
  return { type: 'ErrorInfo', value };
}

function text(number: number, value: string): Buffer {
  return field(number, Buffer.from(value));
}

/** A field of the wire type for lengths. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
