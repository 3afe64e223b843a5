import type { RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';

const twoYears = 63_072_000;

/** None of our pages asks for these; the platform's script on one of them shall not either. */
const permissionsPolicy =
  'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()';

/**
 * The browser's way through a sign-in, a sign-out and an installation. An application may open it in a window of its own and wait there
 * for the end; one answer on the way that wants to be alone, and the window has lost its opener for good.
 */
const waysOfApplications =
  /^\/(?:authorize|connections|login|continue|callback|bind|entry|logout|install)(?:\/|$)/i;

/**
 * The headers of every answer, whoever gives it: a page, the API, the engine, a redirect, a file, a refusal. It stands before
 * everything else and takes the strictest of each kind; what needs more says so where it is made (docs/headers.md).
 */
export function httpHeaders(issuerUrl: string): RequestHandler {
  const strictest = helmet(optionsFor(new URL(issuerUrl)));
  return (request, response, next) => {
    strictest(request, response, (error?: unknown) => {
      response.setHeader('Cache-Control', 'no-store');
      response.setHeader('Permissions-Policy', permissionsPolicy);
      if (waysOfApplications.test(request.path))
        response.setHeader('Cross-Origin-Opener-Policy', 'unsafe-none');
      next(error);
    });
  };
}

function optionsFor(issuer: URL): HelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        // No page may be framed by anybody: a sign-in belongs under an address bar. Tokens that are renewed in a hidden frame
        // (`prompt=none`) come by redirects, on which frame rules do not act.
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    // Not `no-referrer`, on no answer: a redirect's holds for what follows it, and platforms check where their visitors come from.
    referrerPolicy: { policy: 'strict-origin' },
    strictTransportSecurity: staysEncrypted(issuer) && {
      maxAge: twoYears,
      // The hosts below this one need not be ours.
      includeSubDomains: false,
    },
    // Both are for programs that are gone.
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
  };
}

/** A developer's `localhost` has other services too, which a browser would then refuse to reach for two years. */
function staysEncrypted({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' && !/(?:^|\.)localhost$/.test(hostname);
}
