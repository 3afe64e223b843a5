import { createHmac } from 'node:crypto';

import {
  findCustomer,
  isAuthorised,
  type CorpMember,
  type CustomerCorp,
  type WecomProviderWorld,
} from './world.js';

/**
 * Encrypted ids (reference 11): the same for all apps of a provider, others at another provider, and always the
 * same for the same corp or person.
 */
export class ProviderIds {
  readonly #made = new Map<string, string>();

  constructor(private readonly providerCorpId: string) {}

  corpId(plain: string): string {
    return `wp${this.#digest(plain, 30)}`;
  }

  openUserid(corpId: string, { userid, firstUserid }: CorpMember): string {
    return `wo${this.#digest(`${corpId}/${firstUserid ?? userid}`, 30)}`;
  }

  /** Of someone who is no member: one per provider. */
  openid(visitorId: string): string {
    return `oS${this.#digest(`openid/${visitorId}`, 26)}`;
  }

  externalUserid(corpId: string, visitorId: string): string {
    return `wm${this.#digest(`external/${corpId}/${visitorId}`, 30)}`;
  }

  #digest(id: string, length: number): string {
    const known = this.#made.get(id);
    if (known !== undefined) return known;
    const digest = createHmac('sha256', this.providerCorpId).update(id).digest('base64url');
    this.#made.set(id, digest.slice(0, length));
    return digest.slice(0, length);
  }
}

/** What the provider is shown of corps and people now: plain where the corp is and has an app, else encrypted. */
export class SeenIds {
  constructor(
    private readonly ids: ProviderIds,
    private readonly world: () => WecomProviderWorld,
  ) {}

  corpId(corp: CustomerCorp): string {
    return this.#isPlain(corp) ? corp.corpId : this.ids.corpId(corp.corpId);
  }

  userid(corp: CustomerCorp, member: CorpMember): string {
    return this.#isPlain(corp) ? member.userid : this.openUserid(corp, member);
  }

  /** Encrypted in both modes. */
  openUserid(corp: CustomerCorp, member: CorpMember): string {
    return this.ids.openUserid(corp.corpId, member);
  }

  /** The corp that an id of the form shown now means; the other form is unknown. */
  findCorp(seen: string): CustomerCorp | undefined {
    const plain = findCustomer(this.world(), seen);
    if (plain && this.#isPlain(plain)) return plain;
    return this.world().corps.find(
      (corp) => this.ids.corpId(corp.corpId) === seen && !this.#isPlain(corp),
    );
  }

  findMember(corp: CustomerCorp, seen: string): CorpMember | undefined {
    const wanted = this.#isPlain(corp) ? seen.toLowerCase() : seen;
    return corp.members.find((member) => {
      const shown = this.userid(corp, member);
      return (this.#isPlain(corp) ? shown.toLowerCase() : shown) === wanted;
    });
  }

  #isPlain(corp: CustomerCorp): boolean {
    return corp.idMode === 'plain' && isAuthorised(this.world(), corp.corpId);
  }
}
