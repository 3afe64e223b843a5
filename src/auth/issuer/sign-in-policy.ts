import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

import { takesConnection } from './grants.js';
import type { EngineClient } from './resources.js';
import { factsOf } from './sign-in-facts.js';

/**
 * No consent screen; and who comes with a session signs in again where its account is gone or disabled, or where they came in by a
 * connection that this client does not take: a client that lists its connections lets in the people of those alone.
 */
export function signInPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  const { Check, Prompt } = interactionPolicy;
  const signInWhere = (
    reason: string,
    description: string,
    isTrue: (oidc: KoaContextWithOIDC['oidc']) => boolean,
  ): void => {
    const check = ({ oidc }: KoaContextWithOIDC): boolean =>
      oidc.session?.accountId !== undefined && isTrue(oidc)
        ? Check.REQUEST_PROMPT
        : Check.NO_NEED_TO_PROMPT;
    policy.get('login')?.checks.add(new Check(reason, description, 'login_required', check));
  };
  signInWhere(
    'account_missing',
    'the account of this session is gone or disabled',
    ({ account }) => !account,
  );
  // The session's last sign-in, or an earlier one in it that this client was given a grant for.
  signInWhere(
    'connection_not_taken',
    'this client takes no session of that connection',
    ({ client, entities }) => !takesConnection(client as EngineClient, factsOf(entities.Grant)),
  );
  policy.remove('consent');
  policy.add(new Prompt({ name: 'consent', requestable: true }));
  // Asked for as a fresh sign-in, in which the person chooses: `request-checks.ts`.
  policy.add(new Prompt({ name: 'select_account', requestable: true }));
  return policy;
}
