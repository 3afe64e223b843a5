import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';

import { type Actor, CurrentActor, RequiresScope } from '../common/access.js';
import { entityTag } from '../common/entity-tag.js';
import { Limited } from '../common/limited.js';
import { type PageOf, PageQuery } from '../common/page-of.js';
import { viewOf, WebhookAdministration } from './webhook-administration.js';
import {
  ChangeWebhookDto,
  CreatedWebhookView,
  CreateWebhookDto,
  DeliveryPage,
  DeliveryQuery,
  type DeliveryView,
  DeliveryWithBody,
  WebhookPage,
  WebhookSecretView,
  WebhookView,
} from './webhooks.dto.js';
import type { StoredWebhook } from './webhooks.repository.js';

/** Who is told what happens to accounts, and what became of it. */
@ApiTags('webhooks')
@ApiBearerAuth()
@Controller('api/v1/webhooks')
@RequiresScope('webhooks:write')
@Limited('api')
export class WebhooksController {
  constructor(private readonly webhooks: WebhookAdministration) {}

  @Get()
  @RequiresScope('webhooks:read')
  @ApiOkResponse({ type: WebhookPage })
  list(@Query() query: PageQuery): Promise<PageOf<WebhookView>> {
    return this.webhooks.page(query);
  }

  @Get(':id')
  @RequiresScope('webhooks:read')
  @ApiOkResponse({ type: WebhookView, headers: { ETag: { schema: { type: 'string' } } } })
  async read(
    @Param('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WebhookView> {
    return tagged(await this.webhooks.read(id), response);
  }

  @Post()
  @ApiCreatedResponse({
    type: CreatedWebhookView,
    headers: { ETag: { schema: { type: 'string' } } },
  })
  async create(
    @Body() body: CreateWebhookDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CreatedWebhookView> {
    const { stored, secret } = await this.webhooks.create(body, actor);
    response.setHeader('Cache-Control', 'no-store');
    return Object.assign(tagged(stored, response), { secret });
  }

  @Patch(':id')
  @ApiHeader({ name: 'If-Match', required: false })
  @ApiOkResponse({ type: WebhookView, headers: { ETag: { schema: { type: 'string' } } } })
  async change(
    @Param('id') id: string,
    @Body() body: ChangeWebhookDto,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WebhookView> {
    return tagged(await this.webhooks.change(id, body, ifMatch, actor), response);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  delete(@Param('id') id: string, @CurrentActor() actor: Actor): Promise<void> {
    return this.webhooks.delete(id, actor);
  }

  /** Makes a new secret; deliveries are signed with it from now on. */
  @Post(':id/secret')
  @ApiCreatedResponse({ type: WebhookSecretView })
  async renewSecret(
    @Param('id') id: string,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<WebhookSecretView> {
    response.setHeader('Cache-Control', 'no-store');
    return { secret: await this.webhooks.renewSecret(id, actor) };
  }

  /** Queues a `webhook.test` event. */
  @Post(':id/test')
  @ApiCreatedResponse({ type: DeliveryWithBody })
  test(@Param('id') id: string, @CurrentActor() actor: Actor): Promise<DeliveryWithBody> {
    return this.webhooks.test(id, actor);
  }

  @Get(':id/deliveries')
  @RequiresScope('webhooks:read')
  @ApiOkResponse({ type: DeliveryPage })
  deliveries(
    @Param('id') id: string,
    @Query() query: DeliveryQuery,
  ): Promise<PageOf<DeliveryView>> {
    return this.webhooks.deliveriesOf(id, query);
  }

  @Get(':id/deliveries/:deliveryId')
  @RequiresScope('webhooks:read')
  @ApiOkResponse({ type: DeliveryWithBody })
  delivery(
    @Param('id') id: string,
    @Param('deliveryId') deliveryId: string,
  ): Promise<DeliveryWithBody> {
    return this.webhooks.delivery(id, deliveryId);
  }

  /** Sends it once more, now. */
  @Post(':id/deliveries/:deliveryId/retry')
  @HttpCode(200)
  @ApiOkResponse({ type: DeliveryWithBody })
  retry(
    @Param('id') id: string,
    @Param('deliveryId') deliveryId: string,
    @CurrentActor() actor: Actor,
  ): Promise<DeliveryWithBody> {
    return this.webhooks.retry(id, deliveryId, actor);
  }
}

function tagged(stored: StoredWebhook, response: Response): WebhookView {
  response.setHeader('ETag', entityTag(stored.version));
  return viewOf(stored);
}
