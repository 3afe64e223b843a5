import { createHmac, timingSafeEqual } from 'node:crypto';

import type { PlatformHost } from '../http/platform-host.js';
import { jsonReply, type Reply } from '../http/reply.js';
import { header, jsonObject, textField, type SandboxRequest } from '../http/request.js';
import type { SmsState } from './state.js';

/** An operator's own gateway: takes codes by POST, and checks the signature (Standard Webhooks) independently of the library. */
export function smsGatewayHost(state: SmsState): PlatformHost {
  return {
    name: 'sms.example.com',
    speaks: 'json',
    calls: [
      {
        methods: ['POST'],
        path: '/codes',
        takesToken: false,
        answer: (request) => take(request, state),
      },
    ],
    unmatched: () => jsonReply({ error: 'not found' }, { status: 404, outcome: '404' }),
    refuse: () => jsonReply({ error: 'down' }, { status: 503, outcome: '503' }),
  };
}

function take(request: SandboxRequest, state: SmsState): Reply {
  if (!isSigned(request, state.webhookSecret))
    return jsonReply({ error: 'bad signature' }, { status: 401, outcome: '401' });
  const refusal = state.refusals.shift();
  if (refusal !== undefined)
    return jsonReply({ error: refusal }, { status: 500, outcome: refusal });
  const fields = jsonObject(request) ?? {};
  const phone = textField(fields, 'phone') ?? '';
  const code = textField(fields, 'code') ?? '';
  const isWellFormed =
    fields['type'] === 'phone_code' &&
    /^\+[1-9]\d{6,14}$/.test(phone) &&
    /^\d{6}$/.test(code) &&
    typeof fields['validMinutes'] === 'number' &&
    ['zh-CN', 'en'].includes(String(fields['language']));
  if (!isWellFormed) return jsonReply({ error: 'bad message' }, { status: 400, outcome: '400' });
  state.take({ through: 'webhook', phone, code });
  return jsonReply({});
}

function isSigned(request: SandboxRequest, secret: string): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => header(request, name) ?? '',
  );
  if (!id || !/^\d{10}$/.test(timestamp ?? '')) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const right = createHmac('sha256', key).update(`${id}.${timestamp}.${request.body}`).digest();
  return (signatures ?? '').split(' ').some((each) => {
    const given = Buffer.from(each.replace(/^v1,/, ''), 'base64');
    return given.length === right.length && timingSafeEqual(given, right);
  });
}
