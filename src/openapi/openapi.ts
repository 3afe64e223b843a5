import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

import { Config } from '../config/config.js';
import { packageVersion } from '../common/package-version.js';
import { Problem } from './problem.schema.js';
import { viewer, viewerPath } from './viewer.js';

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** `/docs` and `/docs-json`: the REST API, described by the code that answers it. */
export function setUpOpenApi(app: INestApplication): void {
  const config = app.get(Config);
  const builder = new DocumentBuilder()
    .setTitle('Lingpai')
    .setDescription(
      'The REST API of Lingpai. Machines bring a token from `/token` (`client_credentials`); `/me` is for a signed-in person.',
    )
    .setVersion(packageVersion())
    .addServer(config.issuerUrl)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  let document: OpenAPIObject | undefined;
  app.use(viewerPath, viewer);
  SwaggerModule.setup(viewerPath, app, () => (document ??= describe(app, builder)), {
    jsonDocumentUrl: 'docs-json',
    raw: ['json'],
    swaggerOptions: { layout: 'BaseLayout' },
  });
}

function describe(
  app: INestApplication,
  builder: Parameters<typeof SwaggerModule.createDocument>[1],
): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, builder, {
    extraModels: [Problem],
    operationIdFactory: (controller, method) =>
      `${controller.replace(/Controller$/, '')}_${method}`,
  });
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith('/api/v1/'));
  for (const [, item] of paths) {
    for (const method of methods) {
      const operation = item[method];
      if (!operation) continue;
      const scope = (operation as Scoped)['x-scope'];
      if (scope !== undefined)
        operation.description = [operation.description, scopeSentence(scope)]
          .filter(Boolean)
          .join(' ');
      operation.responses['default'] = {
        description: 'What went wrong (RFC 9457).',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      };
    }
  }
  return { ...document, paths: Object.fromEntries(paths) };
}

function scopeSentence(scope: string): string {
  return scope === 'openid'
    ? 'Scope: `openid`, in the token of a signed-in person.'
    : `Scope: \`${scope}\`.`;
}

/** What `@RequiresScope` and its like leave on an operation. */
interface Scoped {
  readonly 'x-scope'?: string;
}
