import { ControlFault, ControlFields } from './control-fields.js';
import type { SandboxControl } from './control.js';
import { faultKinds, type Fault } from './faults.js';
import { isLoopback } from './http/loopback.js';
import { jsonReply, pageReply, redirectReply, type Reply } from './http/reply.js';
import { header, jsonObject, mediaType, type SandboxRequest } from './http/request.js';
import { controlPage } from './pages/control.page.js';
import { wecomProviderActions } from './wecom-provider/control-actions.js';

type Action = (control: SandboxControl, fields: ControlFields) => unknown;

/** The control API: what `SandboxControl` does, as JSON. Forms of the page go the same way. */
const actions: Readonly<Record<string, Action>> = {
  'GET /control/state': stateOf,
  'GET /control/calls': (control) => control.calls(),
  'GET /control/requests': (control) => ({ items: control.requests() }),
  'POST /control/advance': (control, fields) => {
    control.advance(fields.number('seconds'));
    return { now: control.now().toISOString() };
  },
  'POST /control/faults': (control, fields) => {
    control.fault(readFault(fields));
    return { faults: control.faults() };
  },
  'DELETE /control/faults': clearFaults,
  'POST /control/faults/clear': clearFaults,
  'POST /control/reset': (control) => {
    control.reset();
    return {};
  },
  'POST /control/dingtalk/redirects': ({ dingtalk }, fields) => {
    dingtalk.registerRedirect(fields.text('clientId'), fields.text('url'));
    return {};
  },
  'POST /control/dingtalk/in-app-codes': ({ dingtalk }, fields) => ({
    code: dingtalk.inAppCode({
      clientId: fields.text('clientId'),
      corpId: fields.text('corpId'),
      userid: fields.text('userid'),
    }),
  }),
  'POST /control/dingtalk/invalidate-tokens': ({ dingtalk }, fields) => {
    dingtalk.invalidateAppTokens(fields.optionalText('clientId'));
    return {};
  },
  'POST /control/dingtalk/jsapi-hash': ({ dingtalk }, fields) => {
    dingtalk.settings.jsapiHash = fields.oneOf('hash', ['sha256', 'sha1', 'either']);
    return {};
  },
  'POST /control/wecom/client-version': ({ wecom }, fields) => {
    wecom.settings.clientVersion = fields.text('version');
    return {};
  },
  'POST /control/wecom/trusted-domains': ({ wecom }, fields) => {
    wecom.trustDomain(fields.text('corpId'), fields.text('agentId'), fields.text('host'));
    return {};
  },
  'POST /control/wecom/client-user': ({ wecom }, fields) => {
    wecom.setClientUser(fields.text('corpId'), fields.text('id'));
    return {};
  },
  'POST /control/wecom/mini-program-codes': ({ wecom }, fields) => ({
    code: wecom.miniProgramCode({
      corpId: fields.text('corpId'),
      agentId: fields.number('agentId'),
      userid: fields.text('userid'),
    }),
  }),
  'POST /control/wecom/forget-consents': ({ wecom }, fields) => {
    wecom.forgetConsents(fields.optionalText('userid'));
    return {};
  },
  'POST /control/wecom/invalidate-tokens': ({ wecom }, fields) => {
    wecom.invalidateTokens(fields.optionalText('corpId'), fields.optionalText('agentId'));
    return {};
  },
  ...Object.fromEntries(
    Object.entries(wecomProviderActions).map(([name, action]): [string, Action] => [
      name.replace(' ', ' /control/wecom-provider/'),
      (control, fields) => action(control.wecomProvider, fields),
    ]),
  ),
};

/** Answers what is under no platform's host. Only this machine may steer, and no foreign web page. */
export async function answerControl(
  control: SandboxControl,
  request: SandboxRequest,
): Promise<Reply> {
  if (request.path === '/' && request.method === 'GET') return redirectReply('/control');
  if (!isLoopback(request.ip)) return jsonReply({ error: 'loopback only' }, { status: 403 });
  if (request.method !== 'GET' && header(request, 'sec-fetch-site') === 'cross-site') {
    return jsonReply({ error: 'not from another site' }, { status: 403 });
  }
  if (request.path === '/control' && request.method === 'GET') {
    return pageReply(controlPage(control));
  }
  const action = actions[`${request.method} ${request.path}`];
  if (!action) return jsonReply({ error: 'not found' }, { status: 404 });

  const isForm = mediaType(request) === 'application/x-www-form-urlencoded';
  const fields = isForm
    ? Object.fromEntries(new URLSearchParams(request.body))
    : { ...Object.fromEntries(request.query), ...jsonObject(request) };
  try {
    const result = await action(control, new ControlFields(fields));
    return isForm ? redirectReply('/control', 303) : jsonReply(result);
  } catch (error) {
    if (error instanceof ControlFault) return jsonReply({ error: error.message }, { status: 400 });
    throw error;
  }
}

function readFault(fields: ControlFields): Fault {
  const on = fields.optionalText('on');
  const times = fields.optionalNumber('times');
  const delayMs = fields.optionalNumber('delayMs');
  return {
    kind: fields.oneOf('kind', faultKinds),
    ...(on === undefined ? {} : { on }),
    ...(times === undefined ? {} : { times }),
    ...(delayMs === undefined ? {} : { delayMs }),
  };
}

function clearFaults(control: SandboxControl, fields: ControlFields): unknown {
  control.clearFaults(fields.optionalText('on'));
  return { faults: control.faults() };
}

function stateOf(control: SandboxControl): unknown {
  return {
    now: control.now().toISOString(),
    faults: control.faults(),
    calls: control.calls(),
    settings: {
      dingtalk: control.dingtalk.settings,
      wecom: control.wecom.settings,
      wecomProvider: control.wecomProvider.settings,
    },
  };
}
