import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { read, root } from './files.js';

/** One instruction of the Dockerfile. */
interface Instruction {
  readonly name: string;
  readonly words: string;
}

/** The two stages of the Dockerfile, line ends within an instruction taken out. */
function stages(): readonly (readonly Instruction[])[] {
  const lines = read('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const all: Instruction[][] = [];
  for (const line of lines) {
    const [, name = '', words = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === 'FROM') all.push([]);
    all.at(-1)?.push({ name, words });
  }
  return all;
}

/**
 * What the image's /app would hold: the Dockerfile, followed in folders of this machine, with its own files and its own commands. The
 * packages of the first `npm ci`, which are those of this very repository, are not fetched again.
 */
export class ImageContent {
  private constructor(
    private readonly folder: string,
    /** Stands for /app. */
    readonly app: string,
    /** Stands for /usr/local/bin. */
    readonly bin: string,
  ) {}

  static async make(): Promise<ImageContent> {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-image-'));
    const [build, packages, app, bin] = ['build', 'packages', 'app', 'bin'].map((name) =>
      join(folder, name),
    ) as [string, string, string, string];
    for (const each of [build, packages, app, bin]) await mkdir(each);
    const [first = [], last = []] = stages();

    // Neither of the two long ones needs the other.
    const running: Promise<void>[] = [];
    for (const { name, words } of first) {
      if (name === 'COPY') await copy(words, root, build);
      if (name === 'RUN' && words === 'npm ci')
        await symlink(join(root, 'node_modules'), join(build, 'node_modules'));
      if (name === 'RUN' && words === 'npm run build') running.push(run(words, build));
      // In a folder of its own: it empties node_modules, which is ours there.
      if (name === 'RUN' && words.startsWith('npm ci --omit=dev')) {
        for (const file of ['package.json', 'package-lock.json'])
          await cp(join(root, file), join(packages, file));
        running.push(run(words, packages));
      }
    }
    await Promise.all(running);
    for (const { name, words } of last) {
      const [, from] = /^--from=build (.*)$/.exec(words) ?? [];
      if (name === 'COPY' && from?.startsWith('/build/node_modules '))
        await copy(from.replace('/build/', ''), packages, app);
      else if (name === 'COPY' && from) await copy(from.replace('/build/', ''), build, app);
      else if (name === 'COPY') await copy(words, root, app);
      // The others change what belongs to the base image.
      if (name === 'RUN' && words.includes('dist/'))
        await run(words.replaceAll('/usr/local/bin', bin).replaceAll('/app/', `${app}/`), app);
    }
    return new ImageContent(folder, app, bin);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

async function copy(words: string, from: string, to: string): Promise<void> {
  const names = words.split(' ');
  const target = join(to, names.pop()!);
  for (const name of names) {
    const isInto = names.length > 1 || target.endsWith('/') || target === to;
    await cp(join(from, name), isInto ? join(target, name) : target, { recursive: true });
  }
}

async function run(command: string, cwd: string): Promise<void> {
  await promisify(execFile)('sh', ['-ec', command], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      npm_config_prefer_offline: 'true',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_cache: process.env['npm_config_cache'],
      npm_config_registry: process.env['npm_config_registry'],
    },
  });
}
