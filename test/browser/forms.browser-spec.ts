import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';

import { desktop, openChromium } from '../fixtures/chromium.js';
import { openTestBed, portal, type TestBed } from '../fixtures/service.js';
import { begin, discoverPortal } from '../fixtures/sign-in.js';

let bed: TestBed;
let application: Server;
/** The application, on another site than the service. */
let origin: string;
/** What was posted to it. */
let posted = '';

beforeAll(async () => {
  application = createServer((request, response) => {
    if (request.method === 'POST') {
      posted = '';
      request.on('data', (chunk: Buffer) => (posted += chunk.toString()));
    }
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>app</title>');
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;
  bed = await openTestBed({
    provision: (file) => {
      file.clients[0]!['redirectUris'] = [portal.redirectUri, `${origin}/callback`];
      file.clients[0]!['postLogoutRedirectUris'] = [`${origin}/bye`];
    },
  });
});
afterAll(async () => {
  await bed.stop();
  application.closeAllConnections();
  application.close();
});

/** Sends a form from the application's own page. */
async function sendForm(page: Page, action: string, fields: Record<string, string>): Promise<void> {
  await page.goto(`${origin}/`);
  await page.evaluate(
    `(() => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action: ${JSON.stringify(action)} });
      for (const [name, value] of Object.entries(${JSON.stringify(fields)}))
        form.append(Object.assign(document.createElement('input'), { name, value }));
      document.body.append(form);
      form.submit();
    })()`,
  );
}

it('an application of another site asks and signs out by forms, and is answered by a form', async () => {
  const { context, close } = await openChromium({ viewport: desktop, locale: 'en-US' });
  try {
    const page = await context.newPage();
    const { url } = await begin(await discoverPortal(bed), {
      redirect_uri: `${origin}/callback`,
      response_mode: 'form_post',
      connection: 'dingtalk',
    });
    const request = Object.fromEntries(url.searchParams);

    await sendForm(page, `${bed.issuer}/authorize`, request);
    await page.click('[data-member="manager0042"]');
    await page.waitForURL(`${origin}/callback`);
    expect(new URLSearchParams(posted).get('code')).toMatch(/^[\w-]{40,}$/);

    // It comes from another site, and yet we see who is signed in.
    await sendForm(page, `${bed.issuer}/authorize`, { ...request, state: 'two', prompt: 'none' });
    await page.waitForURL(`${origin}/callback`);
    expect(Object.fromEntries(new URLSearchParams(posted))).toEqual({
      code: expect.any(String),
      state: 'two',
      iss: bed.issuer,
    });

    await sendForm(page, `${bed.issuer}/logout`, {
      client_id: portal.clientId,
      post_logout_redirect_uri: `${origin}/bye`,
      state: 'three',
    });
    await page.click('button[value="yes"]');
    await page.waitForURL(`${origin}/bye?state=three`);
  } finally {
    await close();
  }
});
