import { Body, Controller, Post, Redirect, UseFilters } from '@nestjs/common';

import { Public } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Limited } from '../../common/limited.js';
import { PageFilter } from './page.filter.js';

/** What browsers, proxies and our own server take of an address, which comes among the headers, and is led to by one. */
const longestAddress = 12_000;

/** Where a browser is led on to. */
interface Onward {
  readonly url: string;
}

/**
 * What an application may also send as a form (OpenID Connect Core 3.1.2.1, RP-Initiated Logout 2), asked again as the same request by
 * GET: a browser takes no cookie of ours along with a form of another site, so only then do we see who is signed in.
 */
@Controller()
@Public()
@Limited('sign-in')
@UseFilters(PageFilter)
export class PostedRequestsController {
  @Post('authorize')
  @Redirect(undefined, 303)
  authorize(@Body() form: unknown): Onward {
    return { url: asQuery('/authorize', form) };
  }

  @Post('logout')
  @Redirect(undefined, 303)
  signOut(@Body() form: unknown): Onward {
    return { url: asQuery('/logout', form) };
  }
}

/**
 * What was sent twice stays twice, and is refused where it should be.
 * @throws AppError `request_invalid` for what no address can hold
 */
function asQuery(path: string, form: unknown): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(form ?? {})) {
    for (const value of [values as unknown].flat())
      if (typeof value === 'string') query.append(name, value);
  }
  const url = `${path}?${query.toString()}`;
  if (url.length > longestAddress)
    throw new AppError(
      'request_invalid',
      'The request is too long to be asked again as an address.',
    );
  return url;
}
