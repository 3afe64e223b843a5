import { ControlFault, type ControlFields } from '../control-fields.js';
import { badCallbackKinds } from './bad-callbacks.js';
import { callbackKinds } from './callback-urls.js';
import type { WecomProviderControl } from './control.js';
import { member } from './seed.js';
import { settingChoices, type WecomProviderSettings } from './settings.js';

type Action = (control: WecomProviderControl, fields: ControlFields) => unknown;

/** `/control/wecom-provider/…`: what `WecomProviderControl` does, as JSON. */
export const wecomProviderActions: Readonly<Record<string, Action>> = {
  'GET callbacks': (control) => ({ items: control.callbacks() }),
  'GET world': ({ world }) => world,
  'POST callbacks': registerCallback,
  'DELETE callbacks': (control, fields) => {
    control.forgetCallbacks(fields.optionalText('suiteId'));
    return {};
  },
  'POST trusted-domains': (control, fields) => {
    control.trustDomain(fields.text('host'), fields.optionalText('suiteId'));
    return {};
  },
  'POST tickets': async (control, fields) => ({
    items: await control.pushTicket(fields.optionalText('suiteId')),
  }),
  'POST installations': (control, fields) => {
    const state = fields.optionalText('state');
    return control.install(...appOf(fields), state === undefined ? {} : { state });
  },
  'POST installations/change': change,
  'POST installations/cancel': async (control, fields) => ({
    answer: await control.cancel(...appOf(fields)),
  }),
  'POST installations/reset-permanent-code': (control, fields) =>
    control.resetPermanentCode(...appOf(fields)),
  'POST members': async (control, fields) => ({
    items: await control.createMember(
      fields.text('corpId'),
      member(fields.text('userid'), fields.text('name')),
    ),
  }),
  'POST members/update': updateMember,
  'POST members/delete': async (control, fields) => ({
    items: await control.deleteMember(fields.text('corpId'), fields.text('userid')),
  }),
  'POST bad-callbacks': async (control, fields) => ({
    answer: await control.pushBad(
      fields.oneOf('kind', badCallbackKinds),
      fields.text('suiteId'),
      fields.optionalText('corpId'),
    ),
  }),
  'POST corps': (control, fields) => ({
    items: control
      .addCorps(fields.number('count'), fields.optionalNumber('membersEach'))
      .map(({ corpId }) => ({ corpId, seenCorpId: control.seenCorpId(corpId) })),
  }),
  'POST client-user': (control, fields) => {
    control.setClientUser(fields.text('corpId'), fields.text('id'));
    return {};
  },
  'POST console-codes': (control, fields) => ({
    code: control.consoleCode(fields.text('corpId'), fields.text('userid')),
  }),
  'POST forget-consents': (control) => {
    control.forgetConsents();
    return {};
  },
  'POST invalidate-tokens': (control, fields) => {
    const isOne = fields.optionalText('kind') !== undefined;
    control.invalidateTokens(
      isOne ? fields.oneOf('kind', ['provider', 'suite', 'corp'] as const) : undefined,
    );
    return {};
  },
  'POST settings': changeSetting,
};

function appOf(fields: ControlFields): [corpId: string, suiteId: string] {
  return [fields.text('corpId'), fields.text('suiteId')];
}

function registerCallback(control: WecomProviderControl, fields: ControlFields): unknown {
  const corpId = fields.optionalText('corpId');
  const token = fields.optionalText('token');
  const aesKey = fields.optionalText('aesKey');
  return control.registerCallback({
    suiteId: fields.text('suiteId'),
    kind: fields.oneOf('kind', callbackKinds),
    url: fields.text('url'),
    ...(corpId === undefined ? {} : { corpId }),
    ...(token === undefined || aesKey === undefined ? {} : { pair: { token, aesKey } }),
  });
}

/** The visible range as userids with commas between them, or `all`. */
async function change(control: WecomProviderControl, fields: ControlFields): Promise<unknown> {
  const visible = fields.optionalText('visible');
  const hasStatus = fields.optionalText('status') !== undefined;
  const answer = await control.change(...appOf(fields), {
    ...(visible === undefined ? {} : { visible: visible === 'all' ? 'all' : visible.split(',') }),
    ...(hasStatus ? { status: fields.oneOf('status', ['active', 'disabled'] as const) } : {}),
  });
  return { answer };
}

/** A new userid, a new name, or `status` 1 or 2. */
async function updateMember(
  control: WecomProviderControl,
  fields: ControlFields,
): Promise<unknown> {
  const userid = fields.optionalText('newUserid');
  const name = fields.optionalText('name');
  const hasStatus = fields.optionalText('status') !== undefined;
  const items = await control.updateMember(fields.text('corpId'), fields.text('userid'), {
    ...(userid === undefined ? {} : { userid }),
    ...(name === undefined ? {} : { name }),
    ...(hasStatus ? { status: fields.oneOf('status', ['1', '2']) === '1' ? 1 : 2 } : {}),
  });
  return { items };
}

function changeSetting(control: WecomProviderControl, fields: ControlFields): unknown {
  const names = Object.keys(settingChoices) as (keyof WecomProviderSettings)[];
  const name = fields.oneOf('name', names);
  const choices: readonly unknown[] | 'number' = settingChoices[name];
  const text = fields.text('value');
  const value =
    choices === 'number' ? fields.number('value') : choices.find((it) => String(it) === text);
  if (value === undefined) throw new ControlFault(`${name} can not be ${text}`);
  Object.assign(control.settings, { [name]: value });
  return control.settings;
}
