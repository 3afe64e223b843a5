import { Accounts1763683200001 } from '../../migrations/1763683200001-accounts.js';
import { Connections1763683200002 } from '../../migrations/1763683200002-connections.js';
import { Issuer1763683200003 } from '../../migrations/1763683200003-issuer.js';
import { PlatformTokens1763683200004 } from '../../migrations/1763683200004-platform-tokens.js';
import { Audit1763683200005 } from '../../migrations/1763683200005-audit.js';

/** Every change of the schema, in order. */
export const migrations = [
  Accounts1763683200001,
  Connections1763683200002,
  Issuer1763683200003,
  PlatformTokens1763683200004,
  Audit1763683200005,
];
