import type { WecomProviderState } from './state.js';
import { findMember, type CustomerCorp, type Installation, type ProviderSuite } from './world.js';

/** `auth_corp_info` in full (reference 4.4). */
export function authCorpInfo(state: WecomProviderState, corp: CustomerCorp) {
  return {
    corpid: state.seen.corpId(corp),
    corp_name: corp.name,
    corp_type: 'verified',
    corp_square_logo_url: 'https://wework.example.com/logo/0',
    corp_user_max: 200,
    corp_full_name: `${corp.name}有限公司`,
    verified_end_time: 1893456000,
    subject_type: 1,
    corp_wxqrcode: 'https://wework.example.com/join/0',
    corp_scale: '1-50人',
    corp_industry: '批发/零售',
    corp_sub_industry: '贸易',
  };
}

/** `auth_info`: the one app, and what it may see. */
export function authInfo(
  state: WecomProviderState,
  suite: ProviderSuite,
  corp: CustomerCorp,
  installation: Installation,
): Record<string, unknown> {
  const { visible } = installation;
  return {
    agent: [
      {
        agentid: installation.agentId,
        name: suite.name,
        round_logo_url: '',
        square_logo_url: 'https://wework.example.com/app/0',
        auth_mode: installation.authMode,
        is_customized_app: suite.kind === 'delegated',
        auth_from_thirdapp: false,
        privilege: {
          level: 1,
          allow_party: visible === 'all' ? [1] : [],
          allow_user: visible === 'all' ? [] : seenUserids(state, corp, visible),
          allow_tag: [],
          extra_party: [],
          extra_user: [],
          extra_tag: [],
        },
      },
    ],
  };
}

/** Who agreed; now and then nobody is named (reference 4.4). The name is the userid. */
export function authUserInfo(
  state: WecomProviderState,
  corp: CustomerCorp,
  { agreedBy }: Installation,
): Record<string, string> | undefined {
  const member = findMember(corp, agreedBy);
  if (!member || state.variation.chance(0.2)) return undefined;
  const userid = state.seen.userid(corp, member);
  return { userid, open_userid: state.seen.openUserid(corp, member), name: userid, avatar: '' };
}

function seenUserids(state: WecomProviderState, corp: CustomerCorp, userids: string[]): string[] {
  return userids
    .map((userid) => findMember(corp, userid))
    .filter((member) => member !== undefined)
    .map((member) => state.seen.userid(corp, member));
}
