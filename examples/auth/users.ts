import type { User } from '@a2a-js/sdk/server';

/** A user of the agent. The members of a team share their tasks. */
export class TeamMember implements User {
  readonly isAuthenticated = true;
  readonly userName: string;
  readonly team: string;

  constructor(userName: string, team: string) {
    this.userName = userName;
    this.team = team;
  }
}

// A real server verifies a signed token instead, and takes user and team from its claims.
const MEMBERS = new Map([
  ['token-of-ann', new TeamMember('ann', 'red')],
  ['token-of-bob', new TeamMember('bob', 'red')],
  ['token-of-eve', new TeamMember('eve', 'blue')],
]);

/** Returns the user whom an `Authorization` header proves; undefined if it proves no user. */
export function userOf(authorization: string | undefined): TeamMember | undefined {
  const [, token = ''] = /^Bearer (\S+)$/.exec(authorization ?? '') ?? [];
  return MEMBERS.get(token);
}
