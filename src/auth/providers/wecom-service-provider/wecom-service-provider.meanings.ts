import { addressIn, type Meaning, type Meanings } from '../wecom/wecom.meanings.js';

/** What to do where there is no ticket that is good (reference wecom-service-provider 3.2). */
export const awaitTicket =
  'WeCom pushes a ticket every ten minutes: wait up to ten minutes, or press the push button (推送 suite_ticket) in the provider console. If none comes, the suite’s callback URL there must be the one of this connection, and no other deployment may be in its place.';

function misconfigured(fix: Meaning['fix']): Meaning {
  return { code: 'platform_misconfigured', fix };
}

const rejectedSuiteToken: Meaning = {
  ...misconfigured(
    'A token that was fetched a moment ago is refused: check that suiteId and suiteSecret are those of one suite, and that `endpoints` are those of one deployment.',
  ),
  rejectsToken: true,
};
const endedAuthorization: Meaning = {
  code: 'tenant_not_allowed',
  fix: 'The corp took the app away, or reset its secret: it is marked as cancelled here. Its administrator installs the app again.',
};
const refusedAuthCode: Meaning = {
  code: 'platform_code_rejected',
  fix: 'An authorization code works once, within ten minutes. If the corp is not among the tenants, its administrator installs the app again.',
};
const refusedPreAuthCode = misconfigured(
  'The pre-auth code was not accepted: check that the suite may be installed, and open the install link again.',
);
const wrongSuite = misconfigured(
  'suiteId and suiteSecret must be those of one suite: the app’s, the template’s and the 登录授权 suite’s are three different pairs.',
);
const noLicence = misconfigured(
  'The corp’s members have no interface licence (接口许可) for this app: buy or activate it in the provider console.',
);
const lostInProxy = misconfigured(
  'Something that was sent did not reach WeCom: a proxy named in `endpoints` must pass on query and body as they are.',
);
const notInstallable = misconfigured(
  'The corp cannot use the app in its state (disabled, expired, seats used up, not published): its administrator, or the provider console, says why.',
);

/** WeCom's codes that mean something else, or something more, to a service provider (10). */
export const serviceProviderMeanings: Meanings = new Map<string, Meaning>([
  [
    '40001',
    {
      ...misconfigured(
        'Check providerCorpId and providerSecret: the provider’s secret is under 应用管理 > 通用开发参数; no suite’s secret will do. Of a delegated app: the app is disabled in that corp, or its secret was reset.',
      ),
      rejectsToken: true,
    },
  ],
  ['40013', misconfigured('WeCom does not know this corp id: check providerCorpId.')],
  ['40077', refusedPreAuthCode],
  ['42007', refusedPreAuthCode],
  ['40078', refusedAuthCode],
  ['40080', wrongSuite],
  ['40083', wrongSuite],
  ['48003', wrongSuite],
  ['40082', rejectedSuiteToken],
  ['42009', rejectedSuiteToken],
  ['40084', endedAuthorization],
  ['48004', endedAuthorization],
  ['40085', misconfigured(awaitTicket)],
  [
    '40091',
    misconfigured(
      'The corp’s permanent code is not accepted: its administrator resets the app’s secret, or installs the app again.',
    ),
  ],
  [
    '48001',
    misconfigured(
      'The provider may not make this call: it has no authorization from that corp, or lacks the permission.',
    ),
  ],
  [
    '48002',
    misconfigured(
      'This kind of app may not make this call: check that appType says what the suite is, a third-party app or a delegated template (dk…).',
    ),
  ],
  ...['40133', '40134', '40135', '40136', '40137', '40138', '40139', '40140', '40141', '60246'].map(
    (code): [string, Meaning] => [code, notInstallable],
  ),
  [
    '50001',
    misconfigured(({ callbackHost }) => {
      const host = callbackHost ?? 'the host of ISSUER_URL';
      return `Enter ${host}, with its port if it has one, as the trusted domain (可信域名) of the suite whose page it was: the app’s and the 登录授权 suite’s are set apart.`;
    }),
  ],
  [
    '60020',
    misconfigured(({ message }) => {
      const address = addressIn(message) ?? 'the address that this service calls from';
      return `Add ${address} to 服务商信息 > 基本信息 > IP白名单 in the provider console; it takes effect after a minute.`;
    }),
  ],
  ...['41021', '41022', '41023', '41024', '41025'].map((code): [string, Meaning] => [
    code,
    lostInProxy,
  ]),
  // 701001 to 701099.
  ...Array.from({ length: 99 }, (_, index): [string, Meaning] => [`${701001 + index}`, noLicence]),
]);

/** Of an authorization code WeCom says so where it is too short to be one (4.4). */
export const authCodeMeanings: Meanings = new Map([
  ...serviceProviderMeanings,
  ['40058', refusedAuthCode],
]);
