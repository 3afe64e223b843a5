import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { request } from 'undici';

import { Secret } from '../../src/common/secret.js';
import { AliyunSender } from '../../src/sms/aliyun.sender.js';
import { TencentSender } from '../../src/sms/tencent.sender.js';
import { type Sandbox, startSandbox } from '../sandbox.js';

/** A request as the cloud's own SDK signed it, for a test to spoil. */
interface Signed {
  path: string;
  headers: Record<string, string>;
  body: string;
}

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(() => sandbox.control.reset());
afterAll(() => sandbox.stop());

async function signedBy(cloud: 'aliyun' | 'tencent'): Promise<Signed> {
  let resolve: (signed: Signed) => void = () => undefined;
  const promise = new Promise<Signed>((done) => {
    resolve = done;
  });
  const recorder = createServer((asked, response) => {
    let body = '';
    asked.on('data', (chunk: Buffer) => (body += chunk.toString()));
    asked.on('end', () => {
      resolve({ path: asked.url ?? '', headers: plain(asked.headers), body });
      response.end('{}');
    });
  });
  await new Promise<void>((listening) => recorder.listen(0, '127.0.0.1', listening));
  const { accessKeySecret, ...known } = sandbox.control.sms.known;
  const settings = {
    ...known,
    accessKeySecret: new Secret(accessKeySecret),
    region: 'cn-hangzhou',
    endpoint: `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`,
  };
  const sender = cloud === 'aliyun' ? new AliyunSender(settings) : new TencentSender(settings);
  await sender
    .sendCode({
      phone: '+8613800000001',
      code: new Secret('012345'),
      validMinutes: 5,
      language: 'en',
    })
    .catch(() => undefined);
  recorder.closeAllConnections();
  recorder.close();
  return promise;
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name !== 'connection')
      .map(([name, value]) => [name, String(value)]),
  );
}

async function ask(cloud: 'aliyun' | 'tencent', { path, headers, body }: Signed) {
  const url = sandbox.endpoints.sms[cloud] + path;
  const reply = await request(url, { method: 'POST', headers, body });
  return { status: reply.statusCode, body: await reply.body.json() };
}

describe('Aliyun', () => {
  it('takes what its SDK signed, once', async () => {
    const signed = await signedBy('aliyun');
    expect(await ask('aliyun', signed)).toMatchObject({ status: 200, body: { Code: 'OK' } });
    expect(await ask('aliyun', signed)).toMatchObject({
      status: 400,
      body: { Code: 'SignatureNonceUsed' },
    });
    expect(sandbox.control.sms.inbox()).toHaveLength(1);
  });

  it.each<[string, (signed: Signed) => void]>([
    [
      'SignatureDoesNotMatch',
      (signed) => {
        signed.path = signed.path.replace('13800000001', '13800000002');
      },
    ],
    [
      'SignatureDoesNotMatch',
      (signed) => {
        signed.body = 'more';
        signed.headers['content-length'] = '4';
      },
    ],
    [
      'SignatureDoesNotMatch',
      ({ headers }) => {
        headers['x-acs-version'] = '2017-05-26';
      },
    ],
    [
      'SignatureDoesNotMatch',
      ({ headers }) => {
        headers['authorization'] = headers['authorization']?.replace('x-acs-date;', '') ?? '';
      },
    ],
    [
      'InvalidTimeStamp.Expired',
      ({ headers }) => {
        headers['x-acs-date'] = '2026-01-01T00:00:00Z';
      },
    ],
    [
      'MissingAuthorization',
      ({ headers }) => {
        delete headers['authorization'];
      },
    ],
  ])('says %s to what was changed on the way', async (code, spoil) => {
    const signed = await signedBy('aliyun');
    spoil(signed);
    expect(await ask('aliyun', signed)).toEqual({
      status: 400,
      body: {
        Code: code,
        Message: expect.any(String),
        RequestId: 'sandbox',
        HostId: 'dysmsapi.aliyuncs.com',
      },
    });
    expect(sandbox.control.sms.inbox()).toEqual([]);
  });
});

describe('Tencent Cloud', () => {
  it('takes what its SDK signed', async () => {
    const reply = await ask('tencent', await signedBy('tencent'));
    expect(reply).toMatchObject({
      status: 200,
      body: { Response: { SendStatusSet: [{ Code: 'Ok', PhoneNumber: '+8613800000001' }] } },
    });
  });

  it.each<[string, (signed: Signed) => void]>([
    [
      'AuthFailure.SignatureFailure',
      (signed) => {
        signed.body = signed.body.replace('13800000001', '13800000002');
      },
    ],
    [
      'AuthFailure.SignatureFailure',
      ({ headers }) => {
        headers['authorization'] = headers['authorization']?.replace(';host', '') ?? '';
      },
    ],
    [
      'AuthFailure.SignatureFailure',
      ({ headers }) => {
        headers['x-tc-timestamp'] = String(Number(headers['x-tc-timestamp']) + 1);
      },
    ],
    [
      'AuthFailure.SignatureExpire',
      ({ headers }) => {
        headers['x-tc-timestamp'] = '1767225600';
      },
    ],
  ])('says %s to what was changed on the way', async (code, spoil) => {
    const signed = await signedBy('tencent');
    spoil(signed);
    expect(await ask('tencent', signed)).toMatchObject({
      status: 200,
      body: { Response: { Error: { Code: code } } },
    });
    expect(sandbox.control.sms.inbox()).toEqual([]);
  });
});
