/** The native calls about the directory and user sessions, together. */
import type { Entrance } from '../../identity/entrance.js';
import type { Organizations } from '../../identity/organizations.js';
import type { Templates } from '../../identity/templates.js';
import type { Tickets } from '../../identity/tickets.js';
import type { UserSessions } from '../../identity/user-sessions.js';
import type { Users } from '../../identity/users.js';
import type { Clock } from '../../ports/clock.js';
import type { Route } from '../route.js';
import { templateRoutes } from './jwt-templates.js';
import { membershipRoutes } from './memberships.js';
import { organizationRoutes } from './organization-routes.js';
import { userSessionRoutes } from './user-session-routes.js';
import { userRoutes } from './user-routes.js';

export interface DirectoryRoutesDeps {
  readonly users: Users;
  readonly organizations: Organizations;
  readonly templates: Templates;
  readonly sessions: UserSessions;
  readonly entrance: Entrance;
  readonly tickets: Tickets;
  readonly clock: Clock;
}

export function directoryRoutes(deps: DirectoryRoutesDeps): readonly Route[] {
  return [
    ...userRoutes(deps),
    ...organizationRoutes(deps),
    ...membershipRoutes(deps),
    ...userSessionRoutes(deps),
    ...templateRoutes(deps),
  ];
}
