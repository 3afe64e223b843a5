import { createServer } from 'node:http';

/**
 * DingTalk as fast as Node answers: no checks, no page, a handful of people. Run as a process of its own, so that its work is
 * nobody's measurement. Prints its port; counts its calls at `/calls`.
 */
const calls: Record<string, number> = {};

const server = createServer((request, response) => {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path !== '/calls') calls[path] = (calls[path] ?? 0) + 1;
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body =
      chunks.length > 0
        ? (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>)
        : {};
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify(answer(path, body, request.headers['x-acs-dingtalk-access-token'])),
    );
  });
});

function answer(path: string, body: Record<string, string>, token: unknown): unknown {
  switch (path) {
    case '/calls':
      return calls;
    case '/v1.0/oauth2/accessToken':
      return { accessToken: 'app-token', expireIn: 7200 };
    case '/v1.0/oauth2/userAccessToken':
      // The code names the person: `p17-…`.
      return { accessToken: `user-${body['code']?.split('-')[0] ?? ''}`, expireIn: 7200 };
    case '/v1.0/contact/users/me':
      return {
        unionId: String(token),
        openId: `open-${String(token)}`,
        nick: 'Nick',
        stateCode: '86',
        mobile: '13800000000',
      };
    case '/topapi/user/getbyunionid':
      return {
        errcode: 0,
        errmsg: 'ok',
        result: { contact_type: 0, userid: `id-${body['unionid'] ?? ''}` },
      };
    case '/topapi/v2/user/get':
      return {
        errcode: 0,
        errmsg: 'ok',
        result: { userid: body['userid'], name: 'Name', active: true },
      };
    default:
      return { errcode: 404 };
  }
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${address !== null && typeof address === 'object' ? address.port : 0}\n`);
});
