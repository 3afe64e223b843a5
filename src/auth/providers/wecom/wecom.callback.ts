import { XMLParser } from 'fast-xml-parser';

import type { CallbackRequest } from '../platform-events.js';
import {
  callbackKey,
  type CallbackKeys,
  callbackRefused,
  largestCallback,
  openCiphertext,
  requireCallbackSignature,
} from '../sealed-callback.js';

/**
 * How WeCom signs and encrypts what it pushes (reference wecom-service-provider 7 and 8, wecom-self-built 9), the same for every app.
 * For whom a callback was meant (its ReceiveId) and what it says is for each platform's own folder to judge.
 */

/** What was inside: signed by whoever holds the keys. */
export interface OpenedCallback {
  /** The XML of an event, or the text that a test of the URL wants back. */
  readonly content: string;
  /** For whom it was made (reference wecom-service-provider 7.2); to be compared before the content is believed. */
  readonly receiveId: string;
}

const dayInMs = 24 * 60 * 60 * 1000;

/**
 * Verifies and decrypts: the echo text of GET, the envelope's ciphertext of POST.
 * @throws AppError `callback_refused`, nothing else
 */
export function openCallback(keys: CallbackKeys, request: CallbackRequest): OpenedCallback {
  const encrypted = encryptedOf(request);
  const digits = /^[A-Za-z0-9+/]+={0,2}$/;
  if (!digits.test(encrypted) || encrypted.length % 4 !== 0)
    throw callbackRefused('the ciphertext is no base64');
  requireCallbackSignature(
    keys.token,
    request.query,
    request.query.get('msg_signature') ?? '',
    encrypted,
    'Compare the Token with the one in the console; otherwise somebody else knocks here.',
  );
  const ciphertext = Buffer.from(encrypted, 'base64');
  if (callbackKey(keys.aesKey).length !== 32 || ciphertext.length % 16 !== 0)
    throw callbackRefused('the ciphertext is cut off, or the EncodingAESKey is none');
  const { content, owner } = openCiphertext(
    keys.aesKey,
    ciphertext,
    'Compare the EncodingAESKey with the one in the console.',
  );
  return { content, receiveId: owner };
}

function encryptedOf({ method, query, body }: CallbackRequest): string {
  // A `+` that was not percent-encoded arrives as a blank; base64 has none of its own.
  if (method === 'GET') return limited(query.get('echostr') ?? '').replaceAll(' ', '+');
  return readXml(body)['Encrypt'] ?? '';
}

/**
 * The flat fields of the one root element, trimmed, all of them texts; repeated and nested ones are left out. No entity is ever replaced.
 * @throws AppError `callback_refused` where this is not such XML
 */
export function readXml(content: string): Readonly<Record<string, string>> {
  refuseDeclarations(limited(content));
  const found = new Map<string, string | undefined>();
  for (const field of fieldsOf(content)) {
    const [name, parts] = Object.entries(field)[0] ?? [];
    if (name === undefined || typeof parts !== 'object') continue;
    found.set(name, found.has(name) ? undefined : textOf(parts));
  }
  const flat = Object.create(null) as Record<string, string>;
  for (const [name, value] of found) if (value !== undefined) flat[name] = value;
  return flat;
}

function fieldsOf(content: string): readonly XmlNode[] {
  const roots = nodesOf(content).filter((node) => node['#text'] === undefined);
  const [name, fields] = Object.entries(roots[0] ?? {})[0] ?? [];
  // The parser forgives an end that is missing.
  const isWhole = roots.length === 1 && content.trimEnd().endsWith(`</${String(name)}>`);
  if (!isWhole || typeof fields !== 'object') throw callbackRefused('the XML is not whole');
  return fields;
}

/** Nothing where there are elements inside. */
function textOf(parts: readonly XmlNode[]): string | undefined {
  const pieces = parts.map((part) => part['#text']);
  if (!pieces.every((piece) => typeof piece === 'string')) return undefined;
  return pieces.join('').trim();
}

/** As the parser keeps the order: one name each, with its children; or a piece of text. */
interface XmlNode {
  readonly [name: string]: string | readonly XmlNode[];
}

/** Ten levels: WeCom's deepest event has five. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  maxNestedTags: 10,
});

function nodesOf(content: string): readonly XmlNode[] {
  try {
    return parser.parse(content) as readonly XmlNode[];
  } catch {
    // The parser's words quote the text, which may hold anything.
    throw callbackRefused('the body is no XML');
  }
}

/** DOCTYPE, entities, comments and instructions: WeCom sends none, and nothing good begins with them. Linear in time. */
function refuseDeclarations(content: string): void {
  const open = '<![CDATA[';
  let outside = content.replace(/^\s*<\?xml[^<>]*\?>/, '');
  for (let at = outside.indexOf(open); at !== -1; at = outside.indexOf(open)) {
    const end = outside.indexOf(']]>', at);
    requireNone(end === -1 ? outside : outside.slice(0, at));
    outside = outside.slice(end + 3);
  }
  requireNone(outside);
}

function requireNone(markup: string): void {
  if (/<[!?]/.test(markup)) throw callbackRefused('the XML holds a declaration, or is cut off');
}

/** Looked at before any work is done on it. */
function limited(given: string): string {
  if (given.length === 0) throw callbackRefused('there is nothing in it');
  if (given.length > largestCallback) throw callbackRefused('it is too large');
  return given;
}

/**
 * When the platform made it.
 * @param timestampSeconds as the platform wrote it inside the ciphertext: the one in the URL can be moved
 * @throws AppError `callback_refused` where that is more than a day from now
 */
export function sentAtOf(timestampSeconds: string, now: Date): Date {
  const sentAt = new Date(
    /^\d{1,12}$/.test(timestampSeconds) ? Number(timestampSeconds) * 1000 : NaN,
  );
  const off = Math.abs(sentAt.getTime() - now.getTime());
  if (off <= dayInMs) return sentAt;
  throw callbackRefused('its time is missing, or more than a day off', {
    fix: 'Compare the clock of this machine; otherwise somebody repeats an old callback.',
  });
}
