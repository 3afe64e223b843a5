import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';

import { type CallingActor, CurrentActor, RequiresScope } from '../../common/access.js';
import { Limited } from '../../common/limited.js';
import { InstallLinkDto, InstallLinkView } from './install-links.dto.js';
import { InstallLinks } from './install-links.js';

/** Links by which corps install a service provider's app. */
@ApiTags('connections')
@ApiBearerAuth()
@Controller('api/v1/connections/:slug/install-links')
@Limited('api')
export class InstallLinksController {
  constructor(private readonly links: InstallLinks) {}

  /** Makes a link to a page of ours, good for seven days, from which a corp's administrator installs the app. */
  @Post()
  @RequiresScope('connections:write')
  @ApiCreatedResponse({ type: InstallLinkView })
  create(
    @Param('slug') slug: string,
    @Body() { returnTo }: InstallLinkDto,
    @CurrentActor() actor: CallingActor,
  ): Promise<InstallLinkView> {
    return this.links.create(slug, returnTo, actor);
  }
}
