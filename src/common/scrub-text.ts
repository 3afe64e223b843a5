import { maskPhones } from './mask-phones.js';

/** An address with whatever it holds beside its host: user, path, query. */
const addresses =
  /\b((?:https?|wss?|postgres(?:ql)?|rediss?):\/\/)(?:[^\s/@"'<>]*@)?([^\s/?#"'<>]+)[^\s"'<>]*/gi;
/** `access_token=…`, `"secret": "…"`, and their like. */
const named =
  /((?:access|refresh|id|auth|suite)?_?token|secret|password|passwd|(?:auth_?|pre_auth_|permanent_)?code(?:_verifier)?|state|ticket|signature|authorization|cookie|api_?key)(["']?\s*[=:]\s*["']?)(?:Bearer\s+|Basic\s+)?[^\s"'&,;)}\]]+/gi;
const mailboxes = /[\w.+-]+@((?:[\w-]+\.)+[a-z]{2,})/gi;
/** Long, and no word: a token, a key, a hash. Ids of ours, which are UUIDs, may stay. */
const opaque =
  /(?<![\w-])(?=[\w-]*\d)(?![\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\w-]))[\w-]{32,}(?![\w-])/gi;

/** Words of others (a library, a driver, a platform) as they may be logged: nothing that opens a door, and nobody's number or mailbox. */
export function scrubText(text: string): string {
  return maskPhones(
    text
      .replace(addresses, '$1$2/…')
      .replace(named, '$1$2***')
      .replace(mailboxes, '***@$1')
      .replace(opaque, '***'),
  );
}
