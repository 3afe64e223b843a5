import { Module } from '@nestjs/common';

import { AuditModule } from '../../audit/audit.module.js';
import { TenantsModule } from '../../connections/tenants/tenants.module.js';
import { RateLimitsModule } from '../../rate-limits/rate-limits.module.js';
import { IssuerModule } from '../issuer/issuer.module.js';
import { InstallPages } from '../sign-in/pages/installing/install-pages.js';
import { InstallCallback } from './install-callback.js';
import { InstallController } from './install.controller.js';
import { InstallLinksController } from './install-links.controller.js';
import { InstallLinksRepository } from './install-links.repository.js';
import { InstallLinks } from './install-links.js';
import { InstallOutcomes } from './install-outcomes.js';
import { InstallPage } from './install-page.js';

/** How a corp installs a service provider's app: links for its administrators, and the browser's way to the platform and back. */
@Module({
  imports: [AuditModule, IssuerModule, RateLimitsModule, TenantsModule],
  controllers: [InstallLinksController, InstallController],
  providers: [
    InstallCallback,
    InstallLinks,
    InstallLinksRepository,
    InstallOutcomes,
    InstallPage,
    InstallPages,
  ],
})
export class InstallingModule {}
