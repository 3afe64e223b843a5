import type { Messages } from './messages.js';

/**
 * The OAuth and OpenID Connect errors that the protocol engine may show to a person instead of sending them back to the
 * client. `session_not_found` is ours for the engine's `SessionNotFound`, whose own code says only `invalid_request`.
 */
export type EngineCode =
  | 'invalid_client'
  | 'invalid_redirect_uri'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'unauthorized_client'
  | 'unsupported_response_type'
  | 'unsupported_response_mode'
  | 'access_denied'
  | 'login_required'
  | 'session_not_found'
  | 'temporarily_unavailable'
  | 'server_error';

/** Words for each of them, for the person at the browser; the engine's own description goes into the small print. */
export const engineMessages = {
  invalid_client: {
    'zh-CN': {
      heading: '不认识这个应用',
      sentence: '这个应用没有在这里登记，请联系应用的管理员。',
    },
    en: {
      heading: 'Unknown application',
      sentence: 'This application isn’t registered here. Please ask its administrator.',
    },
  },
  invalid_redirect_uri: {
    'zh-CN': {
      heading: '回到应用的地址未登记',
      sentence: '为了您的安全，我们只回到应用登记过的地址，请联系应用的管理员。',
    },
    en: {
      heading: 'The way back isn’t registered',
      sentence:
        'To keep you safe we only return to addresses that the application has registered. Please ask its administrator.',
    },
  },
  invalid_request: {
    'zh-CN': { heading: '请求不完整', sentence: '应用发来的请求有误，请回到应用再试一次。' },
    en: {
      heading: 'Something is missing',
      sentence: 'The application’s request isn’t right. Please go back to it and try again.',
    },
  },
  invalid_scope: {
    'zh-CN': {
      heading: '应用要求的信息过多',
      sentence: '它要求了未登记的权限，请联系应用的管理员。',
    },
    en: {
      heading: 'The application asks for too much',
      sentence:
        'It asked for permissions that it isn’t registered for. Please ask its administrator.',
    },
  },
  invalid_target: {
    'zh-CN': { heading: '应用要访问的服务未登记', sentence: '请联系应用的管理员。' },
    en: {
      heading: 'Unknown service',
      sentence:
        'The application wants to reach a service that isn’t registered. Please ask its administrator.',
    },
  },
  unauthorized_client: {
    'zh-CN': {
      heading: '应用不能这样登录',
      sentence: '它没有登记这种登录方式，请联系应用的管理员。',
    },
    en: {
      heading: 'Not open to this application',
      sentence:
        'The application isn’t registered for this kind of sign-in. Please ask its administrator.',
    },
  },
  unsupported_response_type: {
    'zh-CN': {
      heading: '不支持的登录请求',
      sentence: '应用使用了这里不支持的方式，请联系应用的管理员。',
    },
    en: {
      heading: 'Unsupported request',
      sentence:
        'The application asks in a way that isn’t supported here. Please ask its administrator.',
    },
  },
  unsupported_response_mode: {
    'zh-CN': {
      heading: '不支持的登录请求',
      sentence: '应用使用了这里不支持的方式，请联系应用的管理员。',
    },
    en: {
      heading: 'Unsupported request',
      sentence:
        'The application asks in a way that isn’t supported here. Please ask its administrator.',
    },
  },
  access_denied: {
    'zh-CN': {
      heading: '登录没有完成',
      sentence: '这次登录没有被允许，需要时可以回到应用重新开始。',
    },
    en: {
      heading: 'Sign-in didn’t finish',
      sentence: 'This sign-in wasn’t allowed. You can start again from the application.',
    },
  },
  login_required: {
    'zh-CN': { heading: '请先登录', sentence: '您还没有登录，请回到应用重新登录。' },
    en: {
      heading: 'Please sign in first',
      sentence: 'You aren’t signed in yet. Please go back to the application and sign in.',
    },
  },
  session_not_found: {
    'zh-CN': { heading: '登录已超时', sentence: '这次登录已经结束或失效，请回到应用重新开始。' },
    en: {
      heading: 'Sign-in timed out',
      sentence: 'This sign-in is over or has expired. Please start again from the application.',
    },
  },
  temporarily_unavailable: {
    'zh-CN': { heading: '暂时无法登录', sentence: '登录服务正忙，请稍等片刻再试。' },
    en: {
      heading: 'Not available just now',
      sentence: 'Signing in is busy at the moment. Please try again shortly.',
    },
  },
  server_error: {
    'zh-CN': {
      heading: '我们这边出了点问题',
      sentence: '请稍后再试；如果一直这样，请把下面的信息发给管理员。',
    },
    en: {
      heading: 'Something went wrong on our side',
      sentence:
        'Please try again in a moment. If it stays, pass the details below to your administrator.',
    },
  },
} satisfies Record<EngineCode, Messages>;
