import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every relative import of the sources, as paths from the root. */
const imports: Import[] = sourceFiles(join(root, 'src')).flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s+'(\.{1,2}\/[^']+)'/g)].map(
    (match) => ({
      from: relative(root, file),
      to: relative(root, resolve(dirname(file), match[1] ?? '')).replace(/\.js$/, '.ts'),
    }),
  ),
);

function sourceFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.spec.ts') && !name.includes('testing/'),
    )
    .map((name) => join(folder, name));
}

function importsOf(from: string, to: RegExp): string[] {
  return imports
    .filter((each) => each.from.startsWith(from) && to.test(each.to))
    .map((each) => `${each.from} → ${each.to}`);
}

describe('the house', () => {
  it('has imports to look at', () => {
    expect(imports.length).toBeGreaterThan(150);
  });

  it.each([
    [
      'a provider knows no accounts, sign-in, issuer, token cache or connections',
      'src/auth/providers/',
      /^src\/(?:account-binding|audit|connections|token-cache|database|auth\/(?:sign-in|issuer))\//,
    ],
    [
      'account binding knows of platforms only the contract, and which connections there are',
      'src/account-binding/',
      /^src\/(?:connections\/(?!connections\.module\.ts|connection\.(?:registry|fields)\.ts)|token-cache|auth\/(?:sign-in|issuer|providers\/(?!(?:provider|platform-events)\.ts)))/,
    ],
    [
      'the token cache knows only the contract',
      'src/token-cache/',
      /^src\/(?:connections|account-binding|auth\/(?:sign-in|issuer|providers\/(?!platform-tokens\.ts)))/,
    ],
    [
      'the platforms’ events are taken in and worked off without knowing a platform, an account or a sign-in',
      'src/platform-events/',
      /^src\/(?:token-cache|account-binding\/(?!account-binding\.module\.ts|leavers\/)|auth\/(?:sign-in|issuer|providers\/(?!(?:provider|platform-events)\.ts)))/,
    ],
    [
      'the issuer knows no platform, and of the sign-in only its pages',
      'src/auth/issuer/',
      /^src\/(?:token-cache|auth\/(?:providers\/(?!provider\.ts)|sign-in\/(?!pages\/)))/,
    ],
    [
      'the pages know nobody',
      'src/auth/sign-in/pages/',
      /^src\/(?!auth\/sign-in\/pages\/|common\/app-error\.ts)/,
    ],
    [
      'the re-encryption knows no room: each says where it keeps what it seals',
      'src/reencryption/',
      /^src\/(?!reencryption\/|database\/|common\/)/,
    ],
    ['what is common knows no room', 'src/common/', /^src\/(?!common\/)/],
    [
      'the metrics know no room, so that any may count',
      'src/metrics/',
      /^src\/(?!metrics\/|common\/|config\/)/,
    ],
    [
      'the traces know no room, so that any may show its work',
      'src/tracing/',
      /^src\/(?!tracing\/|common\/|config\/)/,
    ],
    [
      'nothing knows the sandbox, the demo, the bench or the tests',
      'src/',
      /^(?:sandbox|demo|bench|test)\//,
    ],
  ])('%s', (_rule, from, forbidden) => {
    expect(importsOf(from, forbidden)).toEqual([]);
  });

  it('OpenTelemetry is loaded by one file, which is imported when there is somewhere to send traces', () => {
    const naming = (words: RegExp): string[] =>
      sourceFiles(join(root, 'src'))
        .filter((file) => words.test(readFileSync(file, 'utf8')))
        .map((file) => relative(root, file));
    expect(naming(/from '@opentelemetry\//)).toEqual([
      'src/tracing/open-telemetry-tracer.ts',
      'src/tracing/told-exporter.ts',
    ]);
    expect(
      importsOf('src/', /^src\/tracing\/(?:open-telemetry-tracer|told-exporter)\.ts$/),
    ).toEqual(['src/tracing/open-telemetry-tracer.ts → src/tracing/told-exporter.ts']);
    expect(naming(/await import\('\.\/open-telemetry-tracer\.js'\)/)).toEqual([
      'src/tracing/tracing.module.ts',
    ]);
  });

  it('no platform imports another, beside what both WeCom platforms share', () => {
    const platforms = ['dingtalk', 'wecom-self-built', 'wecom-service-provider'];
    const crossing = platforms.flatMap((platform) =>
      platforms
        .filter((other) => other !== platform)
        .flatMap((other) =>
          importsOf(`src/auth/providers/${platform}/`, new RegExp(`^src/auth/providers/${other}/`)),
        ),
    );
    expect(crossing).toEqual([]);
  });

  it('every controller declares who may call it', () => {
    const silent = sourceFiles(join(root, 'src'))
      .filter((file) => file.endsWith('.controller.ts'))
      .filter(
        (file) =>
          !/@Public\(\)|@Requires(?:Scope|Person|OpenId)\(/.test(readFileSync(file, 'utf8')),
      )
      .map((file) => relative(root, file));
    expect(silent).toEqual([]);
  });

  it('every controller declares how often it may be called', () => {
    const silent = sourceFiles(join(root, 'src'))
      .filter((file) => file.endsWith('.controller.ts'))
      .filter(
        (file) => !/^@(?:Limited|LimitedInside|Unlimited)\(/m.test(readFileSync(file, 'utf8')),
      )
      .map((file) => relative(root, file));
    expect(silent).toEqual([]);
  });

  it('no file outgrows three hundred lines', () => {
    const large = ['src', 'sandbox', 'demo', 'bench']
      .flatMap((folder) => sourceFiles(join(root, folder)))
      .filter((file) => readFileSync(file, 'utf8').split('\n').length > 300)
      .map((file) => relative(root, file));
    expect(large).toEqual([]);
  });
});
