/**
 * Where task stores differ; the suite tests what is declared. A default is what the log's
 * own store does: a further value is a documented behaviour of another store, and tested as such.
 */
export interface TaskStoreCapabilities {
  /**
   * - `adds`: a save adds what is new to its writer since that loaded; it takes nothing away
   * - `replaces`: a save is the whole task from then on, whatever others have saved meanwhile
   * @default `adds`
   */
  readonly save?: 'adds' | 'replaces';
  /**
   * - `final`: a task that has ended takes no save
   * - `open`: it does, and may be running again
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
   * - `limited`: a list gives the last messages, as many as were asked for
   * - `omitted`: none when asked for none, else all: the SDK's handler cuts them
   * - `whole`: always all
   * @default `limited`
   */
  readonly history?: 'limited' | 'omitted' | 'whole';
  /**
   * - `instants`: status timestamps are sorted by what they mean
   * - `texts`: by how they are written
   * @default `instants`
   */
  readonly times?: 'instants' | 'texts';
  /**
   * - `steady`: while statuses change, a task appears on one page at most
   * - `repeating`: one whose status gets an earlier timestamp than before appears again
   * - `breaking`: moreover the list ends early when the last task of a page has changed
   * @default `steady`
   */
  readonly pages?: 'steady' | 'repeating' | 'breaking';
  /**
   * - `bound`: a page token is good for the list that gave it, and malformed elsewhere
   * - `loose`: it is a place in whatever list it is used with
   * @default `bound`
   */
  readonly pageTokens?: 'bound' | 'loose';
  /**
   * Values that are no JSON, such as NaN, in metadata or data:
   * - `exact`: is kept as it is, or the save refused
   * - `json`: becomes what JSON makes of it
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
