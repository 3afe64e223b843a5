import { AppError } from '../../../common/app-error.js';
import { notAllowed } from '../identity-names.js';
import type { IdentityName } from '../provider.js';
import { type Member, subjectOf } from './wecom-service-provider.replies.js';

/** Names a member of a corp. */
export type NameOf = (corpId: string, member: Member) => IdentityName;

/** The namespace of a corp's people, as this provider sees the corp: another provider sees other ids (reference wecom-service-provider 11). */
export function issuerOf(providerCorpId: string, corpId: string): string {
  return `wecom-sp:${providerCorpId}:${corpId}`;
}

export function namesOf(providerCorpId: string): NameOf {
  return (corpId, member) => ({
    issuer: issuerOf(providerCorpId, corpId),
    subject: subjectOf(member),
    tenant: corpId,
  });
}

/**
 * The identity that an administrator writes down: an `open_userid`, or a plain `userid` of a corp where there is no other. Case is kept.
 * @throws AppError `value_not_allowed` naming `subject` or `tenant`
 */
export function nameIdentity(
  providerCorpId: string,
  { subject, tenant }: { readonly subject: string; readonly tenant?: string },
): IdentityName {
  if (tenant === undefined)
    throw notAllowed('tenant', 'must be given: the connection serves many corps');
  if (!/^[\w-]{4,64}$/.test(tenant))
    throw notAllowed('tenant', 'must be a corp id as this provider sees it');
  if (!/^[\w.@-]{1,64}$/.test(subject))
    throw notAllowed('subject', 'must be an open_userid or a userid');
  return { issuer: issuerOf(providerCorpId, tenant), subject, tenant };
}

/** A frontend may hand us anything as a code; WeCom's hold at most 512 bytes. */
export function requirePlausible(code: string): void {
  if (code !== '' && Buffer.byteLength(code) <= 512) return;
  throw new AppError('platform_code_rejected', 'This is not a sign-in code of WeCom.');
}

/**
 * Whether the subject may be given to somebody else: an encrypted id never is, a plain userid may be. They are told apart by their looks,
 * which WeCom does not promise; in doubt, the careful answer.
 */
export function reusesSubject(subject: string): boolean {
  return !/^wo[\w-]{24,62}$/.test(subject);
}
