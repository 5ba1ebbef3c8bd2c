/**
 * The differences between task stores. The suite tests the declared behaviour. Each default is the
 * behaviour of the log's own store. Another value is a documented behaviour of another store, and
 * is tested as such.
 */
export interface TaskStoreCapabilities {
  /**
   * - `adds`: a save adds the changes since its writer loaded the task; it removes nothing
   * - `replaces`: a save replaces the whole task, also changes that others have saved meanwhile
   * @default `adds`
   */
  readonly save?: 'adds' | 'replaces';
  /**
   * - `final`: a save of a task that has ended has no effect
   * - `open`: such a save may open the task again
   * @default `final`
   */
  readonly end?: 'final' | 'open';
  /**
   * - `checked`: a list refuses malformed requests
   * - `trusted`: it leaves that to the SDK's handler
   * @default `checked`
   */
  readonly requests?: 'checked' | 'trusted';
  /**
   * - `limited`: a list returns the requested number of last messages
   * - `omitted`: no messages if none are requested, otherwise all; the SDK's handler cuts them
   * - `whole`: always all
   * @default `limited`
   */
  readonly history?: 'limited' | 'omitted' | 'whole';
  /**
   * - `instants`: status timestamps are sorted by their instants
   * - `texts`: they are sorted as texts
   * @default `instants`
   */
  readonly times?: 'instants' | 'texts';
  /**
   * - `steady`: while statuses change, a task appears on one page at most
   * - `repeating`: one whose status gets an earlier timestamp than before appears again
   * - `breaking`: as `repeating`, and the list ends early if the last task of a page has changed
   * @default `steady`
   */
  readonly pages?: 'steady' | 'repeating' | 'breaking';
  /**
   * - `bound`: a page token is valid for the list that returned it, and malformed for others
   * - `loose`: it is a place in any list that it is used with
   * @default `bound`
   */
  readonly pageTokens?: 'bound' | 'loose';
  /**
   * Values that are no JSON, such as NaN, in metadata or data:
   * - `exact`: they are kept as they are, or the save is refused
   * - `json`: they become what `JSON.stringify` makes of them
   * @default `exact`
   */
  readonly values?: 'exact' | 'json';
  /**
   * Ids that a database may not take for text, such as U+0000 or half a character:
   * - `exact`: are kept as they are, or refused
   * - `mangled`: come back as other ids
   * @default `exact`
   */
  readonly ids?: 'exact' | 'mangled';
  /**
   * - `final`: `delete` removes a task forever
   * - `none`: there is no `delete`; the SDK's contract has none
   * @default `final`
   */
  readonly deletion?: 'final' | 'none';
}

/** The defaults of capabilities that are not declared. */
export const DEFAULT_CAPABILITIES: Required<TaskStoreCapabilities> = {
  save: 'adds',
  end: 'final',
  requests: 'checked',
  history: 'limited',
  times: 'instants',
  pages: 'steady',
  pageTokens: 'bound',
  values: 'exact',
  ids: 'exact',
  deletion: 'final',
};
