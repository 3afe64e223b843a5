import { Accounts1763683200001 } from '../../migrations/1763683200001-accounts.js';
import { Connections1763683200002 } from '../../migrations/1763683200002-connections.js';
import { Issuer1763683200003 } from '../../migrations/1763683200003-issuer.js';
import { PlatformTokens1763683200004 } from '../../migrations/1763683200004-platform-tokens.js';
import { Audit1763683200005 } from '../../migrations/1763683200005-audit.js';
import { SelfService1763683200006 } from '../../migrations/1763683200006-self-service.js';
import { Webhooks1763683200007 } from '../../migrations/1763683200007-webhooks.js';
import { AuditTrail1763683200008 } from '../../migrations/1763683200008-audit-trail.js';
import { ServiceProvider1763683200009 } from '../../migrations/1763683200009-service-provider.js';
import { KeyRotation1763683200011 } from '../../migrations/1763683200011-key-rotation.js';
import { EventRequests1763683200012 } from '../../migrations/1763683200012-event-requests.js';

/** Every change of the schema, in order. */
export const migrations = [
  Accounts1763683200001,
  Connections1763683200002,
  Issuer1763683200003,
  PlatformTokens1763683200004,
  Audit1763683200005,
  SelfService1763683200006,
  Webhooks1763683200007,
  AuditTrail1763683200008,
  ServiceProvider1763683200009,
  KeyRotation1763683200011,
  EventRequests1763683200012,
];
