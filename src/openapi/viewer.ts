import type { NextFunction, Request, Response } from 'express';

/** Where the viewer and its files are. */
export const viewerPath = '/docs';

/** The viewer brings its own script and style, and asks nobody else. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Not the page that Nest has for it, whose styles stand inline. */
const page = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <title>Lingpai API</title>
  <link rel="stylesheet" href="${viewerPath}/swagger-ui.css">
  <link rel="stylesheet" href="${viewerPath}/index.css">
  <link rel="icon" type="image/png" href="${viewerPath}/favicon-32x32.png" sizes="32x32">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="${viewerPath}/swagger-ui-bundle.js"></script>
  <script src="${viewerPath}/swagger-ui-standalone-preset.js"></script>
  <script src="${viewerPath}/swagger-ui-init.js"></script>
</body>
</html>
`;

/** Answers for the viewer's page, and leaves its files to who comes next. To be mounted at `viewerPath`. */
export function viewer(request: Request, response: Response, next: NextFunction): void {
  // The files bear no hash in their names: a browser may keep them, and asks whether they are still the same.
  response.setHeader('Cache-Control', 'no-cache');
  const isPage = request.path === '/' || request.path === '/index.html';
  if (!isPage || (request.method !== 'GET' && request.method !== 'HEAD')) return next();
  response.setHeader('Content-Security-Policy', policy);
  response.type('html').send(page);
}
