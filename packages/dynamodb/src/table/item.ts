/** Item attributes as lib-dynamodb gives them. */
export type Item = Record<string, unknown> & { readonly sk?: unknown; readonly v?: unknown };
